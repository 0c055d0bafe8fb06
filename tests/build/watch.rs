//! What a run waits for: where each app is, told while the run goes on.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A part that takes longer is worth a line.
const LONG: Duration = Duration::from_secs(60);
/// As many of the last lines are kept.
const LINES: usize = 12;

/// Where all apps of a run are.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    parts: Arc<Mutex<BTreeMap<String, Part>>>,
    is_loud: bool,
}

#[derive(Debug)]
struct Part {
    name: String,
    since: Instant,
    times_told: u32,
    lines: VecDeque<String>,
}

impl Watch {
    /// With `is_loud` it prints all that builds say.
    pub(crate) fn new(is_loud: bool) -> Self {
        Self { parts: Arc::default(), is_loud }
    }

    /// An app begins with something.
    pub(crate) fn begin(&self, app: &str, name: &str) {
        let part =
            Part { name: name.to_owned(), since: Instant::now(), times_told: 0, lines: VecDeque::new() };
        self.parts.lock().unwrap().insert(app.to_owned(), part);
    }

    /// It says something meanwhile.
    pub(crate) fn line(&self, app: &str, line: &str) {
        if let Some(part) = self.parts.lock().unwrap().get_mut(app) {
            if part.lines.len() == LINES {
                part.lines.pop_front();
            }
            let line: String = line.chars().take(300).collect();
            if self.is_loud {
                println!("{app}, {}, {:.1} s: {line}", part.name, part.since.elapsed().as_secs_f64());
            }
            part.lines.push_back(line);
        }
    }

    /// The app is done.
    pub(crate) fn end(&self, app: &str) {
        self.parts.lock().unwrap().remove(app);
    }

    /// What an app does, how long it has done so, and what it said last.
    pub(crate) fn last(&self, app: &str) -> String {
        let parts = self.parts.lock().unwrap();
        parts.get(app).map_or_else(|| "nothing".into(), Part::told)
    }

    /// Tells of what takes long, past the test runner, which keeps what tests print until they end.
    pub(crate) async fn tell(&self) {
        let mut often = tokio::time::interval(Duration::from_secs(5));
        loop {
            often.tick().await;
            for (app, part) in self.parts.lock().unwrap().iter_mut() {
                if part.since.elapsed() > LONG * (part.times_told + 1) {
                    part.times_told += 1;
                    let _ = writeln!(std::io::stderr(), "still waiting for {app}: {}", part.told());
                }
            }
        }
    }
}

impl Part {
    fn told(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        format!("{} for {:.0?}\n    {}", self.name, self.since.elapsed(), lines.join("\n    "))
    }
}
