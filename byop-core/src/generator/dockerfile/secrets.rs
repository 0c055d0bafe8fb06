//! Secrets in a Dockerfile, by the names of files and variables and by the form of values.

use super::findings::{Found, note};
use super::parse::Instruction;
use crate::model::Severity;

/// Files that are secrets by their names.
pub(super) fn is_secret_file(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_sample = ["example", "sample", "template", "dist"].iter().any(|end| name.ends_with(end));
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let is_named = matches!(
        name.as_str(),
        ".env"
            | ".npmrc"
            | ".pypirc"
            | ".netrc"
            | ".aws"
            | ".ssh"
            | ".git-credentials"
            | "id_rsa"
            | "id_dsa"
            | "id_ecdsa"
            | "id_ed25519"
            | "credentials.json"
            | "service-account.json"
    );
    !is_sample
        && (is_named || name.starts_with(".env.") || matches!(end, "pem" | "key" | "p12" | "pfx" | "jks"))
}

/// Names that speak for a secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_about_it = ["_FILE", "_PATH", "_DIR", "_TTL", "_NAME", "_LENGTH", "_EXPIRY", "_DUMMY"];
    let parts = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "CREDENTIAL",
    ];
    parts.iter().any(|part| name.contains(part)) && !is_about_it.iter().any(|end| name.ends_with(end))
}

/// Values that are secrets by their form: keys of known makers, and addresses with a password.
fn is_secret_value(value: &str) -> bool {
    let starts = [
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "github_pat_",
        "glpat-",
        "sk_live_",
        "rk_live_",
        "xoxb-",
        "xoxp-",
        "-----BEGIN",
        "AIza",
        "eyJhbGci",
        "dop_v1_",
    ];
    if value.len() >= 12 && starts.iter().any(|start| value.starts_with(start)) {
        return true;
    }
    let Some((_, rest)) = value.split_once("://") else { return false };
    let Some((login, _)) = rest.split('/').next().unwrap_or_default().rsplit_once('@') else { return false };
    login.split_once(':').is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
}

pub(super) fn secret_values(one: &Instruction, found: &mut Found) {
    if !matches!(one.name.as_str(), "ARG" | "ENV") {
        return;
    }
    for (name, value) in one.pairs() {
        let is_nothing = matches!(
            value.to_ascii_lowercase().as_str(),
            "" | "0" | "1" | "true" | "false" | "none" | "dummy"
        );
        let is_reference = value.starts_with('$');
        if (is_secret_name(&name) && !is_nothing && !is_reference) || is_secret_value(&value) {
            // Not the value.
            let message = format!(
                "the value of {name} stays in the image for whoever has it: take it out and renew it"
            );
            note(found, one.line, "secret-in-image", Severity::Warning, message);
        } else if one.name == "ENV" && is_secret_name(&name) && is_reference {
            let message = format!(
                "{name} takes a secret from a build argument, and it stays in the image: mount it while building"
            );
            note(found, one.line, "secret-in-image", Severity::Warning, message);
        }
    }
    let bare = one.text.split_whitespace().filter(|word| !word.contains('='));
    if one.name == "ARG" {
        for name in bare.filter(|name| is_secret_name(name)) {
            let message = format!(
                "a build argument such as {name} stays in the history of the image: use --mount=type=secret"
            );
            note(found, one.line, "secret-argument", Severity::Warning, message);
        }
    }
}
