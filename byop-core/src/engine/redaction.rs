//! Keeps the values of secrets out of what a job writes down.

use std::collections::BTreeSet;

use super::Inner;
use crate::error::ErrorReport;
use crate::model::{AppSpec, EventBody, Job, JobKind, Source};
use crate::secret::{Secret, redact};
use crate::store::Scope;

/// Lines of a secret with several are looked for one by one: logs are read line by line.
const MIN_LINE: usize = 8;

/// The secrets that a job can come across.
#[derive(Debug, Default)]
pub(super) struct Redaction(Vec<Secret>);

impl Redaction {
    /// The secrets of what the job deploys, and of what serves.
    pub(super) async fn of_job(inner: &Inner, job: &Job) -> Self {
        let mut specs = Vec::new();
        if job.kind == JobKind::Deploy {
            specs.extend(serde_json::from_value::<AppSpec>(job.input.clone()));
        }
        if let Some(app) = job.app() {
            specs.extend(inner.find_app(&Scope::Platform, app).await.ok().flatten().map(|(app, _)| app.spec));
        }
        let mut names = BTreeSet::new();
        for spec in specs {
            names.extend(spec.secrets.into_values());
            if let Source::Git(git) = spec.source {
                names.extend(git.credential);
                names.extend(git.identity);
            }
        }
        let mut texts = BTreeSet::new();
        for name in &names {
            // A secret that cannot be had is reported by the step that needs it.
            let Ok(secret) = inner.secrets.get_secret(name).await else { continue };
            let lines = secret.expose().lines().map(str::trim).filter(|line| line.len() >= MIN_LINE);
            texts.extend(lines.map(str::to_owned));
            texts.insert(secret.expose().to_owned());
        }
        let mut texts: Vec<_> = texts.into_iter().collect();
        // The longest first: one that begins with another must not leave its rest behind.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts.into_iter().map(Secret::new).collect())
    }

    /// A text as it may be written down.
    pub(super) fn text(&self, text: &str) -> String {
        redact(text, &self.0)
    }

    /// An error as it may be written down.
    pub(super) fn report(&self, mut report: ErrorReport) -> ErrorReport {
        report.message = self.text(&report.message);
        report.remedy = report.remedy.map(|remedy| self.text(&remedy));
        report.causes = report.causes.iter().map(|cause| self.text(cause)).collect();
        for (_, value) in &mut report.context {
            *value = self.text(value);
        }
        report
    }

    /// An event as it may be written down.
    pub(super) fn body(&self, body: EventBody) -> EventBody {
        match body {
            EventBody::Log { stage, line } => EventBody::Log { stage, line: self.text(&line) },
            EventBody::Warning { message } => EventBody::Warning { message: self.text(&message) },
            EventBody::StepStarted { stage, message } => {
                EventBody::StepStarted { stage, message: self.text(&message) }
            }
            EventBody::Progress(mut progress) => {
                progress.message = self.text(&progress.message);
                EventBody::Progress(progress)
            }
            EventBody::Job { state, error } => {
                EventBody::Job { state, error: error.map(|report| self.report(report)) }
            }
            other => other,
        }
    }
}
