//! Routes as Traefik's dynamic configuration: one file per app, in JSON, which is YAML too.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::digest::Digest;
use crate::model::{AppName, Backend, BackendProtocol, DomainName, Middleware, Route, RouteInfo};

/// The header by which byop's own probes reach a candidate.
pub(super) const CANDIDATE_HEADER: &str = "X-Byop-Candidate";
/// The entry point for requests from outside.
pub(super) const WEB: &str = "web";
/// The header that tells byop's own requests from those of containers: the proxy is in the networks of all apps, and
/// so its internal entry point can be reached by them.
const PASS_HEADER: &str = "X-Byop-Pass";
/// The entry point for byop's own requests, published on loopback only.
pub(super) const INTERNAL: &str = "byop";

/// The router of Traefik's own interface.
const API_ROUTER: &str = "byop-api";

/// The router that serves an app.
pub(super) fn serving_router(app: &AppName) -> String {
    format!("app-{app}")
}

/// The router that leads probes to an app's candidate.
pub(super) fn candidate_router(app: &AppName) -> String {
    // No app's name has two hyphens in a row: the candidate of `shop` is not the router of `shop-candidate`.
    format!("app-{app}--candidate")
}

/// The file of an app.
pub(super) fn file_name(app: &AppName) -> String {
    format!("app-{app}.yml")
}

/// A router is asked whether it is in use, so a service whose settings differ must have another name.
fn service_name(route: &Route, backend: &Backend) -> String {
    let name = format!("app-{}-r{}-p{}", route.app, backend.release, backend.port);
    let extra = json!([route.options.protocol, route.options.sticky_options()]);
    if extra == json!([BackendProtocol::Http, null]) { name } else { format!("{name}-{}", mark(&extra)) }
}

/// The same for a middleware.
fn middleware_name(route: &Route, middleware: &Middleware) -> String {
    format!("app-{}-{}-{}", route.app, middleware.name, mark(&middleware.options))
}

fn mark(settings: &Value) -> String {
    Digest::of_json(settings).short().chars().take(8).collect()
}

/// The header of a request with this pass.
pub(super) fn pass_header(pass: &str) -> (&str, &str) {
    (PASS_HEADER, pass)
}

fn pass_rule(pass: &str) -> String {
    format!("Header(`{PASS_HEADER}`, `{pass}`)")
}

/// The pass that a base file asks for.
pub(super) fn pass_of(base_file: &str) -> Option<&str> {
    let (_, rest) = base_file.split_once(&format!("Header(`{PASS_HEADER}`, `"))?;
    rest.split_once('`').map(|(pass, _)| pass)
}

/// The file that every proxy of byop has: its own interface, on the internal entry point.
pub(super) fn base_file(pass: &str) -> Value {
    json!({ "http": { "routers": { API_ROUTER: {
        "rule": format!("PathPrefix(`/api`) && {}", pass_rule(pass)),
        "entryPoints": [INTERNAL],
        "service": "api@internal",
        "priority": 1,
    }}}})
}

/// The routers of a route by name, as they are written and as Traefik then shows them.
pub(super) fn routers(route: &Route, pass: &str) -> Map<String, Value> {
    let mut routers = Map::new();
    if let (Some(backend), false) = (&route.serving, route.domains.is_empty()) {
        let mut router = json!({
            "rule": route.rule(),
            "entryPoints": [WEB],
            "service": service_name(route, backend),
        });
        let middlewares = route.options.middlewares();
        let names: Vec<_> = middlewares.iter().map(|one| middleware_name(route, one)).collect();
        if !names.is_empty() {
            router["middlewares"] = json!(names);
        }
        routers.insert(serving_router(&route.app), router);
    }
    if let Some(backend) = &route.candidate {
        let router = json!({
            "rule": format!("Header(`{CANDIDATE_HEADER}`, `{}`) && {}", route.app, pass_rule(pass)),
            "entryPoints": [INTERNAL],
            "service": service_name(route, backend),
            "priority": 1000,
        });
        routers.insert(candidate_router(&route.app), router);
    }
    routers
}

