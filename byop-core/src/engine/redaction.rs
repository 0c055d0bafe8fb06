//! Keeps the values of secrets out of what a job writes down.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::Value;

use super::Inner;
use crate::error::{ErrorReport, Result};
use crate::model::{AppName, AppSpec, EventBody, Job, JobKind, LogLine, Source};
use crate::secret::{LineRedactor, Redactor, Secret, SecretRef, SecretSource as _};
use crate::store::Scope;

/// How long a line of a log is held back for the one that would make it a part of a value.
const PATIENCE: Duration = Duration::from_millis(500);

/// The secrets that a job can come across.
#[derive(Debug, Default)]
pub(super) struct Redaction(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    values: Vec<Secret>,
    redactor: Redactor,
}

impl Redaction {
    /// The secrets of what the job deploys, and of what serves.
    pub(super) async fn of_job(inner: &Inner, job: &Job) -> Self {
        let redaction = match job.app() {
            Some(app) => Self::of_app(inner, app).await,
            None => Self::default(),
        };
        if let (JobKind::Deploy, Ok(spec)) = (job.kind, serde_json::from_value(job.input.clone())) {
            redaction.learn_names(inner, &Scope::of(job.client.as_ref()), named(spec)).await;
        }
        redaction
    }

    /// The secrets of an app and of its serving release.
    pub(super) async fn of_app(inner: &Inner, app: &AppName) -> Self {
        let redaction = Self::default();
        if let Ok(Some((app, owner))) = inner.find_owned(app).await {
            let of_release = app.current.into_iter().flat_map(|release| release.secret_versions.into_keys());
            let names = named(app.spec).into_iter().chain(of_release);
            redaction.learn_names(inner, &owner, names).await;
        }
        redaction
    }

    /// The secrets that a spec names.
    pub(super) async fn of_spec(inner: &Inner, scope: &Scope, spec: AppSpec) -> Self {
        let redaction = Self::default();
        redaction.learn_names(inner, scope, named(spec)).await;
        redaction
    }

    /// Takes the values of secrets into account, and those that they had until lately.
    async fn learn_names(&self, inner: &Inner, scope: &Scope, names: impl IntoIterator<Item = SecretRef>) {
        let secrets = inner.secrets_of(scope);
        let mut values = Vec::new();
        for name in names.into_iter().collect::<BTreeSet<_>>() {
            // A secret that cannot be had is reported by the step that needs it.
            values.extend(secrets.get_secret(&name).await.ok());
            values.extend(secrets.previous(&name).await);
        }
        self.learn(values);
    }

    /// Takes more values into account.
    pub(super) fn learn(&self, values: impl IntoIterator<Item = Secret>) {
        // Nothing panics while it is held.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let count = known.values.len();
        for value in values {
            if !known.values.contains(&value) {
                known.values.push(value);
            }
        }
        if known.values.len() > count {
            known.redactor = Redactor::new(&known.values);
        }
    }

    /// The redactor, and the number of values that it knows.
    pub(super) fn redactor(&self) -> (Redactor, usize) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (known.redactor.clone(), known.values.len())
    }

    /// A text as it may be shown.
    pub(super) fn text(&self, text: &str) -> String {
        self.redactor().0.text(text).into_owned()
    }

    /// An error as it may be written down.
    pub(super) fn report(&self, report: ErrorReport) -> ErrorReport {
        self.redactor().0.report(report)
    }

    /// An answer as it may be written down. One that holds a secret is no answer to go on with after a restart: the
    /// step is done again, which is harmless.
    pub(super) fn answer(&self, mut output: Value) -> Option<Value> {
        (!self.redactor().0.json(&mut output)).then_some(output)
    }

    /// What came out of a job, as it may be shown.
    pub(super) fn output(&self, mut output: Value) -> Value {
        self.redactor().0.json(&mut output);
        output
    }

    /// An event as it may be written down.
    pub(super) fn body(&self, body: EventBody) -> EventBody {
        let Ok(mut value) = serde_json::to_value(&body) else { return body };
        if !self.redactor().0.json(&mut value) {
            return body;
        }
        serde_json::from_value(value).unwrap_or_else(|_| EventBody::Warning {
            message: "something happened that cannot be told without telling a secret".into(),
        })
    }

    /// The lines of a log as they may be shown.
    pub(super) fn logs(
        &self,
        lines: BoxStream<'static, Result<LogLine>>,
    ) -> BoxStream<'static, Result<LogLine>> {
        let log = Log {
            lines,
            redactor: self.redactor().0.lines(),
            ready: VecDeque::new(),
            failed: None,
            ended: false,
        };
        stream::unfold(log, |mut log| async move { Some((log.next().await?, log)) }).boxed()
    }
}

struct Log {
    lines: BoxStream<'static, Result<LogLine>>,
    redactor: LineRedactor<LogLine>,
    ready: VecDeque<(String, LogLine)>,
    failed: Option<crate::error::Error>,
    ended: bool,
}

impl Log {
    async fn next(&mut self) -> Option<Result<LogLine>> {
        loop {
            if let Some((text, line)) = self.ready.pop_front() {
                return Some(Ok(LogLine { text, ..line }));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            let next = self.lines.next();
            let next = if self.redactor.is_holding() {
                tokio::time::timeout(PATIENCE, next).await
            } else {
                Ok(next.await)
            };
            match next {
                Ok(Some(Ok(mut line))) => {
                    let text = std::mem::take(&mut line.text);
                    self.ready.extend(self.redactor.push(&text, line));
                    continue;
                }
                Ok(Some(Err(error))) => self.failed = Some(error),
                Ok(None) => self.ended = true,
                // The log is followed and quiet.
                Err(_) => {}
            }
            self.ready.extend(self.redactor.finish());
        }
    }
}

fn named(spec: AppSpec) -> Vec<SecretRef> {
    let mut names: Vec<SecretRef> = spec.secrets.into_values().collect();
    if let Source::Git(git) = spec.source {
        names.extend(git.credential);
        names.extend(git.identity);
    }
    names
}
