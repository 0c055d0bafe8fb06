//! Trees that are made to exhaust who reads them: a preview needs little memory and little time, and reads nothing that
//! is not in the tree.
//!
//! Each tree is previewed by a program of its own (this one, started again), whose peak memory is measured.

mod trees;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use byop_core::generator::{builtin, preview};
use byop_core::model::{AppSpec, Builder, Source, SourceLimits, Target};
use byop_core::source::SourceTree;

/// What a preview may need at most, with the program itself.
const MOST_MEMORY: u64 = 200 << 20;
/// Without optimisation, on a busy machine.
const MOST_TIME: Duration = Duration::from_secs(30);
const CHILD: &str = "BYOP_BOMB";
const CANARY: &str = "canary-in-the-next-folder";

/// All that a preview says, or why there is none.
fn show(folder: &Path) -> String {
    let tree = match SourceTree::open(folder, &SourceLimits::default()) {
        Ok(tree) => tree,
        Err(error) => return format!("refused: {error:?}"),
    };
    of_tree(&tree)
}

fn of_tree(tree: &SourceTree) -> String {
    let spec = AppSpec::new("bomb", Source::Directory(".".into())).unwrap();
    match preview(&builtin(), tree, &spec, &Target::of(&spec, Builder::BuildKit)) {
        Ok(found) => serde_json::to_string(&found).unwrap(),
        Err(error) => format!("refused: {error:?}"),
    }
}

/// What the test below starts; alone it does nothing.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let answer = show(Path::new(&folder));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!("PEAK {}", peak.trim_end_matches(" kB"));
    println!("ANSWER {}", answer.len());
}

/// Previews a folder in a program of its own; gives its peak memory in bytes and the time it took.
fn measured(folder: &Path) -> Result<(u64, Duration), String> {
    let start = Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    match (output.status.success(), number("PEAK"), number("ANSWER")) {
        (true, Some(peak), Some(_)) => Ok((peak << 10, start.elapsed())),
        _ => Err(format!("it ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// What is wrong with one tree, and what it took.
fn tried(bomb: &trees::Bomb) -> (Option<String>, u64, Duration) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    (bomb.fill)(&root);
    match measured(&root) {
        Ok((memory, time)) => {
            let is_too_much = memory > MOST_MEMORY || time > MOST_TIME;
            let problem = format!("{}: {} MB, {time:?}", bomb.name, memory >> 20);
            (is_too_much.then_some(problem), memory, time)
        }
        Err(problem) => (Some(format!("{}: {problem}", bomb.name)), 0, Duration::ZERO),
    }
}

#[test]
fn no_tree_takes_more_memory_or_time_than_it_may() {
    let bombs = trees::bombs();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(bomb) = bombs.get(next.fetch_add(1, Ordering::SeqCst)) {
            done.push((bomb.name.as_str(), tried(bomb)));
        }
        done
    };
    let done: Vec<_> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let peak = done.iter().max_by_key(|(_, (_, memory, _))| *memory).unwrap();
    let slowest = done.iter().max_by_key(|(_, (_, _, time))| *time).unwrap();
    println!("{} trees: at most {} MB ({})", done.len(), peak.1.1 >> 20, peak.0);
    println!("the slowest took {:?} with the start of its program ({})", slowest.1.2, slowest.0);
    let wrong: Vec<&str> = done.iter().filter_map(|(_, (problem, ..))| problem.as_deref()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A tree beside a folder that it has no business in.
fn beside_a_canary(fill: impl FnOnce(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tree", "outside"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for (name, text) in trees::CANARIES {
        std::fs::write(folder.path().join("outside").join(name), text.replace("CANARY", CANARY)).unwrap();
    }
    fill(&folder.path().join("tree"));
    folder
}

#[test]
fn nothing_outside_the_tree_is_read() {
    let mut wrong = Vec::new();
    for (name, path, text) in trees::REACHING {
        for outside in ["../outside", "./../tree/../outside", "ABSOLUTE"] {
            let folder = beside_a_canary(|root| {
                let absolute = root.parent().unwrap().join("outside").to_str().unwrap().to_owned();
                let target = root.join(path);
                std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                let text = text.replace("OUTSIDE", if outside == "ABSOLUTE" { &absolute } else { outside });
                std::fs::write(target, text).unwrap();
            });
            let answer = show(&folder.path().join("tree"));
            if answer.contains(CANARY) {
                wrong.push(format!("{name} by {outside}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_turns_into_a_link_is_not_followed() {
    for name in ["package.json", "pyproject.toml", "go.mod", "Cargo.toml", "Procfile", "Dockerfile"] {
        let folder = beside_a_canary(|root| {
            std::fs::write(root.join(name), "{}").unwrap();
            std::fs::write(root.join("index.html"), "").unwrap();
        });
        let root = folder.path().join("tree");
        let tree = SourceTree::open(&root, &SourceLimits::default()).unwrap();
        std::fs::remove_file(root.join(name)).unwrap();
        symlink(folder.path().join("outside").join("package.json"), root.join(name)).unwrap();
        assert!(!of_tree(&tree).contains(CANARY), "{name}");
        // The folder itself, too.
        std::fs::rename(&root, folder.path().join("moved")).unwrap();
        symlink("outside", &root).unwrap();
        assert!(!of_tree(&tree).contains(CANARY), "{name}, by its folder");
    }
}

#[test]
fn links_that_go_round_in_circles_end() {
    let folder = beside_a_canary(|root| {
        std::fs::write(root.join("package.json"), r#"{"scripts":{"start":"node a.js"}}"#).unwrap();
        symlink(".", root.join("self")).unwrap();
        symlink("b", root.join("a")).unwrap();
        symlink("a", root.join("b")).unwrap();
        symlink("self/self/self/self", root.join("deep")).unwrap();
        symlink("loop.js", root.join("loop.js")).unwrap();
    });
    let start = Instant::now();
    let answer = show(&folder.path().join("tree"));
    assert!(!answer.is_empty() && start.elapsed() < MOST_TIME, "{:?}", start.elapsed());
}
