//! The verbs of the engine: one line each, for the blocking and the awaitable engine alike.
//!
//! A verb is added here, and as a method of `Engine` in `python/byop/_engine.py`; a test fails where one is missing.

use byop_core::engine::Engine;
use byop_core::id::{CustomerId, JobId, TicketId};
use byop_core::model::{
    AppName, AuditFilter, ClientId, ClientSpec, CustomerSpec, DriftFilter, JobFilter, LogOptions,
    PreviewAppSpec, Proposal, ScheduleSpec, ServerRequest, Subject, SweepOptions, TicketFilter, TicketSpec,
};
use byop_core::stage::Data;
use byop_core::{Error, ErrorKind, Result, Secret, SecretRef};

use crate::args::{Args, Paging, Spec, Text, seconds_of, written};
use crate::stream::{Items, items};

macro_rules! verbs {
    ($engine:ident; $($verb:ident($($arg:ident: $kind:ty),*) => $body:expr;)*) => {
        /// The verbs that answer once.
        pub(crate) const VERBS: &[&str] = &[$(stringify!($verb)),*];

        /// Carries out one of them.
        pub(crate) async fn call($engine: Engine, verb: String, mut args: Args) -> Result<String> {
            match verb.as_str() {
                $(stringify!($verb) => {
                    $(let $arg: $kind = args.take(stringify!($arg))?;)*
                    args.finish()?;
                    written(&$body.await?)
                })*
                _ => Err(unknown(&verb)),
            }
        }
    };
}

macro_rules! streams {
    ($engine:ident; $($verb:ident($($arg:ident: $kind:ty),*) => $body:expr;)*) => {
        /// The verbs that answer bit by bit.
        pub(crate) const STREAMS: &[&str] = &[$(stringify!($verb)),*];

        /// Carries out one of them.
        pub(crate) async fn follow($engine: Engine, verb: String, mut args: Args) -> Result<Items> {
            match verb.as_str() {
                $(stringify!($verb) => {
                    $(let $arg: $kind = args.take(stringify!($arg))?;)*
                    args.finish()?;
                    Ok(items($body))
                })*
                _ => Err(unknown(&verb)),
            }
        }
    };
}

