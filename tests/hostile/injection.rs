//! Hostile values in every place of a tree that a stack reads: what is generated says what the plan says, and no more.
//!
//! Each generated file is read back as the program that it is for reads it, and compared with the plan or with the file
//! of a tame tree. A tree that is refused is fine too.

mod dockerfile;
mod server;
mod shell;
mod slot;
mod templates;
mod values;

use std::collections::BTreeSet;

use byop_core::ErrorKind;
use byop_core::generator::{builtin, preview};
use byop_core::model::{AppSpec, BuildStep, Builder, Plan, Preview, Source, Target};
use byop_core::source::SourceTree;
use serde_json::Value;

use self::slot::{Slot, fill, slots};
use self::templates::{Template, templates};
use self::values::{COMMAND, VALUES};

fn show(files: &[(String, String)], builder: Builder) -> byop_core::Result<Preview> {
    let tree = SourceTree::from_files(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
    let spec = AppSpec::new("shop", Source::Directory(".".into()))?.with_domain("shop.example.com")?;
    preview(&builtin(), &tree, &spec, &Target::of(&spec, builder))
}

/// The templates whose stack is there.
fn known() -> impl Iterator<Item = &'static Template> {
    let generators = builtin();
    templates().filter(move |template| generators.iter().any(|known| known.name() == template.stack))
}

