//! Every generated Dockerfile against hadolint's default rules.

use std::io::Write;
use std::process::{Command, Stdio};

use byop_core::model::Builder;

use super::shapes::shapes;
use super::{show, spec};

/// The linter, if this machine has it.
fn hadolint() -> Option<String> {
    let program = std::env::var("HADOLINT").unwrap_or_else(|_| "hadolint".into());
    let found = Command::new(&program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(program)
}

#[test]
fn every_generated_dockerfile_is_linter_clean() {
    let Some(program) = hadolint() else {
        let is_required =
            std::env::var("BYOP_REQUIRE").is_ok_and(|list| list.split(',').any(|name| name == "hadolint"));
        assert!(!is_required, "hadolint is required, but neither $HADOLINT nor PATH has it");
        println!("SKIPPED every_generated_dockerfile_is_linter_clean: there is no hadolint");
        return;
    };
    let mut findings = Vec::new();
    for shape in shapes().iter().filter(|shape| shape.stack != "dockerfile") {
        for builder in [Builder::BuildKit, Builder::Classic] {
            let found = show(shape.files, &spec(), builder).unwrap();
            let Some(text) = found.files.get("Dockerfile") else { continue };
            let mut child = Command::new(&program)
                .args(["--no-color", "--config", "/dev/null", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            if !output.status.success() || !output.stdout.is_empty() {
                findings.push(format!(
                    "{} ({builder:?}):\n{}{}",
                    shape.name,
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
