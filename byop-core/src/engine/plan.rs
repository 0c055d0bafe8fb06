//! What a deployment would change, and carrying it out if that is still so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::redaction::Redaction;
use super::{Engine, Inner, worker};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::generator;
use crate::id::JobId;
use crate::model::{
    App, AppSpec, AppState, Change, ChangeAction, ChangedPart, ContainerState, JobKind, Preview, Proposal,
    Release, ReleaseRecord, Source,
};
use crate::runtime::ContainerRuntimeExt;
use crate::source;
use crate::stage::container_name;
use crate::store::{Scope, WhenBusy};

/// Keys of a spec that are compared one by one, or not at all.
const APART: &[&str] = &[
    "name",
    "source",
    "domains",
    "env",
    "secrets",
    "ports",
    "volumes",
    "build",
    "health",
    "resources",
    "routing",
];

impl Engine {
    /// What a deployment would change, without changing anything. The proposal is plain data: it can be stored, shown
    /// and approved, and given to [`Engine::apply`] later, by whatever process. Right after a deployment of the same
    /// spec it is empty.
    ///
    /// # Errors
    /// `InvalidInput` for a bad spec or source; `AlreadyExists` when the name is another client's; `Unsupported` when no
    /// stack is recognised; those of fetching the source, of the store and of the host.
    pub async fn plan(&self, spec: &AppSpec) -> Result<Proposal> {
        spec.validate()?;
        self.check_name(&spec.name).await?;
        let redaction = Redaction::of_spec(&self.inner, &self.scope, spec.clone()).await;
        let proposal = self.inner.plan(&self.scope, spec).await;
        proposal.map_err(|error| redaction.report(error.report()).into())
    }

    /// Carries out a proposal, as a deployment whose job and audit name the proposal's digest.
    ///
    /// # Errors
    /// `Conflict` when the app, its source or what runs of it has changed since the proposal was made, or while another
    /// job works on the app; otherwise as [`Engine::plan`].
    pub async fn apply(&self, proposal: &Proposal) -> Result<JobId> {
        let now = self.plan(&proposal.spec).await?;
        if now.digest != proposal.digest {
            return Err(moved(proposal));
        }
        let input = super::spec_input(&proposal.spec)?;
        let id = JobId::random(self.inner.entropy.as_ref());
        let mut job = self.new_job(id, proposal.app.clone(), JobKind::Deploy, input).await?;
        job.plan = Some(proposal.digest.clone());
        let (engine, proposal) = (self.clone(), proposal.clone());
        worker::whole(async move {
            engine.inner.store.create_job(&engine.scope, &job, WhenBusy::Refuse).await?;
            // From here on no other job changes the app; one may have until now.
            let found = engine.inner.find_app(&engine.scope, &proposal.app).await?;
            if found.map(|(_, version)| version) != proposal.version {
                engine.inner.store.request_cancel(&engine.scope, &job.id).await?;
                return Err(moved(&proposal));
            }
            worker::spawn(engine.inner, job.id.clone()).await?;
            Ok(job.id)
        })
        .await
    }
}

fn moved(proposal: &Proposal) -> Error {
    Error::new(ErrorKind::Conflict, "app.apply", "the app or its source has changed since this was planned")
        .with_context("app", &proposal.app)
        .with_context("plan", &proposal.digest)
        .with_remedy("plan again, and look at what would change now")
}

impl Inner {
    async fn plan(&self, scope: &Scope, spec: &AppSpec) -> Result<Proposal> {
        let found = self.find_app(scope, &spec.name).await?;
        let built = self.read_source(scope, spec).await?;
        let source = built.as_ref().map(|(digest, _)| digest.clone());
        let wanted =
            built.as_ref().and_then(|(_, preview)| preview.spec.clone()).unwrap_or_else(|| spec.clone());
        let Some((app, version)) = found else {
            let changes = compare_specs(None, &wanted);
            return Ok(Proposal::new(spec.clone(), None, None, source, changes));
        };
        let Some(current) = app.current.clone() else {
            let changes = compare_specs(None, &wanted);
            return Ok(Proposal::new(spec.clone(), Some(version), None, source, changes));
        };
        let record = self.find_release(scope, &app.name, current.number).await?;
        let before = record.unwrap_or_else(|| ReleaseRecord {
            release: current.clone(),
            spec: app.spec.clone(),
            wanted: app.spec.clone(),
        });
        let mut changes = self.compare_source(&app, &current, spec, built.as_ref()).await?;
        changes.extend(compare_specs(Some(&before.wanted), &wanted));
        changes.extend(self.compare_secrets(scope, &current, &wanted).await?);
        changes.extend(self.compare_container(&app, &current).await?);
        changes.sort_by(|a, b| (a.part, &a.name).cmp(&(b.part, &b.name)));
        changes.dedup_by(|a, b| (a.part, &a.name) == (b.part, &b.name));
        Ok(Proposal::new(spec.clone(), Some(version), Some(current.number), source, changes))
    }

