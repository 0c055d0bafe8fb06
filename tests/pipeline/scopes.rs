//! One client cannot see or touch what is another's: every call of the store and every verb of the engine, tried by
//! one client on what is another's and on what is not there. Both have to look the same, and the other's things
//! have to stay as they were.
//!
//! The calls are read from the sources, so one that is added without a case here is a failure.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use byop_core::engine::Engine;
use byop_core::id::{CustomerId, JobId, SystemEntropy, TicketId};
use byop_core::model::{
    Actor, AppName, AuditEntry, AuditFilter, ClientId, CustomerSpec, DriftFilter, Job, JobFilter, JobKind,
    LogOptions, PreviewAppSpec, ScheduleSpec, ScheduledAction, ServerRequest, Subject, SweepOptions,
    TicketFilter, TicketSpec,
};
use byop_core::secret::{Key, Keyring};
use byop_core::stage::Data;
use byop_core::store::{Expected, MemoryStore, Page, Scope, SqliteStore, Store, WhenBusy};
use byop_core::{Error, ErrorKind, Result, Secret, SecretRef};
use futures_util::StreamExt;
use serde_json::json;

use self::sources::{calls, verbs};
use crate::clients::{client, made, spec};
use crate::support::{SharedClock, World, app, deploy, done, image};

mod sources;

/// Calls of the store that ask for no scope, with the reason.
const UNSCOPED: &[(&str, &str)] = &[
    ("append_events", "the lease is the right"),
    ("claim_job", "it gives work to the engine, and no data to a client"),
    ("claim_next", "it gives work to the engine, and no data to a client"),
    ("prune", "the engine keeps house"),
    ("put_steps", "the lease is the right"),
    ("renew_lease", "the lease is the right"),
    ("update_job", "the lease is the right"),
    ("wait_for_change", "it tells that something has changed and not what"),
];

/// Verbs of the engine that touch nothing that is anybody's, with the reason.
const HARMLESS: &[(&str, &str)] = &[
    ("acting_as", "another handle"),
    ("builder", "there is no engine yet"),
    ("for_client", "another handle; who has one for the platform may have one for any client"),
    ("plan_server", "it asks a cloud what there is"),
    ("preview", "it reads a source and nothing that is stored"),
    ("when_busy", "another handle"),
];

/// Verbs that take the name of an app, which is one for all: see the last test.
const UNIQUE: [&str; 3] = ["apply", "deploy", "plan"];

/// What a call is tried on.
#[derive(Debug, Clone)]
struct Target {
    client: ClientId,
    app: AppName,
    job: JobId,
    customer: CustomerId,
    ticket: TicketId,
    schedule: AppName,
    secret: SecretRef,
    server: AppName,
    preview: AppName,
}

impl Target {
    fn missing() -> Self {
        Self {
            client: client("nobody"),
            app: app("nothing"),
            job: JobId::from("job_none".to_owned()),
            customer: CustomerId::from("cus_none".to_owned()),
            ticket: TicketId::from("tkt_none".to_owned()),
            schedule: app("never"),
            secret: SecretRef("none-db".into()),
            server: app("nowhere"),
            preview: app("nolook"),
        }
    }

    /// What came of a call, without the names that it was tried on.
    fn shown(&self, came: &str) -> String {
        let names = [
            // Before the app, whose name is in them.
            self.schedule.as_str(),
            self.secret.0.as_str(),
            self.server.as_str(),
            self.preview.as_str(),
            self.client.as_str(),
            self.app.as_str(),
            self.job.as_str(),
            self.customer.as_str(),
            self.ticket.as_str(),
        ];
        names.iter().fold(came.to_owned(), |text, name| text.replace(name, "<name>"))
    }
}

fn show<T: Debug>(came: Result<T>) -> String {
    match came {
        Ok(value) => format!("ok: {value:?}"),
        Err(error) => shown_error(&error),
    }
}

fn shown_error(error: &Error) -> String {
    format!("{error:?}")
}

/// The first of a stream, or that none came.
async fn first<T: Debug>(mut stream: impl futures_util::Stream<Item = Result<T>> + Unpin) -> String {
    match tokio::time::timeout(Duration::from_millis(30), stream.next()).await {
        Ok(Some(item)) => show(item),
        Ok(None) => "the end".into(),
        Err(_) => "silence".into(),
    }
}

