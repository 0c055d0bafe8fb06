//! What a process of Python has once: the runtime in which byop works, and the thread that brings answers to event
//! loops.

use std::any::Any;
use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use byop_core::{Error, ErrorKind, Result};
use futures_util::FutureExt;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::error::raise;
use crate::gate::{self, attached, detached};
use crate::ports::Calls;

/// How long Ctrl-C may go unnoticed.
pub(crate) const PATIENCE: Duration = Duration::from_millis(25);

/// The runtime of one process. It lives as long as the process; a child that was forked off makes its own.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    runtime: Runtime,
    answers: Sender<Answer>,
    /// What is asked of code of Python.
    pub(crate) calls: Calls,
}

tokio::task_local! {
    /// Where the work of this task broke.
    static BROKEN_AT: Cell<Option<String>>;
}

static CURRENT: Mutex<Option<&'static Process>> = Mutex::new(None);

impl Process {
    /// The one of this process, which is begun when it is needed first.
    pub(crate) fn current() -> Result<&'static Self> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = current.filter(|process| process.is_here()) {
            return Ok(process);
        }
        let broken = |error| {
            Error::new(ErrorKind::Unavailable, "engine.start", "a thread cannot be started")
                .with_source(error)
        };
        keep_quiet();
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("byop").enable_all().build();
        let (answers, incoming) = channel();
        let courier = std::thread::Builder::new().name("byop-answers".into());
        courier.spawn(move || deliver(&incoming)).map_err(broken)?;
        let id = std::process::id();
        let process = Box::leak(Box::new(Self {
            id,
            runtime: runtime.map_err(broken)?,
            answers,
            calls: Calls::default(),
        }));
        *current = Some(process);
        Ok(process)
    }

    /// Whether it is that of this process, and not of the one that this was forked off.
    pub(crate) fn is_here(&self) -> bool {
        self.id == std::process::id()
    }

    /// Refuses what was made before a fork: its threads stayed behind.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "engine.call", "this was made before the process was forked")
            .with_remedy("make engines, stores and clouds in the process that uses them, or start processes by `spawn`"))
    }

    /// Refuses a thread that could not come back from waiting.
    pub(crate) fn may_block(&self) -> Result<()> {
        self.check()?;
        if gate::is_open_to_me() { Ok(()) } else { Err(gate::ends()) }
    }

    /// Does something that wants to be inside of a runtime.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        work()
    }

    /// Waits for an answer, while other threads of Python run; Ctrl-C ends the waiting.
    pub(crate) fn block<T: Send + 'static>(
        &self,
        py: Python<'_>,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> PyResult<T> {
        self.may_block().map_err(|error| raise(py, &error))?;
        let (sender, mut receiver) = channel();
        let task = self.runtime.spawn(async move {
            // Nobody waits any more after Ctrl-C.
            let _ = sender.send(guarded(work).await);
        });
        let mut patience = PATIENCE;
        loop {
            match detached(py, || next(&mut receiver, patience)) {
                Ok(outcome) => return outcome.map_err(|error| raise(py, &error)),
                Err(RecvTimeoutError::Timeout) if hears_signals(py)? => {
                    py.check_signals().inspect_err(|_| task.abort())?;
                }
                // Many threads that look up often would hinder all others.
                Err(RecvTimeoutError::Timeout) => patience = Duration::MAX,
                Err(RecvTimeoutError::Disconnected) => return Err(raise(py, &lost())),
            }
        }
    }

    /// Begins something that ends with a call of `done`, unless it is aborted.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
        done: impl FnOnce(Result<T>) + Send + 'static,
    ) -> AbortHandle {
        self.runtime.spawn(async move { done(guarded(work).await) }).abort_handle()
    }

    /// Begins something whose answer is brought to `settle(text, error)`, from another thread.
    pub(crate) fn start(
        &self,
        work: impl Future<Output = Result<Option<String>>> + Send + 'static,
        settle: Py<PyAny>,
    ) -> Result<Task> {
        self.check()?;
        if gate::is_closed() {
            return Err(gate::ends());
        }
        let answers = self.answers.clone();
        let task = self.runtime.spawn(async move {
            let outcome = guarded(work).await;
            // It fails when the interpreter has ended.
            let _ = answers.send(Answer { settle, outcome });
        });
        Ok(Task(task.abort_handle()))
    }
}

fn next<T>(receiver: &mut Receiver<T>, patience: Duration) -> std::result::Result<T, RecvTimeoutError> {
    receiver.recv_timeout(patience)
}

/// Whether this is the thread in which Python handles signals.
pub(crate) fn hears_signals(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    threading.call_method0("get_ident")?.eq(threading.call_method0("main_thread")?.getattr("ident")?)
}

/// Keeps a panic of guarded work off the terminal: the error that it becomes says all of it.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let at = info.location().map(ToString::to_string);
            if BROKEN_AT.try_with(|place| place.set(at)).is_err() {
                previous(info);
            }
        }));
    });
}

/// The answer, or what it was that broke.
async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let caught = async { work.await.unwrap_or_else(|panic| Err(broken(panic.as_ref()))) };
    BROKEN_AT.scope(Cell::default(), caught).await
}

fn lost() -> Error {
    Error::new(ErrorKind::Internal, "engine.call", "the work ended without an answer")
}

fn broken(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let error = lost().with_context("reason", text.unwrap_or_default());
    match BROKEN_AT.with(Cell::take) {
        Some(place) => error.with_context("at", place),
        None => error,
    }
}

/// Work that goes on in the background.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct Task(AbortHandle);

#[pymethods]
impl Task {
    /// Ends the work; nothing is brought any more.
    fn cancel(&self) {
        self.0.abort();
    }
}

/// What a coroutine waits for.
#[derive(Debug)]
struct Answer {
    settle: Py<PyAny>,
    outcome: Result<Option<String>>,
}

/// Brings answers, many at a time when many are there: only this thread waits for the interpreter.
fn deliver(incoming: &Receiver<Answer>) {
    while let Ok(first) = incoming.recv() {
        let delivered = attached(|py| {
            for answer in std::iter::once(first).chain(incoming.try_iter().take(256)) {
                let settle = answer.settle.bind(py);
                // It fails when the event loop is closed, and then nobody waits.
                let _ = match answer.outcome {
                    Ok(text) => settle.call1((text, py.None())),
                    Err(error) => settle.call1((py.None(), raise(py, &error).into_value(py))),
                };
            }
        });
        if delivered.is_none() {
            return;
        }
    }
}
