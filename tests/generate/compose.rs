//! Compose files: what is in them, that no value gets out of its place, and that a linter and compose itself find nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use byop_core::generator::render;
use byop_core::model::{
    AddonNeed, AppName, BackendProtocol, EnvNeed, Plan, PortSpec, Protocol, RateLimit, Target, VolumeSpec,
};
use serde_json::{Value, json};

use super::tools::program;

/// A bcrypt hash of cost 10.
const HASH: &str = "ann:$2y$10$abcdefghijklmnopqrstuuJ6rDdBJ0sFn1O7g0SGQbVnqD0Jm3Iuq";

pub(crate) fn need(kind: &str, env: Option<&str>) -> AddonNeed {
    AddonNeed {
        kind: kind.into(),
        file: "package.json".into(),
        reason: "a dependency".into(),
        env: env.map(str::to_owned),
    }
}

fn env_need(name: &str) -> EnvNeed {
    EnvNeed { name: name.into(), file: "app.js".into(), is_secret: true }
}

fn plan() -> Plan {
    let mut plan = Plan::new("node", 3000);
    plan.health.path = "/healthz".into();
    plan.health.is_known = true;
    plan
}

fn target() -> Target {
    Target::new(AppName::new("shop").unwrap())
}

/// With everything that a compose file can have.
fn full() -> (Plan, Target) {
    let (mut plan, mut target) = (plan(), target());
    plan.processes = BTreeMap::from(
        [("release", "npm run migrate"), ("worker", "node worker.js --n $N"), ("clock", "node clock.js")]
            .map(|(name, line)| (name.to_owned(), line.to_owned())),
    );
    plan.addons = ["postgresql", "redis", "mongodb", "mysql", "mariadb", "memcached", "rabbitmq", "kafka"]
        .map(|kind| need(kind, (kind == "mysql").then_some("MYSQL_URL")))
        .to_vec();
    plan.addons.push(need("mariadb", Some("MARIA_HOST")));
    plan.required_env = vec![env_need("SECRET_KEY"), env_need("MARIA_PASSWORD"), env_need("MARIA_USER")];
    plan.writable = vec!["/app/cache".into()];
    target.domains = vec!["a.example.com".parse().unwrap(), "b.example.com".parse().unwrap()];
    target.certificate_resolver = Some("letsencrypt".into());
    target.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
    target.ports.push(PortSpec::new("play", Protocol::Udp, 7777).unwrap());
    target.ports.push(PortSpec { host_port: Some(2222), ..PortSpec::new("ssh", Protocol::Tcp, 22).unwrap() });
    target.secret_names = vec!["STRIPE_KEY".into()];
    let routing = &mut target.routing;
    routing.https_redirect = true;
    routing.path_prefix = Some("/shop".into());
    routing.strip_prefix = true;
    routing.headers = BTreeMap::from([("X-Own".into(), "a, $b `c` \"d\"".into())]);
    routing.rate_limit = Some(RateLimit { average: 10, burst: 20, period_seconds: 2 });
    routing.basic_auth = vec![HASH.into()];
    routing.compress = true;
    routing.sticky = Some("shop".into());
    routing.protocol = BackendProtocol::H2c;
    routing.allowed_ips = vec!["10.0.0.0/8".into(), "::1".into()];
    routing.body_limit_bytes = Some(1 << 20);
    (plan, target)
}

fn text(plan: &Plan, target: &Target) -> String {
    render(plan, target).unwrap().get(&plan.compose_file).unwrap().to_owned()
}

fn compose(plan: &Plan, target: &Target) -> Value {
    serde_yaml::from_str(&text(plan, target)).unwrap()
}

