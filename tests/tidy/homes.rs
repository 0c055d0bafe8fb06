//! Dependencies that have one home: their types appear nowhere else.

use crate::code::words;
use crate::tree::{File, assert_tidy, files};

const HOMES: &[(&str, &[&str])] = &[
    ("aws_credential_types", &["byop-cloud/src/aws/sign"]),
    ("aws_sigv4", &["byop-cloud/src/aws/sign"]),
    ("bollard", &["byop-core/src/docker"]),
    ("bytes", &["byop-core/src/docker"]),
    ("croner", &["byop-core/src/schedule"]),
    ("deadpool_postgres", &["byop-core/src/store/postgres"]),
    ("flate2", &["byop-core/src/source", "byop-cloud/src/aws/user_data"]),
    ("getrandom", &["byop-core/src/id"]),
    ("http_body_util", &["byop-core/src/docker", "byop-cloud/src/testing"]),
    ("hyper", &["byop-core/src/docker", "byop-cloud/src/testing"]),
    ("hyper_util", &["byop-core/src/docker", "byop-cloud/src/testing"]),
    ("jiff", &["byop-core/src/schedule"]),
    ("jsonschema", &["byop-cloud/src/testing"]),
    ("md5", &["byop-cloud/src/digitalocean"]),
    ("minijinja", &["byop-core/src/generator/template"]),
    ("pyo3", &["byop-py/src"]),
    ("reqwest", &["byop-cloud/src/http"]),
    ("ring", &["byop-core/src/secret/seal", "byop-cloud/src/ovh/sign"]),
    ("roxmltree", &["byop-cloud/src/aws", "byop-cloud/src/testing"]),
    ("rusqlite", &["byop-core/src/store/sqlite"]),
    // Three, because the TLS of the engine, of the providers and of the database server is set up apart.
    ("rustls", &["byop-core/src/docker", "byop-core/src/store/postgres", "byop-cloud/src/http"]),
    ("rustls_native_certs", &["byop-core/src/store/postgres", "byop-cloud/src/http"]),
    ("rustix", &["byop-core/src/source"]),
    // The types say what their schemas are. One file makes them, and one more for the arguments of Python, which are told
    // by them when they do not fit.
    (
        "schemars",
        &[
            "byop-core/src/clock",
            "byop-core/src/digest",
            "byop-core/src/engine/secrets",
            "byop-core/src/error",
            "byop-core/src/id",
            "byop-core/src/model",
            "byop-core/src/schema",
            "byop-core/src/secret",
            "byop-core/src/stage/remove",
            "byop-py/src/args",
            "byop-py/src/engine",
            "byop-py/src/misfit",
        ],
    ),
    ("serde_yaml", &["byop-core/src/generator/yaml"]),
    ("sha2", &["byop-core/src/digest"]),
    ("tar", &["byop-core/src/source"]),
    ("tokio_postgres", &["byop-core/src/store/postgres"]),
    ("toml", &["byop-core/src/generator"]),
    ("zeroize", &["byop-core/src/secret"]),
    ("zip", &["byop-core/src/source"]),
];

/// Files outside of a home that may use one dependency all the same, with the reason.
const GUESTS: &[(&str, &str, &str)] = &[
    ("byop-core/src/ingress/http.rs", "bytes", "the probe asks the proxy over a connection of its own"),
    (
        "byop-core/src/ingress/http.rs",
        "http_body_util",
        "the probe asks the proxy over a connection of its own",
    ),
    ("byop-core/src/ingress/http.rs", "hyper", "the probe asks the proxy over a connection of its own"),
    ("byop-core/src/ingress/http.rs", "hyper_util", "the probe asks the proxy over a connection of its own"),
    ("byop-core/src/cloud/docker/seed.rs", "tar", "the seed of a server is uploaded as an archive"),
    ("byop-core/src/stage/volumes.rs", "tar", "the folders of volumes are uploaded as an archive"),
];

fn guests(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        let code = file.code();
        for (name, homes) in HOMES {
            let is_home = homes
                .iter()
                .any(|home| file.path.strip_prefix(home).is_some_and(|rest| rest.starts_with(['/', '.'])));
            let is_known = GUESTS.iter().any(|(path, guest, _)| *path == file.path && guest == name);
            if is_known && !uses(&code, name) {
                complaints
                    .push(format!("{}: `{name}` is not used any more; take it off the list", file.path));
            }
            if !is_home && !is_known && uses(&code, name) {
                complaints.push(format!("{}: `{name}` is used in {} only", file.path, homes.join(" and ")));
            }
        }
    }
    complaints
}

/// A path that begins with the crate, or a `use` of the crate itself; a module of ours may have the same name.
fn uses(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let starts_path = code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].trim_end();
        let inside_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let inside_path = before.ends_with("::") && words(before).count() > 0 && !before.ends_with(" ::");
        let is_own = code.contains(&format!("mod {name};"));
        !inside_word && !inside_path && !is_own
    });
    starts_path || code.contains(&format!("use {name};")) || code.contains(&format!("use {name} as"))
}

#[test]
fn a_guest_is_noticed() {
    let bad = [
        File::new("byop-core/src/engine.rs", "fn f(x: &bollard::Docker) {}"),
        File::new("byop-core/src/store/postgres.rs", "use rusqlite::Connection;"),
        File::new("byop-cloud/src/digitalocean.rs", "use reqwest as http;"),
    ];
    assert_eq!(guests(&bad).len(), 3);
}

#[test]
fn a_home_a_comment_and_a_longer_name_are_fine() {
    let good = [
        File::new("byop-core/src/store/sqlite.rs", "use rusqlite::Connection;"),
        File::new(
            "byop-core/src/engine.rs",
            "/// Not bollard::Docker.\nfn f() { self::tar::x(); avatar::y(); }",
        ),
        File::new("byop-cloud/src/other.rs", "mod reqwest;\npub use reqwest::Ours;"),
    ];
    assert_tidy(&guests(&good));
}

#[test]
fn dependencies_stay_at_home() {
    assert_tidy(&guests(&files()));
}
