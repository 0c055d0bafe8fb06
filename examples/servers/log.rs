//! What byop and its dependencies tell an operator, on the error output: `RUST_LOG` is a level, from `error` to `trace`.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Begins, if `RUST_LOG` says so.
pub(crate) fn begin() {
    let Some(level) = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Level>().ok()) else {
        return;
    };
    // Both can be set once in a process, and this is its only program.
    let _ = tracing::subscriber::set_global_default(Lines { level, spans: AtomicU64::new(1) });
    if log::set_logger(&Dependencies).is_ok() {
        let same = level.as_str().parse().unwrap_or(log::LevelFilter::Info);
        log::set_max_level(same);
    }
}

fn write(level: &str, target: &str, text: &str) {
    let _ = writeln!(std::io::stderr(), "{level} {target}{text}");
}

struct Lines {
    level: Level,
    spans: AtomicU64,
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, ": {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.into())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(format!(" {}", span.metadata().name()));
        span.record(&mut text);
        write("SPAN", span.metadata().target(), &text.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        write(event.metadata().level().as_str(), event.metadata().target(), &text.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// For dependencies that use the older interface.
struct Dependencies;

impl log::Log for Dependencies {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        write(record.level().as_str(), record.target(), &format!(": {}", record.args()));
    }

    fn flush(&self) {}
}
