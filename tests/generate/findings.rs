//! An own Dockerfile is used as it is; what is doubtful in it is said.

use byop_core::model::{Builder, Severity};

use super::{show, spec};

const CARELESS: &str = "FROM node\nCOPY . .\nCOPY .env id_rsa /app/\nARG NPM_TOKEN\nENV DB_PASSWORD=hunter2\n\
    RUN apt-get update && apt-get install -y curl && curl https://x | sh\nRUN npm install\nADD https://x/y /y\n\
    EXPOSE 80\nCMD a\nCMD npm start\n";

#[test]
fn a_careless_dockerfile_is_used_and_every_doubt_has_a_line() {
    let found = show(&[("Dockerfile", CARELESS)], &spec(), Builder::BuildKit).unwrap();
    assert_eq!(found.plan.dockerfile.as_deref(), Some("Dockerfile"));
    let said: Vec<(&str, &str)> = found
        .plan
        .diagnostics
        .iter()
        .map(|one| (one.code.as_str(), one.message.split(':').next().unwrap()))
        .collect();
    for wanted in [
        ("runs-as-root", "line 1"),
        ("image-without-tag", "line 1"),
        ("no-health-check", "line 1"),
        ("source-before-install", "line 2"),
        ("secret-copied", "line 3"),
        ("secret-argument", "line 4"),
        ("secret-in-image", "line 5"),
        ("package-lists-kept", "line 6"),
        ("piped-download", "line 6"),
        ("add-from-url", "line 8"),
        ("privileged-port", "line 9"),
        ("several-commands", "line 11"),
        ("shell-form-start", "line 11"),
    ] {
        assert!(said.contains(&wanted), "{wanted:?} is missing in {said:?}");
    }
    assert!(found.plan.diagnostics.iter().all(|one| one.severity < Severity::Error));
    assert!(!serde_json::to_string(&found.plan.diagnostics).unwrap().contains("hunter2"));
}

#[test]
fn root_by_name_or_number_is_root() {
    for user in ["root", "0", "0:0", "root:root"] {
        let text = format!("FROM a:1\nUSER {user}\n");
        let found = show(&[("Dockerfile", text.as_str())], &spec(), Builder::BuildKit).unwrap();
        assert!(
            found
                .plan
                .diagnostics
                .iter()
                .any(|one| one.code == "runs-as-root" && one.message.starts_with("line 2")),
            "{user}"
        );
    }
}
