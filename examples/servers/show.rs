//! What the user sees: a line for each thing, for people or as JSON.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use byop_core::model::{
    AppName, Price, ServerPlan, ServerPrice, ServerReport, ServerState, SweepFinding, SweepReport,
};
use byop_core::{Error, ErrorKind};
use serde_json::{Value, json};

/// Writes lines, and remembers the first failure.
#[derive(Debug)]
pub(crate) struct Show {
    json: bool,
    failure: Mutex<Option<ErrorKind>>,
}

impl Show {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, failure: Mutex::default() }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn first_failure(&self) -> Option<ErrorKind> {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line for people, or an object.
    fn line(&self, text: impl FnOnce() -> String, value: impl FnOnce() -> Value) {
        let line = if self.json { value().to_string() } else { text() };
        // Whoever does not read on does not want to know more.
        let _ = writeln!(std::io::stdout(), "{line}");
    }

    /// What is about to be made, and what it costs; the objects of servers have it too.
    pub(crate) fn plan(&self, plan: &ServerPlan, count: usize) {
        if !self.json {
            let price = plan.price.as_ref().map_or("price unknown".into(), price);
            let (size, image) = (&plan.size.id, &plan.image.name);
            let _ =
                writeln!(std::io::stderr(), "{count} x {size} with {image} in {}: {price} each", plan.region);
        }
    }

    pub(crate) fn server(&self, report: &ServerReport) {
        self.line(|| text_of(report), || json!(report));
    }

    pub(crate) fn destroyed(&self, name: &AppName, was_there: bool) {
        let text = if was_there { "gone" } else { "was not there" };
        self.line(|| format!("{name}  {text}"), || json!({ "name": name, "destroyed": was_there }));
    }

    pub(crate) fn nothing(&self, what: &str) {
        if !self.json {
            let _ = writeln!(std::io::stdout(), "{what}");
        }
    }

    pub(crate) fn finding(&self, finding: &SweepFinding) {
        self.line(|| text_of_finding(finding), || json!(finding));
        if let Some(report) = &finding.error {
            self.fail(report.kind);
        }
    }

    pub(crate) fn sum(&self, report: &SweepReport, removed: bool) {
        let sums: Vec<String> = report.monthly_price.iter().map(Price::to_string).collect();
        let sums = if sums.is_empty() { "an unknown price".into() } else { sums.join(" and ") };
        let hint = if removed { "" } else { "; --remove removes what is not elsewhere's" };
        self.nothing(&format!("{} things for {sums} a month{hint}", report.findings.len()));
    }

    /// What went wrong, and what to do; for people on the error output.
    pub(crate) fn error(&self, name: Option<&AppName>, error: &Error) {
        self.fail(error.kind());
        if self.json {
            let mut value = json!({ "error": error.report() });
            if let Some(name) = name {
                value["name"] = json!(name);
            }
            let _ = writeln!(std::io::stdout(), "{value}");
        } else {
            let of = name.map(|name| format!("{name}: ")).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{of}{error:?}");
        }
    }

    fn fail(&self, kind: ErrorKind) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(kind);
    }
}

fn price(price: &ServerPrice) -> String {
    format!("{} an hour, {} a month", price.hourly, price.monthly)
}

/// A word as it is in JSON.
fn word(value: &impl serde::Serialize) -> String {
    json!(value).as_str().unwrap_or("unknown").to_owned()
}

fn text_of(report: &ServerReport) -> String {
    let mut words = vec![report.name.to_string()];
    match &report.server {
        Some(server) => {
            words.push(word(&server.state));
            let shown = report.reserved_ip.or(server.addresses.first().copied());
            words.push(shown.map_or_else(|| "no address yet".into(), |address| address.to_string()));
            words.extend([server.size.clone(), server.region.to_string(), server.id.to_string()]);
            if server.state == ServerState::Failed {
                words.extend(server.failure.clone());
            }
        }
        None => words.push(format!("{}, no server", word(&report.state))),
    }
    words.extend(report.price.as_ref().map(price));
    if let Some(error) = &report.error {
        words.push(format!("to be removed, because: {}", error.message));
    }
    words.join("  ")
}

fn text_of_finding(finding: &SweepFinding) -> String {
    let resource = &finding.resource;
    let mut words = vec![resource.kind.as_str().to_owned(), resource.id.clone(), resource.name.clone()];
    words.push(match &finding.installation {
        Some(id) => format!("{} (installation {id})", word(&finding.reason)),
        None => word(&finding.reason),
    });
    words.extend(finding.age_seconds.map(|age| format!("{} minutes old", age / 60)));
    words.extend(resource.monthly_price.as_ref().map(|price| format!("{price} a month")));
    words.push(match (&finding.error, finding.removed) {
        (Some(error), _) => format!("could not be removed: {}", error.message),
        (None, true) => "removed".into(),
        (None, false) => "stays".into(),
    });
    words.join("  ")
}
