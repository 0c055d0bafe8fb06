//! The compose file of one app: `web`, a service for each further process, a one-shot `release`, and the databases that
//! the app needs; all hardened, and `web` with the proxy's labels.
//!
//! `release` is not behind a profile: the others wait until it has ended well, so that no code meets a database that
//! was not migrated for it. `docker compose up` runs it again each time.

mod addons;
mod labels;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use addons::Attached;

use super::command::exec_form;
use super::yaml;
use crate::model::{BackendProtocol, BuildStep, Plan, PortSpec, Target};

/// The network that the proxy shares with the apps it routes to.
const PROXY_NETWORK: &str = "byop";

/// The order of keys that linters and readers expect: what it is, what it needs, how it runs. Others follow in the order
/// of the alphabet.
const ORDER: [&str; 20] = [
    "name",
    "services",
    "image",
    "build",
    "depends_on",
    "volumes",
    "environment",
    "ports",
    "networks",
    "command",
    "entrypoint",
    "restart",
    "healthcheck",
    "logging",
    "labels",
    "user",
    "context",
    "dockerfile",
    "driver",
    "options",
];

/// Writes the compose file of a plan.
pub(crate) fn compose(plan: &Plan, target: &Target) -> String {
    let attached = addons::attach(plan, target);
    let mut services = Map::new();
    let has_release = plan.processes.contains_key("release");
    services.insert("web".into(), web(plan, target, &attached, has_release));
    if let Some(line) = plan.processes.get("release") {
        let mut release = process(plan, target, &attached, line);
        release.insert("restart".into(), json!("no"));
        services.insert("release".into(), Value::Object(release));
    }
    for (name, line) in plan.processes.iter().filter(|(name, _)| *name != "release" && *name != "web") {
        let mut worker = process(plan, target, &attached, line);
        worker.insert("depends_on".into(), depends_on(&attached, has_release));
        worker.retain(|_, value| !value.is_null());
        services.insert(free_name(name, &services, &attached), Value::Object(worker));
    }
    let mut volumes: Map<String, Value> =
        plan.all_volumes(&target.volumes).iter().map(|v| (v.name.to_string(), json!({}))).collect();
    for addon in &attached.services {
        services.insert(addon.name.clone(), addon.service.clone());
        volumes.extend(addon.volume.iter().map(|name| (name.clone(), json!({}))));
    }
    let mut networks = Map::from_iter([("default".to_owned(), json!({}))]);
    if !target.domains.is_empty() {
        networks.insert("proxy".into(), json!({"name": PROXY_NETWORK, "external": true}));
    }
    let mut root = json!({"name": target.app.as_str(), "services": services, "networks": networks});
    if !volumes.is_empty() {
        root["volumes"] = Value::Object(volumes);
    }
    let secrets = build_secrets(plan);
    if !secrets.is_empty() {
        let given = |name: &str| (name.to_owned(), json!({"environment": secret_variable(name)}));
        root["secrets"] = Value::Object(secrets.into_iter().map(given).collect());
    }
    let rank = |path: &[&str], key: &str| {
        let is_ours = path.is_empty() || (path.len() == 2 && path[0] == "services");
        let at = ORDER.iter().position(|known| *known == key).filter(|_| is_ours);
        match (path.is_empty(), key) {
            // At the root volumes come last.
            (true, "volumes") => ORDER.len(),
            _ => at.unwrap_or(ORDER.len()),
        }
    };
    format!("{}{}", head(plan, target, &attached), yaml::write_ranked(&root, &rank))
}

/// The secrets that steps of the build need.
fn build_secrets(plan: &Plan) -> BTreeSet<&str> {
    let runs = plan.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| match step {
        BuildStep::Run(run) => Some(run),
        _ => None,
    });
    runs.flat_map(|run| &run.secrets).map(String::as_str).collect()
}

/// The variable that the value of a build's secret is taken from.
fn secret_variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// What a person has to know and do.
fn head(plan: &Plan, target: &Target, attached: &Attached) -> String {
    let mut head =
        format!("# Written by byop. Start it with: docker compose -f {} up -d --build\n", plan.compose_file);
    if !target.domains.is_empty() {
        head += &format!(
            "# Traefik has to be in the network {PROXY_NETWORK} too: docker network create {PROXY_NETWORK}\n"
        );
    }
    if !attached.passwords.is_empty() {
        head += &format!(
            "# Passwords, of letters and digits, come from the environment or from .env: {}\n",
            attached.passwords.join(", ")
        );
    }
    let secrets: Vec<String> = build_secrets(plan).into_iter().map(secret_variable).collect();
    if !secrets.is_empty() {
        head += &format!("# Secrets of the build come from the environment: {}\n", secrets.join(", "));
    }
    if !attached.unknown.is_empty() {
        head +=
            &format!("# The app seems to need what is not in this file: {}\n", attached.unknown.join(", "));
    }
    head
}

