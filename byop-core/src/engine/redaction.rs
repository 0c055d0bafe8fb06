//! Keeps the values of secrets out of what a job writes down.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Inner;
use crate::error::ErrorReport;
use crate::model::{AppSpec, EventBody, Job, JobKind, Source};
use crate::secret::Redactor;

/// The secrets that a job can come across.
#[derive(Debug, Default)]
pub(super) struct Redaction(Redactor);

impl Redaction {
    /// The secrets of what the job deploys, and of what serves.
    pub(super) async fn of_job(inner: &Inner, job: &Job) -> Self {
        let mut specs = Vec::new();
        if job.kind == JobKind::Deploy {
            specs.extend(serde_json::from_value::<AppSpec>(job.input.clone()));
        }
        specs.extend(inner.find_app(&job.app).await.ok().flatten().map(|(app, _)| app.spec));
        let mut names = BTreeSet::new();
        for spec in specs {
            names.extend(spec.secrets.into_values());
            if let Source::Git(git) = spec.source {
                names.extend(git.credential);
                names.extend(git.identity);
            }
        }
        let mut secrets = Vec::new();
        for name in &names {
            // A secret that cannot be had is reported by the step that needs it.
            secrets.extend(inner.secrets.get_secret(name).await.ok());
        }
        Self(Redactor::new(&secrets))
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.0
    }

    /// A text as it may be shown.
    pub(super) fn text(&self, text: &str) -> String {
        self.0.text(text).into_owned()
    }

    /// An error as it may be written down.
    pub(super) fn report(&self, report: ErrorReport) -> ErrorReport {
        self.0.report(report)
    }

    /// An answer as it may be written down. One that holds a secret is no answer to go on with after a restart: the
    /// step is done again, which is harmless.
    pub(super) fn answer(&self, output: Value) -> Option<Value> {
        let mut clean = output;
        (!self.0.json(&mut clean)).then_some(clean)
    }

    /// What came out of a job, as it may be shown.
    pub(super) fn output(&self, mut output: Value) -> Value {
        self.0.json(&mut output);
        output
    }

    /// An event as it may be written down.
    pub(super) fn body(&self, body: EventBody) -> EventBody {
        let Ok(mut value) = serde_json::to_value(&body) else { return body };
        if !self.0.json(&mut value) {
            return body;
        }
        serde_json::from_value(value).unwrap_or_else(|_| EventBody::Warning {
            message: "something happened that cannot be told without telling a secret".into(),
        })
    }
}