/// Tries a verb as `engine`; none when there is no case for it.
async fn try_verb(verb: &str, engine: &Engine, at: &Target) -> Option<String> {
    let stop = ScheduledAction::Stop { app: at.app.clone() };
    Some(match verb {
        "cancel" => show(engine.cancel(&at.job).await),
        "census" => show(engine.census().await),
        "close_ticket" => show(engine.close_ticket(&at.ticket).await),
        "create_client" => show(engine.create_client(spec(at.client.as_str())).await),
        "create_customer" => {
            show(engine.create_customer(CustomerSpec::new(at.client.clone(), "A").unwrap()).await)
        }
        "create_preview_app" => {
            let spec = PreviewAppSpec::new(at.app.clone(), app("look"), Duration::from_secs(60));
            show(engine.create_preview_app(spec).await)
        }
        // This engine has no cloud; what becomes of a name that is taken is in the tests of servers.
        "create_server" => {
            let request = ServerRequest::new(at.server.as_str(), "here", "small").unwrap();
            show(engine.create_server(request).await)
        }
        "delete_preview_app" => show(engine.delete_preview_app(&at.preview).await),
        "get_preview_app" => show(engine.get_preview_app(&at.preview).await),
        "list_domains" => show(engine.list_domains(&Page::all()).await),
        "list_preview_apps" => show(engine.list_preview_apps(&Page::all()).await),
        "delete_client" => show(engine.delete_client(&at.client).await),
        "delete_customer" => show(engine.delete_customer(&at.customer).await),
        "delete_secret" => show(engine.delete_secret(&at.secret).await),
        "delete_schedule" => show(engine.delete_schedule(&at.schedule).await),
        "destroy_server" => show(engine.destroy_server(&at.server).await),
        "drift" => {
            show(engine.drift(&DriftFilter::all()).await)
                + &show(engine.drift(&DriftFilter::all().with_app(at.app.clone())).await)
        }
        "events" => first(engine.events(&at.job, 0)).await,
        "follow_audit" => {
            first(engine.follow_audit(AuditFilter::all().with_subject(format!("app/{}", at.app)))).await
        }
        "get_app" => show(engine.get_app(&at.app).await),
        "get_build" => show(engine.get_build(&at.job).await),
        "get_client" => show(engine.get_client(&at.client).await),
        "get_customer" => show(engine.get_customer(&at.customer).await),
        "get_job" => show(engine.get_job(&at.job).await),
        "get_schedule" => show(engine.get_schedule(&at.schedule).await),
        "get_server" => show(engine.get_server(&at.server).await),
        "get_ticket" => show(engine.get_ticket(&at.ticket).await),
        "assign_ticket" => show(engine.assign_ticket(&at.ticket, Some("me")).await),
        "list_apps" => show(engine.list_apps().await),
        "list_audit" => {
            let of = AuditFilter::all().with_subject(format!("app/{}", at.app));
            show(engine.list_audit(&of).await)
        }
        "list_builds" => show(engine.list_builds(&JobFilter::all().with_app(at.app.clone())).await),
        "list_clients" => {
            let seen = engine.list_clients(&Page::all()).await.unwrap();
            format!("{:?}", seen.iter().map(|client| client.id.as_str()).collect::<Vec<_>>())
        }
        "list_components" => show(engine.list_components(&at.app).await),
        "list_customers" => show(engine.list_customers(&Page::all()).await),
        "list_deployments" => {
            show(engine.list_deployments(None).await) + &show(engine.list_deployments(Some(&at.app)).await)
        }
        "list_jobs" => {
            let after = JobFilter::all().with_page(Some(at.job.clone()), 10);
            show(engine.list_jobs(&JobFilter::all()).await)
                + &show(engine.list_jobs(&JobFilter::all().with_app(at.app.clone())).await)
                + &show(engine.list_jobs(&after).await)
        }
        "list_schedules" => show(engine.list_schedules(&Page::all()).await),
        "list_releases" => show(engine.list_releases(&at.app).await),
        "list_secrets" => show(engine.list_secrets().await),
        "list_servers" => show(engine.list_servers().await),
        "list_tickets" => {
            let of = TicketFilter::all().with_customer(at.customer.clone());
            show(engine.list_tickets(&TicketFilter::all()).await) + &show(engine.list_tickets(&of).await)
        }
        "logs" => show(engine.logs(&at.app, &LogOptions::default()).await.map(|_| ())),
        "open_ticket" => {
            let of = TicketSpec::new(at.client.clone(), "A", "B").unwrap();
            let about = TicketSpec::new(client("acme"), "A", "B").unwrap();
            show(engine.open_ticket(of).await)
                + &show(engine.open_ticket(about.clone().with_app(at.app.clone())).await)
                + &show(engine.open_ticket(about.with_customer(at.customer.clone())).await)
        }
        "pause_schedule" => show(engine.pause_schedule(&at.schedule).await),
        // Their names are their owners': it makes one of its own, which cannot touch the other's app.
        "put_schedule" => {
            let spec = ScheduleSpec::new(at.schedule.as_str(), "@hourly", stop).unwrap();
            engine.put_schedule(spec).await.unwrap();
            let run = show(engine.run_schedule(&at.schedule).await.map(|run| run.outcome));
            engine.delete_schedule(&at.schedule).await.unwrap();
            run
        }
        // Their names are their owners' too.
        "put_secret" => {
            let put = show(engine.put_secret(&at.secret, &Secret::new("mine")).await.map(|_| ()));
            engine.delete_secret(&at.secret).await.unwrap();
            put
        }
        "rebuild_store" => show(engine.rebuild_store().await),
        "remove" => show(engine.remove(&at.app, Data::Delete).await),
        "reopen_ticket" => show(engine.reopen_ticket(&at.ticket).await),
        "repair" => show(engine.repair(&at.app).await),
        "reply_to_ticket" => show(engine.reply_to_ticket(&at.ticket, "Hello").await),
        "restart" => show(engine.restart(&at.app).await),
        "resume" => show(engine.resume().await),
        "resume_schedule" => show(engine.resume_schedule(&at.schedule).await),
        "rollback" => {
            show(engine.rollback(&at.app, None).await) + &show(engine.rollback(&at.app, Some(1)).await)
        }
        "rotate_keys" => show(engine.rotate_keys().await),
        "run_schedule" => show(engine.run_schedule(&at.schedule).await),
        "start" => show(engine.start(&at.app).await),
        "stats" => show(engine.stats(&at.app).await),
        "stop" => show(engine.stop(&at.app).await),
        "subject_events" => first(engine.subject_events(&Subject::App(at.app.clone()), 0)).await,
        "sweep" => show(engine.sweep(&SweepOptions::report()).await),
        "update_client" => show(engine.update_client(spec(at.client.as_str())).await),
        "update_customer" => {
            let spec = CustomerSpec::new(at.client.clone(), "A").unwrap();
            show(engine.update_customer(&at.customer, spec).await)
        }
        "verify_audit" => show(engine.verify_audit().await),
        "wait" => show(engine.wait(&at.job).await),
        _ => return None,
    })
}