/// The rule of what serves, and the digest of its file, as they are once the route is applied without a candidate.
pub(super) fn describe(route: &Route) -> Option<RouteInfo> {
    let route = Route { candidate: None, ..route.clone() };
    let backend = route.serving.as_ref().filter(|_| !route.domains.is_empty())?;
    let settings = Digest::of(route_file(&route, "").to_string());
    let mut info = RouteInfo::new(serving_router(&route.app), route.rule(), settings);
    info.app = Some(route.app.clone());
    info.domains.clone_from(&route.domains);
    info.targets = vec![target(&route, backend)];
    Some(info)
}

fn target(route: &Route, backend: &Backend) -> String {
    format!("{}://{}:{}", route.options.protocol.scheme(), backend.container, backend.port)
}

/// The services of a route by name, with what each leads to.
pub(super) fn targets(route: &Route) -> Vec<(String, String)> {
    let serving = route.serving.as_ref().filter(|_| !route.domains.is_empty());
    let backends = [serving, route.candidate.as_ref()].into_iter().flatten();
    backends.map(|backend| (service_name(route, backend), target(route, backend))).collect()
}

/// Whether what Traefik shows of a service leads to this target.
pub(super) fn leads_to(shown: &Value, target: &str) -> bool {
    shown["loadBalancer"]["servers"][0]["url"] == target
}

/// The rules in what Traefik shows of itself, with the digests of the files that byop wrote, by their names.
pub(super) fn shown_routes(shown: &Value, files: &BTreeMap<String, Digest>) -> Vec<RouteInfo> {
    let mut routes = Vec::new();
    for (full_name, router) in shown["routers"].as_object().into_iter().flatten() {
        let (name, provider) = full_name.rsplit_once('@').unwrap_or((full_name, ""));
        let is_interface = provider == "internal" || name == API_ROUTER;
        if is_interface || router["status"] == "disabled" {
            continue;
        }
        let plain = name.strip_prefix("app-");
        let (is_candidate, plain) = match plain.and_then(|name| name.strip_suffix("--candidate")) {
            Some(app) => (true, Some(app)),
            None => (false, plain),
        };
        let app = plain.filter(|_| provider == "file").and_then(|app| AppName::new(app).ok());
        let file = app.as_ref().and_then(|app| files.get(&file_name(app)));
        // A rule without a file of its own was written by somebody else.
        let settings = file.cloned();
        let rule = router["rule"].as_str().unwrap_or_default();
        let mut info = RouteInfo::new(name, rule, settings.unwrap_or_else(|| Digest::of_json(router)));
        info.app = app.filter(|_| file.is_some());
        info.is_candidate = is_candidate;
        info.domains = hosts(rule);
        let service = router["service"].as_str().unwrap_or_default();
        let service =
            if service.contains('@') { service.to_owned() } else { format!("{service}@{provider}") };
        let servers = shown["services"][service.as_str()]["loadBalancer"]["servers"].as_array();
        info.targets = servers
            .into_iter()
            .flatten()
            .filter_map(|server| server["url"].as_str())
            .map(str::to_owned)
            .collect();
        routes.push(info);
    }
    routes.sort_by(|a, b| a.name.cmp(&b.name));
    routes
}

/// The host names that a rule asks for, in its order.
fn hosts(rule: &str) -> Vec<DomainName> {
    let mut hosts = Vec::new();
    for part in rule.split("Host(").skip(1) {
        let list = part.split(')').next().unwrap_or_default();
        let names = list.split(',').map(|name| name.trim_matches([' ', '`', '"']).to_ascii_lowercase());
        hosts.extend(names.filter_map(|name| DomainName::new(name).ok()));
    }
    hosts
}

/// Whether a route sends nobody anywhere, so that there is nothing to write.
pub(super) fn leads_nowhere(route: &Route) -> bool {
    route.candidate.is_none() && (route.serving.is_none() || route.domains.is_empty())
}

