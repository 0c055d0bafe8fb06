//! Events of jobs: written once, replayed and followed by any number of readers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::Inner;
use super::redaction::Redaction;
use crate::error::Result;
use crate::id::JobId;
use crate::model::{Event, EventBody, Job};
use crate::secret::LineRedactor;
use crate::stage::EventSink;

/// How long a follower waits for the sign of a writer in another process before it looks by itself.
const PATIENCE: Duration = Duration::from_millis(500);
const PAGE: u32 = 200;
/// Events that wait to be written; more make their stage wait.
const BATCH: usize = 256;

/// Writes the events of one job, without the secrets that its stages know. A writer in the background takes what has
/// come together in one transaction: a build may say thousands of lines.
#[derive(Debug)]
pub(super) struct JobEvents {
    queue: mpsc::Sender<Message>,
    redaction: Arc<Redaction>,
    /// Output, in which a value may go over several lines, each with its stage.
    lines: Mutex<LineRedactor<String>>,
}

#[derive(Debug)]
enum Message {
    Event(EventBody),
    Flush(oneshot::Sender<()>),
}

impl JobEvents {
    pub(super) fn new(inner: Arc<Inner>, job: JobId, redaction: Arc<Redaction>) -> Self {
        let (queue, messages) = mpsc::channel(BATCH);
        tokio::spawn(write(inner, job, messages));
        let lines = Mutex::new(redaction.redactor().lines());
        Self { queue, redaction, lines }
    }

    /// Waits until all that was said so far is in the store.
    pub(super) async fn flush(&self) {
        let mut lines = self.lines.lock().await;
        self.send(lines.finish()).await;
        let (done, written) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    async fn send(&self, lines: Vec<(String, String)>) {
        for (line, stage) in lines {
            // The writer ends after its senders, so this cannot fail.
            let _ = self.queue.send(Message::Event(EventBody::Log { stage, line })).await;
        }
    }
}

#[async_trait]
impl EventSink for JobEvents {
    async fn emit(&self, body: EventBody) {
        // Held while the queue is full too: what is said keeps its order.
        let mut lines = self.lines.lock().await;
        if let EventBody::Log { stage, line } = body {
            return self.send(lines.push(&line, stage)).await;
        }
        self.send(lines.finish()).await;
        let _ = self.queue.send(Message::Event(self.redaction.body(body))).await;
    }
}

async fn write(inner: Arc<Inner>, job: JobId, mut messages: mpsc::Receiver<Message>) {
    let mut batch = Vec::with_capacity(BATCH);
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut bodies = Vec::new();
        let mut flushed = Vec::new();
        for message in batch.drain(..) {
            match message {
                Message::Event(body) => bodies.push(body),
                Message::Flush(done) => flushed.push(done),
            }
        }
        if let Err(error) = inner.store.append_events(&job, bodies).await {
            tracing::warn!(%job, %error, "events could not be written");
        }
        inner.written.send_modify(|count| *count += 1);
        for done in flushed {
            let _ = done.send(());
        }
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