/// Tries a call of the store as `scope`; none when there is no case for it.
async fn try_call(call: &str, store: &dyn Store, scope: &Scope, at: &Target) -> Option<String> {
    let keys = [("apps", at.app.to_string()), ("tickets", at.ticket.to_string())];
    let mut came = String::new();
    match call {
        "append_audit" => {
            let mut entry = AuditEntry::new("a.b", "a/b");
            entry.client = Some(at.client.clone());
            came += &show(store.append_audit(scope, entry).await);
        }
        "create_job" => {
            // One that is not made: it names somebody else.
            let mut job =
                Job::new(JobId::from("job_new".to_owned()), at.app.clone(), JobKind::Stop, json!({}), now());
            job.client = Some(at.client.clone());
            came += &show(store.create_job(scope, &job, WhenBusy::Wait).await);
        }
        "delete_record" => {
            for (collection, key) in keys {
                for expected in [Expected::Any, Expected::Version(1), Expected::Version(7)] {
                    came += &show(store.delete_record(scope, collection, &key, expected).await);
                }
            }
        }
        "find_record" => {
            for (collection, key) in keys {
                came += &show(store.find_record(scope, collection, &key).await);
            }
        }
        "get_job" => came += &show(store.get_job(scope, &at.job).await),
        "list_audit" => {
            came += &show(store.list_audit(scope, &AuditFilter::all()).await);
            let of = AuditFilter::all().with_subject(format!("app/{}", at.app));
            came += &show(store.list_audit(scope, &of).await);
        }
        "list_events" => came += &show(store.list_events(scope, &at.job, 0, 100).await),
        "list_jobs" => {
            came += &show(store.list_jobs(scope, &JobFilter::all()).await);
            came += &show(store.list_jobs(scope, &JobFilter::all().with_app(at.app.clone())).await);
            let after = JobFilter::all().with_page(Some(at.job.clone()), 10);
            came += &show(store.list_jobs(scope, &after).await);
        }
        "list_records" => {
            for (collection, key) in keys {
                came += &show(store.list_records(scope, collection, &Page::all()).await);
                let page = Page::all().with_prefix(key);
                came += &show(store.list_records(scope, collection, &page).await);
            }
        }
        "list_steps" => came += &show(store.list_steps(scope, &at.job).await),
        "list_subject_events" => {
            let subject = Subject::App(at.app.clone());
            came += &show(store.list_subject_events(scope, &subject, 0, 100).await);
        }
        "put_record" => {
            for (collection, key) in keys {
                for version in [1, 2, 3, 7] {
                    let expected = Expected::Version(version);
                    came += &show(store.put_record(scope, collection, &key, &json!({}), expected).await);
                }
            }
        }
        "request_cancel" => came += &show(store.request_cancel(scope, &at.job).await),
        _ => return None,
    }
    Some(came)
}

