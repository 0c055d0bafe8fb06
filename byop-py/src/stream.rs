//! What comes bit by bit.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use byop_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use pyo3::prelude::*;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use crate::args::{seconds_of, written};
use crate::error::raise;
use crate::gate::detached;
use crate::ports::may_wait;
use crate::process::{PATIENCE, Process, Task, hears_signals};

/// How long a thread waits that need not look after anything else meanwhile.
const LONG: Duration = Duration::from_secs(3600);

/// Items, each as JSON.
pub(crate) type Items = BoxStream<'static, Result<String>>;

/// Writes each item of a stream.
pub(crate) fn items<T: Serialize + 'static>(stream: BoxStream<'static, Result<T>>) -> Items {
    stream.map(|item| item.and_then(|item| written(&item))).boxed()
}

/// A stream that can be waited for in both ways.
#[pyclass(frozen)]
pub(crate) struct Stream {
    process: &'static Process,
    items: Arc<Mutex<Items>>,
    waiting: Arc<Waiting>,
}

/// What threads that wait for items share. An item that comes when nobody waits any more, after Ctrl-C or when the time
/// was up, stays here for the next one who asks.
#[derive(Default)]
struct Waiting {
    state: std::sync::Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Result<Option<String>>>,
    /// The work that brings the next item.
    asked: Option<AbortHandle>,
    is_closed: bool,
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.ready.clear();
        if let Some(asked) = state.asked.take() {
            asked.abort();
        }
        self.changed.notify_all();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.process.is_here() {
            self.waiting.close();
        }
    }
}

impl Stream {
    pub(crate) fn new(process: &'static Process, items: Items) -> Self {
        Self { process, items: Arc::new(Mutex::new(items)), waiting: Arc::default() }
    }

    /// Waits for an item, but not longer than `patience`; none when there is none yet.
    fn wait(&self, patience: Duration) -> Option<Result<Option<String>>> {
        let mut state = self.waiting.state();
        let end = Instant::now() + patience;
        loop {
            if let Some(outcome) = state.ready.pop_front() {
                return Some(outcome);
            }
            if state.is_closed {
                return Some(Ok(None));
            }
            if state.asked.is_none() {
                let (items, waiting) = (Arc::clone(&self.items), Arc::clone(&self.waiting));
                state.asked = Some(self.process.spawn(async move { next(items).await }, move |outcome| {
                    let mut state = waiting.state();
                    state.asked = None;
                    state.ready.push_back(outcome);
                    waiting.changed.notify_one();
                }));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self.waiting.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

async fn next(items: Arc<Mutex<Items>>) -> Result<Option<String>> {
    items.lock().await.next().await.transpose()
}

#[pymethods]
impl Stream {
    /// The next item, if it comes within so many seconds; none at the end.
    #[pyo3(signature = (timeout=None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<String>> {
        let fail = |error: Error| raise(py, &error);
        may_wait()?;
        self.process.may_block().map_err(fail)?;
        let time =
            timeout.map(|seconds| seconds_of("stream.next", "timeout", seconds)).transpose().map_err(fail)?;
        let end = time.and_then(|time| Instant::now().checked_add(time));
        let mut patience = PATIENCE;
        loop {
            let left =
                end.map_or(patience, |end| end.saturating_duration_since(Instant::now()).min(patience));
            if let Some(outcome) = detached(py, || self.wait(left)) {
                return outcome.map_err(fail);
            }
            if hears_signals(py)? {
                py.check_signals()?;
            } else {
                // Many threads that look up often would hinder all others.
                patience = LONG;
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                let late = Error::new(ErrorKind::Timeout, "stream.next", "no item has come yet");
                return Err(fail(late.with_remedy("ask again: nothing is lost")));
            }
        }
    }

    /// Gives no more items; whoever waits comes to the end.
    fn close(&self) {
        if self.process.is_here() {
            self.waiting.close();
        }
    }

    /// Begins to wait for the next item.
    fn start_next(&self, py: Python<'_>, settle: Py<PyAny>) -> PyResult<Task> {
        self.process.start(next(Arc::clone(&self.items)), settle).map_err(|error| raise(py, &error))
    }
}
