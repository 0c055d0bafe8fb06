//! Detection, plans and files, from trees in memory.

mod cloud_init;
mod compose;
mod compose_file;
mod findings;
mod focus;
mod lint;
mod needs;
mod overrides;
mod project_file;
mod shapes;
mod tools;
mod workspaces;

use std::sync::Arc;

use byop_core::generator::{Generator, builtin, detect_all, preview};
use byop_core::model::{
    AppName, AppSpec, Builder, Plan, PortSpec, Preview, Protocol, Severity, Source, Target, VolumeSpec,
};
use byop_core::source::SourceTree;
use byop_core::{ErrorKind, Result};
use shapes::shapes;

fn spec() -> AppSpec {
    AppSpec::new("demo", Source::Directory(".".into())).unwrap()
}

fn show(files: &[(&str, &str)], spec: &AppSpec, builder: Builder) -> Result<Preview> {
    let tree = SourceTree::from_files(files.iter().copied())?;
    preview(&builtin(), &tree, spec, &Target::of(spec, builder))
}

fn dockerfile(files: &[(&str, &str)], builder: Builder) -> String {
    show(files, &spec(), builder).unwrap().files.get("Dockerfile").unwrap().to_owned()
}

#[test]
fn every_shape_is_understood() {
    let mut wrong = Vec::new();
    for shape in shapes() {
        let found = match show(shape.files, &spec(), Builder::BuildKit) {
            Ok(found) => found,
            Err(error) => {
                wrong.push(format!("{}: {error}", shape.name));
                continue;
            }
        };
        let plan: &Plan = &found.plan;
        let variant = serde_json::to_value(plan.variant).unwrap();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        for (fact, found, wanted) in [
            ("stack", plan.stack.clone(), shape.stack),
            ("version", text(&plan.version), shape.version),
            ("framework", text(&plan.framework), shape.framework),
            ("variant", variant.as_str().unwrap_or_default().to_owned(), shape.variant),
            ("package manager", text(&plan.package_manager), shape.manager),
            ("install", text(&plan.install), shape.install),
            ("build", text(&plan.build), shape.build),
            ("start", text(&plan.start), shape.start),
            ("static folder", text(&plan.static_dir), shape.static_dir),
            ("port", plan.port.to_string(), &shape.port.to_string()),
        ] {
            if found != wanted {
                wrong.push(format!("{}: {fact} is `{found}`, not `{wanted}`", shape.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_tree_gives_the_same_bytes_in_any_order() {
    for shape in shapes() {
        let first = show(shape.files, &spec(), Builder::BuildKit).unwrap();
        for round in 0..100 {
            let mut files = shape.files.to_vec();
            files.rotate_left(round % shape.files.len());
            if round % 2 == 1 {
                files.reverse();
            }
            let again = show(&files, &spec(), Builder::BuildKit).unwrap();
            assert_eq!(again.files, first.files, "{}", shape.name);
        }
    }
}

#[test]
fn every_dockerfile_is_hardened() {
    for shape in shapes().iter().filter(|shape| shape.stack != "dockerfile") {
        for builder in [Builder::BuildKit, Builder::Classic] {
            let found = show(shape.files, &spec(), builder).unwrap();
            let Some(text) = found.files.get("Dockerfile") else {
                assert!(
                    found.plan.diagnostics.iter().any(|d| d.severity == Severity::Error),
                    "{}",
                    shape.name
                );
                continue;
            };
            let name = shape.name;
            assert!(text.contains("\nUSER 10001:10001\n"), "{name}: no user\n{text}");
            assert!(text.contains("\nHEALTHCHECK "), "{name}: no health check\n{text}");
            assert!(text.contains(&format!("\nEXPOSE {}\n", found.plan.port)), "{name}: no port\n{text}");
            assert!(!text.contains("# syntax"), "{name}: a frontend that has to be fetched");
            assert!(!text.contains(":latest"), "{name}: an image that floats\n{text}");
            let is_started = found.plan.start.is_some() || found.plan.static_dir.is_some();
            assert_eq!(text.contains("\nCMD ["), is_started, "{name}: start\n{text}");
            if builder == Builder::Classic {
                assert!(!text.contains("--mount"), "{name}: mounts for a builder without\n{text}");
            }
            for image in text.lines().filter_map(|line| line.strip_prefix("FROM ")) {
                let is_stage = image
                    .split(' ')
                    .next()
                    .is_some_and(|first| found.plan.stages.iter().any(|stage| stage.name == first));
                assert!(image.contains(':') || is_stage, "{name}: {image} has no tag");
            }
        }
    }
}

#[test]
fn the_compose_file_publishes_raw_ports() {
    let mut spec = spec().with_domain("a.example.com").unwrap();
    spec.ports.push(PortSpec::new("play", Protocol::Udp, 7777).unwrap());
    spec.ports.push(PortSpec { host_port: Some(2222), ..PortSpec::new("ssh", Protocol::Tcp, 22).unwrap() });
    let found = show(&[("index.html", "")], &spec, Builder::BuildKit).unwrap();
    let compose =
        serde_yaml::from_str::<serde_json::Value>(found.files.get("compose.yaml").unwrap()).unwrap();
    assert_eq!(
        compose["services"]["web"]["ports"],
        serde_json::json!(["0.0.0.0:2222:22/tcp", "0.0.0.0:7777:7777/udp"])
    );
}

#[test]
fn the_compose_file_is_hardened_and_readable() {
    let mut spec = spec().with_domain("a.example.com").unwrap().with_domain("b.example.com").unwrap();
    spec.volumes.push(VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() });
    let files = [
        ("index.js", ""),
        ("package.json", "{}"),
        ("Procfile", "web: node index.js\nworker: node w.js $X\nrelease: no\n"),
    ];
    let found = show(&files, &spec, Builder::BuildKit).unwrap();
    let compose =
        serde_yaml::from_str::<serde_json::Value>(found.files.get("compose.yaml").unwrap()).unwrap();
    let web = &compose["services"]["web"];
    assert_eq!(web["read_only"], true);
    assert_eq!(web["cap_drop"][0], "ALL");
    assert_eq!(web["security_opt"][0], "no-new-privileges:true");
    assert_eq!(web["user"], "10001:10001");
    assert_eq!(web["logging"]["options"]["max-size"], "10m");
    assert_eq!(web["tmpfs"][0], "/tmp");
    assert_eq!(web["volumes"][0]["target"], "/data");
    assert_eq!(
        web["labels"]["traefik.http.routers.demo.rule"],
        "Host(`a.example.com`) || Host(`b.example.com`)"
    );
    assert_eq!(web["labels"]["traefik.http.services.demo.loadbalancer.server.port"], "3000");
    assert_eq!(compose["services"]["worker"]["command"][2], "exec node w.js $$X");
    assert_eq!(compose["services"]["release"]["restart"], "no");
    assert_eq!(compose["volumes"]["data"], serde_json::json!({}));
}

#[test]
fn awkward_values_stay_values() {
    let awkward = "a\"b'c$d`e\\f{{ g }}#h\n- i: é€ ${HOME} %j";
    let spec = spec().with_env("ODD", awkward).unwrap();
    let found = show(&[("index.js", ""), ("package.json", "{}")], &spec, Builder::BuildKit).unwrap();
    let compose =
        serde_yaml::from_str::<serde_json::Value>(found.files.get("compose.yaml").unwrap()).unwrap();
    let read = compose["services"]["web"]["environment"]["ODD"].as_str().unwrap().to_owned();
    assert_eq!(read.replace("$$", "$"), awkward);
    assert!(!read.replace("$$", "").contains('$'), "a dollar that compose would expand: {read}");
}

#[test]
fn commands_cannot_add_instructions() {
    let mut spec = spec();
    spec.build.build = Some("make\nUSER root\nRUN evil".into());
    spec.build.start = Some("serve \"a\nUSER root\" $X".into());
    let files =
        [("package.json", "{\"scripts\":{\"start\":\"x\"},\"main\":\"a\\nUSER root\"}"), ("index.js", "")];
    let text = show(&files, &spec, Builder::Classic).unwrap().files.get("Dockerfile").unwrap().to_owned();
    assert!(
        !text.lines().any(|line| line.starts_with("USER root") || line.starts_with("RUN evil")),
        "{text}"
    );
}

#[test]
fn names_in_the_tree_cannot_add_instructions() {
    let files = [("Staticfile", "root: \"a b$c\"\n"), ("a b$c/index.html", "")];
    let text = dockerfile(&files, Builder::BuildKit);
    assert!(text.contains(r#"COPY ["a b\\$c", "/usr/share/nginx/html"]"#), "{text}");
}

#[test]
fn own_files_are_kept() {
    let files = [("index.html", ""), (".dockerignore", "secret\n"), ("docker-compose.yml", "services: {}\n")];
    let found = show(&files, &spec(), Builder::BuildKit).unwrap();
    assert!(found.files.0[".dockerignore"].kept);
    assert_eq!(found.files.get(".dockerignore"), Some("secret\n"));
    assert!(found.files.get("compose.byop.yaml").is_some() && found.files.get("compose.yaml").is_none());
}

#[test]
fn what_nobody_recognises_is_refused_with_what_was_looked_for() {
    let error =
        show(&[("notes.txt", "hello"), ("DOCKERFILE", "FROM x")], &spec(), Builder::BuildKit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.operation(), "source.detect");
    for name in ["Dockerfile", "package.json", "requirements.txt", "go.mod", "Cargo.toml", "index.html"] {
        assert!(error.context("looked_for").unwrap().contains(name), "{name}");
    }
    assert_eq!(error.context("found"), Some("DOCKERFILE, notes.txt"));
    assert!(error.report().remedy.is_some());
}

#[test]
fn a_broken_manifest_is_named_with_its_line() {
    let error = show(&[("package.json", "{\n  \"a\": ,\n}")], &spec(), Builder::BuildKit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!((error.context("file"), error.context("line")), (Some("package.json"), Some("2")));
    let error = show(&[("Cargo.toml", "[package]\nname = \n")], &spec(), Builder::BuildKit).unwrap_err();
    assert_eq!((error.context("file"), error.context("line")), (Some("Cargo.toml"), Some("2")));
}

#[test]
fn all_candidates_are_ranked() {
    let tree =
        SourceTree::from_files([("go.mod", "module a\n"), ("main.go", "package main\n"), ("index.html", "")])
            .unwrap();
    let found = detect_all(&builtin(), &tree).unwrap();
    let stacks: Vec<&str> = found.iter().map(|detection| detection.stack.as_str()).collect();
    assert_eq!(stacks, ["go", "static"]);
    assert!(found.iter().all(|detection| !detection.evidence.is_empty()));
}

#[test]
fn what_is_only_likely_is_called_unsure() {
    let found = show(&[("docs/index.html", ""), ("notes.txt", "")], &spec(), Builder::BuildKit).unwrap();
    assert!(found.detection.confidence < 0.5);
    assert!(found.plan.diagnostics.iter().any(|d| d.code == "unsure"));
}

#[test]
fn the_spec_wins_over_what_was_detected() {
    let mut spec = spec().with_port(1234);
    spec.build.stack = Some("node".into());
    spec.build.version = Some("22".into());
    spec.build.start = Some("node other.js".into());
    spec.build.images.insert("node:22.23-bookworm-slim".into(), "mirror.example/node:22".into());
    spec.health.path = Some("/live".into());
    let files = [("Dockerfile", "FROM scratch\n"), ("package.json", "{}"), ("index.js", "")];
    let found = show(&files, &spec, Builder::BuildKit).unwrap();
    let text = found.files.get("Dockerfile").unwrap();
    for part in ["FROM mirror.example/node:22\n", "EXPOSE 1234\n", "CMD [\"node\", \"other.js\"]\n", "/live"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn an_unknown_stack_is_refused_with_the_known_ones() {
    let mut spec = spec();
    spec.build.stack = Some("fortran".into());
    let error = show(&[("index.html", "")], &spec, Builder::BuildKit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.report().remedy.unwrap().contains("dockerfile, node, python"));
}

#[derive(Debug)]
struct Wiki;

impl Generator for Wiki {
    fn name(&self) -> &str {
        "wiki"
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<byop_core::model::Detection>> {
        Ok(source.has_file("wiki.txt").then(|| byop_core::model::Detection::new("wiki", 0.99)))
    }

    fn plan(&self, _: &SourceTree, _: &byop_core::model::Detection, _: &AppSpec) -> Result<Plan> {
        Ok(Plan::new("wiki", 8080))
    }
}

#[test]
fn a_program_can_bring_its_own_generator() {
    let mut generators: Vec<Arc<dyn Generator>> = vec![Arc::new(Wiki)];
    generators.extend(builtin());
    let tree = SourceTree::from_files([("wiki.txt", ""), ("index.html", "")]).unwrap();
    let spec = spec();
    let found = preview(&generators, &tree, &spec, &Target::of(&spec, Builder::BuildKit)).unwrap();
    assert_eq!(found.plan.stack, "wiki");
}

#[derive(Debug)]
struct Broken;

impl Generator for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn detect(&self, _: &SourceTree) -> Result<Option<byop_core::model::Detection>> {
        Err(byop_core::Error::new(ErrorKind::Internal, "broken.detect", "a defect"))
    }

    fn plan(&self, _: &SourceTree, _: &byop_core::model::Detection, _: &AppSpec) -> Result<Plan> {
        Ok(Plan::new("broken", 8080))
    }
}

#[test]
fn no_other_stack_is_taken_in_place_of_one_that_could_not_be_asked() {
    let mut generators: Vec<Arc<dyn Generator>> = vec![Arc::new(Broken)];
    generators.extend(builtin());
    let tree = SourceTree::from_files([("index.html", "")]).unwrap();
    let spec = spec();
    let error = preview(&generators, &tree, &spec, &Target::of(&spec, Builder::BuildKit)).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Internal, "broken.detect"));
}

#[test]
fn a_large_tree_is_detected_at_once() {
    let files = (0..10_000).map(|n| (format!("src/folder{}/file{n}.js", n % 100), "export default 1\n"));
    let tree = SourceTree::from_files(
        files.chain([("package.json".to_owned(), "{\"main\":\"index.js\"}"), ("index.js".to_owned(), "")]),
    )
    .unwrap();
    let spec = spec();
    let target = Target::of(&spec, Builder::BuildKit);
    let generators = builtin();
    preview(&generators, &tree, &spec, &target).unwrap();
    let begin = std::time::Instant::now();
    preview(&generators, &tree, &spec, &target).unwrap();
    // Generous, because tests run unoptimised and beside one another; the benchmark measures.
    assert!(begin.elapsed().as_millis() < 1500, "{:?}", begin.elapsed());
}