fn web(plan: &Plan, target: &Target, attached: &Attached, has_release: bool) -> Value {
    let mut web = service(plan, target, attached);
    let dockerfile = plan.dockerfile.as_deref().unwrap_or("Dockerfile");
    let context = if plan.context.is_empty() { ".".to_owned() } else { format!("./{}", plan.context) };
    let mut build = json!({"context": context, "dockerfile": dockerfile});
    let secrets = build_secrets(plan);
    if !secrets.is_empty() {
        build["secrets"] = json!(secrets);
    }
    web.insert("build".into(), literal(&build));
    // The name is for the other processes; no registry has it.
    web.insert("pull_policy".into(), json!("build"));
    web.insert("depends_on".into(), depends_on(attached, has_release));
    web.retain(|_, value| !value.is_null());
    if target.routing.protocol != BackendProtocol::Http {
        // The image's own check speaks HTTP/1.1, and a proxy takes no container that is unhealthy.
        web.insert("healthcheck".into(), json!({"disable": true}));
    }
    // Compose allocates nothing: a port that was not asked for by number is the container's.
    let published = |port: &PortSpec| {
        let host = port.host_port.unwrap_or(port.container_port);
        format!("0.0.0.0:{host}:{}/{}", port.container_port, port.protocol)
    };
    let mut ports: Vec<String> = target.ports.iter().map(published).collect();
    if target.domains.is_empty() {
        // Without a route the app is for this machine alone.
        ports.push(format!("127.0.0.1:{0}:{0}", plan.port));
    }
    let number = |text: &String| text.split(':').nth(1).and_then(|port| port.parse::<u16>().ok());
    ports.sort_by_key(number);
    if !ports.is_empty() {
        web.insert("ports".into(), json!(ports));
    }
    if !target.domains.is_empty() {
        web.insert("labels".into(), literal(&labels::labels(plan, target, PROXY_NETWORK)));
        web.insert("networks".into(), json!(["default", "proxy"]));
    }
    Value::Object(web)
}

/// A service that runs another command line in the image of `web`.
fn process(plan: &Plan, target: &Target, attached: &Attached, line: &str) -> Map<String, Value> {
    let mut process = service(plan, target, attached);
    process.insert("command".into(), literal(&json!(exec_form(line))));
    process.insert("pull_policy".into(), json!("never"));
    process.insert("depends_on".into(), depends_on(attached, false));
    process.retain(|_, value| !value.is_null());
    // What the image asks is whether `web` answers.
    process.insert("healthcheck".into(), json!({"disable": true}));
    process
}

/// A name for a process that no other service has.
fn free_name(process: &str, taken: &Map<String, Value>, attached: &Attached) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let base: String = process.to_ascii_lowercase().chars().map(fits).collect();
    let is_taken = |name: &str| {
        matches!(name, "web" | "release")
            || taken.contains_key(name)
            || attached.services.iter().any(|addon| addon.name == name)
    };
    let mut name = base.clone();
    let mut number = 2;
    while is_taken(&name) {
        name = format!("{base}-{number}");
        number += 1;
    }
    name
}

/// Null when there is nothing to wait for.
fn depends_on(attached: &Attached, has_release: bool) -> Value {
    let mut all: Map<String, Value> = attached
        .services
        .iter()
        .map(|addon| (addon.name.clone(), json!({"condition": "service_healthy"})))
        .collect();
    if has_release {
        all.insert("release".into(), json!({"condition": "service_completed_successfully"}));
    }
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}

fn environment(plan: &Plan, target: &Target, attached: &Attached) -> Map<String, Value> {
    let asked = |name: &String| format!("${{{name}:?set {name} in the environment or in .env}}");
    let mut env: Map<String, Value> =
        plan.required_env.iter().map(|need| (need.name.clone(), asked(&need.name).into())).collect();
    env.extend(attached.env.iter().map(|(name, value)| (name.clone(), value.clone().into())));
    let plain = plan.env.iter().chain(&target.env);
    env.extend(plain.map(|(name, value)| (name.clone(), doubled(value).into())));
    env.insert("PORT".into(), plan.port.to_string().into());
    env.extend(target.secret_names.iter().map(|name| (name.clone(), asked(name).into())));
    env
}

fn service(plan: &Plan, target: &Target, attached: &Attached) -> Map<String, Value> {
    let mut tmpfs = vec!["/tmp".to_owned()];
    let volumes = plan.all_volumes(&target.volumes);
    for folder in &plan.writable {
        // A volume at the same place is writable already.
        if !volumes.iter().any(|volume| volume.path == *folder) {
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
        ("logging".to_owned(), logging()),
        ("environment".to_owned(), Value::Object(environment(plan, target, attached))),
    ]);
    if let Some(user) = plan.user {
        service.insert("user".into(), json!(format!("{}:{}", user.uid, user.gid)));
    }
    if !volumes.is_empty() {
        let volumes: Vec<Value> = volumes
            .iter()
            .map(|volume| literal(&json!({"type": "volume", "source": volume.name, "target": volume.path})))
            .collect();
        service.insert("volumes".into(), Value::Array(volumes));
    }
    service
}

fn logging() -> Value {
    json!({"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}})
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
