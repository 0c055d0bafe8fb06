//! Who may know whom: engine -> stages -> ports -> model.

use crate::code::{children, words};
use crate::tree::{File, assert_tidy, files};

/// What everyone may use.
const GROUND: &[&str] = &[
    "clock",
    "digest",
    "error",
    "id",
    "model",
    "secret",
    "Error",
    "ErrorKind",
    "ErrorReport",
    "Result",
    "Retry",
    "Secret",
    "SecretRef",
    "SecretSource",
];

/// What each area of byop-core may use besides the ground and itself. An implementation knows the port that it
/// implements and the data that crosses it; nobody but the engine and the stages knows several.
const ALLOWED: &[(&str, &[&str])] = &[
    ("addon", &["runtime"]),
    ("backup", &["runtime"]),
    ("clock", &[]),
    // The engine as a cloud.
    ("cloud", &["docker", "runtime", "source"]),
    ("digest", &[]),
    ("docker", &["runtime", "source"]),
    (
        "engine",
        &[
            "addon",
            "backup",
            "cloud",
            "generator",
            "host",
            "image",
            "ingress",
            "plugin",
            "runtime",
            "schedule",
            "source",
            "stage",
            "store",
        ],
    ),
    ("error", &[]),
    ("generator", &["source"]),
    ("host", &["cloud", "runtime"]),
    ("id", &[]),
    ("image", &["runtime", "source"]),
    ("ingress", &["runtime"]),
    ("lib", &[]),
    ("model", &[]),
    ("names", &[]),
    ("plugin", &["source"]),
    ("runtime", &["source"]),
    ("schedule", &[]),
    // It looks at all data that crosses a border.
    ("schema", &["engine", "stage"]),
    ("secret", &[]),
    ("source", &[]),
    (
        "stage",
        &[
            "addon",
            "backup",
            "cloud",
            "generator",
            "host",
            "image",
            "ingress",
            "plugin",
            "runtime",
            "source",
            "store",
        ],
    ),
    ("store", &[]),
];

const CORE: &str = "byop-core/src/";

fn area(path: &str) -> Option<&str> {
    path.strip_prefix(CORE)?.split(['/', '.']).next()
}

fn wrong_ways(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        let Some(area) = area(&file.path) else { continue };
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == area) else {
            complaints.push(format!("{}: say in tests/tidy/direction.rs what `{area}` may use", file.path));
            continue;
        };
        let code = file.code();
        for used in children(&code, "crate") {
            if used != area && !GROUND.contains(&used) && !allowed.contains(&used) && area != "lib" {
                complaints.push(format!("{}: `{area}` must not use `{used}`", file.path));
            }
        }
    }
    complaints
}

/// The ground must not lean on what stands on it; `model` is ground for the others but not for these.
fn ground_that_leans(files: &[File]) -> Vec<String> {
    let below = ["clock", "digest", "error", "id", "secret"];
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        if area(&file.path).is_some_and(|area| below.contains(&area))
            && children(&file.code(), "crate").contains(&"model")
        {
            complaints.push(format!("{}: the model stands on this, not the other way round", file.path));
        }
    }
    complaints
}

/// The stages: the module, and the type that is one.
fn stages(files: &[File]) -> Vec<(String, String)> {
    let prefix = format!("{CORE}stage/");
    let mut stages = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        let Some(name) = file.path.strip_prefix(&prefix).and_then(|path| path.split(['/', '.']).next())
        else {
            continue;
        };
        let code = file.code();
        for after in code.split("impl Stage for ").skip(1) {
            stages.extend(words(after).next().map(|kind| (name.to_owned(), kind.to_owned())));
        }
    }
    stages
}

/// Only the workflow knows the order of the stages; no stage knows another.
fn several_stages(files: &[File]) -> Vec<String> {
    let stages = stages(files);
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        let Some(area) = area(&file.path) else { continue };
        let may = ["engine/workflow.rs", "engine/servers/workflow.rs", "stage.rs"];
        if may.iter().any(|path| file.path == format!("{CORE}{path}"))
            || file.path.starts_with(&format!("{CORE}engine/workflow/"))
        {
            continue;
        }
        let code = file.code();
        let through_door = children(&code, "stage");
        let beside = if area == "stage" { children(&code, "super") } else { Vec::new() };
        let named: Vec<&str> = stages
            .iter()
            .filter(|(module, kind)| {
                let is_own = file.path.starts_with(&format!("{CORE}stage/{module}"));
                let is_named = [kind, module].into_iter().any(|name| through_door.contains(&name.as_str()))
                    || beside.contains(&module.as_str())
                    || children(&code, module).contains(&kind.as_str());
                is_named && !is_own
            })
            .map(|(_, kind)| kind.as_str())
            .collect();
        if named.len() > usize::from(area == "engine") {
            complaints
                .push(format!("{}: only engine/workflow.rs names several stages: {named:?}", file.path));
        }
    }
    complaints
}

#[test]
fn a_wrong_way_is_noticed() {
    let bad = [
        File::new("byop-core/src/docker/a.rs", "use crate::store::Store;"),
        File::new("byop-core/src/model/a.rs", "fn f(x: crate::engine::Engine) {}"),
        File::new("byop-core/src/brand_new.rs", ""),
    ];
    assert_eq!(wrong_ways(&bad).len(), 3);
}

#[test]
fn the_right_way_and_unit_tests_are_fine() {
    let good = [
        File::new("byop-core/src/docker/a.rs", "use crate::{model::App, runtime::X};\n// crate::engine::Y\n"),
        File::new("byop-core/src/store.rs", "#[cfg(test)]\nmod tests {\n use crate::engine::Engine;\n}"),
    ];
    assert_tidy(&wrong_ways(&good));
}

#[test]
fn leaning_ground_is_noticed() {
    assert_eq!(ground_that_leans(&[File::new("byop-core/src/id.rs", "use crate::model::App;")]).len(), 1);
}

#[test]
fn naming_several_stages_is_noticed() {
    let stages = [
        File::new("byop-core/src/stage/build.rs", "pub struct Build; impl Stage for Build {}"),
        File::new("byop-core/src/stage/route.rs", "pub struct Route; impl Stage for Route {}"),
    ];
    let complaints =
        |path: &str, text: &str| several_stages(&[&stages[..], &[File::new(path, text)]].concat()).len();
    let both = "use crate::stage::{Build, Route};";
    assert_eq!(complaints("byop-core/src/engine/a.rs", both), 1);
    assert_eq!(complaints("byop-core/src/stage/fetch.rs", "use super::build::BuiltImage;"), 1);
    assert_eq!(complaints("byop-core/src/stage/fetch.rs", "use super::labels::label;"), 0);
    assert_eq!(complaints("byop-core/src/engine/workflow.rs", both), 0);
    assert_eq!(complaints("byop-core/src/engine/a.rs", "use crate::stage::Build;"), 0);
}

#[test]
fn every_area_looks_towards_the_model() {
    assert_tidy(&wrong_ways(&files()));
    assert_tidy(&ground_that_leans(&files()));
}

#[test]
fn only_the_workflow_names_several_stages() {
    assert!(stages(&files()).len() > 5, "the stages were not found");
    assert_tidy(&several_stages(&files()));
}
