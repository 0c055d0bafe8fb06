//! What runs in a fake container.

use std::time::Duration;

use crate::model::LogStream;

/// When the health check of a fake container passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FakeHealth {
    /// As soon as the program listens; at once if it never does by design.
    WhenListening,
    /// This long after the start.
    After(Duration),
    /// Never.
    Never,
}

/// A program in place of a process: what it prints, where it listens, when it ends.
///
/// ```
/// use std::time::Duration;
/// use byop_core::testing::FakeProgram;
///
/// let slow = FakeProgram::server(3000).with_boot(Duration::from_secs(2)).with_line("listening on 3000");
/// let broken = FakeProgram::exiting(1).with_line("Error: DATABASE_URL is not set");
/// # let _ = (slow, broken);
/// ```
#[derive(Debug, Clone)]
pub struct FakeProgram {
    pub(super) lines: Vec<(Duration, LogStream, String)>,
    pub(super) boot: Duration,
    pub(super) listens: Option<u16>,
    pub(super) answer: String,
    pub(super) exit: Option<(Duration, i64)>,
    pub(super) ignores_stop: bool,
    pub(super) memory_bytes: u64,
    pub(super) processes: u32,
    pub(super) health: FakeHealth,
    pub(super) can_start: bool,
}

impl FakeProgram {
    /// Runs until it is stopped and listens nowhere.
    #[must_use]
    pub fn worker() -> Self {
        Self {
            lines: Vec::new(),
            boot: Duration::ZERO,
            listens: None,
            answer: "ok".into(),
            exit: None,
            ignores_stop: false,
            memory_bytes: 1 << 20,
            processes: 1,
            health: FakeHealth::WhenListening,
            can_start: true,
        }
    }

    /// Listens on a port until it is stopped.
    #[must_use]
    pub fn server(port: u16) -> Self {
        Self { listens: Some(port), ..Self::worker() }
    }

    /// Ends at once.
    #[must_use]
    pub fn exiting(code: i64) -> Self {
        Self::worker().with_exit(Duration::ZERO, code)
    }

    /// Cannot be started: the image lacks the program.
    #[must_use]
    pub fn missing() -> Self {
        Self { can_start: false, ..Self::worker() }
    }

    /// Listens only after this long.
    #[must_use]
    pub fn with_boot(mut self, boot: Duration) -> Self {
        self.boot = boot;
        self
    }

    /// Ends by itself this long after its start.
    #[must_use]
    pub fn with_exit(mut self, after: Duration, code: i64) -> Self {
        self.exit = Some((after, code));
        self
    }

    /// What it answers to requests.
    #[must_use]
    pub fn with_answer(mut self, answer: impl Into<String>) -> Self {
        self.answer = answer.into();
        self
    }

    /// Prints a line when it starts.
    #[must_use]
    pub fn with_line(self, text: impl Into<String>) -> Self {
        self.with_line_after(Duration::ZERO, LogStream::Stdout, text)
    }

    /// Prints a line this long after its start.
    #[must_use]
    pub fn with_line_after(mut self, after: Duration, stream: LogStream, text: impl Into<String>) -> Self {
        self.lines.push((after, stream, text.into()));
        self
    }

    /// Does not end when it is asked to.
    #[must_use]
    pub fn with_ignored_stop(mut self) -> Self {
        self.ignores_stop = true;
        self
    }

    /// Uses this much memory once it has booted.
    #[must_use]
    pub fn with_memory(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Starts this many processes; ends with code 1 when it may not.
    #[must_use]
    pub fn with_processes(mut self, count: u32) -> Self {
        self.processes = count;
        self
    }

    /// When its health check passes.
    #[must_use]
    pub fn with_health(mut self, health: FakeHealth) -> Self {
        self.health = health;
        self
    }
}
