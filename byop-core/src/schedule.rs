//! When a recurring job is due: cron expressions in the clock of a place.
//!
//! # Days on which the clock is put forward or back
//!
//! An expression without `*` in its minute and hour fields names *times of the day*. Each of them happens once on each
//! day that it names: one that falls into the hour that is left out happens at the end of the gap, and one in the hour
//! that comes twice happens the first time only. With a `*` in one of these two fields, such as `*/15 * * * *`, an
//! expression names an *interval*: it follows the clock on the wall, so it pauses for what is left out and goes on
//! through what comes twice.
//!
//! | Expression, in Europe/Paris | 2026-03-29: no 02:00 to 02:59 | 2026-10-25: 02:00 to 02:59 twice |
//! | --- | --- | --- |
//! | `30 2 * * *` | once, at 03:00 summer time | once, at 02:30 summer time |
//! | `0 1-4 * * *` | at 01:00, 03:00, 04:00 | at 01:00, 02:00 summer time, 03:00, 04:00 |
//! | `30 * * * *` | at 00:30, 01:30, 03:30, ... | at 01:30, twice at 02:30, 03:30, ... |

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::MissedRuns;

/// A time that is over by more than this, in milliseconds, was missed.
const GRACE: i64 = 60_000;

const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last day"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of the week", "0 to 7 with Sunday as 0 and 7, or SUN to SAT"),
];
const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// Times of one day that a search passes over before it gives up; more than a day has minutes.
const MOST_PASSED: usize = 1500;
/// How far back the search for the latest times looks at first, in milliseconds.
const FIRST_SPAN: i64 = 3_600_000;

/// A cron expression in a time zone.
///
/// Five fields (minute, hour, day of the month, month, day of the week) or `@hourly`, `@daily`, `@weekly`, `@monthly`,
/// `@yearly`. Besides `*`, lists, ranges and steps: `L` is the last day of the month, `15W` the weekday nearest to the
/// 15th, `FRI#2` the second Friday, `FRI#L` the last. Where both days are given, one of them is enough; with a `+`
/// before the day of the week both must fit.
///
/// ```
/// use byop_core::clock::Timestamp;
/// use byop_core::schedule::Cron;
///
/// let nightly = Cron::new("30 2 * * *", "Europe/Paris")?;
/// // 2026-11-21 07:00 UTC; half past two of the next morning in Paris is 01:30 UTC.
/// let next = nightly.next_after(Timestamp(1_795_244_400_000));
/// assert_eq!(next, Some(Timestamp(1_795_311_000_000)));
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cron {
    pattern: croner::Cron,
    zone: TimeZone,
    /// Whether it names times of the day, not an interval.
    names_times: bool,
}