#[test]
fn the_labels_say_all_that_the_route_asks_for() {
    let (plan, target) = full();
    let labels = &compose(&plan, &target)["services"]["web"]["labels"];
    let rule = "(Host(`a.example.com`) || Host(`b.example.com`)) && (Path(`/shop`) || PathPrefix(`/shop/`))";
    let hash = HASH.replace('$', "$$");
    for (key, value) in [
        ("routers.shop.rule", rule),
        ("routers.shop.entrypoints", "websecure"),
        ("routers.shop.tls.certresolver", "letsencrypt"),
        (
            "routers.shop.middlewares",
            "shop-headers,shop-allowed-ips,shop-rate-limit,shop-basic-auth,shop-compress,shop-body-limit,shop-strip-prefix",
        ),
        ("routers.shop-http.rule", rule),
        ("routers.shop-http.entrypoints", "web"),
        ("routers.shop-http.middlewares", "shop-https"),
        ("middlewares.shop-https.redirectScheme.scheme", "https"),
        ("middlewares.shop-headers.headers.stsSeconds", "31536000"),
        ("middlewares.shop-headers.headers.customResponseHeaders.X-Own", "a, $$b `c` \"d\""),
        ("middlewares.shop-allowed-ips.ipAllowList.sourceRange", "10.0.0.0/8,::1"),
        ("middlewares.shop-rate-limit.rateLimit.average", "10"),
        ("middlewares.shop-rate-limit.rateLimit.burst", "20"),
        ("middlewares.shop-rate-limit.rateLimit.period", "2s"),
        ("middlewares.shop-basic-auth.basicAuth.users", &hash),
        ("middlewares.shop-compress.compress.excludedContentTypes", "text/event-stream"),
        ("middlewares.shop-body-limit.buffering.maxRequestBodyBytes", "1048576"),
        ("middlewares.shop-strip-prefix.stripPrefix.prefixes", "/shop"),
        ("services.shop.loadbalancer.server.port", "3000"),
        ("services.shop.loadbalancer.server.scheme", "h2c"),
        ("services.shop.loadbalancer.sticky.cookie.name", "shop"),
        ("services.shop.loadbalancer.healthcheck.path", "/healthz"),
        ("services.shop.loadbalancer.healthcheck.hostname", "a.example.com"),
    ] {
        assert_eq!(labels[format!("traefik.http.{key}")], *value, "{key}");
    }
}

#[test]
fn without_a_resolver_the_redirect_is_where_the_live_proxy_has_it() {
    let (plan, mut target) = full();
    target.certificate_resolver = None;
    let labels = &compose(&plan, &target)["services"]["web"]["labels"];
    assert_eq!(labels["traefik.http.routers.shop.entrypoints"], "web");
    let names = labels["traefik.http.routers.shop.middlewares"].as_str().unwrap();
    let wanted: Vec<String> =
        target.routing.middlewares().iter().map(|one| format!("shop-{}", one.name)).collect();
    assert_eq!(names, wanted.join(","));
}

#[test]
fn a_guessed_health_path_takes_nothing_out_of_service() {
    let (mut plan, target) = full();
    plan.health.is_known = false;
    let file = text(&plan, &target);
    assert!(!file.contains("loadbalancer.healthcheck"), "{file}");
}

#[test]
fn others_wait_for_the_release_step_and_the_databases() {
    let (plan, target) = full();
    let services = &compose(&plan, &target)["services"];
    let healthy = json!({"condition": "service_healthy"});
    for name in ["web", "worker", "clock"] {
        let waits = &services[name]["depends_on"];
        assert_eq!(waits["release"]["condition"], "service_completed_successfully", "{name}");
        assert_eq!(waits["postgresql"], healthy, "{name}");
    }
    assert_eq!(services["release"]["depends_on"]["postgresql"], healthy);
    assert_eq!(services["release"]["depends_on"].get("release"), None);
    assert_eq!(services["release"]["restart"], "no");
    assert_eq!(services["worker"]["command"][2], "exec node worker.js --n $$N");
    assert_eq!(services["worker"]["healthcheck"]["disable"], true);
}

