//! Looks at a commit's listing before it is written out: trees can share their parts, so that a few objects unfold to
//! thousands of millions of files, and git would hold them all in memory before the first one came out.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use super::{OPERATION, program};
use crate::error::{Error, ErrorKind, Result};
use crate::model::SourceLimits;
use crate::source::{ignored, path, walk};

/// Longer than any path that could be unpacked.
const RECORD_LIMIT: u64 = 64 << 10;
/// How many more entries there may be in what is left out anyway, such as installed packages.
const LEFT_OUT: usize = 20;

/// Refuses a listing beyond the limits. `command` writes it: `ls-tree -r -t -l -z`.
pub(super) fn check(mut command: Command, limits: &SourceLimits) -> Result<()> {
    let mut child = command.stderr(Stdio::null()).spawn().map_err(program::not_started)?;
    let done = match child.stdout.take() {
        Some(output) => read(output, limits),
        None => Err(Error::new(ErrorKind::Internal, OPERATION, "git has no output")),
    };
    if done.is_err() {
        // It may have ended by itself; then there is nothing to kill.
        let _ = child.kill();
    }
    let status = child.wait();
    done?;
    if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(unreadable()) }
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Unavailable, OPERATION, "git could not list the commit")
}

/// Records are `<mode> <kind> <id> <size>\t<path>\0`.
fn read(output: impl Read, limits: &SourceLimits) -> Result<()> {
    let mut output = BufReader::with_capacity(1 << 16, output);
    let (mut entries, mut all, mut bytes) = (0_usize, 0_usize, 0_u64);
    let mut record = Vec::new();
    loop {
        record.clear();
        let read = (&mut output).take(RECORD_LIMIT).read_until(0, &mut record);
        if read.map_err(|error| unreadable().with_source(error))? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&record);
        let (facts, name) = text.trim_end_matches('\0').split_once('\t').ok_or_else(unreadable)?;
        let shown = || path::shown(name.as_bytes());
        all += 1;
        if name.matches('/').count() > limits.depth || !record.ends_with(&[0]) {
            return Err(walk::too_deep(OPERATION, limits).with_context("entry", shown()));
        }
        if name.split('/').any(ignored::is_pruned) {
            if all > limits.entries.saturating_mul(LEFT_OUT) {
                return Err(walk::too_many(OPERATION, limits).with_context("entry", shown()));
            }
            continue;
        }
        if facts.starts_with("160000 ") {
            tracing::warn!(path = shown(), "a submodule is not fetched; its folder stays empty");
        }
        entries += 1;
        if entries > limits.entries {
            return Err(walk::too_many(OPERATION, limits).with_context("entry", shown()));
        }
        // Folders and submodules have a dash for their size.
        let size = facts.split_ascii_whitespace().nth(3).and_then(|size| size.parse::<u64>().ok());
        bytes = bytes.saturating_add(size.unwrap_or(0));
        if bytes > limits.bytes {
            return Err(walk::too_large(OPERATION, limits).with_context("entry", shown()));
        }
    }
}