fn now() -> byop_core::clock::Timestamp {
    byop_core::clock::Timestamp(0)
}

/// Everything of a client, as the platform sees it.
async fn everything(store: &dyn Store, of: &ClientId) -> String {
    let scope = Scope::Client(of.clone());
    let mut all = String::new();
    let collections = [
        "apps",
        "clients",
        "customers",
        "domains",
        "hosts",
        "ports",
        "preview_apps",
        "releases",
        "schedules",
        "secrets",
        "servers",
        "tickets",
    ];
    for collection in collections {
        let records = store.list_records(&Scope::Platform, collection, &Page::all()).await.unwrap();
        for record in records.iter().filter(|record| record.owner.as_ref() == Some(of)) {
            all += &format!("{collection} {record:?}\n");
        }
    }
    for job in store.list_jobs(&scope, &JobFilter::all()).await.unwrap() {
        all += &show(store.list_steps(&scope, &job.id).await);
        all += &show(store.list_events(&scope, &job.id, 0, 1000).await);
        all += &format!("{job:?}\n");
    }
    all + &show(store.list_audit(&scope, &AuditFilter::all()).await)
}

/// A client with one of everything.
async fn furnished(world: &World, engine: &Engine, id: &str, name: &str) -> Target {
    let owner = made(engine, id).await;
    deploy(&owner, &image(name, "shop:1")).await.unwrap();
    let job = done(&owner, owner.restart(&app(name)).await).await.id;
    let customer = owner.create_customer(CustomerSpec::new(client(id), "Mona").unwrap()).await.unwrap().id;
    let ticket = TicketSpec::new(client(id), "Mine", "alone").unwrap();
    let ticket = owner.open_ticket(ticket.with_customer(customer.clone())).await.unwrap().id;
    let stop = ScheduledAction::Stop { app: app(name) };
    let schedule = ScheduleSpec::new(format!("{name}-nightly"), "@yearly", stop).unwrap();
    owner.put_schedule(schedule.clone()).await.unwrap();
    let preview = app(&format!("{name}-look"));
    let look = PreviewAppSpec::new(app(name), preview.clone(), Duration::from_secs(3600));
    let look = owner.create_preview_app(look).await.unwrap();
    owner.wait(&look.job).await.unwrap();
    let secret = SecretRef(format!("{name}-db"));
    owner.put_secret(&secret, &Secret::new("of shop")).await.unwrap();
    let server = app(&format!("{name}-web"));
    let scope = Scope::Client(client(id));
    world.store.put_record(&scope, "servers", server.as_str(), &json!({}), Expected::Absent).await.unwrap();
    Target {
        client: client(id),
        app: app(name),
        job,
        customer,
        ticket,
        schedule: schedule.name,
        secret,
        server,
        preview,
    }
}

async fn worlds() -> [World; 2] {
    let clock = SharedClock(Arc::default());
    let memory = World::with_store(MemoryStore::new(Arc::new(clock.clone())), clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("byop.db")).await.unwrap();
    let mut sqlite = World::with_store(sqlite, clock);
    sqlite.folder = folder;
    [memory, sqlite]
}

fn engine(world: &World) -> Engine {
    let keyring = Keyring::new(Key::generate(&SystemEntropy).unwrap());
    world.builder().with_clock(world.clock.clone()).with_keyring(keyring).build().unwrap()
}

#[test]
fn the_calls_are_found_in_the_sources() {
    assert!(calls().len() > 15 && calls().contains("put_record"), "{:?}", calls());
    assert!(
        verbs().len() > 40 && verbs().contains("get_ticket") && verbs().contains("deploy"),
        "{:?}",
        verbs()
    );
    for (name, _) in HARMLESS {
        assert!(verbs().contains(*name), "there is no `{name}` any more; take it off the list");
    }
    for (name, _) in UNSCOPED {
        assert!(calls().contains(*name), "there is no `{name}` any more; take it off the list");
    }
}