impl Cron {
    /// Reads an expression and the name of a time zone, such as `Europe/Paris` or `UTC`.
    ///
    /// # Errors
    /// `InvalidInput`, with the field that is wrong as context `field`.
    pub fn new(expression: &str, time_zone: &str) -> Result<Self> {
        let zone = find_zone(time_zone)?;
        let fields = split(expression)?;
        for (field, (name, range)) in fields.iter().zip(FIELDS) {
            check_field(expression, field, name, range)?;
        }
        let text = fields.join(" ");
        let pattern = parse(&text).map_err(|error| {
            refused(expression, "this cannot be read as a cron expression").with_source(error)
        })?;
        // The 30th of February never comes, and a job that is never due is a mistake.
        if pattern.find_next_occurrence(&jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0), true).is_err() {
            return Err(refused(expression, "no day fits this cron expression")
                .with_context("field", "day of the month")
                .with_remedy("correct the days and the month"));
        }
        let names_times = !fields[..2].iter().any(|field| field.contains('*'));
        Ok(Self { pattern, zone, names_times })
    }

    /// The first time after `after` at which it is due; none in the years that can be reckoned with.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let now = jiff::Timestamp::from_millisecond(after.0).ok()?.to_zoned(self.zone.clone());
        if !self.names_times {
            let next = self.pattern.find_next_occurrence(&now, false).ok()?;
            return Some(Timestamp(next.timestamp().as_millisecond()));
        }
        // Days are searched on the calendar, where each has each of its times once.
        let mut day_time = now.datetime();
        for _ in 0..MOST_PASSED {
            day_time = self.pattern.find_next_occurrence(&day_time, false).ok()?;
            let instant = self.instant(day_time)?;
            if instant > after {
                return Some(instant);
            }
        }
        None
    }

    /// The times at which it is due after `after` and up to `until`, in order; the last `most` of them. Quick also where
    /// years lie between the two.
    #[must_use]
    pub fn due(&self, after: Timestamp, until: Timestamp, most: usize) -> Vec<Timestamp> {
        let mut span = FIRST_SPAN;
        loop {
            let start = Timestamp(until.0.saturating_sub(span).max(after.0));
            let mut found: Vec<_> =
                std::iter::successors(self.next_after(start), |time| self.next_after(*time))
                    .take_while(|time| *time <= until)
                    .collect();
            if found.len() >= most || start == after {
                return found.split_off(found.len().saturating_sub(most));
            }
            span = span.saturating_mul(2);
        }
    }

    /// The times from `from` to `now` at which there is to be a run, and the last of those that are left out.
    #[must_use]
    pub fn runs(
        &self,
        missed: MissedRuns,
        from: Timestamp,
        now: Timestamp,
    ) -> (Vec<Timestamp>, Option<Timestamp>) {
        let before = Timestamp(from.0.saturating_sub(1));
        let over = Timestamp(now.0.saturating_sub(GRACE));
        let last_missed = || self.due(before, over, 1).pop();
        match missed {
            MissedRuns::Skip => (self.due(before.max(over), now, usize::MAX), last_missed()),
            MissedRuns::RunOnce if last_missed().is_some() => (self.due(before, now, 1), None),
            MissedRuns::RunOnce => (self.due(before, now, usize::MAX), None),
            MissedRuns::RunAll { most } => {
                let runs = self.due(before, now, most as usize);
                let surplus =
                    runs.first().and_then(|first| self.due(before, Timestamp(first.0 - 1), 1).pop());
                (runs, surplus)
            }
        }
    }

    /// When the clock of the place shows this: the first time that it does, or the end of the gap that it falls into.
    fn instant(&self, day_time: DateTime) -> Option<Timestamp> {
        let shown = self.zone.to_ambiguous_zoned(day_time);
        let is_left_out = matches!(shown.offset(), AmbiguousOffset::Gap { .. });
        let earlier = shown.earlier().ok()?.timestamp();
        let instant = if is_left_out { self.zone.following(earlier).next()?.timestamp() } else { earlier };
        Some(Timestamp(instant.as_millisecond()))
    }
}

fn find_zone(name: &str) -> Result<TimeZone> {
    let is_name = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'+' | b'-'));
    let unknown = || {
        Error::invalid("schedule.parse", "there is no time zone of this name")
            .with_context("field", "time_zone")
            .with_context("value", shown(name))
            .with_remedy("give a name of the time zone database, such as Europe/Paris or UTC")
    };
    if !is_name {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|error| unknown().with_source(error))
}

fn split(expression: &str) -> Result<Vec<String>> {
    if expression.len() > 256 {
        return Err(refused(expression, "the cron expression is longer than 256 characters"));
    }
    let text = expression.trim().to_ascii_uppercase();
    let text = match text.as_str() {
        "@YEARLY" | "@ANNUALLY" => "0 0 1 1 *",
        "@MONTHLY" => "0 0 1 * *",
        "@WEEKLY" => "0 0 * * 0",
        "@DAILY" | "@MIDNIGHT" => "0 0 * * *",
        "@HOURLY" => "0 * * * *",
        other => other,
    };
    let fields: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if fields.len() == FIELDS.len() {
        return Ok(fields);
    }
    Err(refused(expression, format!("a cron expression has 5 fields, and this one has {}", fields.len()))
        .with_remedy("give minute, hour, day of the month, month and day of the week, such as `30 2 * * MON`; or @daily"))
}

