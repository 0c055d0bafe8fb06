//! Who may know whom: engine -> stages -> ports -> model.

use std::collections::BTreeSet;

use crate::code::children;
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
    ("cloud", &[]),
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
    ("plugin", &["source"]),
    ("runtime", &["source"]),
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

/// Only the workflow knows the order of the stages.
fn several_stages(files: &[File]) -> Vec<String> {
    let prefix = format!("{CORE}stage/");
    let stages: BTreeSet<&str> = files
        .iter()
        // Names and volumes are rooms that stages share; a stage is what says that it is one.
        .filter(|file| file.code().contains("impl Stage for"))
        .filter_map(|file| file.path.strip_prefix(&prefix)?.strip_suffix(".rs"))
        .filter(|name| !name.contains('/'))
        .collect();
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        let Some(area) = area(&file.path) else { continue };
        let code = file.code();
        let mut named: BTreeSet<&str> = children(&code, "stage").into_iter().collect();
        named.extend(children(&code, "crate::stage"));
        if area == "stage" {
            named.extend(children(&code, "super"));
        }
        let named: Vec<_> = named.into_iter().filter(|name| stages.contains(name)).collect();
        let is_workflow =
            file.path == format!("{CORE}engine/workflow.rs") || file.path == format!("{CORE}stage.rs");
        let own = file.path.strip_prefix(&prefix).and_then(|path| path.split(['/', '.']).next());
        let most = usize::from(area == "engine");
        let others = named.iter().filter(|name| Some(**name) != own).count();
        if others > most && !is_workflow {
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
    let stages = ["build", "route"]
        .map(|name| File::new(&format!("byop-core/src/stage/{name}.rs"), "impl Stage for X {}"));
    let with = |path: &str, text: &str| [&stages[..], &[File::new(path, text)]].concat();
    let both = "use crate::stage::{build, route};";
    assert_eq!(several_stages(&with("byop-core/src/engine/a.rs", both)).len(), 1);
    assert_eq!(several_stages(&with("byop-core/src/stage/fetch.rs", "use super::build::X;")).len(), 1);
    assert_tidy(&several_stages(&with("byop-core/src/engine/workflow.rs", both)));
    assert_tidy(&several_stages(&with("byop-core/src/engine/a.rs", "use crate::stage::build::X;")));
}

#[test]
fn every_area_looks_towards_the_model() {
    assert_tidy(&wrong_ways(&files()));
    assert_tidy(&ground_that_leans(&files()));
}

#[test]
fn only_the_workflow_names_several_stages() {
    assert_tidy(&several_stages(&files()));
}
