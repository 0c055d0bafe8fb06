//! The engine: what an embedding program calls.
//!
//! A verb that changes something writes a job and returns its id; the job runs in the background of the caller's
//! tokio runtime. Everything else answers at once, from the store or from the host.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures_util::stream::BoxStream;
use serde_json::json;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::cloud::CloudProvider;
use crate::error::{Error, ErrorKind, Result};
use crate::generator::Generator;
use crate::id::{Entropy, JobId};
use crate::ingress::Ingress;
use crate::model::{
    Actor, AppName, AppReport, AppRetention, AppSpec, Census, ClientId, ContainerStats, DriftFilter,
    DriftReport, Event, Job, JobFilter, JobKind, JobState, LogLine, LogOptions, Preview, Rebuilt,
    SourceLimits, StepPolicy, Subject,
};
use crate::runtime::ContainerRuntime;
use crate::secret::SecretSource;
use crate::stage::Data;
use crate::store::{Scope, Store, WhenBusy};

mod apps;
mod audit;
mod builder;
mod builds;
mod census;
mod clients;
mod customers;
mod domains;
mod drift;
mod events;
mod host_view;
mod job_run;
mod journal;
mod lock;
mod observe;
mod plan;
mod ports;
mod preview;
mod preview_apps;
mod proxy;
mod rebuild;
mod records;
mod redaction;
mod releases;
mod repair;
mod route;
#[cfg(feature = "schedules")]
mod schedules;
mod secrets;
mod servers;
mod steady;
mod tickets;
mod worker;
mod workflow;

pub use builder::EngineBuilder;
#[cfg(feature = "seal")]
pub use secrets::{KeyRotation, StoredSecret};

/// The platform engine. Cheap to clone; all clones are one engine.
///
/// ```no_run
/// # async fn run() -> byop_core::Result<()> {
/// use byop_core::engine::Engine;
/// use byop_core::model::{AppSpec, Source};
///
/// # #[cfg(all(feature = "docker", feature = "sqlite"))] {
/// let engine = Engine::builder()
///     .with_store(byop_core::store::SqliteStore::open("byop.db").await?)
///     .with_runtime("local", byop_core::docker::Docker::connect()?)
///     .build()?;
/// let spec = AppSpec::new("shop", Source::Directory("./shop".into()))?.with_domain("shop.localhost")?;
/// let job = engine.deploy(spec).await?;
/// engine.wait(&job).await?;
/// # }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    /// Whose things this handle sees and touches.
    scope: Scope,
    /// Who is named in the audit.
    actor: Option<Actor>,
    busy: WhenBusy,
}

/// What the clones of an engine share.
#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    hosts: BTreeMap<String, Arc<dyn ContainerRuntime>>,
    ingress: Arc<dyn Ingress>,
    clouds: BTreeMap<String, Arc<dyn CloudProvider>>,
    generators: Arc<[Arc<dyn Generator>]>,
    /// The embedding program's.
    secrets: Arc<dyn SecretSource>,
    #[cfg(feature = "seal")]
    vault: Arc<secrets::Vault>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    work: PathBuf,
    limits: SourceLimits,
    port_range: RangeInclusive<u16>,
    owner: String,
    lease: Duration,
    /// By name of the stage.
    policies: BTreeMap<String, StepPolicy>,
    /// How much of an app's past stays.
    retention: AppRetention,
    /// Held by whoever of this process has a host to itself.
    hosts_in_use: tokio::sync::Mutex<()>,
    /// Set when this engine looks for jobs that were left behind, or never will.
    takes_over: OnceLock<()>,
    /// Wakes the loop that looks for due schedules.
    #[cfg(feature = "schedules")]
    schedules: Arc<tokio::sync::Notify>,
    /// How to ask a running job of this process to end.
    cancels: Mutex<BTreeMap<JobId, watch::Sender<bool>>>,
}

