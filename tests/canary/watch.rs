//! What is there for a moment only, looked at again and again: the arguments of every process on this machine, and the
//! files that jobs work with.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What was there.
#[derive(Default)]
pub struct Seen {
    /// The distinct lists of arguments.
    pub arguments: HashSet<Vec<u8>>,
    /// Files by name and length.
    pub files: BTreeMap<(PathBuf, u64), Vec<u8>>,
}

/// Looks until it is asked for what it saw.
pub struct Watch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    pub fn begin(work: PathBuf) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !stop.load(Ordering::Relaxed) {
                seen.look_at_processes();
                seen.look_at_files(&work);
                std::thread::park_timeout(Duration::from_millis(50));
            }
            seen
        });
        Self { ended, thread }
    }

    pub fn end(self) -> Seen {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().unwrap()
    }
}

impl Seen {
    fn look_at_processes(&mut self) {
        for process in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            if process.file_name().as_encoded_bytes()[0].is_ascii_digit() {
                // It may have ended since.
                self.arguments.extend(std::fs::read(process.path().join("cmdline")));
            }
        }
    }

    fn look_at_files(&mut self, folder: &Path) {
        // A job removes its own while they are looked at.
        for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let Ok(metadata) = entry.path().symlink_metadata() else { continue };
            let key = (entry.path(), metadata.len());
            if metadata.is_dir() {
                self.look_at_files(&entry.path());
            } else if metadata.is_file() && !self.files.contains_key(&key) {
                self.files.extend(std::fs::read(entry.path()).map(|bytes| (key, bytes)));
            }
        }
    }
}