#[test]
fn databases_are_private_and_their_passwords_are_asked_for() {
    let (plan, target) = full();
    let file = compose(&plan, &target);
    let services = file["services"].as_object().unwrap();
    for name in ["postgresql", "redis", "mongodb", "mysql", "mariadb", "memcached", "rabbitmq"] {
        let service = &services[name];
        assert!(service.get("ports").is_none(), "{name} is published");
        assert_eq!(service["networks"], json!(["default"]), "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        assert!(service["image"].as_str().unwrap().contains(':'), "{name}");
        if name != "memcached" {
            assert!(
                service.to_string().contains(&format!("${{{}_PASSWORD:?", name.to_uppercase())),
                "{name}"
            );
            assert_eq!(file["volumes"][format!("{name}-data")], json!({}), "{name}");
        }
    }
    assert!(!services.contains_key("kafka"));
    assert!(text(&plan, &target).contains("not in this file: kafka (package.json)\n"));
    let env = &services["web"]["environment"];
    let url = env["DATABASE_URL"].as_str().unwrap();
    assert!(url.starts_with("postgresql://app:${POSTGRESQL_PASSWORD:?"), "{url}");
    assert!(env["MYSQL_URL"].as_str().unwrap().ends_with("@mysql:3306/app"));
    assert_eq!(env["MARIA_HOST"], "mariadb");
    assert_eq!(env["MARIA_USER"], "app");
    assert!(env["MARIA_PASSWORD"].as_str().unwrap().starts_with("${MARIADB_PASSWORD:?"));
    assert_eq!(env["SECRET_KEY"], "${SECRET_KEY:?set SECRET_KEY in the environment or in .env}");
}

#[test]
fn an_owner_who_has_a_database_gets_no_second_one() {
    let (mut plan, mut target) = (plan(), target());
    plan.addons = vec![need("postgresql", Some("DATABASE_URL"))];
    target.secret_names = vec!["DATABASE_URL".into()];
    let file = compose(&plan, &target);
    assert_eq!(file["services"].as_object().unwrap().len(), 1);
}

#[test]
fn another_registry_can_be_named_for_the_databases() {
    let (mut plan, mut target) = (plan(), target());
    plan.addons = vec![need("redis", None)];
    let image = compose(&plan, &target)["services"]["redis"]["image"].as_str().unwrap().to_owned();
    target.images = BTreeMap::from([(image, "mirror.example/redis:1".into())]);
    assert_eq!(compose(&plan, &target)["services"]["redis"]["image"], "mirror.example/redis:1");
}

const EVIL: [&str; 9] = [
    "a\nb: c",
    "\"quoted\" 'twice'",
    "${HOME} $HOME $$",
    "{{ x }} {% y %}",
    "$(id) `id`",
    "# not a comment",
    "&a *a !t |",
    "\u{202e}\u{2028}\u{85}é",
    "- x: [",
];

#[test]
fn no_text_gets_out_of_its_place() {
    for evil in EVIL {
        let (mut plan, mut target) = full();
        plan.processes.insert(evil.into(), evil.into());
        plan.processes.insert("web2".into(), format!("run {evil}"));
        plan.env.insert("PLAIN".into(), evil.into());
        target.env.insert("OTHER".into(), evil.into());
        plan.addons.push(need(evil, Some(evil)));
        plan.addons.push(need("postgresql", Some(evil)));
        plan.writable = vec![format!("/w{evil}")];
        target.certificate_resolver = Some(evil.into());
        plan.health.path = format!("/{evil}");
        let file = compose(&plan, &target);
        let mut keys: Vec<&str> = file.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["name", "networks", "services", "volumes"], "{evil:?}");
        let web = &file["services"]["web"];
        let plain = |value: &Value| value.as_str().unwrap().replace("$$", "$");
        assert_eq!(plain(&web["environment"]["PLAIN"]), evil);
        assert_eq!(plain(&web["environment"]["OTHER"]), evil);
        assert!(!web["environment"].as_object().unwrap().contains_key(evil), "{evil:?} is no variable");
        assert_eq!(plain(&web["labels"]["traefik.http.routers.shop.tls.certresolver"]), evil);
        assert_eq!(
            plain(&web["labels"]["traefik.http.services.shop.loadbalancer.healthcheck.path"]),
            format!("/{evil}")
        );
        assert_eq!(plain(&web["tmpfs"][1]), format!("/w{evil}:uid=10001,gid=10001"));
        for name in file["services"].as_object().unwrap().keys() {
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{name:?}");
        }
    }
}

