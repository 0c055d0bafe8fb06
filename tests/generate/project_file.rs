//! The `byop.yaml` of a tree.

use byop_core::ErrorKind;
use byop_core::model::{Builder, Preview};

use crate::{show, spec};

const APP: [(&str, &str); 2] =
    [("package.json", r#"{"scripts":{"start":"node server.js"}}"#), ("server.js", "")];

fn with(file: &str) -> Vec<(&str, &str)> {
    APP.into_iter().chain([("byop.yaml", file)]).collect()
}

fn preview(file: &str) -> Preview {
    show(&with(file), &spec(), Builder::BuildKit).unwrap()
}

#[test]
fn what_the_app_says_wins_over_detection() {
    let found = preview(
        "port: 9000\nbuild:\n  version: 22\n  start: node other.js\nhealth:\n  path: /live\n  interval_seconds: 30\n",
    );
    let text = found.files.get("Dockerfile").unwrap();
    for part in
        ["FROM node:22.", "EXPOSE 9000\n", "CMD [\"node\", \"other.js\"]\n", "/live", "--interval=30s"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn the_spec_wins_over_what_the_app_says() {
    let mut spec = spec().with_port(1234).with_env("LEVEL", "spec").unwrap();
    spec.build.start = Some("node third.js".into());
    let file = "port: 9000\nbuild: {start: node other.js}\nenv: {LEVEL: file, OTHER: file}\n";
    let found = show(&with(file), &spec, Builder::BuildKit).unwrap();
    assert_eq!((found.plan.port, found.plan.start.as_deref()), (1234, Some("node third.js")));
    let facts: Vec<&str> = found.detection.evidence.iter().map(|e| e.fact.as_str()).collect();
    assert!(facts.contains(&"env.OTHER") && !facts.contains(&"env.LEVEL"), "{facts:?}");
    let compose = found.files.get("compose.yaml").unwrap();
    assert!(compose.contains("\"LEVEL\": \"spec\"") && compose.contains("\"OTHER\": \"file\""), "{compose}");
}

#[test]
fn a_web_process_of_the_spec_wins_over_the_start_of_the_file() {
    let mut spec = spec();
    spec.processes.insert("web".into(), "node web.js".into());
    let found = show(&with("build: {start: node other.js}\n"), &spec, Builder::BuildKit).unwrap();
    assert_eq!(found.plan.start.as_deref(), Some("node web.js"));
    let found = preview("processes: {web: node web.js}\n");
    assert_eq!(found.plan.start.as_deref(), Some("node web.js"));
    assert!(found.plan.processes.is_empty());
}

#[test]
fn facts_of_the_file_name_it_as_their_evidence() {
    let found = preview("port: 9000\n");
    let evidence = found.detection.evidence.iter().find(|e| e.fact == "port = 9000").unwrap();
    assert_eq!(evidence.file, "byop.yaml");
}

#[test]
fn the_file_reaches_the_compose_file() {
    let found = preview(
        "volumes:\n- {name: media, path: /app/media}\nprocesses:\n  worker: node w.js\nresources:\n  pids: 64\n",
    );
    let compose: serde_json::Value = serde_yaml::from_str(found.files.get("compose.yaml").unwrap()).unwrap();
    assert_eq!(compose["services"]["web"]["volumes"][0]["target"], "/app/media");
    assert_eq!(compose["services"]["worker"]["command"][0], "node");
    assert_eq!(compose["services"]["web"]["pids_limit"], 64);
}

#[test]
fn the_spec_that_counts_is_part_of_the_preview() {
    let found = preview("port: 9000\nenv: {A: b}\n");
    let spec = found.spec.unwrap();
    assert_eq!((spec.port, spec.env.len()), (Some(9000), 1));
}

#[test]
fn the_root_names_the_folder_of_the_app() {
    let files = [
        ("byop.yaml", "build:\n  root: web/\nport: 9000\nenv: {A: root, B: root}\n"),
        ("web/byop.yml", "port: 9001\nenv: {A: web}\n"),
        ("web/index.html", ""),
        ("notes.md", ""),
    ];
    let found = show(&files, &spec(), Builder::BuildKit).unwrap();
    assert_eq!((found.plan.root.as_str(), found.plan.port), ("web", 9001));
    let env = found.spec.unwrap().env;
    assert_eq!(env.values().map(String::as_str).collect::<Vec<_>>(), ["web", "root"]);
}

#[test]
fn a_file_about_another_folder_does_not_count() {
    let files =
        [("byop.yaml", "build: {root: web}\nport: 9000\n"), ("web/index.html", ""), ("admin/index.html", "")];
    let mut spec = spec();
    spec.build.root = Some("./admin".into());
    assert_eq!(show(&files, &spec, Builder::BuildKit).unwrap().plan.port, 8080);
}

#[test]
fn a_folder_does_not_name_another_one() {
    let files = [("web/byop.yaml", "build: {root: x}\n"), ("web/index.html", "")];
    let error = show(&files, &spec(), Builder::BuildKit).unwrap_err();
    assert_eq!((error.context("file"), error.context("key")), (Some("web/byop.yaml"), Some("build.root")));
}

#[test]
fn of_two_files_the_first_counts_and_it_is_said() {
    let files = [("byop.yaml", "port: 1111\n"), ("byop.yml", "port: 2222\n"), ("index.html", "")];
    let found = show(&files, &spec(), Builder::BuildKit).unwrap();
    assert_eq!(found.plan.port, 1111);
    assert!(found.plan.diagnostics.iter().any(|d| d.code == "two-project-files"));
}

#[test]
fn a_wish_beyond_the_limit_is_a_question_to_the_owner() {
    let found = preview("resources: {memory_bytes: 4294967296}\n");
    assert_eq!(found.spec.as_ref().unwrap().resources.memory_bytes, 512 << 20);
    let question = found.questions.iter().find(|q| q.setting == "resources.memory_bytes").unwrap();
    assert!(question.text.contains("4294967296"), "{}", question.text);
}

#[test]
fn a_misspelt_key_is_refused_with_its_place_and_the_right_one() {
    let error = show(&with("port: 1\nhealth:\n  pth: /x\n"), &spec(), Builder::BuildKit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let at = ["file", "line", "column", "key"].map(|name| error.context(name).unwrap_or_default());
    assert_eq!(at, ["byop.yaml", "3", "3", "health.pth"]);
    assert_eq!(error.report().remedy.as_deref(), Some("did you mean `path`?"));
}

#[test]
fn hostile_files_are_refused_with_a_line() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nenv: *b\n";
    let deep = format!("env: {}1{}\n", "[".repeat(5000), "]".repeat(5000));
    for (text, line) in [
        (bomb, "1"),
        ("port: 80\nenv: !run {A: id}\n", "2"),
        ("port: !custom 80\n", "1"),
        ("port: 80\nport: 81\n", "1"),
        ("env:\n  A: x\n  A: y\n", "2"),
        ("build:\n\tstart: x\n", "2"),
        ("port: 80\n---\nport: 81\n", "1"),
        ("port: [1\n", "2"),
        ("<<: {port: 1}\n", "1"),
        ("- port\n", "1"),
        ("port: -1\n", "1"),
        ("env: {PORT: [1]}\n", "1"),
        ("env: {\"A\\nB\": x}\n", "1"),
        ("build: {start: \"a\\nUSER root\"}\n", "1"),
        ("build: {packages: {run: [\"x && id\"]}}\n", "1"),
        ("build: {root: ../..}\n", "1"),
        ("writable: [/proc/x]\n", "1"),
        (&deep, "1"),
    ] {
        let case: String = text.chars().take(60).collect();
        let error = match show(&with(text), &spec(), Builder::BuildKit) {
            Ok(_) => panic!("{case} was taken"),
            Err(error) => error,
        };
        assert!(
            error.kind() == ErrorKind::InvalidInput || error.kind() == ErrorKind::NotFound,
            "{case}: {error}"
        );
        if error.kind() == ErrorKind::InvalidInput {
            assert_eq!(error.context("file"), Some("byop.yaml"), "{case}: {error}");
            assert_eq!(error.context("line"), Some(line), "{case}: {error}");
        }
        assert!(error.to_string().len() < 1500, "{case}: an error of {} bytes", error.to_string().len());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let files = [("byop.yaml", &b"port: 80\nenv: {A: \xff}\n"[..]), ("index.html", b"")];
    let tree = byop_core::source::SourceTree::from_files(files).unwrap();
    let spec = spec();
    let target = byop_core::model::Target::of(&spec, Builder::BuildKit);
    let error =
        byop_core::generator::preview(&byop_core::generator::builtin(), &tree, &spec, &target).unwrap_err();
    assert_eq!((error.kind(), error.context("file")), (ErrorKind::InvalidInput, Some("byop.yaml")));
    assert!(error.to_string().contains("UTF-8"), "{error}");
    assert_eq!(error.context("line"), Some("2"));
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    for size in [300 << 10, 2 << 20] {
        let text = format!("# {}\nport: 1\n", "x".repeat(size));
        let error = show(&with(&text), &spec(), Builder::BuildKit).unwrap_err();
        assert_eq!((error.kind(), error.context("file")), (ErrorKind::InvalidInput, Some("byop.yaml")));
    }
}
