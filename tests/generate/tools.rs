//! Programs of others that tests ask for their opinion.

use std::process::{Command, Stdio};

/// A program, from the variable or by its name, if this machine has it. What `BYOP_REQUIRE` names must be there.
pub(crate) fn program(component: &str, variable: &str, name: &str) -> Option<String> {
    let program = std::env::var(variable).unwrap_or_else(|_| name.into());
    let mut command = Command::new(&program);
    if component == "compose" {
        command.arg("compose");
    }
    let found = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    let required = std::env::var("BYOP_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|one| one == component),
        "{component} is required, but neither ${variable} nor PATH has it"
    );
    println!("SKIPPED {component}: there is no {name}");
    None
}