/// Checks one field by itself, so that the error can name it.
fn check_field(expression: &str, field: &str, name: &'static str, range: &str) -> Result<()> {
    let alone = FIELDS.map(|(known, _)| if known == name { field } else { "*" }).join(" ");
    let read = parse(&alone);
    if has_known_words(field, name) && field.split(',').all(|part| !part.is_empty()) && read.is_ok() {
        return Ok(());
    }
    let error = refused(expression, format!("the field for the {name} cannot be read"))
        .with_context("field", name)
        .with_context("value", shown(field))
        .with_remedy(format!(
            "give {range}; lists such as 1,3, ranges such as 1-5 and steps such as */2 are fine"
        ));
    Err(match read {
        Ok(_) => error,
        Err(source) => error.with_source(source),
    })
}

/// The library takes `JANFEB` for December: letters must be a name, or a letter with a meaning, and nothing else.
fn has_known_words(field: &str, name: &str) -> bool {
    let (names, letters) = match name {
        "month" => (MONTHS, &[][..]),
        "day of the week" => (WEEKDAYS, &["L"][..]),
        "day of the month" => (&[][..], &["L", "W", "LW"][..]),
        _ => (&[][..], &[][..]),
    };
    let is_separator = |c: char| matches!(c, ',' | '-' | '/' | '#' | '+' | '*' | '?');
    field.split(is_separator).all(|word| {
        let text = word.trim_start_matches(|c: char| c.is_ascii_digit());
        text.is_empty() || letters.contains(&text) || names.contains(&word)
    })
}

fn parse(text: &str) -> Result<croner::Cron, croner::errors::CronError> {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(text)
}

