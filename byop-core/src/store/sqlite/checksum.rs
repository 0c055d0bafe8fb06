//! Sums over what a row says. SQLite notices broken pages, but not a letter that became another one.
//!
//! Of the journal (jobs and steps) and of records: what is done twice, or not at all, when it is read wrong. Events are
//! for people, and the audit has its own hashes.

use rusqlite::Connection;

use super::fault::{Fault, Outcome};
use crate::digest::Hasher;
use crate::error::{Error, ErrorKind};

/// The first 64 bits of the SHA-256 of the parts.
pub(super) fn of(parts: &[&str]) -> i64 {
    let mut hasher = Hasher::new();
    parts.iter().for_each(|part| hasher.field(part.as_bytes()));
    let digest = hasher.finish();
    let hex = digest.as_str().trim_start_matches("sha256:");
    // There are 64 hex digits.
    u64::from_str_radix(&hex[..16], 16).unwrap_or_default().cast_signed()
}

/// Refuses a row that does not say what was written.
pub(super) fn verify(what: &'static str, key: &str, expected: i64, sum: i64) -> Outcome<()> {
    if expected == sum {
        return Ok(());
    }
    Err(Fault::Refused(
        Error::new(ErrorKind::Corrupt, "store.read", format!("a stored {what} is not what was written"))
            .with_context(what, key)
            .with_remedy("restore the file from a backup"),
    ))
}

/// Gives the rows of older versions their sums.
pub(super) fn fill(tx: &Connection) -> Outcome<()> {
    let mut rows = tx.prepare("SELECT collection, key, version, value, owner FROM records")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (collection, key): (String, String) = (row.get(0)?, row.get(1)?);
        let (version, value, owner): (u64, String, Option<String>) = (row.get(2)?, row.get(3)?, row.get(4)?);
        tx.prepare_cached("UPDATE records SET sum = ?3 WHERE collection = ?1 AND key = ?2")?.execute((
            &collection,
            &key,
            of_record(&collection, &key, owner.as_deref(), version, &value),
        ))?;
    }
    for (select, update) in [
        ("SELECT id, '', body FROM jobs", "UPDATE jobs SET sum = ?3 WHERE id = ?1 AND ?2 = ''"),
        ("SELECT job, key, body FROM steps", "UPDATE steps SET sum = ?3 WHERE job = ?1 AND key = ?2"),
    ] {
        let mut rows = tx.prepare(select)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (job, key, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            tx.prepare_cached(update)?.execute((&job, &key, of_step(&job, &key, &body)))?;
        }
    }
    Ok(())
}

pub(super) fn of_record(collection: &str, key: &str, owner: Option<&str>, version: u64, value: &str) -> i64 {
    of(&[collection, key, owner.unwrap_or_default(), &version.to_string(), value])
}

/// A job is the step without a key.
pub(super) fn of_step(job: &str, key: &str, body: &str) -> i64 {
    of(&[job, key, body])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_depends_on_each_part_and_where_it_ends() {
        let sum = of(&["a", "bc"]);
        assert_eq!(sum, of(&["a", "bc"]));
        for other in [&["ab", "c"][..], &["a", "bd"], &["a", "bc", ""]] {
            assert_ne!(sum, of(other));
        }
        assert!(verify("step", "k", of(&["a", "bc"]), sum).is_ok());
        assert!(verify("step", "k", of(&["a", "bC"]), sum).is_err());
    }
}