/// The whole file of a route.
pub(super) fn route_file(route: &Route, pass: &str) -> Value {
    let routers = routers(route, pass);
    let mut services = Map::new();
    for backend in [&route.serving, &route.candidate].into_iter().flatten() {
        let mut balancer = json!({
            "servers": [{ "url": target(route, backend) }],
            "passHostHeader": true,
        });
        if let Some(sticky) = route.options.sticky_options() {
            balancer["sticky"] = sticky;
        }
        services.insert(service_name(route, backend), json!({ "loadBalancer": balancer }));
    }
    let mut http = json!({ "routers": routers, "services": services });
    let middlewares: Map<_, _> = route
        .options
        .middlewares()
        .into_iter()
        .map(|one| (middleware_name(route, &one), json!({ one.kind: one.options })))
        .collect();
    if !middlewares.is_empty() {
        http["middlewares"] = Value::Object(middlewares);
    }
    json!({ "http": http })
}

/// Whether what Traefik shows of a router is what was written.
pub(super) fn is_in_use(shown: &Value, written: &Value) -> bool {
    let plain = |value: &Value| value.as_str().map(|text| text.trim_end_matches("@file").to_owned());
    let list = |value: &Value| {
        value.as_array().map(|items| items.iter().filter_map(plain).collect::<Vec<_>>()).unwrap_or_default()
    };
    shown["status"] == "enabled"
        && shown["rule"] == written["rule"]
        && plain(&shown["service"]) == plain(&written["service"])
        && list(&shown["middlewares"]) == list(&written["middlewares"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoutingSpec;

    fn route() -> Route {
        Route {
            app: AppName::new("shop").unwrap(),
            domains: vec![DomainName::new("a.example").unwrap(), DomainName::new("b.example").unwrap()],
            options: RoutingSpec { https_redirect: true, ..RoutingSpec::default() },
            serving: Some(Backend { release: 1, container: "byop-shop-r1".into(), port: 80 }),
            candidate: Some(Backend { release: 2, container: "byop-shop-r2".into(), port: 81 }),
        }
    }

    #[test]
    fn the_candidate_is_reached_on_the_internal_entry_point_only() {
        let file = route_file(&route(), "pass");
        let candidate = &file["http"]["routers"]["app-shop--candidate"];
        assert_eq!(candidate["entryPoints"], json!(["byop"]));
        assert_eq!(candidate["service"], "app-shop-r2-p81");
        let serving = &file["http"]["routers"]["app-shop"];
        assert_eq!(serving["rule"], "Host(`a.example`) || Host(`b.example`)");
        assert_eq!(serving["entryPoints"], json!(["web"]));
        assert_eq!(
            file["http"]["services"]["app-shop-r1-p80"]["loadBalancer"]["servers"][0]["url"],
            "http://byop-shop-r1:80"
        );
    }

    #[test]
    fn what_is_byops_own_asks_for_the_pass() {
        let file = base_file("k3y").to_string();
        assert_eq!(pass_of(&file), Some("k3y"));
        assert_eq!(pass_of("{}"), None);
        let candidate = &routers(&route(), "k3y")["app-shop--candidate"]["rule"];
        assert_eq!(candidate, "Header(`X-Byop-Candidate`, `shop`) && Header(`X-Byop-Pass`, `k3y`)");
    }

    #[test]
    fn middlewares_are_named_after_what_they_do() {
        let mut route = route();
        let names = |route: &Route| {
            let file = route_file(route, "pass");
            let named =
                file["http"]["routers"]["app-shop"]["middlewares"].as_array().cloned().unwrap_or_default();
            let names: Vec<String> = named.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
            let defined = file["http"]["middlewares"].as_object().cloned().unwrap_or_default();
            assert!(names.iter().all(|name| defined.contains_key(name)) && names.len() == defined.len());
            names
        };
        let both = names(&route);
        assert!(
            both[0].starts_with("app-shop-https-") && both[1].starts_with("app-shop-headers-"),
            "{both:?}"
        );
        route.options.https_redirect = false;
        let headers = names(&route);
        assert_ne!(headers[0], both[1], "other headers, another name: else nobody could tell when they hold");
        route.options.security_headers = false;
        assert!(names(&route).is_empty());
    }

    #[test]
    fn the_service_says_how_the_app_is_spoken_to() {
        let mut route = route();
        route.options.protocol = BackendProtocol::H2c;
        route.options.sticky = Some("shop".into());
        route.options.path_prefix = Some("/shop".into());
        let file = route_file(&route, "pass");
        let router = &file["http"]["routers"]["app-shop"];
        assert_eq!(
            router["rule"],
            "(Host(`a.example`) || Host(`b.example`)) && (Path(`/shop`) || PathPrefix(`/shop/`))"
        );
        let balancer = &file["http"]["services"][router["service"].as_str().unwrap()]["loadBalancer"];
        assert_eq!(balancer["servers"][0]["url"], "h2c://byop-shop-r1:80");
        assert_eq!(balancer["sticky"]["cookie"]["name"], "shop");
    }

    #[test]
    fn the_candidate_of_an_app_is_not_the_router_of_another() {
        let app = |name| AppName::new(name).unwrap();
        assert_ne!(candidate_router(&app("shop")), serving_router(&app("shop-candidate")));
    }

    #[test]
    fn what_is_shown_of_a_route_is_what_is_described() {
        let route = Route { candidate: None, ..route() };
        let described = describe(&route).unwrap();
        let file = route_file(&route, "");
        let router = &file["http"]["routers"]["app-shop"];
        let mut shown = json!({
            "routers": {
                "app-shop@file": { "status": "enabled", "rule": router["rule"], "service": router["service"] },
                "byop-api@file": { "status": "enabled", "rule": "PathPrefix(`/api`)", "service": "api@internal" },
                "other@file": { "status": "enabled", "rule": "HOST(`x`) || Host(`B.example`, `c.example`) && Path(`/`)" },
            },
            "services": { "app-shop-r1-p80@file": file["http"]["services"]["app-shop-r1-p80"] },
        });
        let files = [("app-shop.yml".to_owned(), described.settings.clone())].into();
        let routes = shown_routes(&shown, &files);
        assert_eq!(routes[0], described);
        assert_eq!((routes.len(), routes[1].name.as_str(), &routes[1].app), (2, "other", &None));
        let domains: Vec<_> = routes[1].domains.iter().map(DomainName::as_str).collect();
        assert_eq!(domains, ["b.example", "c.example"]);
        shown["services"]["app-shop-r1-p80@file"]["loadBalancer"]["servers"][0]["url"] =
            json!("http://evil:80");
        assert_ne!(shown_routes(&shown, &files)[0], described);
        assert_eq!(shown_routes(&shown, &BTreeMap::new())[0].app, None, "a rule without byop's file");
    }

    #[test]
    fn a_route_that_leads_nowhere_has_no_file() {
        let mut route = route();
        route.candidate = None;
        assert!(!leads_nowhere(&route));
        route.domains.clear();
        assert!(leads_nowhere(&route) && routers(&route, "pass").is_empty());
    }

    #[test]
    fn a_router_with_another_service_is_not_in_use_yet() {
        let written = &routers(&route(), "pass")["app-shop"];
        let mut shown = json!({
            "status": "enabled",
            "rule": "Host(`a.example`) || Host(`b.example`)",
            "service": "app-shop-r1-p80",
            "middlewares": written["middlewares"].as_array().unwrap().iter()
                .map(|name| format!("{}@file", name.as_str().unwrap())).collect::<Vec<_>>(),
        });
        assert!(is_in_use(&shown, written));
        shown["service"] = json!("app-shop-r0-p80");
        assert!(!is_in_use(&shown, written));
    }
}
