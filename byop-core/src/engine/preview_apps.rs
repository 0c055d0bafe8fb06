//! Apps beside apps, for looking at a branch; they go when their time is over.

use std::sync::Arc;

use serde_json::json;

use super::records::{Entity, parse};
use super::{Engine, Inner, spec_input, worker};
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{Actor, AppName, AppSpec, ClientId, JobKind, PreviewApp, PreviewAppSpec, Source};
use crate::stage::Data;
use crate::store::{Page, Scope, WhenBusy};

impl Entity for PreviewApp {
    const COLLECTION: &'static str = "preview_apps";
    const NOUN: &'static str = "preview_app";

    fn owner(&self) -> Option<&ClientId> {
        self.client.as_ref()
    }
}

impl Engine {
    /// Deploys an app again under another name, with its settings and with data of its own, for a time. What runs is an
    /// ordinary app of that name; the job that deploys it is the preview's `job`.
    ///
    /// # Errors
    /// `InvalidInput`, also for a reference where the app's source is not in Git; `NotFound` when there is no such app;
    /// `AlreadyExists` when the name is taken.
    pub async fn create_preview_app(&self, spec: PreviewAppSpec) -> Result<PreviewApp> {
        spec.validate()?;
        let (of, _) = self.inner.load_app(&self.scope, &spec.of).await?;
        let wanted = derived(of.spec, &spec)?;
        self.check_name(&spec.name).await?;
        if self.inner.find_app(&self.scope, &spec.name).await?.is_some() {
            return Err(super::apps::name_is_taken(&spec.name));
        }
        let id = JobId::random(self.inner.entropy.as_ref());
        let job = self.new_job(id, spec.name.clone(), JobKind::Deploy, spec_input(&wanted)?).await?;
        let preview = PreviewApp::new(spec, job.client.clone(), job.id.clone(), self.inner.clock.now());
        let engine = self.clone();
        worker::whole(async move {
            // First what lets it go again, then what makes it.
            let key = preview.spec.name.to_string();
            engine.insert(&key, &preview, json!({ "of": preview.spec.of })).await?;
            if let Err(error) = engine.inner.store.create_job(&engine.scope, &job, WhenBusy::Refuse).await {
                engine.discard::<PreviewApp>(&key).await?;
                return Err(error);
            }
            worker::spawn(engine.inner, job.id).await?;
            Ok(preview)
        })
        .await
    }

    /// A preview app, by the name of its own.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_preview_app(&self, name: &AppName) -> Result<PreviewApp> {
        Ok(self.load(name.as_str()).await?.0)
    }

    /// Preview apps, in order of name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_preview_apps(&self, page: &Page) -> Result<Vec<PreviewApp>> {
        self.list(page).await
    }

    /// Removes a preview app with its data, before its time. The job that does it; none when nothing of it is left.
    ///
    /// # Errors
    /// `NotFound` when there is no such preview app; `Conflict` while another job works on it.
    pub async fn delete_preview_app(&self, name: &AppName) -> Result<Option<JobId>> {
        self.load::<PreviewApp>(name.as_str()).await?;
        let job = match self.remove(name, Data::Delete).await {
            Ok(job) => Some(job),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        self.discard::<PreviewApp>(name.as_str()).await?;
        Ok(job)
    }
}

/// The spec of the app, as the preview app has it.
fn derived(mut spec: AppSpec, preview: &PreviewAppSpec) -> Result<AppSpec> {
    spec.name = preview.name.clone();
    spec.domains = preview.domain.iter().cloned().collect();
    // Those ports are the app's own.
    spec.ports.iter_mut().for_each(|port| port.host_port = None);
    match (&mut spec.source, &preview.reference) {
        (_, None) => {}
        (Source::Git(git), Some(reference)) => git.reference = Some(reference.clone()),
        (_, Some(_)) => {
            return Err(Error::invalid("preview_app.create", "only a source in Git has a reference")
                .with_context("key", "reference")
                .with_context("app", &preview.of));
        }
    }
    spec.validate()?;
    Ok(spec)
}

/// Removes the preview apps whose time is over. One that a job works on is left for the next time.
pub(super) async fn expire(inner: &Arc<Inner>) -> Result<()> {
    let now = inner.clock.now();
    for record in inner.store.list_records(&Scope::Platform, PreviewApp::COLLECTION, &Page::all()).await? {
        let preview: PreviewApp = parse(&record)?;
        if preview.expires_at > now {
            continue;
        }
        let name = preview.spec.name.clone();
        let owner = Engine {
            inner: Arc::clone(inner),
            scope: Scope::of(record.owner.as_ref()),
            actor: Some(Actor::new("byop").with_from("expiry")),
            busy: WhenBusy::Refuse,
        };
        match owner.delete_preview_app(&name).await {
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {}
            Err(error) => tracing::warn!(app = %name, %error, "a preview app could not be removed"),
            Ok(_) => {}
        }
    }
    Ok(())
}
