//! What the spec says over what was detected.

use byop_core::ErrorKind;
use byop_core::model::{Builder, Preview, Severity};

use crate::{show, spec};

const SPA: [(&str, &str); 3] = [
    (
        "package.json",
        r#"{"dependencies":{"react":"19"},"devDependencies":{"vite":"7"},"scripts":{"build":"vite build"}}"#,
    ),
    ("vite.config.js", ""),
    ("index.html", ""),
];
const SERVER: [(&str, &str); 4] = [
    ("package.json", r#"{"dependencies":{"express":"5"},"scripts":{"start":"node server.js"}}"#),
    ("package-lock.json", r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"express":"5"}}}}"#),
    ("server.js", ""),
    ("Procfile", "worker: node w.js\nclock: node c.js\n"),
];

fn with(files: &[(&str, &str)], change: impl FnOnce(&mut byop_core::model::AppSpec)) -> Preview {
    let mut spec = spec();
    change(&mut spec);
    spec.validate().unwrap();
    show(files, &spec, Builder::BuildKit).unwrap()
}

fn text(found: &Preview) -> &str {
    found.files.get("Dockerfile").unwrap()
}

fn has(found: &Preview, code: &str) -> bool {
    found.plan.diagnostics.iter().any(|diagnostic| diagnostic.code == code)
}

#[test]
fn another_folder_of_built_files_is_served() {
    let found = with(&SPA, |spec| {
        spec.build.static_dir = Some("out/site".into());
        spec.build.index_fallback = Some(false);
    });
    assert!(
        text(&found).contains("COPY --from=build /app/out/site /usr/share/nginx/html\n"),
        "{}",
        text(&found)
    );
    assert_eq!(found.plan.static_dir.as_deref(), Some("out/site"));
    assert!(!found.files.get(".byop/nginx.conf").unwrap().contains("/index.html;"));
}

#[test]
fn another_folder_of_a_plain_site_is_served() {
    let files = [("index.html", ""), ("other/index.html", "")];
    let found = with(&files, |spec| spec.build.static_dir = Some("other".into()));
    assert!(text(&found).contains("COPY other /usr/share/nginx/html\n"), "{}", text(&found));
}

#[test]
fn what_has_no_effect_is_said() {
    let found = with(&SERVER, |spec| {
        spec.build.index_fallback = Some(true);
        spec.build.document_root = Some("web".into());
    });
    let useless = found.plan.diagnostics.iter().filter(|d| d.code == "override-without-effect").count();
    assert_eq!(useless, 2);
    let own = with(&[("Dockerfile", "FROM a\nEXPOSE 80\nUSER 1\n")], |spec| {
        spec.build.packages.run = vec!["curl".into()];
    });
    assert!(has(&own, "override-without-effect"));
}

#[test]
fn processes_are_added_replaced_and_removed() {
    let found = with(&SERVER, |spec| {
        spec.processes.insert("clock".into(), String::new());
        spec.processes.insert("worker".into(), "node w2.js".into());
        spec.processes.insert("mailer".into(), "node m.js".into());
        spec.processes.insert("web".into(), "node web.js".into());
    });
    let processes: Vec<_> = found.plan.processes.iter().map(|(n, l)| (n.as_str(), l.as_str())).collect();
    assert_eq!(processes, [("mailer", "node m.js"), ("worker", "node w2.js")]);
    assert_eq!(found.plan.start.as_deref(), Some("node web.js"));
}

#[test]
fn packages_are_installed_where_they_are_needed() {
    let found = with(&SERVER, |spec| {
        spec.build.packages.build = vec!["libpq-dev".into(), "g++".into()];
        spec.build.packages.run = vec!["libpq5".into()];
    });
    let (build, run) = text(&found).split_once("What runs").unwrap();
    assert!(build.contains("--no-install-recommends g++ libpq-dev"), "{build}");
    assert!(run.contains("--no-install-recommends libpq5") && !run.contains("libpq-dev"), "{run}");
}

#[test]
fn packages_without_a_package_manager_are_a_question() {
    let files = [("go.mod", "module a\n"), ("main.go", "package main\nfunc main() {}\n")];
    let found = with(&files, |spec| spec.build.packages.run = vec!["curl".into()]);
    let question = found.questions.iter().find(|q| q.code == "no-package-manager").unwrap();
    assert_eq!((question.setting.as_str(), question.severity), ("build.packages.run", Severity::Error));
    let settled = with(&files, |spec| {
        spec.build.packages.run = vec!["curl".into()];
        let base = "gcr.io/distroless/static-debian12:nonroot";
        spec.build.images.insert(base.into(), "debian:bookworm-slim".into());
    });
    assert!(!has(&settled, "no-package-manager") && text(&settled).contains("recommends curl"));
}

#[test]
fn build_secrets_are_mounted_and_never_written() {
    let found = with(&SPA, |spec| spec.build.secrets = vec!["npm_token".into()]);
    let mounts: Vec<&str> =
        text(&found).lines().filter(|line| line.contains("type=secret,id=npm_token")).collect();
    assert_eq!(mounts.len(), 2, "one to install, one to build\n{}", text(&found));
}

