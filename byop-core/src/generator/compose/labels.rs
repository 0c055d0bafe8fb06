//! What the proxy is told by labels: the same as the live proxy is told by a file, from the same middlewares.

use serde_json::{Map, Value, json};

use crate::model::{Middleware, Plan, Target, rule};

/// The labels of the service that answers requests.
pub(super) fn labels(plan: &Plan, target: &Target, network: &str) -> Value {
    let app = target.app.as_str();
    let routing = &target.routing;
    let router = |key: &str| format!("traefik.http.routers.{app}.{key}");
    let service = |key: &str| format!("traefik.http.services.{app}.loadbalancer.{key}");
    let rule = rule(&target.domains, routing);
    let mut labels = Map::from_iter([
        ("traefik.enable".to_owned(), json!("true")),
        ("traefik.docker.network".to_owned(), json!(network)),
        (router("rule"), json!(rule)),
        (router("service"), json!(app)),
        (service("server.port"), json!(plan.port.to_string())),
    ]);
    let mut middlewares = routing.middlewares();
    match &target.certificate_resolver {
        Some(resolver) => {
            labels.insert(router("tls"), json!("true"));
            labels.insert(router("tls.certresolver"), json!(resolver));
            labels.insert(router("entrypoints"), json!("websecure"));
            if routing.https_redirect {
                // Here HTTPS has an entry point of its own: only the other one leads to it.
                middlewares.retain(|one| *one != routing.redirect());
                let plain = |key: &str| format!("traefik.http.routers.{app}-http.{key}");
                labels.insert(plain("rule"), json!(rule));
                labels.insert(plain("entrypoints"), json!("web"));
                labels.insert(plain("service"), json!(app));
                labels.insert(plain("middlewares"), json!(name_of(app, &routing.redirect())));
                define(app, &routing.redirect(), &mut labels);
            }
        }
        None => drop(labels.insert(router("entrypoints"), json!("web"))),
    }
    for middleware in &middlewares {
        define(app, middleware, &mut labels);
    }
    if !middlewares.is_empty() {
        let names: Vec<_> = middlewares.iter().map(|one| name_of(app, one)).collect();
        labels.insert(router("middlewares"), json!(names.join(",")));
    }
    if routing.protocol.scheme() != "http" {
        labels.insert(service("server.scheme"), json!(routing.protocol.scheme()));
    }
    if let Some(sticky) = routing.sticky_options() {
        flatten(&service("sticky"), &sticky, &mut labels);
    }
    // Where the path is only a guess, an app without such a page would be taken out.
    if plan.health.is_known {
        let check = json!({
            "path": plan.health.path,
            "interval": format!("{}s", plan.health.interval_seconds),
            "timeout": format!("{}s", plan.health.timeout_seconds),
            // Applications may refuse names that they do not know.
            "hostname": target.domains.first().map(ToString::to_string),
        });
        flatten(&service("healthcheck"), &check, &mut labels);
    }
    Value::Object(labels)
}

fn name_of(app: &str, middleware: &Middleware) -> String {
    format!("{app}-{}", middleware.name)
}

fn define(app: &str, middleware: &Middleware, labels: &mut Map<String, Value>) {
    let start = format!("traefik.http.middlewares.{}.{}", name_of(app, middleware), middleware.kind);
    flatten(&start, &middleware.options, labels);
}

/// Settings as labels: lists with commas between their items, an empty object as `true`.
fn flatten(start: &str, value: &Value, labels: &mut Map<String, Value>) {
    let text = match value {
        Value::Object(map) if map.is_empty() => "true".to_owned(),
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&format!("{start}.{key}"), value, labels);
            }
            return;
        }
        Value::Array(list) => {
            list.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(",")
        }
        Value::String(text) => text.clone(),
        Value::Null => return,
        other => other.to_string(),
    };
    labels.insert(start.to_owned(), text.into());
}
