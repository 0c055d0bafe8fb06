//! What an owner of servers sees.

use byop_core::cloud::no_capacity;
use byop_core::model::{ClientId, Server, ServerReport};
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::testing::{Fault, Moment};
use byop_core::{Error, Retry};
use futures_util::future::join_all;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_plan_shows_the_price_and_makes_nothing() {
    let world = World::new();
    let plan = world.engine().plan_server(&full("web-1")).await.unwrap();
    let price = plan.price.unwrap();
    assert_eq!(
        (price.hourly.to_string(), price.monthly.to_string()),
        ("0.006 USD".into(), "4.00 USD".into())
    );
    assert_eq!((plan.size.cpus, plan.image.id.as_str()), (1, "debian-12"));
    assert_eq!(world.cloud.alive(), []);
    assert_eq!(world.known().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_comes_and_goes() {
    let world = World::new();
    let engine = world.engine();
    let job = create(&engine, full("web-1")).await;
    let made: ServerReport = serde_json::from_value(job.output.unwrap()).unwrap();
    let report = engine.get_server(&app("web-1")).await.unwrap();
    assert_eq!(made, report);
    assert!(report.server.as_ref().is_some_and(Server::is_ready) && report.reserved_ip.is_some());
    assert_eq!(engine.list_servers().await.unwrap(), [report]);
    world.assert_census("made").await;
    destroy(&engine, "web-1").await;
    assert_eq!(engine.list_servers().await.unwrap(), []);
    assert_eq!(engine.get_server(&app("web-1")).await.unwrap_err().kind(), ErrorKind::NotFound);
    world.assert_census("given back").await;
}

/// Each sees that another one has it, and none may leave it to the other.
#[tokio::test(start_paused = true)]
async fn servers_that_go_together_take_their_common_key_along() {
    let world = World::new();
    let engine = world.engine();
    let names = ["web-1", "web-2", "web-3"];
    for name in names {
        create(&engine, full(name)).await;
    }
    assert_eq!(world.alive(ResourceKind::SshKey).len(), 1);
    join_all(names.map(|name| destroy(&engine, name))).await;
    world.assert_census("all given back").await;
}

/// One call makes it; the rest is looking whether it runs.
#[tokio::test(start_paused = true)]
async fn a_server_is_made_with_few_calls() {
    let world = World::new();
    create(&world.engine(), plain("web-1")).await;
    let calls = world.cloud.calls();
    let count = |start: &str| calls.iter().filter(|call| call.starts_with(start)).count();
    assert_eq!((count("size.list"), count("image.find"), count("server.create")), (1, 1, 1));
    assert_eq!(calls.len() - count("server.get"), 3, "{calls:#?}");
}

#[tokio::test(start_paused = true)]
async fn its_name_key_and_labels_stand_at_the_provider() {
    let world = World::new();
    let engine = world.engine().for_client(ClientId::new("acme").unwrap());
    let job = create(&engine, full("web-1")).await;
    let server = engine.get_server(&app("web-1")).await.unwrap().server.unwrap();
    assert_eq!(server.name, "web-1");
    assert_eq!(server.key.unwrap().len(), 20);
    for (name, value) in [("role", "web"), ("byop-client", "acme"), ("byop-job", job.id.as_str())] {
        assert_eq!(server.labels.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn user_data_comes_from_a_secret_and_stands_nowhere_else() {
    let world = World::new();
    let secrets = MemorySecrets::new().with_secret("boot", "#cloud-config canary");
    let engine = Engine::builder()
        .with_store(MortalStore::new(Arc::clone(&world.store), Life::default()))
        .with_cloud(world.cloud.clone())
        .with_clock(world.clock.clone())
        .with_secrets(secrets)
        .build()
        .unwrap();
    let job = create(&engine, plain("web-1").with_user_data(SecretRef("boot".into()))).await;
    let server = engine.get_server(&app("web-1")).await.unwrap().server.unwrap();
    let spec = world.cloud.server_spec(&server.id).unwrap();
    assert_eq!(spec.user_data.unwrap().expose(), "#cloud-config canary");
    let steps = world.store.list_steps(&Scope::Platform, &job.id).await.unwrap();
    let records = world.store.list_records(&Scope::Platform, "servers", &Page::all()).await.unwrap();
    assert!(!format!("{job:?} {steps:?} {records:?} {:?}", world.cloud).contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_once() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, plain("web-1")).await;
    assert_eq!(engine.create_server(plain("web-1")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let other = engine.for_client(ClientId::new("acme").unwrap());
    assert_eq!(other.create_server(plain("web-1")).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(other.destroy_server(&app("web-1")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(other.list_servers().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn errors_are_told_apart_and_leave_nothing() {
    let world = World::new();
    let engine = world.engine();
    let never = |kind| Error::new(kind, "server.create", "no").with_retry(Retry::Never);
    for (error, kind, reason) in [
        (never(ErrorKind::QuotaExceeded), ErrorKind::QuotaExceeded, None),
        (never(ErrorKind::Unauthenticated), ErrorKind::Unauthenticated, None),
        (never(ErrorKind::PermissionDenied), ErrorKind::PermissionDenied, None),
        (never(ErrorKind::InvalidInput), ErrorKind::InvalidInput, None),
        (no_capacity("server.create"), ErrorKind::Unavailable, Some("capacity")),
    ] {
        world.cloud.inject(Fault::new("server.create", Moment::Before).with_error(error));
        let error = failure(&engine, plain("web-1")).await;
        assert_eq!((error.kind(), error.context("reason")), (kind, reason));
        assert_eq!(error.context("left"), None, "{error}");
        world.assert_census(kind.as_str()).await;
    }
    for (request, key, value) in [
        (ServerRequest::new("web-1", "nowhere", "small").unwrap(), "region", "nowhere"),
        (ServerRequest::new("web-1", "here", "huge").unwrap(), "size", "huge"),
        (plain("web-1").with_image("plan9"), "image", "plan9"),
    ] {
        let error = failure(&engine, request).await;
        assert_eq!((error.kind(), error.context(key)), (ErrorKind::InvalidInput, Some(value)));
        assert!(error.remedy().is_some());
    }
    assert_eq!(world.cloud.ledger().len(), 4, "only what is somebody else's");
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for() {
    let world = World::new();
    let limited = Error::new(ErrorKind::RateLimited, "server.create", "slow down")
        .with_retry(Retry::After(seconds(90)));
    world.cloud.inject(Fault::new("server.create", Moment::Before).with_error(limited));
    let start = Instant::now();
    create(&world.engine(), plain("web-1")).await;
    assert!(start.elapsed() > seconds(90));
    world.assert_census("after the limit").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_answer_was_lost_is_adopted() {
    for keyed in [false, true] {
        let mut capabilities = CloudCapabilities::none().with_list_lag(6);
        capabilities.keyed_create = keyed;
        let world = World::with_capabilities(capabilities);
        world.cloud.inject(Fault::new("server.create", Moment::After));
        create(&world.engine(), plain("web-1")).await;
        let made = world.cloud.ledger().iter().filter(|entry| entry.marked).count();
        assert_eq!(made, 1, "{keyed}");
        world.assert_census("adopted").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_start_is_replaced_and_counted() {
    let world = World::new();
    world.cloud.break_servers(2);
    let engine = world.engine();
    create(&engine, full("web-1")).await;
    assert_eq!(engine.get_server(&app("web-1")).await.unwrap().failed, 2);
    world.assert_census("the third one runs").await;
}

#[tokio::test(start_paused = true)]
async fn servers_that_do_not_start_are_given_up_after_three() {
    let world = World::new();
    world.cloud.break_servers(9);
    let error = failure(&world.engine(), full("web-1")).await;
    assert_eq!((error.kind(), error.context("failed")), (ErrorKind::Unavailable, Some("3")));
    world.assert_census("given up").await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_server_is_taken_back() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.create_server(full("web-1")).await.unwrap();
    tokio::time::sleep(seconds(5)).await;
    engine.cancel(&job).await.unwrap();
    assert_eq!(engine.wait(&job).await.unwrap_err().kind(), ErrorKind::Cancelled);
    world.assert_census("cancelled").await;
    assert_eq!(world.cloud.alive(), []);
}

/// The cloud goes out of order for good after the server was made.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_back_is_named_and_kept_in_the_books() {
    let world = World::new();
    let engine = world.engine();
    world.cloud.break_servers(9);
    let denied = || Error::new(ErrorKind::PermissionDenied, "server.delete", "no").with_retry(Retry::Never);
    for _ in 0..2 {
        world.cloud.inject(Fault::new("server.delete", Moment::Before).with_error(denied()));
    }
    let error = failure(&engine, plain("web-1")).await;
    let id = world.alive(ResourceKind::Server).remove(0);
    assert_eq!(error.context("left"), Some(format!("server {id}").as_str()));
    let report = engine.get_server(&app("web-1")).await.unwrap();
    assert_eq!((report.state, report.server.map(|server| server.id.0)), (ProvisionState::Removing, Some(id)));
    destroy(&engine, "web-1").await;
    world.assert_census("removed after all").await;
    assert_eq!(world.cloud.alive(), []);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_another_server_uses_stays() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, full("web-1")).await;
    create(&engine, full("web-2")).await;
    destroy(&engine, "web-1").await;
    assert_eq!(world.alive(ResourceKind::SshKey).len(), 1);
    destroy(&engine, "web-2").await;
    assert_eq!(world.alive(ResourceKind::SshKey), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn several_clouds_are_told_apart_by_name() {
    let world = World::new();
    let engine = Engine::builder()
        .with_cloud(world.cloud.clone())
        .with_cloud(FakeCloud::new().with_name("other"))
        .build()
        .unwrap();
    assert_eq!(engine.create_server(plain("web-1")).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let missing = engine.plan_server(&plain("web-1").with_provider("nimbus")).await.unwrap_err();
    assert_eq!((missing.kind(), missing.context("known")), (ErrorKind::NotFound, Some("fake, other")));
    let plan = engine.plan_server(&plain("web-1").with_provider("other")).await.unwrap();
    assert_eq!(plan.provider, "other");
}

#[test]
fn two_clouds_of_one_name_are_refused() {
    let error =
        Engine::builder().with_cloud(FakeCloud::new()).with_cloud(FakeCloud::new()).build().unwrap_err();
    assert_eq!((error.kind(), error.context("name")), (ErrorKind::InvalidInput, Some("fake")));
}

/// A private key that is given by mistake is not repeated.
#[tokio::test(start_paused = true)]
async fn what_is_no_public_key_is_refused_and_not_quoted() {
    let request =
        plain("web-1").with_ssh_key("ssh-ed25519 AAAA ann").with_ssh_key("-----BEGIN CANARY KEY-----\nx");
    let error = World::new().engine().create_server(request).await.unwrap_err();
    assert_eq!((error.kind(), error.context("value")), (ErrorKind::InvalidInput, Some("number 2")));
    assert!(!format!("{error:?}").contains("CANARY"));
}

/// An engine that has not what a job needs would only fail it.
#[tokio::test(start_paused = true)]
async fn jobs_at_clouds_that_an_engine_does_not_have_are_left_to_others() {
    let world = World::new();
    let life = Life::until(8, true);
    let engine = world.mortal(&life);
    tokio::select! {
        _ = engine.create_server(plain("web-1")) => life.died().await,
        () = life.died() => {}
    }
    assert_eq!(world.known().await, ["web-1"]);
    let store = || MortalStore::new(Arc::clone(&world.store), Life::default());
    let elsewhere = Engine::builder().with_store(store()).with_cloud(FakeCloud::new().with_name("other"));
    let elsewhere = elsewhere.with_clock(world.clock.clone()).without_takeover().build().unwrap();
    let job = last_job(&elsewhere).await.unwrap();
    // It does not take jobs over by itself, and none that is not for it.
    for _ in 0..2 {
        assert_eq!(elsewhere.resume().await.unwrap(), []);
        tokio::time::timeout(LONG, elsewhere.wait(&job)).await.expect_err("nobody works on it");
    }
    assert_ne!(elsewhere.get_job(&job).await.unwrap().state, JobState::Failed);
    let engine = world.engine();
    assert_eq!(engine.resume().await.unwrap().first(), Some(&job));
    assert_eq!(engine.wait(&job).await.unwrap().state, JobState::Succeeded);
    world.assert_census("taken over").await;
}

#[tokio::test(start_paused = true)]
async fn many_servers_are_made_at_once() {
    let world = World::new();
    let engine = world.engine();
    let start = Instant::now();
    let jobs = (0..40).map(|n| {
        let engine = engine.clone();
        async move { create(&engine, plain(&format!("web-{n}"))).await }
    });
    futures_util::future::join_all(jobs).await;
    assert!(start.elapsed() < seconds(60), "{:?}", start.elapsed());
    world.assert_census("forty").await;
}

/// What was made a moment ago is not known everywhere at the provider: a call to delete it does nothing then.
#[tokio::test(start_paused = true)]
async fn what_was_made_a_moment_ago_goes_too() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, full("web-1")).await;
    destroy(&engine, "web-1").await;
    world.assert_census("given back at once").await;
    assert_eq!(world.cloud.alive(), []);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_a_moment_before_it_was_cancelled_goes_too() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.create_server(full("web-1")).await.unwrap();
    while world.alive(ResourceKind::ReservedIp).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    engine.cancel(&job).await.unwrap();
    let _ = engine.wait(&job).await;
    world.assert_census("cancelled").await;
}
