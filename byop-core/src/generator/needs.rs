//! What an application needs besides itself: databases and the like, variables, and folders that last.
//!
//! The same for all stacks, from names that mean one thing only: a driver says which database, a mapper for several
//! says nothing.

mod addons;
mod dependencies;
mod example;
mod folders;
mod names;
mod reads;

use std::collections::BTreeMap;

use super::view::View;
use crate::model::{AddonNeed, AppSpec, EnvNeed, Plan};

/// How many files of source are looked through at most, and how much of them.
const FILES: usize = 24;
const BYTES: usize = 512 << 10;

/// Adds what the tree of a plan says that it needs.
pub(crate) fn add(plan: &mut Plan, view: &View<'_>, spec: &AppSpec) {
    let names = dependencies::read(view);
    let example = example::read(view);
    let sources = if runs_code(plan) { sources(view, plan) } else { Vec::new() };
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for entry in example.iter().filter(|entry| entry.is_open) {
        wanted.entry(entry.name.clone()).or_insert_with(|| entry.file.clone());
    }
    for (file, text) in &sources {
        for name in reads::names(file, text) {
            if !example.iter().any(|entry| entry.name == name) {
                wanted.entry(name).or_insert_with(|| view.full(file));
            }
        }
    }
    let seen: Vec<&str> =
        example.iter().map(|entry| entry.name.as_str()).chain(wanted.keys().map(String::as_str)).collect();
    let (addons, has_sqlite) = addons::find(view, &names, &example, &seen);
    for addon in addons {
        if !plan.addons.iter().any(|known| known.kind == addon.kind) {
            plan.addons.push(addon);
        }
    }
    let has_database = plan
        .addons
        .iter()
        .any(|addon| matches!(addon.kind.as_str(), "postgresql" | "mysql" | "mariadb" | "sqlserver"));
    plan.diagnostics.extend(folders::keeps(plan, &sources, has_sqlite.filter(|_| !has_database)));
    if runs_code(plan) {
        for (name, file) in wanted {
            let has_value = plan.env.contains_key(&name)
                || spec.env.keys().any(|known| known.as_str() == name)
                || spec.secrets.keys().any(|known| known.as_str() == name);
            if !has_value && !plan.required_env.iter().any(|known| known.name == name) {
                let is_secret = is_secret(&name);
                plan.required_env.push(EnvNeed { name, file, is_secret });
            }
        }
    }
}

/// Whether a program of the app runs: files that are served read no variables.
fn runs_code(plan: &Plan) -> bool {
    plan.static_dir.is_none()
}

/// The entry and the files nearest to it.
fn sources(view: &View<'_>, plan: &Plan) -> Vec<(String, String)> {
    let extensions: &[&str] = match plan.stack.as_str() {
        "node" | "bun" | "deno" => &["js", "ts", "mjs", "cjs", "mts"],
        "python" => &["py"],
        "go" => &["go"],
        "rust" => &["rs"],
        "ruby" => &["rb", "ru"],
        "php" => &["php"],
        "java" | "kotlin" | "scala" | "clojure" => &["java", "kt", "scala", "properties"],
        "elixir" => &["exs", "ex"],
        "dotnet" => &["cs"],
        _ => return Vec::new(),
    };
    let first = plan.entry.as_deref().filter(|entry| view.has_file(entry));
    let mut found: Vec<(String, String)> = Vec::new();
    let mut bytes = 0;
    for path in first.into_iter().chain(view.sources(extensions, 4)) {
        if found.len() >= FILES || bytes > BYTES {
            break;
        }
        let is_test =
            [".test.", ".spec.", "_test.", "test_", "conftest"].iter().any(|part| path.contains(part));
        if is_test || found.iter().any(|(seen, _)| seen == path) {
            continue;
        }
        if let Some(text) = view.glance(path) {
            bytes += text.len();
            found.push((path.to_owned(), text));
        }
    }
    found
}

/// Whether a name speaks for a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 13] = [
        "KEY",
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "PASS",
        "PWD",
        "DSN",
        "CREDENTIALS",
        "PRIVATE",
        "SALT",
        "WEBHOOK",
        "AUTH",
    ];
    const ADDRESSES: [&str; 8] =
        ["DATABASE_", "POSTGRES", "MYSQL", "MONGO", "REDIS", "RABBIT", "AMQP", "SMTP_"];
    let is_public = name.starts_with("PUBLIC_") || name.contains("_PUBLIC_");
    let has_word = name.split('_').any(|part| WORDS.contains(&part));
    // Addresses of databases carry the password.
    let is_address = (name.ends_with("_URL") || name.ends_with("_URI"))
        && ADDRESSES.iter().any(|part| name.contains(part));
    (has_word && !is_public) || is_address
}

/// A need for an add-on.
fn addon(kind: &str, file: &str, reason: String, env: Option<String>) -> AddonNeed {
    AddonNeed { kind: kind.into(), file: file.into(), reason, env }
}

/// Variables that platforms and tools set, or that say nothing about the app.
fn is_usual(name: &str) -> bool {
    const USUAL: [&str; 33] = [
        "PORT",
        "HOST",
        "HOSTNAME",
        "NODE_ENV",
        "HOME",
        "PATH",
        "PWD",
        "USER",
        "SHELL",
        "TMPDIR",
        "TMP",
        "TEMP",
        "LANG",
        "TZ",
        "CI",
        "DEBUG",
        "ENV",
        "ENVIRONMENT",
        "LOG_LEVEL",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "RAILS_ENV",
        "RACK_ENV",
        "MIX_ENV",
        "APP_ENV",
        "PYTHONPATH",
        "DJANGO_SETTINGS_MODULE",
        "VIRTUAL_ENV",
        "GOPATH",
        "JAVA_HOME",
        "JAVA_OPTS",
        "BIND",
        "OUT_DIR",
    ];
    const STARTS: [&str; 10] = [
        "npm_",
        "NPM_",
        "VERCEL",
        "GITHUB_",
        "CARGO_",
        "JEST_",
        "VITE_",
        "NEXT_RUNTIME",
        "NEXT_PHASE",
        "PYTEST_",
    ];
    USUAL.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// Whether a text can be the name of a variable, as people write them.
fn is_name(text: &str) -> bool {
    (2..=80).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && text.as_bytes()[0].is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "API_KEY",
            "JWT_SECRET",
            "DATABASE_URL",
            "SENTRY_DSN",
            "REDIS_URL",
            "SMTP_PASSWORD",
            "MONGODB_URI",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PUBLIC_KEY_ID", "NEXT_PUBLIC_API_KEY", "KEYBOARD", "BASE_URL", "SMTP_HOST", "AUTHOR"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
