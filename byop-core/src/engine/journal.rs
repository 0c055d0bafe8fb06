//! The journal of one job.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Inner;
use super::events::JobEvents;
use crate::error::Result;
use crate::model::{EventBody, StepRecord};
use crate::stage::EventSink as _;
use crate::store::Lease;

/// Writes what becomes of steps. How a step ended is written together with the intent of the next one, so that a step
/// costs one transaction; whatever does something that is no step calls [`settle`](Self::settle) first.
#[derive(Debug)]
pub(super) struct Journal {
    inner: Arc<Inner>,
    lease: Lease,
    events: Arc<JobEvents>,
    /// Steps that are done, each with what its followers are told once that is written.
    unwritten: Mutex<Vec<(StepRecord, EventBody)>>,
}

impl Journal {
    pub(super) fn new(inner: Arc<Inner>, lease: Lease, events: Arc<JobEvents>) -> Self {
        Self { inner, lease, events, unwritten: Mutex::default() }
    }

    /// Writes an entry, after all that is unwritten.
    pub(super) async fn write(&self, entry: &StepRecord) -> Result<()> {
        self.commit(Some(entry)).await
    }

    /// Notes a step that is done. Until it is written, the end of this process would let it be done again.
    pub(super) fn note(&self, entry: StepRecord, told: EventBody) {
        self.lock().push((entry, told));
    }

    /// Writes what is unwritten.
    pub(super) async fn settle(&self) -> Result<()> {
        self.commit(None).await
    }

    async fn commit(&self, last: Option<&StepRecord>) -> Result<()> {
        // Taken, not copied: two steps at the same time do not write one entry twice.
        let noted = std::mem::take(&mut *self.lock());
        let entries: Vec<_> = noted.iter().map(|(entry, _)| entry).chain(last).cloned().collect();
        if entries.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.inner.store.put_steps(&self.lease, &entries).await {
            self.lock().splice(..0, noted);
            return Err(error);
        }
        for (_, told) in noted {
            self.events.emit(told).await;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(StepRecord, EventBody)>> {
        // No one panics while holding it.
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
