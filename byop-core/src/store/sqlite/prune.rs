//! Removing what is past.

use rusqlite::{Connection, named_params};

use super::super::{Pruned, Retention};
use super::fault::Outcome;
use crate::clock::Timestamp;
use crate::model::Subject;

/// Each ended job is judged by the newer ones of its subject: how many ended before it is reached, and how many events
/// all of them have together with it.
pub(super) fn prune(
    tx: &Connection,
    subject: Option<&Subject>,
    retention: &Retention,
    now: Timestamp,
) -> Outcome<Pruned> {
    // Two texts, so that one subject's index is used for it.
    let of = if subject.is_some() { "subject = :subject" } else { ":subject IS NULL" };
    let jobs: Vec<String> = tx
        .prepare_cached(&format!(
            "WITH judged AS (
                SELECT id, finished, finished_at,
                    sum(finished) OVER newer AS ended,
                    sum(last_sequence) OVER newer AS events
                FROM jobs WHERE {of} WINDOW newer AS (PARTITION BY subject ORDER BY position DESC)
            )
            SELECT id FROM judged WHERE finished = 1 AND ended > 1 AND (
                ended > :jobs OR events > :events OR finished_at <= :until)"
        ))?
        .query_map(
            named_params! {
                ":subject": subject.map(ToString::to_string),
                ":jobs": retention.jobs_per_subject.map(|jobs| jobs.max(1)),
                ":events": retention.events_per_subject.map(|events| i64::try_from(events).unwrap_or(i64::MAX)),
                ":until": retention.job_age.map(|age| now.minus(age).0),
            },
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let mut pruned = Pruned::default();
    for job in &jobs {
        pruned.events += tx.prepare_cached("DELETE FROM events WHERE job = ?1")?.execute([job])? as u64;
        tx.prepare_cached("DELETE FROM steps WHERE job = ?1")?.execute([job])?;
        pruned.jobs += tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([job])? as u64;
    }
    Ok(pruned)
}
