//! Events of jobs: written once, replayed and followed by any number of readers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::Inner;
use super::redaction::Redaction;
use super::steady::Tries;
use crate::error::Result;
use crate::id::JobId;
use crate::model::{Event, EventBody, Job, Subject};
use crate::secret::LineRedactor;
use crate::stage::EventSink;
use crate::store::{Lease, Scope};

/// How long a follower waits for a sign before it looks by itself.
const PATIENCE: Duration = Duration::from_secs(5);
const PAGE: u32 = 200;
/// Events that wait to be written; more make their stage wait.
const BATCH: usize = 256;

/// Writes the events of one job, without the secrets that its stages know. A writer in the background takes what has
/// come together in one transaction: a build may say thousands of lines.
#[derive(Debug)]
pub(super) struct JobEvents {
    queue: mpsc::Sender<Message>,
    redaction: Arc<Redaction>,
    /// Output, in which a value may go over several lines, each with its stage; and how many values are looked for.
    lines: Mutex<(LineRedactor<String>, usize)>,
}

#[derive(Debug)]
enum Message {
    Event(EventBody),
    Flush(oneshot::Sender<()>),
}

impl JobEvents {
    pub(super) fn new(inner: Arc<Inner>, lease: Lease, redaction: Arc<Redaction>) -> Self {
        let (queue, messages) = mpsc::channel(BATCH);
        tokio::spawn(write(inner, lease, messages));
        let (redactor, known) = redaction.redactor();
        let lines = Mutex::new((redactor.lines(), known));
        Self { queue, redaction, lines }
    }

    /// Waits until all that was said so far is in the store.
    pub(super) async fn flush(&self) {
        let mut lines = self.lines.lock().await;
        self.send(lines.0.finish()).await;
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
            let (redactor, known) = self.redaction.redactor();
            if lines.1 != known {
                self.send(lines.0.finish()).await;
                *lines = (redactor.lines(), known);
            }
            return self.send(lines.0.push(&line, stage)).await;
        }
        self.send(lines.0.finish()).await;
        let _ = self.queue.send(Message::Event(self.redaction.body(body))).await;
    }
}

async fn write(inner: Arc<Inner>, lease: Lease, mut messages: mpsc::Receiver<Message>) {
    let mut batch = Vec::with_capacity(BATCH);
    // What earlier holders wrote is not this one's.
    let mut last = 0;
    if lease.token > 1
        && let Err(error) = read_on(&inner, &lease, &mut last).await
    {
        tracing::warn!(job = %lease.job, %error, "earlier events could not be read");
    }
    while messages.recv_many(&mut batch, BATCH).await > 0 {
        let mut bodies = Vec::new();
        let mut flushed = Vec::new();
        for message in batch.drain(..) {
            match message {
                Message::Event(body) => bodies.push(body),
                Message::Flush(done) => flushed.push(done),
            }
        }
        if !bodies.is_empty()
            && let Err(error) = append(&inner, &lease, &bodies, &mut last).await
        {
            tracing::warn!(job = %lease.job, %error, "events could not be written");
        }
        for done in flushed {
            let _ = done.send(());
        }
    }
}

/// Writes events once, though an answer is lost: only who holds the lease writes, so what is found after `last` is
/// either this or a change of the job's state.
async fn append(inner: &Inner, lease: &Lease, bodies: &[EventBody], last: &mut u64) -> Result<()> {
    let mut tries = Tries::default();
    loop {
        if tries.is_unsure() {
            let found = read_on(inner, lease, last).await?;
            if !found.is_empty() && found.windows(bodies.len()).any(|window| window == bodies) {
                return Ok(());
            }
        }
        match inner.store.append_events(lease, bodies.to_vec()).await {
            Ok(events) => {
                *last = events.last().map_or(*last, |event| event.sequence);
                return Ok(());
            }
            Err(error) => tries.after(error).await?,
        }
    }
}

/// The events after `last`, which then is the last of them.
async fn read_on(inner: &Inner, lease: &Lease, last: &mut u64) -> Result<Vec<EventBody>> {
    let mut found = Vec::new();
    loop {
        let page = inner.store.list_events(&Scope::Platform, &lease.job, *last, PAGE).await?;
        let Some(newest) = page.last() else { return Ok(found) };
        *last = newest.sequence;
        found.extend(page.into_iter().map(|event| event.body));
    }
}

/// Replays the events after `after`, then follows until the job ends.
pub(super) fn follow(
    inner: Arc<Inner>,
    scope: Scope,
    job: JobId,
    after: u64,
) -> BoxStream<'static, Result<Event>> {
    let pages = stream::try_unfold((after, 0), move |(cursor, mut seen)| {
        let (inner, scope, job) = (Arc::clone(&inner), scope.clone(), job.clone());
        async move {
            loop {
                // What changes from here on ends the next wait.
                seen = inner.store.wait_for_change(seen, PATIENCE).await?;
                // The state is read before the events: what a finished job wrote is then complete.
                let finished = inner.store.get_job(&scope, &job).await?.state.is_finished();
                let events = inner.store.list_events(&scope, &job, cursor, PAGE).await?;
                if let Some(last) = events.last() {
                    // A full page is not the last: the next one is not waited for.
                    let seen = if events.len() == PAGE as usize || finished { 0 } else { seen };
                    let cursor = last.sequence;
                    return Ok(Some((stream::iter(events.into_iter().map(Ok)), (cursor, seen))));
                }
                if finished {
                    return Ok(None);
                }
            }
        }
    });
    flat(pages)
}

/// Replays the events of all jobs of a subject after `after`, then follows them for ever.
pub(super) fn follow_subject(
    inner: Arc<Inner>,
    scope: Scope,
    subject: Subject,
    after: u64,
) -> BoxStream<'static, Result<Event>> {
    let pages = stream::try_unfold((after, 0), move |(cursor, mut seen)| {
        let (inner, scope, subject) = (Arc::clone(&inner), scope.clone(), subject.clone());
        async move {
            loop {
                seen = inner.store.wait_for_change(seen, PATIENCE).await?;
                let events = inner.store.list_subject_events(&scope, &subject, cursor, PAGE).await?;
                if let Some(last) = events.last() {
                    let seen = if events.len() == PAGE as usize { 0 } else { seen };
                    let cursor = last.position;
                    return Ok(Some((stream::iter(events.into_iter().map(Ok)), (cursor, seen))));
                }
            }
        }
    });
    flat(pages)
}

fn flat<P>(pages: impl Stream<Item = Result<P>> + Send + 'static) -> BoxStream<'static, Result<Event>>
where
    P: Stream<Item = Result<Event>> + Send + 'static,
{
    pages
        .flat_map(|page| match page {
            Ok(events) => events.left_stream(),
            Err(error) => stream::iter([Err(error)]).right_stream(),
        })
        .boxed()
}

/// Waits until the job has ended.
pub(super) async fn wait(inner: &Inner, scope: &Scope, id: &JobId) -> Result<Job> {
    let mut seen = 0;
    loop {
        seen = inner.store.wait_for_change(seen, PATIENCE).await?;
        let job = inner.store.get_job(scope, id).await?;
        if job.state.is_finished() {
            return Ok(job);
        }
    }
}
