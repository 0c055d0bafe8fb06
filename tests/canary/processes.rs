//! The arguments of every process on this machine, looked at again and again.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Looks until it is asked for what it saw.
pub struct Watch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<HashSet<Vec<u8>>>,
}

impl Watch {
    pub fn begin() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let mut seen = HashSet::new();
            while !stop.load(Ordering::Relaxed) {
                for process in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
                    if process.file_name().as_encoded_bytes()[0].is_ascii_digit() {
                        // It may have ended since.
                        seen.extend(std::fs::read(process.path().join("cmdline")));
                    }
                }
                std::thread::park_timeout(Duration::from_millis(50));
            }
            seen
        });
        Self { ended, thread }
    }

    /// The distinct lists of arguments.
    pub fn end(self) -> HashSet<Vec<u8>> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().unwrap()
    }
}
