//! Statements put together, and numbers between our types and the database's.

use std::fmt::Write;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Fault, Outcome};
use crate::error::{Error, ErrorKind};

type Value<'a> = &'a (dyn ToSql + Sync);

/// Conditions of a `SELECT`. Only those that are asked for come into the text, so that each shape uses its index.
#[derive(Default)]
pub(super) struct Conditions<'a> {
    text: String,
    values: Vec<Value<'a>>,
}

impl<'a> Conditions<'a> {
    /// Adds one: a column and an operator, with the value after it.
    pub(super) fn require(&mut self, left: &str, value: Value<'a>) {
        self.values.push(value);
        let word = if self.text.is_empty() { "WHERE" } else { "AND" };
        // Writing to a text cannot fail.
        let _ = write!(self.text, " {word} {left} ${}", self.values.len());
    }

    /// Adds one without a value.
    pub(super) fn require_that(&mut self, condition: &str) {
        let word = if self.text.is_empty() { "WHERE" } else { "AND" };
        let _ = write!(self.text, " {word} {condition}");
    }

    /// The whole statement. `limit` becomes its last value.
    pub(super) fn select(&mut self, what: &str, order: &str, limit: Value<'a>) -> String {
        self.values.push(limit);
        format!("SELECT {what}{} ORDER BY {order} LIMIT ${}", self.text, self.values.len())
    }

    pub(super) fn values(&self) -> &[Value<'a>] {
        &self.values
    }
}

/// `None` is no limit, in SQL too.
pub(super) fn limit(limit: Option<u32>) -> Option<i64> {
    limit.map(i64::from)
}

/// A cursor of ours; what is too large for the database comes after everything.
pub(super) fn cursor(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}

/// Milliseconds that can be added to a time of day without leaving the numbers of the database.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(1 << 53)
}

/// A number that is never below zero.
pub(super) fn number(row: &Row, column: usize) -> Outcome<u64> {
    let found: i64 = row.try_get(column)?;
    u64::try_from(found).map_err(|error| {
        Fault::Refused(
            Error::new(ErrorKind::Corrupt, "store.read", "the database holds a negative number")
                .with_context("found", found)
                .with_source(error),
        )
    })
}
