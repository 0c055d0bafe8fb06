//! Detection and generation: the example apps, and a tree of 10,000 files on disk.

use std::fs;
use std::path::{Path, PathBuf};

use byop_core::generator::{builtin, preview, services};
use byop_core::model::{AppSpec, Builder, Source, SourceLimits, Target};
use byop_core::source::SourceTree;
use criterion::{Criterion, criterion_group, criterion_main};

fn understand(root: &Path) -> usize {
    let tree = SourceTree::open(root, &SourceLimits::default()).unwrap();
    let spec = AppSpec::new("bench", Source::Directory(root.into())).unwrap();
    preview(&builtin(), &tree, &spec, &Target::of(&spec, Builder::BuildKit)).unwrap().files.0.len()
}

fn previews(criterion: &mut Criterion) {
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/apps");
    for app in ["node", "python", "go", "rust", "static", "dockerfile"] {
        let root = apps.join(app);
        criterion.bench_function(&format!("preview/{app}"), |bench| bench.iter(|| understand(&root)));
    }
    let large = tempfile::tempdir().unwrap();
    let root = large_tree(large.path());
    criterion.bench_function("preview/10000-files", |bench| bench.iter(|| understand(&root)));
    let several = tempfile::tempdir().unwrap();
    many_apps(several.path());
    let tree = SourceTree::open(several.path(), &SourceLimits::default()).unwrap();
    criterion.bench_function("services/100-apps-10000-files", |bench| {
        bench.iter(|| services(&builtin(), &tree).unwrap().len());
    });
}

/// A Node.js application with 10,000 modules in 100 folders.
fn large_tree(root: &Path) -> PathBuf {
    fs::write(root.join("package.json"), r#"{"name":"large","scripts":{"start":"node index.js"}}"#).unwrap();
    fs::write(root.join("index.js"), "require('http').createServer().listen(3000)\n").unwrap();
    for folder in 0..100 {
        let folder = root.join(format!("src/part{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(format!("module{file}.js")), "module.exports = 1;\n").unwrap();
        }
    }
    root.into()
}

/// A workspace of 100 small servers, which have 10,000 files together.
fn many_apps(root: &Path) {
    fs::write(root.join("package.json"), r#"{"private":true,"workspaces":["apps/*"]}"#).unwrap();
    for app in 0..100 {
        let folder = root.join(format!("apps/app{app}"));
        fs::create_dir_all(folder.join("src")).unwrap();
        let manifest = format!(
            r#"{{"name":"app{app}","dependencies":{{"express":"5"}},"scripts":{{"start":"node src/module0.js"}}}}"#
        );
        fs::write(folder.join("package.json"), manifest).unwrap();
        for file in 0..99 {
            fs::write(folder.join(format!("src/module{file}.js")), "app.get('/health', h);\n").unwrap();
        }
    }
}

criterion_group!(benches, previews);
criterion_main!(benches);
