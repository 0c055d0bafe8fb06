//! Servers come and go.

use futures_util::future::join_all;

use super::env::{CloudEnv, kind};
use crate::error::ErrorKind;
use crate::model::{PowerAction, RegionId, ResourceKind, ServerFilter, ServerState};

/// Running, with a public address.
pub async fn a_server_comes_to_run_and_can_be_reached(env: &CloudEnv) {
    let server = env.running("a").await;
    assert!(server.addresses.iter().all(|address| !address.is_loopback() && !address.is_unspecified()));
}

/// Its name, key, region and size; and its labels where the provider keeps them.
pub async fn a_server_is_told_as_it_was_asked_for(env: &CloudEnv) {
    let spec = env.spec("a").await;
    let id = env.provider.create_server(&spec).await.unwrap().id;
    let server = env.ready(&id).await;
    assert_eq!(server.name, spec.name);
    assert_eq!(server.key.as_ref(), Some(&spec.key));
    assert_eq!((server.region, server.size), (spec.region, spec.size));
    if env.provider.capabilities().labels {
        for (name, value) in &spec.labels {
            assert_eq!(server.labels.get(name), Some(value), "{name}");
        }
    }
}

/// As soon as it can be found.
pub async fn the_same_key_gives_the_same_server(env: &CloudEnv) {
    let first = env.create("a").await;
    env.listed(&env.key("a")).await;
    assert_eq!(env.create("a").await.id, first.id);
    let all = env.provider.list_servers(&ServerFilter::all().with_key(env.key("a"))).await.unwrap();
    assert_eq!(all.len(), 1);
}

/// A key stands for one intent.
pub async fn the_same_key_for_another_spec_is_a_conflict(env: &CloudEnv) {
    let Some(larger) = &env.larger_size else { return };
    env.create("a").await;
    env.listed(&env.key("a")).await;
    let mut other = env.spec("a").await;
    other.size.clone_from(larger);
    assert_eq!(kind(env.provider.create_server(&other).await), ErrorKind::Conflict);
}

