//! Compares what was found with what is expected, fact by fact.

use std::collections::BTreeMap;

use byop_core::model::Preview;
use serde::Deserialize;
use serde_json::Value;

/// One tree and what is expected of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    accept_stacks: Vec<String>,
    expected: Value,
    pub(crate) scored: Vec<String>,
    pub(crate) files: BTreeMap<String, String>,
}

impl Entry {
    /// What is expected of a fact, to show.
    pub(crate) fn wanted(&self, fact: &str) -> String {
        let of = |key: &str| self.expected[key].to_string();
        match fact {
            "stack" => format!("{:?}", self.accept_stacks),
            "start" => format!("{} {}", of("start_accept"), of("start_intent")),
            "build" => of("build_intent"),
            "install" => of("install_intent"),
            "static_dir" | "document_root" => of("start_intent"),
            other => of(other),
        }
    }

    fn script(&self, name: &str) -> Option<String> {
        let manifest: Value = serde_json::from_str(self.files.get("package.json")?).ok()?;
        manifest["scripts"][name].as_str().map(str::to_owned)
    }
}

/// Whether a fact was found as expected, and what was found.
pub(crate) struct Verdict {
    pub(crate) is_right: bool,
    pub(crate) found: String,
}

/// Judges one fact of an entry.
pub(crate) fn judge(entry: &Entry, found: Option<&Preview>, fact: &str) -> Verdict {
    let Some(found) = found else {
        let is_right = fact == "stack" && entry.accept_stacks.iter().any(|stack| stack == "none");
        return Verdict { is_right, found: "nothing".into() };
    };
    let plan = &found.plan;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let expected = &entry.expected;
    let intent = &expected["start_intent"];
    // An own Dockerfile decides how it is built and started; what is below it is still told.
    let is_own = plan.stack == "dockerfile";
    if is_own && matches!(fact, "build" | "install" | "start" | "static_dir") {
        return Verdict { is_right: true, found: text(&plan.dockerfile) };
    }
    let (is_right, shown) = match fact {
        "stack" => (entry.accept_stacks.contains(&plan.stack), plan.stack.clone()),
        "version" => (version(&expected["version"], &text(&plan.version)), text(&plan.version)),
        "package_manager" => {
            (expected[fact] == text(&plan.package_manager).as_str(), text(&plan.package_manager))
        }
        "framework" => (expected[fact] == text(&plan.framework).as_str(), text(&plan.framework)),
        "port" => {
            // A server of static files may have any port: there 80 is that of the tool that was looked at.
            let is_server_of_files = plan.static_dir.is_some();
            (is_server_of_files || expected[fact] == plan.port, plan.port.to_string())
        }
        "static_dir" => {
            let is_right = intent["serves_static"] == text(&plan.static_dir).as_str()
                && intent["index_fallback"].as_bool().unwrap_or_default() == plan.index_fallback;
            (is_right, format!("{} fallback {}", text(&plan.static_dir), plan.index_fallback))
        }
        "document_root" => (
            intent["document_root"] == plan.document_root.as_deref().unwrap_or("."),
            text(&plan.document_root),
        ),
        "start" => (start(entry, plan.start.as_deref()), text(&plan.start)),
        "build" => (build(entry, found), text(&plan.build)),
        "install" => (install(expected, &text(&plan.install)), text(&plan.install)),
        other => (false, format!("unknown fact {other}")),
    };
    Verdict { is_right, found: shown }
}

/// `accept` lists release lines; `min` is a lower bound.
fn version(wanted: &Value, found: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).collect() };
    let found = numbers(found);
    if let Some(list) = wanted["accept"].as_array() {
        return list.iter().filter_map(Value::as_str).any(|line| found.starts_with(&numbers(line)));
    }
    wanted["min"].as_str().is_none_or(|least| !found.is_empty() && found >= numbers(least))
}