    /// The digest of the source and how it would be built; none for a prebuilt image.
    async fn read_source(&self, scope: &Scope, spec: &AppSpec) -> Result<Option<(Digest, Preview)>> {
        if let Source::Image(_) = spec.source {
            return Ok(None);
        }
        let work = tempfile::Builder::new().prefix("byop-plan-").tempdir().map_err(|error| {
            Error::new(ErrorKind::Unavailable, "app.plan", "no temporary folder can be made")
                .with_source(error)
        })?;
        let secrets = self.secrets_of(scope);
        let fetched = source::fetch(&spec.source, work.path().to_owned(), &self.limits, &secrets).await?;
        let tree = fetched.tree.clone();
        let digest = tokio::task::spawn_blocking(move || tree.digest()).await.map_err(|error| {
            Error::new(ErrorKind::Internal, "app.plan", "a task ended").with_source(error)
        })??;
        let host = self.host_of(&spec.name).await?;
        let builder = self.runtime(&host)?.info().await?.builder;
        let preview = generator::preview_aside(&self.generators, || Ok(fetched.tree), spec, builder).await?;
        Ok(Some((digest, preview)))
    }

    async fn compare_source(
        &self,
        app: &App,
        current: &Release,
        spec: &AppSpec,
        built: Option<&(Digest, Preview)>,
    ) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        if let Some((digest, preview)) = built {
            if current.source_digest.as_ref() != Some(digest) {
                let from = current.source_digest.as_ref().map(|digest| digest.short().to_owned());
                changes.push(change(ChangedPart::Source, "files", from, Some(digest.short().to_owned())));
            }
            if current.plan.as_ref() != Some(&preview.plan) {
                changes.push(differs(ChangedPart::Build, "plan"));
            }
        }
        if let Source::Image(image) = &spec.source {
            let found = self.runtime(&app.host)?.find_image(&image.to_string()).await?;
            if found.is_none_or(|found| found.id != current.image_id) {
                let from = Some(current.image.clone());
                changes.push(change(ChangedPart::Image, "image", from, Some(image.to_string())));
            }
        }
        Ok(changes)
    }

    /// Secrets whose names stay and whose values are others.
    async fn compare_secrets(
        &self,
        scope: &Scope,
        current: &Release,
        wanted: &AppSpec,
    ) -> Result<Vec<Change>> {
        let now = self.secrets_of(scope).fingerprints(wanted.secrets.values()).await?;
        let known = |name| current.secret_versions.get(name).cloned().flatten();
        let moved = wanted.secrets.iter().filter(|(_, name)| {
            let (before, now) = (known(name), now.get(name).cloned().flatten());
            before.is_some() && now.is_some() && before != now
        });
        Ok(moved.map(|(variable, _)| differs(ChangedPart::Secret, variable.as_str())).collect())
    }

    async fn compare_container(&self, app: &App, current: &Release) -> Result<Vec<Change>> {
        let name = container_name(&app.name, current.number);
        let container = self.runtime(&app.host)?.find_container(&name).await?;
        let state = match &container {
            None => Some("absent"),
            Some(container) if container.image_id != current.image_id => Some("another image"),
            Some(container) if container.state != ContainerState::Running => Some("stopped"),
            Some(container) if container.healthy == Some(false) => Some("unhealthy"),
            Some(_) if app.wanted != AppState::Running => Some("to be stopped"),
            Some(_) => None,
        };
        let found = state
            .map(|state| change(ChangedPart::Container, &name, Some(state.into()), Some("running".into())));
        Ok(found.into_iter().collect())
    }
}

