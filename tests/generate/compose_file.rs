//! Own compose files: what is read, what is said about the rest, and when one is the app.

use std::collections::BTreeMap;

use byop_core::ErrorKind;
use byop_core::generator::{ComposeGenerator, compose_file, preview};
use byop_core::model::{AppSpec, Builder, ComposeApp, ComposePolicy, Protocol, Severity, Target};
use byop_core::source::SourceTree;
use serde_json::json;

use super::{show, spec};

fn read(text: &str) -> ComposeApp {
    compose_file("compose.yaml", text, &BTreeMap::new(), ComposePolicy::Warn).unwrap()
}

const SHOP: &str = r#"
name: shop
x-shared: &shared
  restart: always
  environment: {LOG: "${LEVEL:-info}"}
services:
  web:
    <<: *shared
    build:
      context: ./api
      dockerfile: Dockerfile.prod
    ports: ["127.0.0.1:8000:3000", {target: 53, published: "5353", protocol: udp}, 9000]
    environment:
      - DATABASE_URL=postgres://u:p@db:5432/shop
      - SECRET_KEY
      - PRICE=5$$
    volumes: ["uploads:/srv/uploads:ro", "./src:/srv/src"]
    depends_on:
      db: {condition: service_healthy}
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3000/healthz"]
      interval: 5s
    command: npm start -- --name "a b"
  worker:
    <<: *shared
    build: {context: api/, dockerfile: ./Dockerfile.prod}
    command: [node, worker.js]
  db:
    image: postgres:16
    volumes: [pg:/var/lib/postgresql/data]
    healthcheck: {disable: true}
volumes: {uploads: , pg: }
"#;

#[test]
fn a_file_becomes_a_graph_of_services() {
    let app = read(SHOP);
    assert_eq!(app.name.as_deref(), Some("shop"));
    let web = &app.services["web"];
    let build = web.build.as_ref().unwrap();
    assert_eq!((build.context.as_str(), build.dockerfile.as_str()), ("api", "Dockerfile.prod"));
    let ports: Vec<_> =
        web.ports.iter().map(|p| (p.host_ip.as_deref(), p.host_port, p.container_port, p.protocol)).collect();
    assert_eq!(
        ports,
        [
            (Some("127.0.0.1"), Some(8000), 3000, Protocol::Tcp),
            (None, Some(5353), 53, Protocol::Udp),
            (None, None, 9000, Protocol::Tcp)
        ]
    );
    // Its own variables take the place of the shared ones, as in compose.
    assert_eq!(web.env.len(), 3);
    assert_eq!(web.env["PRICE"].as_deref(), Some("5$"));
    assert_eq!(web.env["SECRET_KEY"], None);
    assert_eq!(app.services["worker"].env["LOG"].as_deref(), Some("info"));
    assert_eq!(web.depends_on["db"], "service_healthy");
    assert_eq!(web.command.as_ref().unwrap(), &["npm", "start", "--", "--name", "a b"]);
    assert!(web.volumes[0].read_only && web.volumes[0].source.as_deref() == Some("uploads"));
    assert!(web.volumes[1].is_folder);
    assert_eq!(app.services["db"].health, Some(Vec::new()));
}

