//! Who did what: read, followed and checked.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};

use super::Engine;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AuditFilter, AuditRecord, AuditReport};
use crate::store::Scope;

const PAGE: u32 = 500;
/// How long a follower waits before it looks again.
const LOOK: Duration = Duration::from_millis(500);

impl Engine {
    /// Audit records in the order in which they were written: who asked for what, from where, by which plan, and what
    /// came of it. A client sees those of its own.
    ///
    /// A job has two: `job.create`, and `job.end` with its result. Everything else has one that is written before the
    /// change itself, so that none is without; a change that then did not happen has a second, with the result
    /// `failed`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>> {
        self.inner.store.list_audit(&self.scope, filter).await
    }

    /// The audit records that fit, from the filter's `after` on: first those that are there, then new ones as they are
    /// written. The stream does not end by itself.
    ///
    /// # Errors
    /// Inside the stream: those of the store.
    #[must_use]
    pub fn follow_audit(&self, filter: AuditFilter) -> BoxStream<'static, Result<AuditRecord>> {
        let (store, scope) = (Arc::clone(&self.inner.store), self.scope.clone());
        let filter = AuditFilter { limit: Some(PAGE), ..filter };
        let pages = stream::try_unfold((filter, 0_u64), move |(mut filter, mut seen)| {
            let (store, scope) = (Arc::clone(&store), scope.clone());
            async move {
                loop {
                    let records = store.list_audit(&scope, &filter).await?;
                    if let Some(last) = records.last() {
                        filter.after = last.position;
                        return Ok(Some((stream::iter(records.into_iter().map(Ok)), (filter, seen))));
                    }
                    seen = store.wait_for_change(seen, LOOK).await?;
                }
            }
        });
        pages
            .flat_map(|page| match page {
                Ok(records) => records.left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            })
            .boxed()
    }

    /// Walks the whole audit and checks that no record was changed, taken out or put in. Keep what it returns: a later
    /// walk that does not come by the same `last` hash shows that the end was cut off and written anew.
    ///
    /// # Errors
    /// `Corrupt`, with the position of the first record that is not as it was written; `PermissionDenied` for the
    /// handle of a client, which does not see the whole.
    pub async fn verify_audit(&self) -> Result<AuditReport> {
        self.check_platform("audit.verify")?;
        let mut report = AuditReport::default();
        let mut previous: Option<Digest> = None;
        loop {
            let filter = AuditFilter::all().with_page(report.records, PAGE);
            let records = self.inner.store.list_audit(&Scope::Platform, &filter).await?;
            for record in &records {
                let expected = report.records + 1;
                let fault = if record.position != expected {
                    Some("a record is missing")
                } else if !record.is_intact() {
                    Some("a record was changed")
                } else if record.previous != previous {
                    Some("a record before this one was changed or taken out")
                } else {
                    None
                };
                if let Some(fault) = fault {
                    return Err(Error::new(ErrorKind::Corrupt, "audit.verify", fault)
                        .with_context("position", expected)
                        .with_remedy("compare with a backup; from this record on the audit proves nothing"));
                }
                report.records = record.position;
                previous = Some(record.hash.clone());
            }
            if records.len() < PAGE as usize {
                report.last = previous;
                return Ok(report);
            }
        }
    }
}