#[test]
fn the_compose_file_hands_build_secrets_on() {
    let found = with(&SPA, |spec| spec.build.secrets = vec!["npm-token".into()]);
    let compose: serde_json::Value = serde_yaml::from_str(found.files.get("compose.yaml").unwrap()).unwrap();
    assert_eq!(compose["services"]["web"]["build"]["secrets"][0], "npm-token");
    assert_eq!(compose["secrets"]["npm-token"]["environment"], "NPM_TOKEN");
}

#[test]
fn secrets_that_the_tree_asks_for_stay_beside_those_of_the_spec() {
    let mut files = SPA.to_vec();
    files.push((".npmrc", "//registry.example.com/:_authToken=${NPM_TOKEN}\n"));
    let found = with(&files, |spec| spec.build.secrets = vec!["sentry".into()]);
    let install = text(&found).lines().filter(|line| line.contains("type=secret")).collect::<Vec<_>>();
    assert!(install.iter().any(|line| line.contains("id=NPM_TOKEN")), "{install:?}");
    assert!(install.iter().any(|line| line.contains("id=sentry")), "{install:?}");
}

#[test]
fn a_builder_without_secrets_is_refused() {
    let mut spec = spec();
    spec.build.secrets = vec!["npm_token".into()];
    let error = show(&SPA, &spec, Builder::Classic).unwrap_err();
    assert_eq!((error.kind(), error.context("key")), (ErrorKind::Unsupported, Some("build.secrets")));
}

#[test]
fn folders_addons_and_variables_are_the_owners_to_name() {
    let found = with(&SERVER, |spec| {
        spec.writable = vec!["/app/cache".into()];
        spec.addons = Some(vec!["postgresql".into()]);
        spec.required_env = Some(["API_URL", "API_KEY"].map(|n| n.parse().unwrap()).to_vec());
        *spec = spec.clone().with_env("API_URL", "x").unwrap();
    });
    assert!(found.plan.writable.contains(&"/app/cache".to_owned()));
    assert_eq!(found.plan.addons.iter().map(|need| need.kind.as_str()).collect::<Vec<_>>(), ["postgresql"]);
    assert_eq!(found.plan.required_env.len(), 1);
    assert!(found.questions.iter().any(|q| q.setting == "secrets.API_KEY"));
}

#[test]
fn two_stacks_that_fit_alike_are_a_question_until_one_is_named() {
    let files = [
        ("package.json", r#"{"scripts":{"start":"node server.js"},"dependencies":{"express":"5"}}"#),
        ("server.js", ""),
        ("go.mod", "module a\n"),
        ("main.go", "package main\nfunc main() {}\n"),
    ];
    let found = with(&files, |_| {});
    let question = found.questions.iter().find(|q| q.setting == "build.stack").unwrap();
    assert_eq!((question.code.as_str(), question.severity), ("unsure", Severity::Error));
    assert_eq!(question.choices, ["node", "go"]);
    assert_eq!(question.suggested.as_deref(), Some("node"));
    let settled = with(&files, |spec| spec.build.stack = Some("go".into()));
    assert!(settled.questions.iter().all(|q| q.setting != "build.stack"));
    assert_eq!(settled.plan.stack, "go");
    let files: Vec<_> = files.into_iter().chain([("byop.yaml", "build: {stack: go}\n")]).collect();
    assert_eq!(with(&files, |_| {}).plan.stack, "go");
}

#[test]
fn a_missing_start_command_is_a_question_until_it_is_answered() {
    let files = [("package.json", r#"{"dependencies":{"lodash":"4"}}"#)];
    let asked = |found: &Preview| found.questions.iter().any(|q| q.setting == "build.start");
    assert!(asked(&with(&files, |_| {})));
    assert!(!asked(&with(&files, |spec| spec.build.start = Some("node x.js".into()))));
}

#[test]
fn another_package_manager_is_used_when_it_is_named() {
    let files = [
        (
            "package.json",
            r#"{"dependencies":{"express":"5"},"scripts":{"build":"x","start":"node server.js"}}"#,
        ),
        ("package-lock.json", r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"express":"5"}}}}"#),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ("server.js", ""),
    ];
    let found = with(&files, |spec| spec.build.package_manager = Some("npm".into()));
    assert_eq!(found.plan.package_manager.as_deref(), Some("npm"));
    assert_eq!(found.plan.build.as_deref(), Some("npm run build"));
    assert!(!has(&found, "override-without-effect"));
    let unknown = with(&files, |spec| spec.build.package_manager = Some("cargo".into()));
    assert!(has(&unknown, "override-without-effect"));
}

#[test]
fn a_server_becomes_a_site_when_its_folder_is_named() {
    let files = [("package.json", r#"{"scripts":{"build":"make-site"}}"#), ("a.js", "")];
    let found = with(&files, |spec| spec.build.static_dir = Some("public_html".into()));
    assert!(text(&found).contains("/app/public_html /usr/share/nginx/html\n"), "{}", text(&found));
    assert!(!has(&found, "no-start-command") && !has(&found, "override-without-effect"));
}
