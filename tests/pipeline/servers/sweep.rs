//! What is paid for and in nobody's books is found.

use byop_core::cloud::DnsProviderExt;
use byop_core::model::ClientId;
use byop_core::model::{DnsRecord, DnsRecordKind, DomainName, SweepReason};

use super::*;

#[tokio::test(start_paused = true)]
async fn what_nobody_asked_for_is_found_with_its_age_and_price() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, full("web-1")).await;
    let planted = world.cloud.plant(ResourceKind::Server, "lost");
    let volume = world.cloud.plant(ResourceKind::Volume, "lost");
    tokio::time::sleep(seconds(100)).await;
    let report = engine.sweep(&SweepOptions::report()).await.unwrap();
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.resource.id.as_str(), f.reason, f.age_seconds.map(|age| age / 10), f.removed))
        .collect();
    let unknown = SweepReason::Unknown;
    assert_eq!(
        found,
        [(planted.as_str(), unknown, Some(10), false), (volume.as_str(), unknown, Some(10), false)]
    );
    assert_eq!(report.monthly_price[0].to_string(), "9.00 USD");
    assert_eq!(world.cloud.alive().len(), 6, "only told, not removed");
}

#[tokio::test(start_paused = true)]
async fn what_is_found_is_removed_when_asked_for_and_nothing_else() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, full("web-1")).await;
    for kind in [
        ResourceKind::Server,
        ResourceKind::SshKey,
        ResourceKind::Firewall,
        ResourceKind::ReservedIp,
        ResourceKind::Volume,
        ResourceKind::Snapshot,
    ] {
        world.cloud.plant(kind, "lost");
    }
    let report = engine.sweep(&SweepOptions::remove()).await.unwrap();
    assert!(report.findings.len() == 6 && report.findings.iter().all(|finding| finding.removed));
    world.assert_census("after the sweep").await;
    assert_eq!(world.foreign.len(), 4);
    let audit = world.store.list_audit(&Scope::Platform, &Default::default()).await.unwrap();
    assert_eq!(audit.iter().filter(|record| record.entry.action == "sweep.remove").count(), 6);
}

/// Another installation uses the same account: it would not like its servers to go.
#[tokio::test(start_paused = true)]
async fn what_another_installation_made_stays_unless_it_is_named() {
    let (world, mut other) = (World::new(), World::new());
    other.cloud = world.cloud.clone();
    create(&world.engine(), full("web-1")).await;
    create(&other.engine(), plain("web-1")).await;
    tokio::time::sleep(seconds(10)).await;
    let engine = other.engine();
    let report = engine.sweep(&SweepOptions::remove()).await.unwrap();
    let theirs = report.findings.iter().find(|f| f.resource.kind == ResourceKind::Server).unwrap();
    assert_eq!((theirs.reason, theirs.removed), (SweepReason::Elsewhere, false));
    let id = theirs.installation.clone().unwrap();
    assert_ne!(id, report.installation);
    assert_eq!(world.alive(ResourceKind::Server).len(), 2);
    engine.sweep(&SweepOptions::remove().with_installation(id)).await.unwrap();
    tokio::time::sleep(seconds(10)).await;
    assert_eq!(world.alive(ResourceKind::Server).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_made_twice_is_found() {
    use byop_core::cloud::CloudProvider;

    let world = World::new();
    create(&world.engine(), plain("web-1")).await;
    let ours = world.alive(ResourceKind::Server).remove(0);
    let spec = world.cloud.server_spec(&byop_core::model::ServerId(ours)).unwrap();
    // A request that was delivered twice.
    let mut twin = spec.clone();
    twin.key = "other".into();
    let id = world.cloud.create_server(&twin).await.unwrap().id;
    world.cloud.set_key(&id, &spec.key);
    tokio::time::sleep(seconds(10)).await;
    let report = world.engine().sweep(&SweepOptions::remove()).await.unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!((&report.findings[0].resource.id, report.findings[0].reason), (&id.0, SweepReason::Duplicate));
    world.assert_census("the twin is gone").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_at_work_is_not_disturbed() {
    let world = World::new();
    let engine = world.engine();
    let job = engine.create_server(full("web-1")).await.unwrap();
    while !engine.get_job(&job).await.unwrap().state.is_finished() {
        let report = engine.sweep(&SweepOptions::remove()).await.unwrap();
        assert_eq!(report.findings, []);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    engine.wait(&job).await.unwrap();
    world.assert_census("after many sweeps").await;
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_cannot_be_asked_is_named() {
    use byop_core::testing::{Fault, Moment};

    let world = World::new();
    world.cloud.inject(Fault::new("resource.list", Moment::Before));
    let report = world.engine().sweep(&SweepOptions::report()).await.unwrap();
    assert_eq!((report.errors[0].0.as_str(), report.errors[0].1.kind), ("fake", ErrorKind::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn records_of_what_is_gone_are_found_and_removed() {
    let world = World::new();
    let engine = world.engine();
    create(&engine, plain("web-1")).await;
    let installation = engine.sweep(&SweepOptions::report()).await.unwrap().installation;
    let zone = DomainName::new("example.com").unwrap();
    for (name, owner) in [
        ("a.example.com", format!("{installation}/server/web-1")),
        ("b.example.com", format!("{installation}/server/web-9")),
        ("c.example.com", "another/server/web-1".to_owned()),
    ] {
        let record = DnsRecord::new(name.parse().unwrap(), DnsRecordKind::A).with_value("203.0.113.4");
        world.cloud.apply_owned_record(&zone, &record, &owner).await.unwrap();
    }
    let report = engine.sweep(&SweepOptions::remove()).await.unwrap();
    let names: Vec<_> = report.findings.iter().map(|f| (f.resource.name.as_str(), f.removed)).collect();
    assert_eq!(names, [("b.example.com", true), ("c.example.com", false)]);
    let left = world.cloud.list_owned_records(&zone).await.unwrap();
    assert_eq!(left.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_sweep() {
    let engine = World::new().engine().for_client(ClientId::new("acme").unwrap());
    let error = engine.sweep(&SweepOptions::report()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}