impl Engine {
    /// Begins to put an engine together.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::new()
    }

    /// The same engine in the hands of a client: it sees and touches only what is the client's, and what it makes is
    /// the client's. What is another's looks like what is not there.
    ///
    /// A client needs no record: a program that keeps its clients elsewhere names them as it likes. Limits and suspension
    /// count for a client that [`create_client`](Self::create_client) made.
    #[must_use]
    pub fn for_client(&self, client: ClientId) -> Self {
        Self { scope: Scope::Client(client), ..self.clone() }
    }

    /// The same engine with a name for the audit.
    #[must_use]
    pub fn acting_as(&self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self.clone() }
    }

    /// The same engine with another answer to a job on something that another job works on: without this it is
    /// refused.
    #[must_use]
    pub fn when_busy(&self, busy: WhenBusy) -> Self {
        Self { busy, ..self.clone() }
    }

    /// What would be built and how, without touching an engine, a proxy or the store.
    ///
    /// # Errors
    /// `InvalidInput` for a bad spec or source, `Unsupported` when no stack is recognised, and those of fetching
    /// the source.
    pub async fn preview(&self, spec: &AppSpec) -> Result<Preview> {
        self.inner.preview(&self.scope, spec).await
    }

    /// Makes a release of the app and lets it serve. An app that is there already keeps serving until the new
    /// release is healthy; nothing changes when nothing differs.
    ///
    /// # Errors
    /// `InvalidInput` for a bad spec; `AlreadyExists` when the name is another client's; `Conflict` while another job
    /// works on the app.
    pub async fn deploy(&self, spec: AppSpec) -> Result<JobId> {
        spec.validate()?;
        let name = spec.name.clone();
        self.check_name(&name).await?;
        let input = spec_input(&spec)?;
        self.submit(name, JobKind::Deploy, input).await
    }

    /// Stops the app; it keeps its data, routes lead nowhere.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the app.
    pub async fn stop(&self, app: &AppName) -> Result<JobId> {
        self.submit_on_existing(app, JobKind::Stop, json!({})).await
    }

    /// Starts the app again; it serves once it is healthy.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the app.
    pub async fn start(&self, app: &AppName) -> Result<JobId> {
        self.submit_on_existing(app, JobKind::Start, json!({})).await
    }

    /// Stops the app and starts it again.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the app.
    pub async fn restart(&self, app: &AppName) -> Result<JobId> {
        self.submit_on_existing(app, JobKind::Restart, json!({})).await
    }

    /// Removes everything of the app; of its data, what `data` says. The last app takes the proxy with it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the app.
    pub async fn remove(&self, app: &AppName, data: Data) -> Result<JobId> {
        self.submit_on_existing(app, JobKind::Remove, json!({ "data": data })).await
    }

    /// Asks a job to end, whichever process runs it. What it has begun is taken back; it then is in the state
    /// `cancelled`. A job that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn cancel(&self, job: &JobId) -> Result<()> {
        self.inner.cancel(&self.scope, job).await
    }

    /// The events of a job with a sequence number above `after`: first those that are recorded, then new ones as
    /// they happen. The stream ends with the job.
    ///
    /// # Errors
    /// Inside the stream: `NotFound`, and those of the store.
    #[must_use]
    pub fn events(&self, job: &JobId, after: u64) -> BoxStream<'static, Result<Event>> {
        events::follow(Arc::clone(&self.inner), self.scope.clone(), job.clone(), after)
    }

    /// The events of all jobs of an app or a server with a position above `after`: first those that are recorded, then
    /// new ones as they happen. The stream does not end by itself.
    ///
    /// # Errors
    /// Inside the stream: `NotFound` when events after `after` are no longer kept, and those of the store.
    #[must_use]
    pub fn subject_events(&self, subject: &Subject, after: u64) -> BoxStream<'static, Result<Event>> {
        events::follow_subject(Arc::clone(&self.inner), self.scope.clone(), subject.clone(), after)
    }

    /// Waits for the end of a job.
    ///
    /// # Errors
    /// The job's own error when it failed, `Cancelled` when it was cancelled; `NotFound`.
    pub async fn wait(&self, job: &JobId) -> Result<Job> {
        let job = events::wait(&self.inner, &self.scope, job).await?;
        match (job.state, &job.error) {
            (JobState::Succeeded, _) => Ok(job),
            (_, Some(report)) => Err(report.clone().into()),
            _ => Err(Error::new(ErrorKind::Internal, "job.wait", "the job failed without saying why")
                .with_context("job", &job.id)),
        }
    }

    /// A job as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_job(&self, id: &JobId) -> Result<Job> {
        self.inner.store.get_job(&self.scope, id).await
    }

    /// Jobs, newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>> {
        self.inner.store.list_jobs(&self.scope, filter).await
    }

    /// Goes on with the jobs that an earlier process left behind, and returns their ids. A job whose lease is
    /// still alive belongs to another process and is left alone; should that process die, this one takes the job
    /// over when the lease has run out, by itself. Jobs on hosts and at clouds that this engine does not have are left
    /// to one that has them.
    ///
    /// Call it once in every process, at its start. Schedules, jobs of processes that die later and preview apps whose time
    /// is over are looked for only in processes that have called it, started a job or put a schedule.
    ///
    /// # Errors
    /// Those of the store; `Unauthenticated` when the engine has not the key that the secrets in the store need.
    pub async fn resume(&self) -> Result<Vec<JobId>> {
        #[cfg(feature = "seal")]
        self.inner.vault.ready().await?;
        let mut resumed = Vec::new();
        worker::take_over_in_background(&self.inner);
        let unfinished = self.inner.store.list_jobs(&self.scope, &JobFilter::all().with_unfinished()).await?;
        // The oldest first: those of one app follow each other.
        for job in unfinished.into_iter().rev() {
            if self.inner.can_do(&job).await?
                && worker::spawn(Arc::clone(&self.inner), job.id.clone()).await?
            {
                resumed.push(job.id);
            }
        }
        Ok(resumed)
    }

    /// All apps with what really runs of them, in order of name.
    ///
    /// # Errors
    /// Those of the store and of the host.
    pub async fn list_apps(&self) -> Result<Vec<AppReport>> {
        self.inner.list_apps(&self.scope).await
    }

    /// An app with what really runs of it.
    ///
    /// # Errors
    /// `NotFound`, and those of the host.
    pub async fn get_app(&self, name: &AppName) -> Result<AppReport> {
        let (app, _) = self.inner.load_app(&self.scope, name).await?;
        self.inner.observe(app).await
    }

    /// Compares what the store says with what there is: containers, networks, volumes, images, routes and the proxies of
    /// hosts. Nothing is changed. An app that a job works on is left out.
    ///
    /// A host that does not answer is a finding, not an error. How a proxy differs, and the names of what is not theirs,
    /// clients are not told.
    ///
    /// # Errors
    /// `NotFound` when the filter names an app that is not there; those of the store, and of a host that stops
    /// answering half-way.
    pub async fn drift(&self, filter: &DriftFilter) -> Result<DriftReport> {
        self.inner.drift(&self.scope, filter).await
    }

    /// Makes an app again what the store says it is: what [`Engine::drift`] finds of it and of its host's proxy is made
    /// right, and the job's output is a [`RepairReport`](crate::model::RepairReport) with what is left. A container that
    /// differs is replaced beside the one that serves, as by a deployment, under a new release number.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while another job works on the app.
    pub async fn repair(&self, app: &AppName) -> Result<JobId> {
        self.submit_on_existing(app, JobKind::Repair, json!({})).await
    }

    /// Holds the labelled objects of all hosts against the store: what the store does not know, and what it knows and
    /// is not there. Nothing is changed, and nothing without byop's label is listed. A client sees what carries the
    /// names of its own apps.
    ///
    /// # Errors
    /// Those of the store, and of a host that stops answering half-way.
    pub async fn census(&self) -> Result<Census> {
        self.inner.census(&self.scope).await
    }

    /// Fills a store that was lost again from the labels of what runs: apps, releases, host names and ports. Apps that
    /// the store knows are left as they are, so that doing it twice is harmless. Everything goes on serving meanwhile,
    /// and the next deployment of the same changes nothing.
    ///
    /// Not in the labels, and so gone: jobs, events and releases that no longer run.
    ///
    /// # Errors
    /// `PermissionDenied` in the hands of a client; those of the store, and of a host that stops answering half-way.
    pub async fn rebuild_store(&self) -> Result<Rebuilt> {
        self.inner.rebuild_store(&self.scope).await
    }

    /// The log of the app's serving release, without the values of its secrets.
    ///
    /// # Errors
    /// `NotFound` when there is no such app or it has no container.
    pub async fn logs(
        &self,
        name: &AppName,
        options: &LogOptions,
    ) -> Result<BoxStream<'static, Result<LogLine>>> {
        let (runtime, container) = self.inner.serving_container(&self.scope, name).await?;
        let redaction = redaction::Redaction::of_app(&self.inner, name).await;
        Ok(redaction.logs(runtime.logs(&container, options).await?))
    }

    /// What the app uses now.
    ///
    /// # Errors
    /// `NotFound` when there is no such app or it has no container.
    pub async fn stats(&self, name: &AppName) -> Result<ContainerStats> {
        let (runtime, container) = self.inner.serving_container(&self.scope, name).await?;
        runtime.stats(&container).await
    }

    async fn submit_on_existing(
        &self,
        app: &AppName,
        kind: JobKind,
        input: serde_json::Value,
    ) -> Result<JobId> {
        self.inner.load_app(&self.scope, app).await?;
        self.submit(app.clone(), kind, input).await
    }

    /// Refuses a name that another client has. Known before a job is made, and asked again by the job itself.
    async fn check_name(&self, name: &AppName) -> Result<()> {
        if self.inner.find_app(&self.scope, name).await?.is_none()
            && self.inner.find_app(&Scope::Platform, name).await?.is_some()
        {
            return Err(apps::name_is_taken(name));
        }
        Ok(())
    }

    /// A job in the name of this handle's client and actor, if the client may have it.
    async fn new_job(
        &self,
        id: JobId,
        subject: impl Into<Subject>,
        kind: JobKind,
        input: serde_json::Value,
    ) -> Result<Job> {
        let subject = subject.into();
        self.check_may(kind, subject.app()).await?;
        // What the platform does to a client's app, the client sees.
        let client = match self.scope.client() {
            Some(client) => Some(client.clone()),
            None => self.inner.owner_of(&subject).await?,
        };
        let mut job = Job::new(id, subject, kind, input, self.inner.clock.now());
        job.client = client;
        job.actor.clone_from(&self.actor);
        Ok(job)
    }

    async fn submit(
        &self,
        subject: impl Into<Subject>,
        kind: JobKind,
        input: serde_json::Value,
    ) -> Result<JobId> {
        let id = JobId::random(self.inner.entropy.as_ref());
        self.submit_as(id, subject, kind, input).await
    }

    /// As `submit`, under an id that the caller has derived.
    async fn submit_as(
        &self,
        id: JobId,
        subject: impl Into<Subject>,
        kind: JobKind,
        input: serde_json::Value,
    ) -> Result<JobId> {
        let job = self.new_job(id, subject, kind, input).await?;
        let engine = self.clone();
        worker::whole(async move {
            engine.inner.store.create_job(&engine.scope, &job, engine.busy).await?;
            worker::spawn(engine.inner, job.id.clone()).await?;
            Ok(job.id)
        })
        .await
    }
}

fn spec_input(spec: &AppSpec) -> Result<serde_json::Value> {
    serde_json::to_value(spec).map_err(|error| {
        Error::new(ErrorKind::Internal, "app.deploy", "the spec cannot be written").with_source(error)
    })
}
