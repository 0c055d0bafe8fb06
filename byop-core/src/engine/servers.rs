//! Servers that the engine rents.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::job_run::JobRun;
use super::{Engine, Inner};
use crate::cloud::CloudProvider;
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{
    AppName, Job, JobKind, Server, ServerFilter, ServerId, ServerPlan, ServerRecord, ServerReport,
    ServerRequest, Subject, SweepOptions, SweepReport,
};
use crate::stage::{ChooseServer, ChooseServerInput, EventSink, ServerContext, Stage};
use crate::store::Scope;

mod ledger;
mod sweep;
mod workflow;

impl Engine {
    /// What a server would be made from and what it would cost, without making anything.
    ///
    /// # Errors
    /// `InvalidInput` for a bad request, an unknown region, size or image, each with what there is; `Unsupported` for
    /// what the cloud does not have; `NotFound` for an unknown cloud; and those of the cloud.
    pub async fn plan_server(&self, request: &ServerRequest) -> Result<ServerPlan> {
        request.validate()?;
        let cx = ServerContext {
            provider: self.inner.cloud(request.provider.as_deref())?,
            events: Arc::new(Nobody),
        };
        ChooseServer.run(&cx, &ChooseServerInput { request: request.clone() }).await
    }

    /// Rents a server: it runs and has a public address when the job has succeeded. What could not be finished is
    /// given back, and the job's error says what could not be; a server that the provider fails to start is replaced.
    ///
    /// # Errors
    /// `InvalidInput` for a bad request; `AlreadyExists` when there is a server of this name; `NotFound` for an unknown
    /// cloud; `Conflict` while another job works on the server.
    pub async fn create_server(&self, request: ServerRequest) -> Result<JobId> {
        request.validate()?;
        self.inner.cloud(request.provider.as_deref())?;
        let name = request.name.clone();
        // Known before the job is, and asked again by the job itself.
        if self.inner.find_server(&Scope::Platform, &name).await?.is_some() {
            return Err(ledger::name_is_taken(&name));
        }
        self.submit(Subject::Server(name), JobKind::CreateServer, json!(request)).await
    }

    /// Gives a server back with all that was made for it. It is forgotten only once the provider says that it is gone.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the server.
    pub async fn destroy_server(&self, name: &AppName) -> Result<JobId> {
        self.inner.load_server(&self.scope, name).await?;
        self.submit(Subject::Server(name.clone()), JobKind::DestroyServer, json!({})).await
    }

    /// A server as it is now.
    ///
    /// # Errors
    /// `NotFound`, and those of the cloud.
    pub async fn get_server(&self, name: &AppName) -> Result<ServerReport> {
        let (record, _) = self.inner.load_server(&self.scope, name).await?;
        let provider = self.inner.cloud(Some(&record.provider))?;
        let server = look(provider.as_ref(), record.server()).await?;
        Ok(ServerReport::new(&record, server))
    }

    /// All servers as they are now, in order of name.
    ///
    /// # Errors
    /// Those of the store and of the clouds.
    pub async fn list_servers(&self) -> Result<Vec<ServerReport>> {
        let records = self.inner.all_servers(&self.scope).await?;
        let mut listed: BTreeMap<&str, BTreeMap<ServerId, Server>> = BTreeMap::new();
        for record in &records {
            if !listed.contains_key(record.provider.as_str()) {
                let provider = self.inner.cloud(Some(&record.provider))?;
                let servers = provider.list_servers(&ServerFilter::all()).await?;
                let by_id = servers.into_iter().map(|server| (server.id.clone(), server)).collect();
                listed.insert(&record.provider, by_id);
            }
        }
        let mut reports = Vec::with_capacity(records.len());
        for record in &records {
            let found = record
                .server()
                .and_then(|id| listed.get(record.provider.as_str()).and_then(|servers| servers.get(id)))
                .cloned();
            let server = match found {
                Some(server) => Some(server),
                // Lists may be late.
                None => look(self.inner.cloud(Some(&record.provider))?.as_ref(), record.server()).await?,
            };
            reports.push(ServerReport::new(record, server));
        }
        Ok(reports)
    }

