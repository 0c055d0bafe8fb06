//! What other programs can see of running ones.

use std::time::Duration;

/// The arguments of every process, one line each.
fn arguments() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        // It may have ended in the meantime.
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .collect()
}

/// The arguments of those processes that have `text` in them.
pub fn with(text: &str) -> Vec<String> {
    arguments().into_iter().filter(|line| line.contains(text)).collect()
}

/// Waits until no process has `text` in its arguments.
pub async fn gone(text: &str) {
    for _ in 0..500 {
        if with(text).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still there: {:?}", with(text));
}
