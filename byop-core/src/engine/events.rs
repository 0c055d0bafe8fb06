//! Events of jobs: written once, replayed and followed by any number of readers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::Inner;
use super::redaction::Redaction;
use crate::error::Result;
use crate::id::JobId;
use crate::model::{Event, EventBody, Job};
use crate::stage::EventSink;

/// How long a follower waits for the sign of a writer in another process before it looks by itself.
const PATIENCE: Duration = Duration::from_millis(500);
const PAGE: u32 = 200;

/// Writes the events of one job, without the secrets that its stages know.
#[derive(Debug)]
pub(super) struct JobEvents {
    pub(super) inner: Arc<Inner>,
    pub(super) job: JobId,
    pub(super) redaction: Arc<Redaction>,
}

#[async_trait]
impl EventSink for JobEvents {
    async fn emit(&self, body: EventBody) {
        let body = self.redaction.body(body);
        if let Err(error) = self.inner.store.append_event(&self.job, &body).await {
            tracing::warn!(job = %self.job, %error, "an event could not be written");
        }
        self.inner.written.send_modify(|count| *count += 1);
    }
}

/// Replays the events after `after`, then follows until the job ends.
pub(super) fn follow(inner: Arc<Inner>, job: JobId, after: u64) -> BoxStream<'static, Result<Event>> {
    let pages = stream::try_unfold(Some(after), move |cursor| {
        let (inner, job) = (Arc::clone(&inner), job.clone());
        async move {
            let Some(mut cursor) = cursor else { return Ok(None) };
            let mut written = inner.written.subscribe();
            loop {
                // The state is read before the events: what a finished job wrote is then complete.
                let finished = inner.store.get_job(&job).await?.state.is_finished();
                let events = inner.store.list_events(&job, cursor, PAGE).await?;
                if let Some(last) = events.last() {
                    cursor = last.sequence;
                    return Ok(Some((stream::iter(events.into_iter().map(Ok)), Some(cursor))));
                }
                if finished {
                    return Ok(None);
                }
                let _ = tokio::time::timeout(PATIENCE, written.changed()).await;
            }
        }
    });
    pages
        .flat_map(|page| match page {
            Ok(events) => events.left_stream(),
            Err(error) => stream::iter([Err(error)]).right_stream(),
        })
        .boxed()
}

/// Waits until the job has ended.
pub(super) async fn wait(inner: &Inner, id: &JobId) -> Result<Job> {
    let mut written = inner.written.subscribe();
    loop {
        let job = inner.store.get_job(id).await?;
        if job.state.is_finished() {
            return Ok(job);
        }
        let _ = tokio::time::timeout(PATIENCE, written.changed()).await;
    }
}
