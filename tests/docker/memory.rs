//! What a large build context costs.

use std::process::Command;
use std::time::Instant;

use byop_core::model::{BuildImageSpec, Builder, FileSet, SourceLimits};
use byop_core::source::{BuildContext, SourceTree};
use byop_core::testing::runtime_suite::{RuntimeEnv, run};
use futures_util::TryStreamExt;

use crate::support::make;

const CHILD: &str = "BYOP_TEST_CHILD";
const SIZE: u64 = 1 << 30;
const ALLOWED: u64 = 64 << 20;

/// The largest memory of this process so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Runs itself again in a process of its own, so that no other test counts.
#[tokio::test]
async fn a_context_of_a_gigabyte_needs_little_memory() {
    let Some(env) = make().await else { return };
    if std::env::var_os(CHILD).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory::a_context_of_a_gigabyte_needs_little_memory", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{}", text.lines().filter(|line| line.starts_with("context:")).collect::<Vec<_>>().join("\n"));
        assert!(
            output.status.success() && text.contains("context: "),
            "{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        return;
    }
    run(env, async |env: &RuntimeEnv| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::File::create(folder.path().join("a.bin")).unwrap().set_len(SIZE).unwrap();
        let tree = SourceTree::open(folder.path(), &SourceLimits::default()).unwrap();
        let mut files = FileSet::new();
        files.insert("Dockerfile", "FROM scratch\nLABEL a=b\n");
        let context = BuildContext::new(&tree, &files).unwrap();
        let mut spec = BuildImageSpec::new(env.tag("a"));
        spec.builder = Builder::Classic;
        spec.labels = env.labels();
        let (idle, start) = (peak(), Instant::now());
        let stream = env.runtime.build_image(&spec, context).await.unwrap();
        stream.try_collect::<Vec<_>>().await.unwrap();
        let used = peak() - idle;
        println!("context: 1 GiB in {:?}, {} KiB above idle", start.elapsed(), used >> 10);
        assert!(used <= ALLOWED, "{used} bytes above idle");
    })
    .await;
}