/// Files that together have everything that byop writes.
fn samples() -> Vec<(String, String)> {
    let (plan_all, target_all) = full();
    let (mut small, small_target) = (plan(), target());
    small.health.is_known = false;
    let mut all = vec![
        ("full".to_owned(), text(&plan_all, &target_all)),
        ("small".to_owned(), text(&small, &small_target)),
    ];
    for (number, evil) in EVIL.iter().enumerate() {
        let (mut plan, mut target) = full();
        plan.processes.insert((*evil).into(), (*evil).into());
        target.env.insert("OTHER".into(), (*evil).into());
        all.push((format!("evil-{number}"), text(&plan, &target)));
    }
    for shape in super::shapes::shapes() {
        let found = super::show(shape.files, &super::spec(), byop_core::model::Builder::BuildKit).unwrap();
        let file = found.files.get(&found.plan.compose_file).unwrap().to_owned();
        if found.plan.stack != "compose" && !all.iter().any(|(_, known)| *known == file) {
            all.push((shape.name.to_owned(), file));
        }
    }
    all
}

fn write_samples(folder: &Path) -> usize {
    let samples = samples();
    for (number, (_, file)) in samples.iter().enumerate() {
        let folder = folder.join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("compose.yaml"), file).unwrap();
    }
    samples.len()
}

/// dclint checks against the compose specification's own schema first.
#[test]
fn the_linter_and_the_schema_find_nothing() {
    let Some(dclint) = program("compose-lint", "DCLINT", "dclint") else { return };
    let folder = tempfile::tempdir().unwrap();
    write_samples(folder.path());
    // All rules as they are, but one option: byop quotes everything the same way, with double quotes.
    let rules = json!({"rules": {"require-quotes-in-ports": [1, {"quoteType": "double"}]}});
    let config = folder.path().join(".dclintrc");
    std::fs::write(&config, rules.to_string()).unwrap();
    let output = Command::new(dclint)
        .args(["--recursive", "--max-warnings", "0", "--formatter", "compact", "--config"])
        .arg(&config)
        .arg(folder.path())
        .output()
        .unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said += &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn the_linter_sees_what_is_wrong() {
    let Some(dclint) = program("compose-lint", "DCLINT", "dclint") else { return };
    for bad in ["services:\n  web:\n    image: x\n", "name: a\nservices:\n  web:\n    imag: \"x:1\"\n"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), bad).unwrap();
        let output = Command::new(&dclint).arg(folder.path()).output().unwrap();
        assert!(!output.status.success(), "{bad}");
    }
}

#[test]
fn compose_itself_reads_what_was_meant() {
    let Some(docker) = program("compose", "DOCKER", "docker") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for number in 0..write_samples(folder.path()) {
        let mut command = Command::new(&docker);
        command.args(["compose", "--file", "compose.yaml", "config", "--format", "json"]);
        command.current_dir(folder.path().join(number.to_string()));
        let text = std::fs::read_to_string(folder.path().join(format!("{number}/compose.yaml"))).unwrap();
        for asked in text.split("${").skip(1).filter_map(|rest| rest.split_once(":?")) {
            command.env(asked.0, "pw");
        }
        let output = command.output().unwrap();
        if !output.status.success() {
            writeln!(wrong, "{number}: {}", String::from_utf8_lossy(&output.stderr)).unwrap();
            continue;
        }
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        if number == 0 {
            let env = &read["services"]["web"]["environment"];
            assert_eq!(env["MYSQL_URL"], "mysql://app:pw@mysql:3306/app");
            assert_eq!(
                read["services"]["web"]["labels"]["traefik.http.middlewares.shop-basic-auth.basicAuth.users"],
                HASH.replace('$', "$$"),
                "config writes dollars doubled, as it reads them"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