    /// Lists everything at the clouds that bears byop's mark and that the store does not know, with its age and what it
    /// costs a month; and removes it, if the options say so. What does not bear the mark is never touched, and what
    /// another installation of byop made only when the options name that installation.
    ///
    /// A cloud that cannot be asked is named in the report; the others are still looked at.
    ///
    /// # Errors
    /// `PermissionDenied` in the hands of a client; those of the store.
    pub async fn sweep(&self, options: &SweepOptions) -> Result<SweepReport> {
        if self.scope != Scope::Platform {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                "server.sweep",
                "only the platform can sweep clouds",
            )
            .with_remedy("ask the platform to do it"));
        }
        sweep::sweep(&self.inner, options, self.actor.as_ref()).await
    }
}

async fn look(provider: &dyn CloudProvider, id: Option<&ServerId>) -> Result<Option<Server>> {
    let Some(id) = id else { return Ok(None) };
    match provider.get_server(id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Runs a job on a server.
pub(super) async fn run(run: JobRun<()>, name: &AppName) -> Result<Value> {
    let inner = Arc::clone(&run.inner);
    let events = Arc::clone(&run.events) as Arc<dyn EventSink>;
    match run.job.kind {
        JobKind::CreateServer => {
            let request: ServerRequest = serde_json::from_value(run.job.input.clone()).map_err(|error| {
                Error::new(ErrorKind::Corrupt, "job.input", "the job's input cannot be read")
                    .with_source(error)
            })?;
            let provider = inner.cloud(request.provider.as_deref())?;
            workflow::create(&run.with_context(ServerContext { provider, events }), &request).await
        }
        JobKind::DestroyServer => {
            // Gone already: an earlier process did it.
            let found = inner.find_server(&run.scope, name).await?;
            let Some((record, version)) = found else { return Ok(json!({})) };
            let provider = inner.cloud(Some(&record.provider))?;
            let run = run.with_context(ServerContext { provider, events });
            workflow::destroy(&run, record, version).await
        }
        _ => Err(mismatch(&run.job)),
    }
}

/// The error of a job that cannot be done on its subject.
pub(super) fn mismatch(job: &Job) -> Error {
    Error::new(ErrorKind::Unsupported, "job.run", "this cannot be done on this subject")
        .with_context("job", &job.id)
        .with_context("subject", &job.subject)
}

/// Listens to what a plan has to say.
#[derive(Debug)]
struct Nobody;

#[async_trait::async_trait]
impl EventSink for Nobody {
    async fn emit(&self, _: crate::model::EventBody) {}
}

impl Inner {
    /// Whether the cloud of a server is here; before the server is in the books, whether there is any.
    pub(super) async fn has_cloud_of(&self, scope: &Scope, name: &AppName) -> Result<bool> {
        let found = self.find_server(scope, name).await?;
        Ok(found.map_or(!self.clouds.is_empty(), |(record, _)| self.clouds.contains_key(&record.provider)))
    }

    /// The cloud of this name; without a name the only one.
    fn cloud(&self, name: Option<&str>) -> Result<Arc<dyn CloudProvider>> {
        let known = || self.clouds.keys().cloned().collect::<Vec<_>>().join(", ");
        let found = match name {
            Some(name) => self.clouds.get(name),
            None if self.clouds.len() == 1 => self.clouds.values().next(),
            None if self.clouds.is_empty() => None,
            None => {
                return Err(Error::invalid("cloud.get", "the engine has several clouds")
                    .with_context("known", known())
                    .with_remedy("say which one in `provider`"));
            }
        };
        found.cloned().ok_or_else(|| {
            Error::not_found("cloud.get", "the engine has no cloud of this name")
                .with_context("name", name.unwrap_or_default())
                .with_context("known", known())
                .with_remedy("give it to the engine when the engine is built")
        })
    }

    async fn load_server(&self, scope: &Scope, name: &AppName) -> Result<(ServerRecord, u64)> {
        self.find_server(scope, name).await?.ok_or_else(|| {
            Error::not_found("server.get", "there is no server of this name")
                .with_context("server", name)
                .with_remedy("list the servers, or create it first")
        })
    }
}