#[test]
fn what_reaches_beyond_the_app_is_said_with_service_key_and_line() {
    for (key, value) in [
        ("privileged", "true"),
        ("network_mode", "host"),
        ("pid", "host"),
        ("ipc", "host"),
        ("cap_add", "[SYS_ADMIN]"),
        ("devices", "[/dev/kvm]"),
        ("userns_mode", "host"),
        ("sysctls", "{net.core.somaxconn: 1}"),
        ("security_opt", "[\"seccomp:unconfined\"]"),
        ("extends", "{service: y}"),
        ("env_file", "../secrets.env"),
        ("volumes", "[/var/run/docker.sock:/var/run/docker.sock]"),
        ("volumes", "[/etc:/host]"),
        ("volumes", "[../other:/other]"),
        ("volumes", "[\"~/.ssh:/ssh\"]"),
        ("volumes", "[{type: bind, source: /, target: /host}]"),
        ("volumes", "[{type: bind, source: //var/run/docker.sock, target: /x}]"),
        ("volumes", "[\"${HERE:-/etc}:/host\"]"),
    ] {
        let text = format!("services:\n  a:\n    image: x:1\n    {key}: {value}\n");
        let found = read(&text).diagnostics;
        let said = found.iter().find(|one| one.code == "compose-dangerous");
        let said = said.unwrap_or_else(|| panic!("{key}: {value}: {found:?}"));
        assert!(
            said.message.contains(&format!("compose.yaml, line 4: `services.a.{key}")),
            "{}",
            said.message
        );
        let error = compose_file("c.yml", &text, &BTreeMap::new(), ComposePolicy::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!((error.context("service"), error.context("line")), (Some("a"), Some("4")), "{error:?}");
        assert_eq!(error.context("code"), Some("compose-dangerous"));
    }
    for text in [
        "include: [x.yaml]\nservices: {}\n",
        "services: {}\nvolumes: {a: {driver_opts: {device: /}}}\n",
        "services: {}\nnetworks: {a: {external: true}}\n",
    ] {
        assert!(read(text).diagnostics.iter().any(|one| one.code == "compose-dangerous"), "{text}");
    }
}

#[test]
fn nothing_is_dropped_in_silence() {
    let known = ["image", "user", "command", "entrypoint", "expose", "environment", "depends_on", "build"];
    for key in [
        "restart",
        "labels",
        "logging",
        "networks",
        "container_name",
        "working_dir",
        "profiles",
        "secrets",
        "configs",
        "platform",
        "dns",
        "extra_hosts",
        "storage_opt",
        "isolation",
        "made_up",
        "deploy",
        "hostname",
        "mem_limit",
    ] {
        assert!(!known.contains(&key));
        let app = read(&format!("services:\n  a:\n    image: x:1\n    {key}: y\n"));
        let [one] = app.diagnostics.as_slice() else { panic!("{key}: {:?}", app.diagnostics) };
        assert!(one.message.contains(&format!("`services.a.{key}`")), "{}", one.message);
    }
}

#[test]
fn what_is_no_compose_file_is_refused_with_its_line() {
    for (text, line) in [
        ("services:\n  a: 5\n", "2"),
        ("services:\n  a:\n    ports: []\n", "2"),
        ("services: [a]\n", "1"),
        ("- a\n", "1"),
        ("services:\n  a:\n    image: x\n    image: y\n", "3"),
        ("services:\n  a:\n    image: ${X\n", "3"),
        ("services:\n  a:\n    build: ../x\n", "3"),
        ("services:\n  a:\n    build: https://github.com/a/b.git\n", "3"),
        ("services:\n  a:\n    image: x\n    depends_on: [b]\n", "4"),
        ("services:\n  \"a\\nb\":\n    image: x\n", "2"),
        ("services:\n  a:\n    image: !reset x\n", "3"),
        ("services:\n  a:\n    image: [\n", ""),
    ] {
        let error = compose_file("c.yml", text, &BTreeMap::new(), ComposePolicy::Warn).unwrap_err();
        assert_eq!(error.context("file"), Some("c.yml"));
        if !line.is_empty() {
            assert_eq!(error.context("line"), Some(line), "{text}{error:?}");
        }
    }
}

#[test]
fn variables_come_from_what_is_known_and_the_rest_is_asked_for() {
    let text = "services:\n  a:\n    image: \"x:${TAG}\"\n    environment: {A: \"${B:?must}\", C: $D}\n";
    let known = BTreeMap::from([("TAG".to_owned(), "7".to_owned()), ("D".to_owned(), "${E}".to_owned())]);
    let app = compose_file("c.yml", text, &known, ComposePolicy::Warn).unwrap();
    assert_eq!(app.services["a"].image.as_deref(), Some("x:7"));
    assert_eq!(app.services["a"].env["C"].as_deref(), Some("${E}"), "a value is not read again");
    assert_eq!(app.missing, ["B"]);
}

const DOCKERFILE: &str = "FROM node:24-slim\nEXPOSE 1\nUSER 1000\nHEALTHCHECK NONE\nCMD [\"node\", \"x\"]\n";

fn shop() -> Vec<(&'static str, &'static str)> {
    vec![
        ("compose.yaml", SHOP),
        ("api/Dockerfile.prod", DOCKERFILE),
        ("api/package.json", "{}"),
        ("docs/a.md", ""),
    ]
}

#[test]
fn a_tree_with_nothing_but_a_compose_file_is_built_as_it_says() {
    let found = show(&shop(), &spec(), Builder::BuildKit).unwrap();
    let plan = &found.plan;
    assert_eq!(plan.stack, "compose");
    assert!(found.detection.confidence >= 0.9);
    assert_eq!((plan.context.as_str(), plan.dockerfile.as_deref()), ("api", Some("Dockerfile.prod")));
    assert_eq!((plan.port, plan.health.path.as_str()), (3000, "/healthz"));
    assert_eq!(plan.command.as_ref().unwrap().last().unwrap(), "a b");
    assert_eq!(plan.processes["worker"], "node worker.js");
    assert_eq!(plan.addons[0].kind, "postgresql");
    assert_eq!(plan.addons[0].env.as_deref(), Some("DATABASE_URL"));
    assert_eq!(plan.env["PRICE"], "5$");
    assert_eq!(plan.required_env[0].name, "SECRET_KEY");
    assert_eq!(plan.volumes[0].path, "/srv/uploads");
    assert!(plan.diagnostics.iter().any(|one| one.message.contains("`services.web.volumes.1`")));
    let file = found.files.get("compose.byop.yaml").unwrap();
    let own: serde_json::Value = serde_yaml::from_str(file).unwrap();
    let web = &own["services"]["web"];
    assert_eq!(web["build"], json!({"context": "./api", "dockerfile": "Dockerfile.prod"}));
    assert_eq!(web["depends_on"]["postgresql"]["condition"], "service_healthy");
    assert!(web["environment"]["DATABASE_URL"].as_str().unwrap().contains("@postgresql:5432/"));
}

#[test]
fn a_compose_file_beside_a_stack_is_only_a_finding() {
    for beside in [
        ("package.json", r#"{"scripts":{"start":"node a.js"}}"#),
        ("Dockerfile", DOCKERFILE),
        ("index.html", ""),
    ] {
        let found =
            show(&[("compose.yaml", SHOP), ("a.js", ""), beside], &spec(), Builder::BuildKit).unwrap();
        assert_ne!(found.plan.stack, "compose", "{beside:?}");
        let codes: Vec<_> = found.plan.diagnostics.iter().map(|one| one.code.as_str()).collect();
        assert!(codes.contains(&"own-compose-file") && !codes.contains(&"several-stacks"), "{codes:?}");
    }
    // Broken, it disturbs nobody.
    let broken = [("compose.yaml", "a: ["), ("index.html", "")];
    assert_eq!(show(&broken, &spec(), Builder::BuildKit).unwrap().plan.stack, "static");
}

#[test]
fn a_compose_file_is_taken_when_asked_for() {
    let mut spec = spec();
    spec.build.stack = Some("compose".into());
    let mut files = shop();
    files.push(("package.json", "{}"));
    assert_eq!(show(&files, &spec, Builder::BuildKit).unwrap().plan.stack, "compose");
}

#[test]
fn several_services_are_a_question() {
    let text = "services:\n  a: {build: a, ports: [80]}\n  b: {build: b, ports: [81]}\n";
    let found = show(&[("compose.yaml", text)], &spec(), Builder::BuildKit).unwrap();
    assert!(found.detection.confidence < 0.5);
    let one = found.plan.diagnostics.iter().find(|one| one.code == "several-services").unwrap();
    assert_eq!((one.severity, one.setting.as_deref()), (Severity::Error, Some("build.root")));
    assert!(found.files.get("Dockerfile").is_none());
}

#[test]
fn the_policy_can_be_strict() {
    let text = "services:\n  a: {build: ., privileged: true}\n";
    let tree = SourceTree::from_files([("compose.yaml", text)]).unwrap();
    let strict = std::sync::Arc::new(ComposeGenerator::new().with_policy(ComposePolicy::Refuse));
    let spec: AppSpec = spec();
    let error = preview(&[strict], &tree, &spec, &Target::of(&spec, Builder::BuildKit)).unwrap_err();
    assert_eq!(error.context("key"), Some("services.a.privileged"));
}

#[test]
fn hostile_texts_are_refused_or_stay_texts() {
    for evil in ["a\nb", "\"x\"", "${HOME}", "{{ x }}", "$(id)", "`id`", "\u{202e}"] {
        let quoted = serde_json::to_string(evil).unwrap().replace('$', "$$");
        let text = format!(
            "services:\n  a:\n    build: .\n    command: [{quoted}]\n    environment: {{E: {quoted}}}\n    user: {quoted}\n"
        );
        let Ok(app) = compose_file("c.yml", &text, &BTreeMap::new(), ComposePolicy::Warn) else {
            assert_eq!(evil, "\u{202e}", "{text}");
            continue;
        };
        assert_eq!(app.services["a"].command.as_ref().unwrap()[0], evil);
        assert_eq!(app.services["a"].env["E"].as_deref(), Some(evil));
        let files = [("compose.yaml", text.as_str()), ("Dockerfile.x", ""), ("b/Dockerfile", DOCKERFILE)];
        let text = text.replace("build: .", "build: b");
        let files = [("compose.yaml", text.as_str()), files[2]];
        let found = show(&files, &spec(), Builder::BuildKit).unwrap();
        let own: serde_json::Value =
            serde_yaml::from_str(found.files.get("compose.byop.yaml").unwrap()).unwrap();
        let plain = own["services"]["web"]["environment"]["E"].as_str().unwrap().replace("$$", "$");
        assert_eq!(plain, evil);
    }
}
