//! Detection and generation: the example apps, and a tree of 10,000 files on disk.

use std::fs;
use std::path::{Path, PathBuf};

use byop_core::generator::{builtin, preview};
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

criterion_group!(benches, previews);
criterion_main!(benches);