fn change(part: ChangedPart, name: &str, from: Option<String>, to: Option<String>) -> Change {
    let action = match (&from, &to) {
        (None, _) => ChangeAction::Add,
        (_, None) => ChangeAction::Remove,
        _ => ChangeAction::Change,
    };
    Change { part, action, name: name.to_owned(), from, to }
}

/// It becomes another; how it is and would be is not told.
fn differs(part: ChangedPart, name: &str) -> Change {
    Change { part, action: ChangeAction::Change, name: name.to_owned(), from: None, to: None }
}

/// What differs between two specs, by names; the values of variables are left out.
fn compare_specs(before: Option<&AppSpec>, wanted: &AppSpec) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.is_none() {
        changes.push(change(ChangedPart::App, wanted.name.as_str(), None, Some("running".into())));
    }
    let mut part =
        |part, before: BTreeMap<String, String>, wanted: BTreeMap<String, String>, is_shown: Shown| {
            for (name, from) in &before {
                match wanted.get(name) {
                    Some(to) if to == from => {}
                    Some(to) => {
                        changes.push(is_shown.apply(change(part, name, Some(from.clone()), Some(to.clone()))))
                    }
                    None => changes.push(is_shown.apply(change(part, name, Some(from.clone()), None))),
                }
            }
            for (name, to) in wanted.iter().filter(|(name, _)| !before.contains_key(*name)) {
                changes.push(is_shown.apply(change(part, name, None, Some(to.clone()))));
            }
        };
    let of =
        |list: fn(&AppSpec) -> BTreeMap<String, String>| (before.map(list).unwrap_or_default(), list(wanted));
    let (from, to) =
        of(|spec| spec.env.iter().map(|(name, value)| (name.to_string(), value.clone())).collect());
    part(ChangedPart::Env, from, to, Shown::NameOnly);
    let (from, to) =
        of(|spec| spec.secrets.iter().map(|(name, held)| (name.to_string(), held.to_string())).collect());
    part(ChangedPart::Secret, from, to, Shown::Whole);
    let (from, to) = of(|spec| named(&spec.ports));
    part(ChangedPart::Port, from, to, Shown::Whole);
    let (from, to) = of(|spec| named(&spec.volumes));
    part(ChangedPart::Volume, from, to, Shown::Whole);
    let (from, to) = of(|spec| spec.domains.iter().map(|name| (name.to_string(), String::new())).collect());
    part(ChangedPart::Domain, from, to, Shown::NameOnly);
    // What an app that is new has of these is no change: it is all new.
    let Some(before) = before else { return changes };
    let (before, wanted) = (json!(before), json!(wanted));
    for (kind, key) in [
        (ChangedPart::Build, "build"),
        (ChangedPart::Health, "health"),
        (ChangedPart::Resources, "resources"),
        (ChangedPart::Routing, "routing"),
    ] {
        if before[key] != wanted[key] {
            changes.push(differs(kind, key));
        }
    }
    let keys = |value: &Value| {
        value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let mut others: Vec<_> = keys(&before).into_iter().chain(keys(&wanted)).collect();
    others.sort();
    others.dedup();
    for key in others.iter().filter(|key| !APART.contains(&key.as_str()) && before[*key] != wanted[*key]) {
        let shown = |value: &Value| if value.is_null() { None } else { Some(value.to_string()) };
        changes.push(change(ChangedPart::Setting, key, shown(&before[key]), shown(&wanted[key])));
    }
    changes
}

/// How much of a change is told.
#[derive(Clone, Copy)]
enum Shown {
    Whole,
    NameOnly,
}

impl Shown {
    fn apply(self, change: Change) -> Change {
        match self {
            Self::Whole => change,
            Self::NameOnly => Change { from: None, to: None, ..change },
        }
    }
}

/// By the `name` that each has.
fn named<T: serde::Serialize>(list: &[T]) -> BTreeMap<String, String> {
    let values = list.iter().map(|item| json!(item));
    values.map(|value| (value["name"].as_str().unwrap_or_default().to_owned(), value.to_string())).collect()
}
