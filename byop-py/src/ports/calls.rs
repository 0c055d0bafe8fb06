//! Calls on their way to code of Python.
//!
//! They wait in a queue for threads that Python made. A thread of Rust must not be in the middle of a method when the
//! interpreter ends, and one of tokio must not wait for what may need it.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use byop_core::{Error, ErrorKind, Result, source};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::Handle;
use tokio::sync::oneshot::{self, Receiver, Sender};

use super::SourceTree;
use crate::error::{caught, raise};
use crate::gate::{self, detached};
use crate::process::Process;

/// After what time without a call a thread goes, while another one waits.
const IDLE: Duration = Duration::from_secs(10);
/// After what time in which no thread took a call the last one that waits takes it, and makes another one wait.
const PATIENCE: Duration = Duration::from_millis(1);

/// The calls of one process that no thread has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    queue: Mutex<Queue>,
    added: Condvar,
    served: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    /// The last one is taken first: one before it that holds a thread may wait for it.
    calls: Vec<Arc<Asked>>,
    /// When something was added to nothing, or taken.
    moved: Option<Instant>,
    /// How many threads wait.
    waiting: usize,
}

impl Calls {
    /// Sees to it that there is a thread which takes calls; it sees to it that there are more.
    pub(super) fn serve(&self, py: Python<'_>) -> PyResult<()> {
        if !self.served.load(Ordering::Acquire) {
            py.import("byop._ports")?.call_method0("serve")?;
            self.served.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn add(&self, asked: Arc<Asked>) {
        let mut queue = self.queue();
        if queue.calls.is_empty() {
            queue.moved = Some(Instant::now());
        }
        queue.calls.push(asked);
        drop(queue);
        self.added.notify_one();
    }

    /// The next call, and whether nobody waits for the one after it. None when others wait, and nothing came for long.
    fn next(&self, mut patient: bool) -> Option<(Call, bool)> {
        let mut queue = self.queue();
        queue.waiting += 1;
        loop {
            let patience = if patient && queue.waiting == 1 { PATIENCE } else { Duration::ZERO };
            let early = queue.moved.map_or(Duration::ZERO, |since| patience.saturating_sub(since.elapsed()));
            if early.is_zero()
                && let Some(asked) = queue.calls.pop()
            {
                queue.waiting -= 1;
                queue.moved = Some(Instant::now());
                return Some((Call(asked), queue.waiting == 0));
            }
            let time = if queue.calls.is_empty() { IDLE } else { early };
            let waited = self.added.wait_timeout(queue, time);
            let timeout;
            (queue, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            patient = true;
            if timeout.timed_out() && queue.calls.is_empty() && queue.waiting > 1 {
                queue.waiting -= 1;
                return None;
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next call that code of Python has to answer, and whether another thread is wanted for the one after it; none
/// when this thread is not wanted any more.
///
/// A thread that has just answered one is not patient. A patient one leaves calls for a moment to those that are busy,
/// unless others wait beside it: so many short calls do not make many threads.
#[pyfunction]
pub(crate) fn next_call(py: Python<'_>, patient: bool) -> PyResult<Option<(Call, bool)>> {
    let process = Process::current().map_err(|error| raise(py, &error))?;
    Ok(detached(py, || process.calls.next(patient)))
}

/// What is asked of an object.
pub(super) struct Question {
    pub(super) target: Arc<Py<PyAny>>,
    pub(super) method: &'static str,
    /// A JSON array.
    pub(super) arguments: String,
    /// What comes before them.
    pub(super) tree: Option<source::SourceTree>,
    /// For errors.
    pub(super) operation: String,
}

impl Question {
    /// Puts it into the queue.
    pub(super) fn ask(self, process: &'static Process) -> Result<Pending> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        if gate::is_closed() {
            return Err(gate::ends().with_operation(self.operation));
        }
        let (sender, receiver) = oneshot::channel();
        let asked = Arc::new(Asked {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            question: self,
            abandoned: AtomicBool::new(false),
            reply: Mutex::new(Some(sender)),
        });
        process.calls.add(Arc::clone(&asked));
        Ok(Pending { process, asked, receiver })
    }
}

/// A question, and where its answer goes.
struct Asked {
    id: u64,
    question: Question,
    /// Nobody waits for the answer any more.
    abandoned: AtomicBool,
    reply: Mutex<Option<Sender<Result<String>>>>,
}

impl Asked {
    fn reply(&self, answer: Result<String>) {
        let sender = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Who asked may be gone.
        let _ = sender.map(|sender| sender.send(answer));
    }

    fn lost(&self) -> Error {
        Error::new(ErrorKind::Internal, self.question.operation.clone(), "the call ended without an answer")
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("operation", &self.question.operation).finish_non_exhaustive()
    }
}

/// A call whose answer is waited for. Dropping it cancels a coroutine; what is no coroutine runs to its end, unheard.
#[derive(Debug)]
pub(super) struct Pending {
    process: &'static Process,
    asked: Arc<Asked>,
    receiver: Receiver<Result<String>>,
}

impl Pending {
    /// Waits in a task.
    pub(super) async fn answer(mut self) -> Result<String> {
        (&mut self.receiver).await.unwrap_or_else(|_| Err(self.asked.lost()))
    }

    /// Waits on this thread, which hands on first what else it would carry.
    pub(super) fn wait(self) -> Result<String> {
        tokio::task::block_in_place(|| Handle::current().block_on(self.answer()))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let unanswered = self.asked.reply.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if unanswered && self.process.is_here() {
            self.asked.abandoned.store(true, Ordering::SeqCst);
            self.process.calls.add(Arc::clone(&self.asked));
        }
    }
}

/// A call as Python sees it.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct Call(Arc<Asked>);

#[pymethods]
impl Call {
    /// A number that no other call of this process has.
    #[getter]
    fn id(&self) -> u64 {
        self.0.id
    }

    /// The object that is asked.
    #[getter]
    fn target(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.question.target.clone_ref(py)
    }

    /// The name of the method.
    #[getter]
    fn method(&self) -> &str {
        self.0.question.method
    }

    /// The arguments, as a JSON array.
    #[getter]
    fn arguments(&self) -> &str {
        &self.0.question.arguments
    }

    /// What comes before the arguments, for a generator.
    #[getter]
    fn source(&self) -> Option<SourceTree> {
        self.0.question.tree.clone().map(SourceTree)
    }

    /// Whether nobody waits for the answer any more.
    #[getter]
    fn abandoned(&self) -> bool {
        self.0.abandoned.load(Ordering::SeqCst)
    }

    /// Brings what was returned, as JSON.
    fn answer(&self, text: String) {
        self.0.reply(Ok(text));
    }

    /// Brings what was raised, with its report and its traceback.
    fn fail(&self, error: Bound<'_, PyAny>, report: &str, text: String) {
        self.0.reply(Err(caught(PyErr::from_value(error), report, text, &self.0.question.operation)));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.reply(Err(self.0.lost()));
    }
}

thread_local! {
    static TURNS_LOOP: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as the one that runs the coroutines of ports.
#[pyfunction]
pub(crate) fn turns_loop() {
    TURNS_LOOP.set(true);
}

/// Refuses to wait for an engine in the thread that runs the coroutines of ports: the engine may need one of them.
pub(crate) fn may_wait() -> PyResult<()> {
    if TURNS_LOOP.get() {
        let text = "a coroutine of a port must not call a blocking engine: use byop.AsyncEngine here, or asyncio.to_thread";
        return Err(PyRuntimeError::new_err(text));
    }
    Ok(())
}