verbs! { engine;
    preview(spec: Spec) => engine.preview(&spec.0);
    plan(spec: Spec) => engine.plan(&spec.0);
    apply(proposal: Proposal) => engine.apply(&proposal);
    deploy(spec: Spec) => engine.deploy(spec.0);
    stop(app: Text<AppName>) => engine.stop(&app);
    start(app: Text<AppName>) => engine.start(&app);
    restart(app: Text<AppName>) => engine.restart(&app);
    remove(app: Text<AppName>, data: Data) => engine.remove(&app, data);
    rollback(app: Text<AppName>, to: Option<u64>) => engine.rollback(&app, to);
    repair(app: Text<AppName>) => engine.repair(&app);
    get_app(name: Text<AppName>) => engine.get_app(&name);
    list_apps() => engine.list_apps();
    stats(name: Text<AppName>) => engine.stats(&name);
    list_releases(app: Text<AppName>) => engine.list_releases(&app);
    list_deployments(app: Option<AppName>) => engine.list_deployments(app.as_ref());
    list_components(app: Text<AppName>) => engine.list_components(&app);
    get_build(id: JobId) => engine.get_build(&id);
    list_builds(filter: JobFilter) => engine.list_builds(&filter);
    list_domains(page: Paging) => engine.list_domains(&page.into());

    cancel(job: JobId) => engine.cancel(&job);
    wait(job: JobId, timeout: Option<f64>) => wait(&engine, &job, timeout);
    get_job(id: JobId) => engine.get_job(&id);
    list_jobs(filter: JobFilter) => engine.list_jobs(&filter);
    resume() => engine.resume();

    drift(filter: DriftFilter) => engine.drift(&filter);
    census() => engine.census();
    rebuild_store() => engine.rebuild_store();
    list_audit(filter: AuditFilter) => engine.list_audit(&filter);
    verify_audit() => engine.verify_audit();

    create_client(spec: ClientSpec) => engine.create_client(spec);
    get_client(id: Text<ClientId>) => engine.get_client(&id);
    list_clients(page: Paging) => engine.list_clients(&page.into());
    update_client(spec: ClientSpec) => engine.update_client(spec);
    delete_client(id: Text<ClientId>) => engine.delete_client(&id);
    create_customer(spec: CustomerSpec) => engine.create_customer(spec);
    get_customer(id: CustomerId) => engine.get_customer(&id);
    list_customers(page: Paging) => engine.list_customers(&page.into());
    update_customer(id: CustomerId, spec: CustomerSpec) => engine.update_customer(&id, spec);
    delete_customer(id: CustomerId) => engine.delete_customer(&id);
    open_ticket(spec: TicketSpec) => engine.open_ticket(spec);
    reply_to_ticket(id: TicketId, body: String) => engine.reply_to_ticket(&id, &body);
    assign_ticket(id: TicketId, assignee: Option<String>) => engine.assign_ticket(&id, assignee.as_deref());
    close_ticket(id: TicketId) => engine.close_ticket(&id);
    reopen_ticket(id: TicketId) => engine.reopen_ticket(&id);
    get_ticket(id: TicketId) => engine.get_ticket(&id);
    list_tickets(filter: TicketFilter) => engine.list_tickets(&filter);

    create_preview_app(spec: PreviewAppSpec) => engine.create_preview_app(spec);
    get_preview_app(name: Text<AppName>) => engine.get_preview_app(&name);
    list_preview_apps(page: Paging) => engine.list_preview_apps(&page.into());
    delete_preview_app(name: Text<AppName>) => engine.delete_preview_app(&name);
    put_schedule(spec: ScheduleSpec) => engine.put_schedule(spec);
    get_schedule(name: Text<AppName>) => engine.get_schedule(&name);
    list_schedules(page: Paging) => engine.list_schedules(&page.into());
    delete_schedule(name: Text<AppName>) => engine.delete_schedule(&name);
    pause_schedule(name: Text<AppName>) => engine.pause_schedule(&name);
    resume_schedule(name: Text<AppName>) => engine.resume_schedule(&name);
    run_schedule(name: Text<AppName>) => engine.run_schedule(&name);

    put_secret(name: SecretRef, value: Secret) => engine.put_secret(&name, &value);
    list_secrets() => engine.list_secrets();
    delete_secret(name: SecretRef) => engine.delete_secret(&name);
    rotate_keys() => engine.rotate_keys();

    plan_server(request: ServerRequest) => engine.plan_server(&request);
    create_server(request: ServerRequest) => engine.create_server(request);
    destroy_server(name: Text<AppName>) => engine.destroy_server(&name);
    get_server(name: Text<AppName>) => engine.get_server(&name);
    list_servers() => engine.list_servers();
    sweep(options: SweepOptions) => engine.sweep(&options);
}

streams! { engine;
    events(job: JobId, after: u64) => engine.events(&job, after);
    subject_events(subject: Subject, after: u64) => engine.subject_events(&subject, after);
    follow_audit(filter: AuditFilter) => engine.follow_audit(filter);
    logs(name: Text<AppName>, options: LogOptions) => engine.logs(&name, &options).await?;
}

/// The end of a job, if it comes in time.
async fn wait(engine: &Engine, job: &JobId, timeout: Option<f64>) -> Result<byop_core::model::Job> {
    let Some(seconds) = timeout else { return engine.wait(job).await };
    let time = seconds_of("job.wait", "timeout", seconds)?;
    tokio::time::timeout(time, engine.wait(job)).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Timeout, "job.wait", "the job has not ended yet")
            .with_context("job", job)
            .with_remedy("wait again, or cancel the job: it goes on"))
    })
}

fn unknown(verb: &str) -> Error {
    Error::new(ErrorKind::Unsupported, "engine.call", "the engine has no such verb")
        .with_context("verb", verb)
}