fn refused(expression: &str, message: impl Into<String>) -> Error {
    Error::invalid("schedule.parse", message).with_context("expression", shown(expression))
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn at(zone: &str, text: &str) -> Timestamp {
        let zoned = format!("{text}[{zone}]").parse::<jiff::Zoned>().unwrap();
        Timestamp(zoned.timestamp().as_millisecond())
    }

    /// The next `count` times after `from`, as a clock of the place with its offset shows them.
    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let cron = Cron::new(expression, zone).unwrap();
        let mut time = at(zone, from);
        let mut found = Vec::new();
        for _ in 0..count {
            time = cron.next_after(time).unwrap();
            let zoned = jiff::Timestamp::from_millisecond(time.0).unwrap().in_tz(zone).unwrap();
            found.push(zoned.strftime("%d %H:%M %z").to_string());
        }
        found
    }

    #[test]
    fn a_time_that_the_day_leaves_out_is_at_the_end_of_the_gap() {
        let days = times("30 2 * * *", "Europe/Paris", "2026-03-28T00:00", 3);
        assert_eq!(days, ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]);
        let both = times("15,45 2,3 * * *", "Europe/Paris", "2026-03-29T00:00", 4);
        assert_eq!(both, ["29 03:00 +0200", "29 03:15 +0200", "29 03:45 +0200", "30 02:15 +0200"]);
        let hours = times("0 1-4 * * *", "Europe/Paris", "2026-03-29T00:00", 3);
        assert_eq!(hours, ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"]);
    }

    #[test]
    fn a_time_that_the_day_has_twice_is_the_first() {
        let days = times("30 2 * * *", "Europe/Paris", "2026-10-24T03:00", 3);
        assert_eq!(days, ["25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"]);
        // Between the two, and in the second.
        for from in ["2026-10-25T02:45+02:00", "2026-10-25T02:15+01:00", "2026-10-25T02:30+01:00"] {
            assert_eq!(times("30 2 * * *", "Europe/Paris", from, 1), ["26 02:30 +0100"], "{from}");
        }
        let lists = times("0,30 2,14 * * *", "America/New_York", "2026-03-07T14:30", 3);
        assert_eq!(lists, ["08 03:00 -0400", "08 14:00 -0400", "08 14:30 -0400"]);
    }

    #[test]
    fn an_interval_follows_the_clock_on_the_wall() {
        let forward = times("30 * * * *", "Europe/Paris", "2026-03-29T00:00", 3);
        assert_eq!(forward, ["29 00:30 +0100", "29 01:30 +0100", "29 03:30 +0200"]);
        let back = times("30 * * * *", "Europe/Paris", "2026-10-25T01:00", 4);
        assert_eq!(back, ["25 01:30 +0200", "25 02:30 +0200", "25 02:30 +0100", "25 03:30 +0100"]);
        // A day whose clock is put back by half an hour.
        let half = times("*/20 * * * *", "Australia/Lord_Howe", "2026-04-05T01:15", 4);
        assert_eq!(half, ["05 01:20 +1100", "05 01:40 +1100", "05 01:40 +1030", "05 02:00 +1030"]);
    }

    /// Every minute around the changes of many places, one after the other, against what the clock there shows.
    #[test]
    fn intervals_are_what_a_clock_shows_minute_by_minute() {
        for (zone, from) in [
            ("Europe/Paris", "2026-03-28T22:00"),
            ("Europe/Paris", "2026-10-24T22:00"),
            ("America/St_Johns", "2026-11-01T00:00"),
            ("Australia/Lord_Howe", "2026-10-03T22:00"),
            ("Africa/Casablanca", "2026-02-14T22:00"),
            ("Asia/Kathmandu", "2026-02-14T22:00"),
        ] {
            for (expression, minutes) in [("*/15 * * * *", 15), ("*/7 * * * *", 7), ("* 2 * * *", 1)] {
                let cron = Cron::new(expression, zone).unwrap();
                let start = at(zone, from);
                let until = Timestamp(start.0 + 8 * 3_600_000);
                let shown = (1..=8 * 60).map(|n| Timestamp(start.0 + n * 60_000)).filter(|time| {
                    let clock = jiff::Timestamp::from_millisecond(time.0).unwrap().in_tz(zone).unwrap();
                    let hour_fits = expression != "* 2 * * *" || clock.hour() == 2;
                    hour_fits && clock.minute() % minutes == 0
                });
                assert_eq!(cron.due(start, until, 1000), shown.collect::<Vec<_>>(), "{expression} {zone}");
            }
        }
    }

    #[test]
    fn each_named_time_happens_once_on_each_day_of_years() {
        for zone in ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"] {
            for hour in [0, 1, 2, 3] {
                let cron = Cron::new(&format!("30 {hour} * * *"), zone).unwrap();
                let (start, until) = (at(zone, "2024-01-01T00:00"), at(zone, "2028-01-01T00:00"));
                let due = cron.due(start, until, usize::MAX);
                assert_eq!(due.len(), 366 + 3 * 365, "{zone} {hour}");
                assert!(due.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }

    #[test]
    fn only_the_last_of_many_are_kept() {
        let cron = Cron::new("@hourly", "UTC").unwrap();
        let hour = 3_600_000;
        assert_eq!(
            cron.due(Timestamp(0), Timestamp(5 * hour), 2),
            [Timestamp(4 * hour), Timestamp(5 * hour)]
        );
        assert_eq!(cron.due(Timestamp(0), Timestamp(hour - 1), 2), []);
        assert_eq!(cron.due(Timestamp(hour), Timestamp(0), 2), []);
        // A clock that was set wrong by centuries is no reason to count every minute.
        let minutes = Cron::new("* * * * *", "Europe/Paris").unwrap();
        let late = minutes.due(Timestamp(0), Timestamp(300 * 365 * 24 * hour), 3);
        assert_eq!(late.len(), 3);
        assert_eq!(late[2], Timestamp(300 * 365 * 24 * hour));
    }

    #[test]
    fn missed_times_are_left_out_made_up_for_once_or_each() {
        let cron = Cron::new("@hourly", "UTC").unwrap();
        let hour = |n: i64| Timestamp(n * 3_600_000);
        let late = |n: i64| Timestamp(hour(n).0 + 10_000);
        let all = MissedRuns::RunAll { most: 2 };
        for (missed, from, now, runs, left_out) in [
            // On time.
            (MissedRuns::Skip, 1, late(1), vec![1], None),
            (MissedRuns::RunOnce, 1, late(1), vec![1], None),
            (all, 1, late(1), vec![1], None),
            // Three missed, and one on time.
            (MissedRuns::Skip, 1, late(4), vec![4], Some(3)),
            (MissedRuns::RunOnce, 1, late(4), vec![4], None),
            (all, 1, late(4), vec![3, 4], Some(2)),
            // Three missed, the last by half an hour.
            (MissedRuns::Skip, 1, Timestamp(hour(3).0 + 1_800_000), vec![], Some(3)),
            (MissedRuns::RunOnce, 1, Timestamp(hour(3).0 + 1_800_000), vec![3], None),
            (all, 1, Timestamp(hour(3).0 + 1_800_000), vec![2, 3], Some(1)),
            // Not yet.
            (MissedRuns::RunOnce, 2, late(1), vec![], None),
        ] {
            let (found, skipped) = cron.runs(missed, hour(from), now);
            assert_eq!(found, runs.into_iter().map(hour).collect::<Vec<_>>(), "{missed:?} {now:?}");
            assert_eq!(skipped, left_out.map(hour), "{missed:?} {now:?}");
        }
    }

    #[test]
    fn names_nicknames_and_letters_with_a_meaning_are_read() {
        let first = |expression: &str| times(expression, "UTC", "2026-11-21T07:00", 1).remove(0);
        for (expression, next) in [
            ("@daily", "22 00:00 +0000"),
            ("@Weekly", "22 00:00 +0000"),
            (" 0  12 * * mon-fri ", "23 12:00 +0000"),
            ("0 0 L * *", "30 00:00 +0000"),
            ("0 0 * * FRI#L", "27 00:00 +0000"),
            ("0 0 1 jan,feb *", "01 00:00 +0000"),
            ("0 0 1 * +TUE", "01 00:00 +0000"),
            ("0 0 * * 7", "22 00:00 +0000"),
            ("0 0 29W * *", "30 00:00 +0000"),
        ] {
            assert_eq!(first(expression), next, "{expression}");
        }
    }

    #[test]
    fn a_bad_expression_is_refused_with_its_field() {
        for (expression, field) in [
            ("60 * * * *", Some("minute")),
            ("-1 * * * *", Some("minute")),
            ("*/0 * * * *", Some("minute")),
            ("1,,2 * * * *", Some("minute")),
            ("? * * * *", Some("minute")),
            ("99999999999999999999 * * * *", Some("minute")),
            ("* 24 * * *", Some("hour")),
            ("* 5-1 * * *", Some("hour")),
            ("* * 0 * *", Some("day of the month")),
            ("0 0 30 2 *", Some("day of the month")),
            ("* * * JANFEB *", Some("month")),
            ("* * * 1JAN *", Some("month")),
            ("* * * FOO *", Some("month")),
            ("* * * * 8", Some("day of the week")),
            ("* * * * JAN", Some("day of the week")),
            ("* * * * *; reboot", None),
            ("* * * *", None),
            ("0 * * * * *", None),
            ("@reboot", None),
            ("", None),
        ] {
            let error = Cron::new(expression, "UTC").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{expression}");
            assert_eq!(error.context("field"), field, "{expression}: {error}");
            assert!(error.remedy().is_some(), "{expression}");
        }
        assert!(Cron::new(&"*".repeat(10_000), "UTC").is_err());
    }

    #[test]
    fn an_unknown_time_zone_is_refused() {
        for zone in ["", "Mars/Olympus", "../../etc/passwd", "Europe/Paris\0", "é", &"A".repeat(1000)] {
            let error = Cron::new("@daily", zone).unwrap_err();
            assert_eq!(error.context("field"), Some("time_zone"), "{zone}");
        }
        for zone in ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"] {
            assert!(Cron::new("@daily", zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_has_no_next() {
        let cron = Cron::new("@daily", "UTC").unwrap();
        assert_eq!(cron.next_after(Timestamp(i64::MAX)), None);
        assert_eq!(cron.next_after(Timestamp(253_402_207_200_000)), None);
    }
}
