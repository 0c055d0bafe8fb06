//! The way back into the interpreter, which is closed before it ends: it tears a thread apart that comes while it ends,
//! in the middle of whatever the thread does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use byop_core::{Error, ErrorKind};
use pyo3::prelude::*;

/// How long the end waits for threads that are in the interpreter, which all are there for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many threads are in, or on their way in.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
/// Who closed the gate: the thread in which the interpreter ends, to which it stays open.
static CLOSED_BY: OnceLock<ThreadId> = OnceLock::new();

/// The right to be in the interpreter.
#[derive(Debug)]
struct Pass(());

impl Drop for Pass {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Does something in the interpreter, unless it ends.
pub(crate) fn attached<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _pass = enter()?;
    Python::try_attach(work)
}

/// A pass for as long as a thread is in the interpreter; none when it ends.
fn enter() -> Option<Pass> {
    // First the number, then the look: who closes the gate does it the other way round.
    INSIDE.fetch_add(1, Ordering::SeqCst);
    let pass = Pass(());
    is_open_to_me().then_some(pass)
}

/// Does something outside of the interpreter. A thread that would come back while it ends stays outside for good.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    let (outcome, _pass) = py.detach(|| {
        let outcome = work();
        let Some(pass) = enter() else {
            drop(outcome);
            loop {
                thread::park();
            }
        };
        (outcome, pass)
    });
    outcome
}

/// Whether the interpreter ends.
pub(crate) fn is_closed() -> bool {
    CLOSED_BY.get().is_some()
}

/// The error for what would have to come back when the interpreter ends.
pub(crate) fn ends() -> Error {
    Error::new(ErrorKind::Unavailable, "engine.call", "the interpreter of Python ends")
        .with_remedy("register exit handlers after `import byop`: they run before byop's own")
}

/// Whether this thread may come back.
pub(crate) fn is_open_to_me() -> bool {
    CLOSED_BY.get().is_none_or(|closer| *closer == thread::current().id())
}

/// Counts anew in a child that was forked off: those who were inside stayed behind.
#[pyfunction]
pub(crate) fn forget_others() {
    INSIDE.store(0, Ordering::SeqCst);
}

/// Closes the gate and waits until nobody is inside. Called at the exit of the interpreter.
#[pyfunction]
pub(crate) fn close_gate(py: Python<'_>) {
    if CLOSED_BY.set(thread::current().id()).is_err() {
        return;
    }
    py.detach(|| {
        let end = Instant::now() + PATIENCE;
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    });
}
