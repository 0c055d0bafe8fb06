//! Words that must not stand in the project.

use crate::tree::{File, assert_tidy, files};

/// Put together here, so that this file does not hold them.
const NOWHERE: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/tm", "p/w/"), "a path of one machine"),
    (concat!("/root/", ".cargo"), "a path of one machine"),
    (concat!("/root/", ".pyenv"), "a path of one machine"),
    (concat!("crates", ".io"), "the name of a package registry"),
    (concat!("pypi", ".org"), "the name of a package registry"),
    (concat!("python", "hosted.org"), "the name of a package registry"),
    (concat!("registry.npm", "js"), "the name of a package registry"),
    (concat!("proxy.go", "lang.org"), "the name of a package registry"),
    (concat!("deb.deb", "ian.org"), "the name of a package registry"),
    (concat!("index-url", " ="), "the setting of a package registry"),
];

/// Places where one of these belongs, with the reason.
const ALLOWED: &[(&str, &str, &str)] = &[];

const UNFINISHED: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ig", "nore"),
    concat!("```ig", "nore"),
];

/// Sleeps in tests that do not stand for a condition that could be waited for: file, at most how many, reason.
const SLEEPS: &[(&str, usize, &str)] = &[
    ("byop-core/src/testing/fake_ingress.rs", 1, "a fake that takes the time that it was told to take"),
    ("byop-core/src/testing/fake_cloud.rs", 1, "a fake that takes the time that it was told to take"),
    ("byop-core/src/testing/cloud_provider_suite/env.rs", 2, "the pauses of loops that wait for a condition"),
    ("byop-core/src/testing/dns_provider_suite.rs", 1, "the pause of a loop that waits for a condition"),
    ("byop-cloud/tests/aws/lookups.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/servers.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/servers/sweep.rs", 5, "the clock is paused, nobody waits"),
    ("tests/pipeline/servers/verbs.rs", 2, "the clock is paused, nobody waits"),
    ("byop-core/src/testing/simulation/process.rs", 2, "the clock is paused, nobody waits"),
    ("tests/simulation/regressions.rs", 4, "the clock is paused, nobody waits"),
    ("tests/simulation/world.rs", 7, "the clock is paused, nobody waits"),
    ("tests/pipeline/queue.rs", 1, "the pause of a loop that waits for a condition"),
    ("tests/pipeline/cancel.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/preview_apps.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/deploy.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/schedules.rs", 1, "the clock is paused, nobody waits"),
    ("tests/pipeline/resume.rs", 4, "the pauses of loops that wait for a condition"),
    ("tests/build/serving.rs", 2, "the pauses of loops that wait for a condition"),
    ("tests/e2e/ports.rs", 2, "the pause of a loop that waits for a condition"),
    ("tests/e2e/middlewares.rs", 1, "the pause of a loop that waits for a condition"),
    ("byop-cloud/src/testing/simulated.rs", 1, "a fake that takes the time that it was told to take"),
    ("tests/clouds/world.rs", 2, "the clock is paused, nobody waits"),
    ("tests/servers/moto.rs", 1, "the pause of a loop that waits for a condition"),
    ("tests/git/processes.rs", 1, "the pause of a loop that waits for a condition"),
    ("tests/store/sqlite.rs", 1, "the pause of a loop that waits for a condition"),
    ("tests/store/postgres/crashes.rs", 1, "the pause of a loop that waits for a condition"),
    ("tests/ports/update.rs", 1, "the pause of a loop that waits for a condition"),
    ("byop-cloud/src/http/retry.rs", 1, "the clock is paused, nobody waits"),
    ("byop-core/src/source/git/program.rs", 1, "the pause of a loop that waits for a condition"),
    ("byop-core/src/testing/fake_runtime.rs", 3, "a fake that takes the time that it was told to take"),
    ("byop-core/src/testing/fake_runtime/build.rs", 1, "a fake that takes the time that it was told to take"),
    (
        "byop-core/src/testing/runtime_suite/containers.rs",
        3,
        "a trap that is set tells nobody, and a restart that does not come cannot be waited for",
    ),
    ("byop-core/src/testing/runtime_suite/env.rs", 1, "the pause of a loop that waits for a condition"),
];

fn forbidden(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for (word, what) in NOWHERE {
                let allowed = ALLOWED.iter().any(|(path, known, _)| *path == file.path && known == word);
                if line.contains(word) && !allowed {
                    complaints.push(format!("{}:{}: {what}: {word}", file.path, number + 1));
                }
            }
        }
    }
    complaints
}

fn unfinished(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for (number, line) in file.text.lines().enumerate() {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!("{}:{}: finish it or take it out: {word}", file.path, number + 1));
            }
        }
    }
    complaints
}

fn sleeping(files: &[File], allowed: &[(&str, usize, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = file.test_code();
        let is_call = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let found = code.match_indices("sleep(").filter(|(at, _)| is_call(*at)).count();
        let known = allowed.iter().find(|(path, ..)| *path == file.path).map(|(_, most, _)| *most);
        if found > known.unwrap_or(0) || (found == 0 && known.is_some()) {
            complaints.push(format!(
                "{}: {found} sleeps in tests, {} allowed; wait for a condition, or give a reason in tests/tidy/words.rs",
                file.path,
                known.unwrap_or(0)
            ));
        }
    }
    complaints
}

#[test]
fn a_forbidden_word_is_noticed() {
    let text = format!("fine\nsee {}main", NOWHERE[0].0);
    assert_eq!(forbidden(&[File::new("a.md", &text)]).len(), 1);
}

#[test]
fn unfinished_code_is_noticed() {
    let text = UNFINISHED.join("\n");
    assert_eq!(unfinished(&[File::new("a.rs", &text)]).len(), UNFINISHED.len());
}

#[test]
fn a_sleeping_test_is_noticed() {
    let sleeps = "fn f() { sleep(1) }\n#[cfg(test)]\nmod tests {\n fn g() { sleep(2) }\n}";
    assert_eq!(sleeping(&[File::new("a/src/b.rs", sleeps)], &[]).len(), 1);
    assert_tidy(&sleeping(&[File::new("a/src/b.rs", sleeps)], &[("a/src/b.rs", 1, "known")]));
    assert_eq!(sleeping(&[File::new("tests/b.rs", "fn f() {}")], &[("tests/b.rs", 1, "stale")]).len(), 1);
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    assert_tidy(&forbidden(&files()));
}

#[test]
fn nothing_is_left_unfinished() {
    assert_tidy(&unfinished(&files()));
}

#[test]
fn tests_do_not_sleep() {
    assert_tidy(&sleeping(&files(), SLEEPS));
}
