//! What goes wrong is said in a way that helps, and by the code.

use serde_json::Value;

use crate::cloud;
use crate::program::Program;

/// The error that a run ended with.
#[track_caller]
fn error(program: &Program, words: &[&str], code: i32) -> Value {
    let said = program.run(&[words, &["--json"]].concat());
    assert_eq!(said.code, code, "{words:?}: {}", said.out);
    let lines = said.lines();
    assert_eq!(lines.len(), 1, "{}", said.out);
    lines[0]["error"].clone()
}

pub fn say_what_to_do() {
    let cloud = cloud::digitalocean();
    let program = &cloud.program;
    let create = ["create", "--name", "web", "--region", cloud.region];
    for (words, code, kind, remedy) in [
        (&["create", "--name", "web"][..], 2, "invalid_input", cloud.region),
        (&create, 2, "invalid_input", cloud.size),
        (&[&create[..], &["--size", "no-such-size"]].concat(), 2, "invalid_input", cloud.size),
        (
            &["create", "--name", "web", "--region", "nowhere", "--size", "s"],
            2,
            "invalid_input",
            cloud.region,
        ),
        (&["create", "--name", "Web!", "--region", "r", "--size", "s"], 2, "invalid_input", "lower-case"),
        (&["get", "--name", "web"], 3, "not_found", "create it first"),
        (&["destroy"], 2, "invalid_input", "--name"),
    ] {
        let error = error(program, words, code);
        assert_eq!(error["kind"], kind, "{words:?}");
        let told = error["remedy"].as_str().unwrap_or_default();
        assert!(told.contains(remedy), "{words:?}: {told}");
    }
    let private = program.file("id", "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n");
    let refused = error(program, &[&create[..], &["--size", cloud.size, "--ssh-key", &private]].concat(), 2);
    assert!(!refused.to_string().contains("canary"), "{refused}");
    let said = program.run(&["get", "--name", "web"]);
    assert!(said.out.is_empty() && said.err.contains("to do: "), "{}", said.err);
    let unknown = Program::new("nimbus", &[]).run(&["list"]);
    assert!(unknown.code == 2 && unknown.err.contains("digitalocean"), "{}", unknown.err);
}

pub fn one_that_fails_hides_no_other() {
    let cloud = cloud::digitalocean();
    cloud.simulator().set_quota(2);
    let words = ["create", "--name", "web", "--count", "3", "--region", cloud.region, "--size", cloud.size];
    let said = cloud.program.run(&[&words[..], &["--json"]].concat());
    let (failed, made): (Vec<_>, Vec<_>) =
        said.lines().into_iter().partition(|line| line["error"].is_object());
    assert_eq!((said.code, made.len(), failed.len()), (1, 2, 1), "{}", said.out);
    assert_eq!(failed[0]["error"]["kind"], "quota_exceeded");
    assert_eq!(cloud.program.json(&["list"]).len(), 2);
}

pub fn wrong_credentials() {
    let none = Program::new("digitalocean", &[]);
    let missing = error(&none, &["list"], 4);
    assert!(missing["remedy"].as_str().unwrap().contains("DIGITALOCEAN_TOKEN"), "{missing}");

    let cloud = cloud::digitalocean();
    let wrong = cloud.with_setting("DIGITALOCEAN_TOKEN", "canary-of-a-wrong-token");
    let words = ["create", "--name", "web", "--region", cloud.region, "--size", cloud.size];
    assert_eq!(error(&wrong, &words, 4)["kind"], "unauthenticated");
}
