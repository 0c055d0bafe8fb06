//! What is told of a run.

use std::collections::BTreeSet;
use std::time::Duration;

/// A generated image may be this much larger than the one by hand.
pub(crate) const MOST_OF_BY_HAND: f64 = 1.3;

/// A build after a change in one source file is quick if it takes at most this share of the first.
pub(crate) const MOST_OF_FIRST: f64 = 0.25;

/// What was found out about one app.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) app: String,
    pub(crate) stack: String,
    pub(crate) first: Option<Timing>,
    pub(crate) second: Option<Timing>,
    pub(crate) up: Option<Duration>,
    pub(crate) stop: Option<Duration>,
    pub(crate) bytes: u64,
    pub(crate) bytes_by_hand: u64,
    pub(crate) problems: Vec<String>,
}

/// How long a build took, and how many of its steps came from the cache.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) took: Duration,
    pub(crate) cached: usize,
    pub(crate) steps: usize,
}

impl Row {
    /// The size in shares of the one by hand.
    pub(crate) fn ratio(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss)]
        (self.bytes_by_hand > 0 && self.bytes > 0).then(|| self.bytes as f64 / self.bytes_by_hand as f64)
    }

    /// The time of the second build in shares of the first.
    pub(crate) fn rebuild(&self) -> Option<f64> {
        Some(self.second?.took.as_secs_f64() / self.first?.took.as_secs_f64())
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.problems.iter().map(|problem| format!("{}: {problem}", self.app)).collect()
    }

    /// The row in one line.
    pub(crate) fn line(&self) -> String {
        let verdict = if self.problems.is_empty() { "ok" } else { "FAILED" };
        let rest: Vec<String> = self.cells().into_iter().skip(2).collect();
        format!("{} ({}) {verdict}: {}", self.app, self.stack, rest.join(", "))
    }

    fn cells(&self) -> [String; 8] {
        let seconds =
            |took: Option<Duration>| took.map_or("-".into(), |t| format!("{:.1} s", t.as_secs_f64()));
        let timing = |timing: Option<Timing>| {
            timing.map_or("-".into(), |t| {
                format!("{:.1} s ({}/{} cached)", t.took.as_secs_f64(), t.cached, t.steps)
            })
        };
        [
            self.app.clone(),
            self.stack.clone(),
            timing(self.first),
            timing(self.second),
            seconds(self.up),
            seconds(self.stop),
            format!("{:.1} MB", megabytes(self.bytes)),
            self.ratio().map_or("-".into(), |ratio| format!("{ratio:.2} x by hand")),
        ]
    }
}

#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// How many stacks the rows are about.
pub(crate) fn stacks(rows: &[Row]) -> usize {
    rows.iter().map(|row| row.stack.as_str()).filter(|stack| !stack.is_empty()).collect::<BTreeSet<_>>().len()
}

/// How many apps, of how many stacks, are built quickly after a change.
pub(crate) fn quick(rows: &[Row]) -> (usize, usize) {
    let quick = rows.iter().filter(|row| row.rebuild().is_some_and(|share| share <= MOST_OF_FIRST));
    let quick: Vec<&str> = quick.map(|row| row.stack.as_str()).collect();
    (quick.len(), quick.iter().collect::<BTreeSet<_>>().len())
}

/// How many second builds are quick, and which are not. It means something where the first build was from nothing.
pub(crate) fn rebuilds(rows: &[Row]) -> String {
    let (apps, stacks) = quick(rows);
    let slow = rows.iter().filter_map(|row| Some((row.rebuild()?, row)));
    let mut slow: Vec<(f64, &Row)> = slow.filter(|(share, _)| *share > MOST_OF_FIRST).collect();
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    let slow: Vec<String> =
        slow.iter().map(|(share, row)| format!("{} {:.0} %", row.app, share * 100.0)).collect();
    format!(
        "one file changed: {apps} of {} apps, {stacks} stacks, take at most {:.0} % of the first build; more take: {}",
        rows.len(),
        MOST_OF_FIRST * 100.0,
        slow.join(", ")
    )
}

/// The rows as a table in Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let heads =
        ["app", "stack", "first build", "one file changed", "answers after", "stops in", "image", "size"];
    let mut lines = vec![format!("| {} |", heads.join(" | ")), format!("|{}", "---|".repeat(heads.len()))];
    lines.extend(rows.iter().map(|row| format!("| {} |", row.cells().join(" | "))));
    lines.join("\n")
}