fn start(entry: &Entry, found: Option<&str>) -> bool {
    let (expected, intent) = (&entry.expected, &entry.expected["start_intent"]);
    if expected["no_start_expected"] == true {
        return found.is_none();
    }
    let Some(found) = found else { return false };
    let accepted = expected["start_accept"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if accepted.into_iter().any(|line| line == found) {
        return true;
    }
    let has = |key: &str, test: &dyn Fn(&str) -> bool| intent[key].as_str().is_some_and(test);
    let words = |line: &str| -> Vec<String> {
        line.split_whitespace().map(|word| word.trim_start_matches("./").to_owned()).collect()
    };
    has("runs_script", &|name| entry.script(name).is_some_and(|line| line == found))
        || has("runs_file", &|file| words(found).iter().any(|word| word == file))
        || has("wsgi", &|target| {
            words(found).iter().any(|word| word.split(':').next() == target.split(':').next())
        })
        || has("asgi", &|target| words(found).iter().any(|word| word == target))
        || has("binary", &|name| words(found).iter().any(|word| word.rsplit('/').next() == Some(name)))
        || has("release", &|name| found.ends_with(&format!("bin/{name} start")))
        || has("assembly", &|name| {
            found.ends_with(&format!("{name}.dll")) || found.ends_with(&format!("/{name}"))
        })
        || has("task", &|task| found == format!("deno task {task}"))
        || has("rackup", &|file| found.contains("rackup") && found.contains(file))
        || has("turbo_task", &|task| found.contains(&format!("turbo run {task}")))
        || intent["binary"] == true
}

fn build(entry: &Entry, found: &Preview) -> bool {
    let plan = &found.plan;
    let intent = &entry.expected["build_intent"];
    let line = plan.build.clone().unwrap_or_default();
    let install = plan.install.clone().unwrap_or_default();
    let Some(parts) = intent.as_object() else { return true };
    parts.iter().all(|(key, value)| {
        let text = value.as_str().unwrap_or_default();
        let is_wanted = value.as_bool().unwrap_or_default();
        match key.as_str() {
            "none" => line.is_empty(),
            "runs_script" => {
                line.ends_with(&format!("run {text}"))
                    || line.ends_with(&format!(" {text}"))
                    || entry.script(text).is_some_and(|script| script == line)
            }
            "asset_script" => line.contains(&format!("run {text}")) || line.contains(&format!(" {text}")),
            "turbo_task" => line.contains("turbo run") || line.contains(&format!("run {text}")),
            "nx_project" | "publishes" => line.contains(text),
            "go_package" => line.ends_with(&format!(" {text}")) || plan.entry.as_deref() == Some(text),
            "cargo_bin" => line.contains(&format!("--bin {text}")) || plan.entry.as_deref() == Some(text),
            "tool" => line.contains(if text == "maven" { "mvn" } else { "gradle" }),
            "skips_tests" => line.contains("-DskipTests") || line.contains("-x test"),
            "wrapper" => (line.contains("./gradlew") || line.contains("./mvnw")) == is_wanted,
            "composer_install" => install.contains("composer install") == is_wanted,
            "assets_precompile" => line.contains("assets:precompile") == is_wanted,
            "bootsnap" => line.contains("bootsnap") == is_wanted,
            "assets_deploy" => line.contains("assets.deploy") == is_wanted,
            "release" => line.contains("mix release") == is_wanted,
            _ => true,
        }
    })
}

/// Whether the install command keeps to the lock file where there is one that fits.
fn install(expected: &Value, found: &str) -> bool {
    const FROZEN: [&str; 9] = [
        "npm ci",
        "--frozen-lockfile",
        "--immutable",
        "--frozen",
        "--locked",
        "go mod download",
        "poetry install",
        "composer install",
        "bundle install",
    ];
    let keeps = FROZEN.iter().any(|mark| found.contains(mark)) || found.contains("deps.get");
    match expected["install_intent"]["frozen"].as_bool() {
        Some(true) => keeps,
        Some(false) => !keeps || found.contains("composer install") || found.contains("go mod download"),
        None => true,
    }
}