#[test]
fn every_template_is_recognised_as_its_stack() {
    let mut wrong = Vec::new();
    for template in known() {
        match show(&fill(template.files, None), Builder::BuildKit) {
            Ok(found) if found.plan.stack == template.stack => {
                wrong.extend(problems(template, None, "", &found, &found, Builder::BuildKit));
            }
            Ok(found) => wrong.push(format!("{}: taken as {}", template.name, found.plan.stack)),
            Err(error) => wrong.push(format!("{}: {error:?}", template.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_value_of_a_tree_leaves_its_place() {
    let (mut tried, mut refused, mut wrong) = (0, 0, Vec::new());
    for template in known() {
        let tame = show(&fill(template.files, None), Builder::BuildKit).unwrap();
        for slot in slots(template.files) {
            for (number, (name, value)) in VALUES.iter().enumerate() {
                let case = |text: String| format!("{}, place {}, {name}: {text}", template.name, slot.number);
                let files = fill(template.files, Some((slot.number, value)));
                // The forms have nearly everything in common: of the classic one a part is enough.
                let is_both = (slot.number + number).is_multiple_of(4);
                let builders =
                    [Builder::BuildKit, Builder::Classic].into_iter().take(1 + usize::from(is_both));
                for builder in builders {
                    tried += 1;
                    match show(&files, builder) {
                        Ok(found) => {
                            let said = problems(template, Some(slot), value, &found, &tame, builder);
                            wrong.extend(said.into_iter().map(case));
                        }
                        Err(error) => {
                            refused += 1;
                            wrong.extend(complaint(&error).map(case));
                        }
                    }
                }
            }
        }
    }
    println!("{tried} trees with a hostile value, {refused} of them refused");
    wrong.dedup();
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 3_000 && refused < tried / 2, "{tried} tried, {refused} refused");
}

/// What is wrong with a refusal.
fn complaint(error: &byop_core::Error) -> Option<String> {
    let is_usual = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported);
    let text = error.to_string();
    let is_clean = !text.chars().any(|c| (c.is_control() && c != '\n') || is_hidden(c));
    (!is_usual || !is_clean).then(|| format!("refused badly: {error:?}"))
}

/// Characters that make a text look like another one.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn problems(
    template: &Template,
    slot: Option<Slot>,
    value: &str,
    found: &Preview,
    tame: &Preview,
    builder: Builder,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let plan = &found.plan;
    for (path, text) in found.files.generated() {
        let bad = text.chars().find(|c| (c.is_control() && !"\n\t".contains(*c)) || is_hidden(*c));
        wrong.extend(bad.map(|c| format!("{c:?} in {path}")));
    }
    if let Some(text) = found.files.get("Dockerfile").filter(|_| plan.dockerfile.is_none()) {
        wrong.extend(dockerfile::differences(text, plan, builder));
    }
    if slot.is_none_or(|slot| !slot.is_command) {
        wrong.extend(smuggled(plan, value));
    }
    match found.files.get(".byop/nginx.conf").map(server::directives) {
        Some(Ok(read)) => {
            let known = |directive: &server::Directive| {
                template.directives.contains(&directive.words[0].as_str()) || is_of_byop(directive)
            };
            let strange = read.iter().filter(|directive| !known(directive));
            wrong.extend(strange.map(|directive| format!("the web server is told {:?}", directive.words)));
        }
        Some(Err(problem)) => wrong.push(format!("nginx.conf: {problem}")),
        None => {}
    }
    if let Some(text) = found.files.get(&plan.compose_file) {
        wrong.extend(compose(text, plan));
    }
    let exceptions = |files: &byop_core::model::FileSet| -> BTreeSet<String> {
        let text = files.get(".dockerignore").unwrap_or_default();
        text.lines().filter(|line| line.starts_with('!')).map(str::to_owned).collect()
    };
    if plan.stack == tame.plan.stack {
        let more: Vec<_> = exceptions(&found.files).difference(&exceptions(&tame.files)).cloned().collect();
        if !more.is_empty() {
            wrong.push(format!(".dockerignore lets in {more:?}"));
        }
    }
    wrong
}

/// Commands that a shell would run and that nobody wrote as a command.
fn smuggled(plan: &Plan, value: &str) -> Vec<String> {
    let mut scripts: Vec<&str> = Vec::new();
    for step in plan.stages.iter().flat_map(|stage| &stage.steps) {
        if let BuildStep::Run(run) = step {
            scripts.push(&run.command);
            scripts.extend(run.classic.as_deref());
        }
    }
    for command in plan.command.iter().chain(&plan.health.command) {
        if let [shell, flag, script, ..] = command.as_slice()
            && shell.ends_with("sh")
            && flag == "-c"
        {
            scripts.push(script);
        }
    }
    let mut wrong = Vec::new();
    for script in scripts {
        let run = shell::commands(script);
        if run.iter().any(|word| word.contains(COMMAND) && !word.contains('/')) {
            wrong.push(format!("a shell would run {COMMAND}: {script}"));
        }
        if value.starts_with("--evil") && script.split_whitespace().any(|word| word == value) {
            wrong.push(format!("a value became an option: {script}"));
        }
    }
    wrong
}

/// Directives that byop's own templates have.
fn is_of_byop(directive: &server::Directive) -> bool {
    const OWN: [&str; 46] = [
        "worker_processes",
        "pid",
        "error_log",
        "events",
        "worker_connections",
        "http",
        "include",
        "default_type",
        "client_body_temp_path",
        "proxy_temp_path",
        "fastcgi_temp_path",
        "uwsgi_temp_path",
        "scgi_temp_path",
        "access_log",
        "server_tokens",
        "sendfile",
        "tcp_nopush",
        "keepalive_timeout",
        "gzip",
        "gzip_vary",
        "gzip_min_length",
        "gzip_types",
        "map",
        "default",
        "server",
        "listen",
        "server_name",
        "root",
        "index",
        "absolute_redirect",
        "add_header",
        "location",
        "return",
        "try_files",
        "error_page",
        "auth_basic",
        "auth_basic_user_file",
        "autoindex",
        "~^/(?:assets|static|_astro|_next/static|_nuxt|_app/immutable)/",
        "port_in_redirect",
        "types",
        "charset",
        "log_format",
        "open_file_cache",
        "etag",
        "gzip_static",
    ];
    let name = directive.words[0].as_str();
    match name {
        "include" => directive.words[1..] == ["/etc/nginx/mime.types"],
        "root" => directive.words[1..] == ["/usr/share/nginx/html"],
        // The patterns of a map.
        _ if name.starts_with('~') => directive.depth == 2,
        _ => OWN.contains(&name),
    }
}

/// Keys that a service of byop's compose file may have.
const SERVICE: [&str; 25] = [
    "image",
    "restart",
    "init",
    "read_only",
    "tmpfs",
    "cap_drop",
    "security_opt",
    "mem_limit",
    "cpus",
    "pids_limit",
    "logging",
    "environment",
    "user",
    "volumes",
    "build",
    "ports",
    "labels",
    "networks",
    "command",
    "healthcheck",
    "depends_on",
    "stop_signal",
    "profiles",
    "stop_grace_period",
    "pull_policy",
];

fn compose(text: &str, plan: &Plan) -> Vec<String> {
    let read = match serde_yaml::from_str::<Value>(text) {
        Ok(read) => read,
        Err(error) => return vec![format!("{}: {error}", plan.compose_file)],
    };
    let mut wrong = Vec::new();
    let top = ["name", "services", "networks", "volumes", "secrets", "configs"];
    let keys = |value: &Value| {
        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    wrong.extend(
        keys(&read).iter().filter(|key| !top.contains(&key.as_str())).map(|key| format!("compose has {key}")),
    );
    for (name, service) in read["services"].as_object().into_iter().flatten() {
        // Databases start as root and step down.
        let is_addon = !service["image"].as_str().is_some_and(|image| image.starts_with("byop/"));
        let may = |key: &str| SERVICE.contains(&key) || (is_addon && key == "cap_add");
        let strange = keys(service).into_iter().filter(|key| !may(key));
        wrong.extend(strange.map(|key| format!("the service {name} has {key}")));
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !is_name {
            wrong.push(format!("a service is called {name:?}"));
        }
        for key in keys(&service["environment"]) {
            if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
                wrong.push(format!("a variable is called {key:?}"));
            }
        }
    }
    texts(&read, &mut |text| {
        // Compose expands `$X` and `${X}`; `$$` is a dollar.
        let rest = text.replace("$$", "");
        for part in rest.split('$').skip(1) {
            let name = part.strip_prefix('{').map(|body| body.split(['}', ':']).next().unwrap_or_default());
            let is_ours = name.is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            });
            if !is_ours {
                wrong.push(format!("compose would expand {text:?}"));
            }
        }
    });
    wrong
}

fn texts(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(list) => list.iter().for_each(|value| texts(value, look)),
        Value::Object(map) => map.values().for_each(|value| texts(value, look)),
        _ => {}
    }
}
