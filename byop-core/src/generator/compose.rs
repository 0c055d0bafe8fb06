//! The compose file: one hardened service per process, with the proxy's labels on `web`.

use serde_json::{Map, Value, json};

use super::command::exec_form;
use super::yaml;
use crate::model::{Plan, PortSpec, Target};

/// The network that the proxy shares with the apps it routes to.
const PROXY_NETWORK: &str = "byop";

/// Writes the compose file of a plan.
pub(crate) fn compose(plan: &Plan, target: &Target) -> String {
    let app = target.app.as_str();
    let mut services = Map::new();
    services.insert("web".into(), web(plan, target));
    for (name, line) in plan.processes.iter().filter(|(name, _)| *name != "release" && *name != "web") {
        let mut worker = service(plan, target);
        worker.insert("command".into(), literal(&json!(exec_form(line))));
        // What the image asks is whether `web` answers.
        worker.insert("healthcheck".into(), json!({"disable": true}));
        services.insert(name.to_ascii_lowercase(), Value::Object(worker));
    }
    let mut networks = Map::from_iter([("default".to_owned(), json!({}))]);
    if !target.domains.is_empty() {
        networks.insert("proxy".into(), json!({"name": PROXY_NETWORK, "external": true}));
    }
    let mut root = json!({"name": app, "services": services, "networks": networks});
    let volumes = plan.all_volumes(&target.volumes);
    if !volumes.is_empty() {
        let volumes: Map<_, _> = volumes.iter().map(|v| (v.name.to_string(), json!({}))).collect();
        root["volumes"] = Value::Object(volumes);
    }
    let network = match target.domains.as_slice() {
        [] => String::new(),
        _ => format!(
            "# Traefik has to be in the network {PROXY_NETWORK} too: docker network create {PROXY_NETWORK}\n"
        ),
    };
    format!(
        "# Written by byop. Start it with: docker compose -f {} up -d --build\n{network}{}",
        plan.compose_file,
        yaml::write(&root)
    )
}

fn web(plan: &Plan, target: &Target) -> Value {
    let mut web = service(plan, target);
    let dockerfile = plan.dockerfile.as_deref().unwrap_or("Dockerfile");
    web.insert("build".into(), literal(&json!({"context": ".", "dockerfile": dockerfile})));
    // Compose allocates nothing: a port that was not asked for by number is the container's.
    let published = |port: &PortSpec| {
        format!("{}:{}/{}", port.host_port.unwrap_or(port.container_port), port.container_port, port.protocol)
    };
    let mut ports: Vec<String> = target.ports.iter().map(published).collect();
    if target.domains.is_empty() {
        // Without a route the app is for this machine alone.
        ports.insert(0, format!("127.0.0.1:{0}:{0}", plan.port));
    }
    if !ports.is_empty() {
        web.insert("ports".into(), json!(ports));
    }
    if !target.domains.is_empty() {
        web.insert("labels".into(), literal(&labels(plan, target)));
        web.insert("networks".into(), json!(["default", "proxy"]));
    }
    Value::Object(web)
}

fn service(plan: &Plan, target: &Target) -> Map<String, Value> {
    let mut env: Map<String, Value> = plan
        .env
        .iter()
        .chain(&target.env)
        .map(|(name, value)| (name.clone(), doubled(value).into()))
        .collect();
    env.insert("PORT".into(), plan.port.to_string().into());
    for name in &target.secret_names {
        env.insert(name.clone(), format!("${{{name}:?set {name} in the environment or in .env}}").into());
    }
    let mut tmpfs = vec!["/tmp".to_owned()];
    for folder in &plan.writable {
        // A volume at the same place is writable already.
        if !plan.all_volumes(&target.volumes).iter().any(|volume| volume.path == *folder) {
            let owner = plan.user.map_or(String::new(), |user| format!(":uid={},gid={}", user.uid, user.gid));
            tmpfs.push(doubled(&format!("{folder}{owner}")));
        }
    }
    let mut service = Map::from_iter([
        ("image".to_owned(), json!(format!("byop/{}:local", target.app))),
        ("restart".to_owned(), json!("unless-stopped")),
        ("init".to_owned(), json!(true)),
        ("read_only".to_owned(), json!(true)),
        ("tmpfs".to_owned(), json!(tmpfs)),
        ("cap_drop".to_owned(), json!(["ALL"])),
        ("security_opt".to_owned(), json!(["no-new-privileges:true"])),
        ("mem_limit".to_owned(), json!(format!("{}b", target.resources.memory_bytes))),
        ("cpus".to_owned(), json!(target.resources.cpus)),
        ("pids_limit".to_owned(), json!(target.resources.pids)),
        (
            "logging".to_owned(),
            json!({"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}),
        ),
        ("environment".to_owned(), Value::Object(env)),
    ]);
    if let Some(user) = plan.user {
        service.insert("user".into(), json!(format!("{}:{}", user.uid, user.gid)));
    }
    let volumes = plan.all_volumes(&target.volumes);
    if !volumes.is_empty() {
        let volumes: Vec<Value> = volumes
            .iter()
            .map(|volume| literal(&json!({"type": "volume", "source": volume.name, "target": volume.path})))
            .collect();
        service.insert("volumes".into(), Value::Array(volumes));
    }
    service
}

fn labels(plan: &Plan, target: &Target) -> Value {
    let app = target.app.as_str();
    // A host name has no backtick in it: its type has made sure.
    let rule: Vec<String> = target.domains.iter().map(|domain| format!("Host(`{domain}`)")).collect();
    let router = |key: &str| format!("traefik.http.routers.{app}.{key}");
    let mut labels = Map::from_iter([
        ("traefik.enable".to_owned(), json!("true")),
        ("traefik.docker.network".to_owned(), json!(PROXY_NETWORK)),
        (router("rule"), json!(rule.join(" || "))),
        (router("service"), json!(app)),
        (format!("traefik.http.services.{app}.loadbalancer.server.port"), json!(plan.port.to_string())),
    ]);
    let entry_point = match &target.certificate_resolver {
        Some(resolver) => {
            labels.insert(router("tls"), json!("true"));
            labels.insert(router("tls.certresolver"), json!(resolver));
            "websecure"
        }
        None => "web",
    };
    labels.insert(router("entrypoints"), json!(entry_point));
    Value::Object(labels)
}

/// Every dollar doubled, as compose would take it for a variable.
fn doubled(text: &str) -> String {
    text.replace('$', "$$")
}

fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => doubled(text).into(),
        Value::Array(list) => list.iter().map(literal).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), literal(value))).collect(),
        other => other.clone(),
    }
}
