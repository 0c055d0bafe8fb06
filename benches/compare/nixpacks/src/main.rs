//! Planning by byop beside planning by nixpacks, on the same trees, in one run.
//!
//! ```text
//! cargo run --release --manifest-path benches/compare/nixpacks/Cargo.toml
//! NIXPACKS=/path/to/nixpacks cargo run --release --manifest-path benches/compare/nixpacks/Cargo.toml
//! ```
//!
//! Both get a folder and give a plan, in this process; byop's files are timed besides. With `NIXPACKS` set, `nixpacks plan` runs as a process too, beside a process that does nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use byop_core::generator::{builtin, choose, preview};
use byop_core::model::{AppSpec, Builder, Source, SourceLimits, Target};
use byop_core::source::SourceTree;
use nixpacks::nixpacks::plan::generator::GeneratePlanOptions;
use nixpacks::{generate_build_plan, get_plan_providers};
use serde_json::Value;

const ROUNDS: usize = 15;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let trees = tempfile::tempdir()?;
    let names = write_trees(trees.path())?;
    let generators = builtin();
    let options = GeneratePlanOptions::default();
    let program = std::env::var("NIXPACKS").ok();
    let (mut ours, mut files, mut theirs) = (vec![], vec![], vec![]);
    let (mut processes, mut nothing) = (vec![], vec![]);
    let (mut only_theirs, mut only_ours) = (vec![], vec![]);
    for name in &names {
        let folder = trees.path().join(name);
        let path = folder.to_string_lossy().into_owned();
        let spec = AppSpec::new("demo", Source::Directory(folder.clone()))?;
        let target = Target::of(&spec, Builder::BuildKit);
        let open = || SourceTree::open(&folder, &SourceLimits::default());
        let plan = || {
            let tree = open()?;
            let (generator, detection) = choose(&generators, &tree, &spec)?;
            generator.plan(&tree, &detection, &spec)
        };
        let is_ours = plan().is_ok();
        let is_theirs = get_plan_providers(&path, vec![], &options).is_ok_and(|list| !list.is_empty());
        match (is_ours, is_theirs) {
            (false, true) => only_theirs.push(name.as_str()),
            (true, false) => only_ours.push(name.as_str()),
            _ => {}
        }
        ours.push(best(|| drop(plan())));
        files.push(best(|| drop(open().and_then(|tree| preview(&generators, &tree, &spec, &target)))));
        theirs.push(best(|| drop(generate_build_plan(&path, vec![], &options))));
        if let Some(program) = &program {
            processes.push(best(|| run(Command::new(program).arg("plan").arg(&path))));
            nothing.push(best(|| run(&mut Command::new("true"))));
        }
    }
    let (ours, files, theirs) = (median(ours), median(files), median(theirs));
    println!("{} trees, the best of {ROUNDS} rounds each, medians:", names.len());
    println!(
        "  byop, a call       {:.3} ms (plan), {:.3} ms with its files",
        milliseconds(ours),
        milliseconds(files)
    );
    println!("  nixpacks, a call   {:.3} ms (plan)", milliseconds(theirs));
    println!("  ratio              {:.1}", theirs.as_secs_f64() / ours.as_secs_f64());
    if program.is_some() {
        let (process, nothing) = (median(processes), median(nothing));
        println!("  `nixpacks plan`    {:.3} ms", milliseconds(process));
        println!("  a process          {:.3} ms (does nothing)", milliseconds(nothing));
        println!("  ratio              {:.1}", (process - nothing).as_secs_f64() / ours.as_secs_f64());
    }
    println!("  known to nixpacks alone: {}", shown(&only_theirs));
    println!("  known to byop alone: {}", shown(&only_ours));
    Ok(())
}

/// Writes the trees of the corpus below `root`; gives their names.
fn write_trees(root: &Path) -> Result<Vec<String>, Failure> {
    let entries: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/fixtures/corpus.json"))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry["id"].as_str().unwrap_or_default().to_owned();
        let files: BTreeMap<String, String> = serde_json::from_value(entry["files"].clone())?;
        for (path, text) in files {
            let file = root.join(&name).join(path);
            std::fs::create_dir_all(file.parent().unwrap_or(root))?;
            std::fs::write(file, text)?;
        }
        names.push(name);
    }
    Ok(names)
}

fn best(mut call: impl FnMut()) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn run(command: &mut Command) {
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn shown(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