#[tokio::test]
async fn for_every_call_of_the_store_foreign_is_as_missing() {
    for world in worlds().await {
        let engine = engine(&world);
        made(&engine, "acme").await;
        let theirs = furnished(&world, &engine, "beta", "shop").await;
        let before = everything(&world.store, &theirs.client).await;
        let scope = Scope::Client(client("acme"));
        for call in calls() {
            if UNSCOPED.iter().any(|(name, _)| *name == call) {
                continue;
            }
            let foreign = try_call(&call, &world.store, &scope, &theirs).await;
            let missing = try_call(&call, &world.store, &scope, &Target::missing()).await;
            let (Some(foreign), Some(missing)) = (foreign, missing) else {
                panic!("`{call}` has no case: add one, or a reason to `UNSCOPED`");
            };
            assert_eq!(theirs.shown(&foreign), Target::missing().shown(&missing), "{call}");
        }
        assert_eq!(everything(&world.store, &theirs.client).await, before);
    }
}

#[tokio::test]
async fn for_every_verb_of_the_engine_foreign_is_as_missing() {
    for world in worlds().await {
        let engine = engine(&world);
        let acme = made(&engine, "acme").await.acting_as(Actor::new("eve"));
        let theirs = furnished(&world, &engine, "beta", "shop").await;
        let before = everything(&world.store, &theirs.client).await;
        for verb in verbs() {
            if UNIQUE.contains(&verb.as_str()) || HARMLESS.iter().any(|(name, _)| *name == verb) {
                continue;
            }
            let foreign = try_verb(&verb, &acme, &theirs).await;
            let missing = try_verb(&verb, &acme, &Target::missing()).await;
            let (Some(foreign), Some(missing)) = (foreign, missing) else {
                panic!("`{verb}` has no case: add one, or a reason to `HARMLESS`");
            };
            assert_eq!(theirs.shown(&foreign), Target::missing().shown(&missing), "{verb}");
        }
        assert_eq!(everything(&world.store, &theirs.client).await, before);
    }
}

/// The cases would prove nothing if they failed for everybody.
#[tokio::test]
async fn the_owner_sees_what_the_stranger_does_not() {
    let world = World::new();
    let engine = engine(&world);
    let theirs = furnished(&world, &engine, "beta", "shop").await;
    let owner = engine.for_client(theirs.client.clone());
    let [scope, nobody] = [theirs.client.clone(), client("acme")].map(Scope::Client);
    for verb in verbs().iter().filter(|verb| verb.starts_with("get_") || verb.starts_with("list_")) {
        let seen = try_verb(verb, &owner, &theirs).await.unwrap();
        // The app is made from an image, so nothing is built; and there is no cloud to ask for a server.
        let is_left_out = verb.contains("build") || verb.contains("server");
        let names_it = seen.contains("shop") || seen.contains("beta");
        let is_seen = is_left_out || (names_it && !seen.contains("[not_found]"));
        assert!(is_seen, "{verb}: {seen}");
    }
    for call in calls().iter().filter(|call| call.starts_with("get_") || call.starts_with("list_")) {
        let seen = try_call(call, &world.store, &scope, &theirs).await.unwrap();
        let strange = try_call(call, &world.store, &nobody, &theirs).await.unwrap();
        assert_ne!(seen, strange, "{call}");
    }
}

#[tokio::test]
async fn what_is_unique_on_the_platform_is_refused_and_stays_as_it_was() {
    for world in worlds().await {
        let engine = engine(&world);
        let acme = made(&engine, "acme").await;
        let theirs = furnished(&world, &engine, "beta", "shop").await;
        let before = everything(&world.store, &theirs.client).await;
        let spec = image("shop", "shop:2");
        let proposal = engine.plan(&spec).await.unwrap();
        let errors = [
            acme.deploy(spec.clone()).await.unwrap_err(),
            acme.plan(&spec).await.unwrap_err(),
            acme.apply(&proposal).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
            assert!(!shown_error(&error).contains("beta"), "{error:?}");
        }
        // The same host name for another app.
        let mut other = image("other", "shop:1");
        other.domains = image("shop", "shop:1").domains;
        let error = deploy(&acme, &other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(!shown_error(&error).replace("shop.example.com", "").contains("shop"), "{error:?}");
        let scope = Scope::Client(client("acme"));
        for expected in [Expected::Absent, Expected::Any] {
            let error =
                world.store.put_record(&scope, "apps", "shop", &json!({}), expected).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        }
        let job = Job::new(theirs.job.clone(), theirs.app.clone(), JobKind::Stop, json!({}), now());
        let error = world.store.create_job(&scope, &job, WhenBusy::Refuse).await.unwrap_err();
        assert!(!shown_error(&error).contains("beta"), "{error:?}");
        assert_eq!(everything(&world.store, &theirs.client).await, before);
    }
}