/// Where the provider says that it keeps keys unique.
pub async fn a_unique_key_gives_one_server_at_the_same_time(env: &CloudEnv) {
    if !env.provider.capabilities().keyed_create {
        return;
    }
    let spec = env.spec("a").await;
    let made = join_all((0..4).map(|_| env.provider.create_server(&spec))).await;
    let mut ids: Vec<_> = made.into_iter().map(|server| server.unwrap().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

/// `NotFound` or `InvalidInput`, and nothing is made.
pub async fn an_unknown_size_is_refused(env: &CloudEnv) {
    let mut spec = env.spec("a").await;
    spec.size = "byop-no-such-size".into();
    let kind = kind(env.provider.create_server(&spec).await);
    assert!([ErrorKind::NotFound, ErrorKind::InvalidInput].contains(&kind), "{kind}");
    let made = env.provider.list_servers(&ServerFilter::all().with_key(&spec.key)).await.unwrap();
    assert!(made.is_empty());
}

/// `NotFound` or `InvalidInput`, and nothing is made.
pub async fn an_unknown_image_is_refused(env: &CloudEnv) {
    let mut spec = env.spec("a").await;
    spec.image = "byop-no-such-image".into();
    let kind = kind(env.provider.create_server(&spec).await);
    assert!([ErrorKind::NotFound, ErrorKind::InvalidInput].contains(&kind), "{kind}");
}

/// `InvalidInput`, one byte above what it says that it takes.
pub async fn user_data_that_is_too_large_is_refused(env: &CloudEnv) {
    // Not of one letter, so that packing it does not help.
    let letters = (0..=env.provider.capabilities().max_user_data).map(|n| {
        let mixed = (n as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(17)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        char::from(b'!' + ((mixed >> 32) % 90) as u8)
    });
    let spec = env.spec("a").await.with_user_data(letters.collect::<String>());
    assert_eq!(kind(env.provider.create_server(&spec).await), ErrorKind::InvalidInput);
}

/// And others are not.
pub async fn a_server_is_listed_by_its_key(env: &CloudEnv) {
    let (one, _two) = (env.create("a").await, env.create("b").await);
    let listed = env.listed(&env.key("a")).await;
    assert_eq!((listed.id, listed.key), (one.id, Some(env.key("a"))));
    let none = env.provider.list_servers(&ServerFilter::all().with_key(env.key("c"))).await.unwrap();
    assert!(none.is_empty());
}

/// All labels have to fit.
pub async fn a_server_is_listed_by_its_labels(env: &CloudEnv) {
    if !env.provider.capabilities().labels {
        return;
    }
    let spec = env.spec("a").await.with_label("byop-role", "web");
    let id = env.provider.create_server(&spec).await.unwrap().id;
    env.listed(&spec.key).await;
    let label = spec.labels.get("byop-suite").unwrap();
    for (role, wanted) in [("web", vec![id]), ("db", vec![])] {
        let filter = ServerFilter::all().with_label("byop-suite", label).with_label("byop-role", role);
        let listed = env.provider.list_servers(&filter).await.unwrap();
        assert_eq!(listed.into_iter().map(|server| server.id).collect::<Vec<_>>(), wanted, "{role}");
    }
}

/// A region without servers has none, known or not.
pub async fn servers_of_another_region_are_left_out(env: &CloudEnv) {
    env.create("a").await;
    env.listed(&env.key("a")).await;
    let here = ServerFilter::all().with_key(env.key("a")).with_region(env.region.clone());
    assert_eq!(env.provider.list_servers(&here).await.unwrap().len(), 1);
    let elsewhere = ServerFilter::all().with_key(env.key("a")).with_region(RegionId("nowhere-7".into()));
    assert!(env.provider.list_servers(&elsewhere).await.unwrap().is_empty());
}

/// Oldest first. A simulator with pages of one or two shows most.
pub async fn servers_are_listed_from_every_page_oldest_first(env: &CloudEnv) {
    let mut made = Vec::new();
    for suffix in ["a", "b", "c"] {
        made.push(env.create(suffix).await.id);
        env.listed(&env.key(suffix)).await;
    }
    let all = env.provider.list_servers(&ServerFilter::all()).await.unwrap();
    let times: Vec<_> = all.iter().filter_map(|server| server.created_at).collect();
    assert!(times.is_sorted(), "{times:?}");
    let listed = all.into_iter().map(|server| server.id).filter(|id| made.contains(id));
    assert_eq!(listed.count(), 3);
}

/// `NotFound` once it is gone.
pub async fn a_deleted_server_is_not_found_and_not_listed(env: &CloudEnv) {
    let id = env.deleted("a").await;
    assert_eq!(kind(env.provider.get_server(&id).await), ErrorKind::NotFound);
    env.until("a list without it", || async {
        let listed = env.provider.list_servers(&ServerFilter::all().with_key(env.key("a"))).await.unwrap();
        listed.is_empty().then_some(())
    })
    .await;
}

/// While it goes, and when it is gone.
pub async fn deleting_a_server_twice_is_ok(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.delete(&id).await;
    env.delete(&id).await;
    env.gone(&id).await;
    env.provider.delete_server(&id).await.unwrap();
}

/// At once, or as soon as the provider can.
pub async fn deleting_a_server_that_still_starts_is_ok(env: &CloudEnv) {
    let id = env.create("a").await.id;
    env.delete(&id).await;
    env.gone(&id).await;
}

/// `NotFound`.
pub async fn a_deleted_server_cannot_be_switched_on(env: &CloudEnv) {
    let id = env.deleted("a").await;
    assert_eq!(kind(env.provider.power(&id, PowerAction::Start).await), ErrorKind::NotFound);
}

/// Off and on.
pub async fn a_server_is_stopped_and_started_again(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.patiently(|| env.provider.power(&id, PowerAction::Stop)).await;
    env.state(&id, ServerState::Stopped).await;
    env.patiently(|| env.provider.power(&id, PowerAction::Start)).await;
    env.ready(&id).await;
}

/// `Ok`, and it stays as it is.
pub async fn a_power_state_that_it_has_already_is_ok(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.provider.power(&id, PowerAction::Start).await.unwrap();
    env.patiently(|| env.provider.power(&id, PowerAction::Stop)).await;
    env.state(&id, ServerState::Stopped).await;
    env.patiently(|| env.provider.power(&id, PowerAction::Stop)).await;
    env.state(&id, ServerState::Stopped).await;
}

/// `Conflict`, whether or not the provider could.
pub async fn a_running_server_cannot_be_resized(env: &CloudEnv) {
    let Some(larger) = env.larger_size.as_ref().filter(|_| env.provider.capabilities().resize) else {
        return;
    };
    let id = env.running("a").await.id;
    assert_eq!(kind(env.provider.resize_server(&id, larger).await), ErrorKind::Conflict);
}

/// And again to the same size, which changes nothing.
pub async fn a_stopped_server_is_resized(env: &CloudEnv) {
    let Some(larger) = env.larger_size.as_ref().filter(|_| env.provider.capabilities().resize) else {
        return;
    };
    let id = env.running("a").await.id;
    env.patiently(|| env.provider.power(&id, PowerAction::Stop)).await;
    env.state(&id, ServerState::Stopped).await;
    env.patiently(|| env.provider.resize_server(&id, larger)).await;
    env.until("the new size", || async {
        (env.provider.get_server(&id).await.unwrap().size == *larger).then_some(())
    })
    .await;
    env.patiently(|| env.provider.resize_server(&id, larger)).await;
}

/// With its key and name.
pub async fn a_server_is_among_the_resources(env: &CloudEnv) {
    let server = env.create("a").await;
    let found = env
        .until("a resource", || async {
            let all = env.provider.list_resources().await.unwrap();
            all.into_iter().find(|found| found.kind == ResourceKind::Server && found.id == server.id.0)
        })
        .await;
    assert_eq!(found.key, Some(env.key("a")));
    assert_eq!(found.name, env.spec("a").await.name);
}

/// As by its own call.
pub async fn a_server_can_be_deleted_as_a_resource(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.patiently(|| env.provider.delete_resource(ResourceKind::Server, &id.0)).await;
    env.gone(&id).await;
    env.provider.delete_resource(ResourceKind::Server, &id.0).await.unwrap();
}

/// It is in no list, and `PermissionDenied` to change.
pub async fn what_was_not_made_by_byop_is_left_alone(env: &CloudEnv) {
    let Some(foreign) = &env.foreign else { return };
    let listed = env.provider.list_servers(&ServerFilter::all()).await.unwrap();
    assert!(listed.iter().all(|server| server.id != *foreign), "it is listed");
    let resources = env.provider.list_resources().await.unwrap();
    assert!(resources.iter().all(|found| found.id != foreign.0), "it is among the resources");
    let denied = ErrorKind::PermissionDenied;
    assert_eq!(kind(env.provider.delete_server(foreign).await), denied);
    assert_eq!(kind(env.provider.delete_resource(ResourceKind::Server, &foreign.0).await), denied);
    assert_eq!(kind(env.provider.power(foreign, PowerAction::Stop).await), denied);
    assert_eq!(env.provider.get_server(foreign).await.unwrap().state, ServerState::Running);
}
