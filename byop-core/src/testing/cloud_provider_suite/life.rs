//! Servers come and go.

use futures_util::future::join_all;

use super::env::{CloudEnv, NO_SUCH_IMAGE, NO_SUCH_SIZE};
use crate::error::ErrorKind::{Conflict, InvalidInput, NotFound, PermissionDenied};
use crate::model::{PowerAction, RegionId, ResourceKind, ServerFilter, ServerState};
use crate::testing::rule::{done, refused, same};

/// Running, with a public address.
pub async fn a_server_comes_to_run_and_can_be_reached(env: &CloudEnv) {
    let server = env.running("a").await;
    assert!(
        server.addresses.iter().all(|address| !address.is_loopback() && !address.is_unspecified()),
        "a server must have addresses that others can reach; get_server gave {:?}",
        server.addresses
    );
}

/// Its name, key, region and size; and its labels where the provider keeps them.
pub async fn a_server_is_told_as_it_was_asked_for(env: &CloudEnv) {
    let spec = env.spec("a").await;
    let id = env.make(&spec).await.id;
    let server = env.ready(&id).await;
    same("get_server must give the name that create_server was given", server.name, spec.name);
    same("get_server must give the key that create_server was given", server.key, Some(spec.key));
    same("get_server must give the region that create_server was given", server.region.0, spec.region.0);
    same("get_server must give the size that create_server was given", server.size, spec.size);
    if env.provider.capabilities().labels {
        for (name, value) in &spec.labels {
            let rule = format!("get_server must give the label {name} that create_server was given");
            same(rule, server.labels.get(name), Some(value));
        }
    }
}

/// As soon as it can be found.
pub async fn the_same_key_gives_the_same_server(env: &CloudEnv) {
    let first = env.create("a").await;
    env.listed(&env.key("a")).await;
    let again = env.create("a").await;
    same("create_server with the key of a server must give the id of that server", again.id.0, first.id.0);
    let count = env.of_key("a").await.len();
    same("after create_server with the same key twice, list_servers must give this many servers", count, 1);
}

/// A key stands for one intent.
pub async fn the_same_key_for_another_spec_is_a_conflict(env: &CloudEnv) {
    let Some(larger) = env.needs(env.larger_size.as_ref(), NO_LARGER_SIZE) else { return };
    env.create("a").await;
    env.listed(&env.key("a")).await;
    let mut other = env.spec("a").await;
    other.size.clone_from(larger);
    let made = env.provider.create_server(&other).await;
    refused("create_server with the key of a server of another size", &[Conflict], made);
}

/// Where the provider says that it keeps keys unique.
pub async fn a_unique_key_gives_one_server_at_the_same_time(env: &CloudEnv) {
    let keyed = env.provider.capabilities().keyed_create.then_some(());
    if env.needs(keyed, "the provider does not have the capability keyed_create").is_none() {
        return;
    }
    let spec = env.spec("a").await;
    let made = join_all((0..4).map(|_| env.make(&spec))).await;
    let mut ids: Vec<_> = made.into_iter().map(|server| server.id.0).collect();
    ids.dedup();
    assert!(
        ids.len() == 1,
        "four create_server with one key at the same time must give one server; they gave the ids {ids:?}"
    );
}

/// `NotFound` or `InvalidInput`, and nothing is made.
pub async fn an_unknown_size_is_refused(env: &CloudEnv) {
    let mut spec = env.spec("a").await;
    spec.size = NO_SUCH_SIZE.into();
    let made = env.provider.create_server(&spec).await;
    refused(format!("create_server with the size {NO_SUCH_SIZE}"), &[NotFound, InvalidInput], made);
    let count = env.of_key("a").await.len();
    same("after create_server was refused, list_servers must give this many servers", count, 0);
}

/// `NotFound` or `InvalidInput`, and nothing is made.
pub async fn an_unknown_image_is_refused(env: &CloudEnv) {
    let mut spec = env.spec("a").await;
    spec.image = NO_SUCH_IMAGE.into();
    let made = env.provider.create_server(&spec).await;
    refused(format!("create_server with the image {NO_SUCH_IMAGE}"), &[NotFound, InvalidInput], made);
    let count = env.of_key("a").await.len();
    same("after create_server was refused, list_servers must give this many servers", count, 0);
}

/// `InvalidInput`, one byte above what it says that it takes.
pub async fn user_data_that_is_too_large_is_refused(env: &CloudEnv) {
    let most = env.provider.capabilities().max_user_data;
    // Not of one letter, so that packing it does not help.
    let letters = (0..=most).map(|n| {
        let mixed = (n as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(17)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        char::from(b'!' + ((mixed >> 32) % 90) as u8)
    });
    let spec = env.spec("a").await.with_user_data(letters.collect::<String>());
    let made = env.provider.create_server(&spec).await;
    let call = format!("create_server with {} bytes of user data, one above max_user_data,", most + 1);
    refused(call, &[InvalidInput], made);
}

/// And others are not.
pub async fn a_server_is_listed_by_its_key(env: &CloudEnv) {
    let (one, _two) = (env.create("a").await, env.create("b").await);
    let listed = env.listed(&env.key("a")).await;
    same("list_servers with a key must give the server of that key", listed.id.0, one.id.0);
    same("list_servers must give the key of a server", listed.key, Some(env.key("a")));
    let count = env.of_key("c").await.len();
    same("list_servers with a key that no server has must give this many servers", count, 0);
}

/// All labels have to fit.
pub async fn a_server_is_listed_by_its_labels(env: &CloudEnv) {
    let labels = env.provider.capabilities().labels.then_some(());
    if env.needs(labels, "the provider does not have the capability labels").is_none() {
        return;
    }
    let spec = env.spec("a").await.with_label("byop-role", "web");
    let id = env.make(&spec).await.id;
    env.listed(&spec.key).await;
    let mut filter = ServerFilter::all();
    filter.labels.clone_from(&spec.labels);
    for (role, wanted) in [("web", vec![id.0]), ("db", vec![])] {
        let found = env.servers(&filter.clone().with_label("byop-role", role)).await;
        let ids: Vec<_> = found.into_iter().map(|server| server.id.0).collect();
        let rule =
            format!("list_servers with labels, of which byop-role is {role}, must give those that have all");
        same(rule, ids, wanted);
    }
}

/// A region without servers has none, known or not.
pub async fn servers_of_another_region_are_left_out(env: &CloudEnv) {
    env.create("a").await;
    env.listed(&env.key("a")).await;
    let filter = ServerFilter::all().with_key(env.key("a"));
    for (region, wanted) in [(env.region.clone(), 1), (RegionId("nowhere-7".into()), 0)] {
        let rule = format!(
            "list_servers with the region {region} must give this many of one server in {}",
            env.region
        );
        same(rule, env.servers(&filter.clone().with_region(region)).await.len(), wanted);
    }
}

/// Oldest first. A simulator with pages of one or two shows most.
pub async fn servers_are_listed_from_every_page_oldest_first(env: &CloudEnv) {
    let mut made = Vec::new();
    for suffix in ["a", "b", "c"] {
        made.push(env.create(suffix).await.id);
        env.listed(&env.key(suffix)).await;
    }
    let all = env.servers(&ServerFilter::all()).await;
    let times: Vec<_> = all.iter().filter_map(|server| server.created_at).collect();
    assert!(
        times.is_sorted(),
        "list_servers must give the oldest first; it gave servers of the times {times:?}"
    );
    let count = all.into_iter().filter(|server| made.contains(&server.id)).count();
    same("list_servers must give every page, and so this many of three new servers", count, made.len());
}

/// `NotFound` once it is gone.
pub async fn a_deleted_server_is_not_found_and_not_listed(env: &CloudEnv) {
    let id = env.deleted("a").await;
    refused("get_server of a server that is gone", &[NotFound], env.provider.get_server(&id).await);
    env.until("list_servers must eventually leave out a server that is gone", || async {
        if env.of_key("a").await.is_empty() { Ok(()) } else { Err("it is still in the list") }
    })
    .await;
}

/// While it goes, and when it is gone.
pub async fn deleting_a_server_twice_is_ok(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.delete(&id).await;
    env.patiently("delete_server of a server that is going", || env.provider.delete_server(&id)).await;
    env.gone(&id).await;
    done("delete_server of a server that is gone", env.provider.delete_server(&id).await);
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
    let started = env.provider.power(&id, PowerAction::Start).await;
    refused("power of a server that is gone", &[NotFound], started);
}

/// Off and on.
pub async fn a_server_is_stopped_and_started_again(env: &CloudEnv) {
    let id = env.running("a").await.id;
    env.stop(&id).await;
    env.patiently("power to start", || env.provider.power(&id, PowerAction::Start)).await;
    env.ready(&id).await;
}

/// `Ok`, and it stays as it is.
pub async fn a_power_state_that_it_has_already_is_ok(env: &CloudEnv) {
    let id = env.running("a").await.id;
    let started = env.provider.power(&id, PowerAction::Start).await;
    done("power to start a server that runs", started);
    env.stop(&id).await;
    env.stop(&id).await;
}

/// `Conflict`, whether or not the provider could.
pub async fn a_running_server_cannot_be_resized(env: &CloudEnv) {
    let Some(larger) = resizable(env) else { return };
    let id = env.running("a").await.id;
    let resized = env.provider.resize_server(&id, larger).await;
    refused("resize_server of a server that runs", &[Conflict], resized);
}

/// And again to the same size, which changes nothing.
pub async fn a_stopped_server_is_resized(env: &CloudEnv) {
    let Some(larger) = resizable(env) else { return };
    let id = env.running("a").await.id;
    env.stop(&id).await;
    env.patiently("resize_server", || env.provider.resize_server(&id, larger)).await;
    env.until(format!("after resize_server, get_server must eventually give the size {larger}"), || async {
        let size = done("get_server", env.provider.get_server(&id).await).size;
        if size == *larger { Ok(()) } else { Err(format!("it gave {size}")) }
    })
    .await;
    let call = "resize_server to the size that the server has";
    env.patiently(call, || env.provider.resize_server(&id, larger)).await;
}

/// With its key and name.
pub async fn a_server_is_among_the_resources(env: &CloudEnv) {
    let server = env.create("a").await;
    let found = env.resource(ResourceKind::Server, &server.id.0).await;
    same("list_resources must give the key of a server", found.key, Some(env.key("a")));
    same("list_resources must give the name of a server", found.name, env.spec("a").await.name);
}

/// As by its own call.
pub async fn a_server_can_be_deleted_as_a_resource(env: &CloudEnv) {
    let id = env.running("a").await.id;
    let delete = || env.provider.delete_resource(ResourceKind::Server, &id.0);
    env.patiently("delete_resource of a server", delete).await;
    env.gone(&id).await;
    done("delete_resource of a server that is gone", delete().await);
}

/// It is in no list, and `PermissionDenied` to change.
pub async fn what_was_not_made_by_byop_is_left_alone(env: &CloudEnv) {
    let why = "the suite was not given a server that byop did not make";
    let Some(foreign) = env.needs(env.foreign.as_ref(), why) else { return };
    let theirs = format!("the server {foreign}, which byop did not make");
    let listed = env.servers(&ServerFilter::all()).await;
    let is_listed = listed.iter().any(|server| server.id == *foreign);
    assert!(!is_listed, "list_servers must leave out {theirs}; it gave it");
    let is_listed = env.resources().await.iter().any(|found| found.id == foreign.0);
    assert!(!is_listed, "list_resources must leave out {theirs}; it gave it");
    let denied = &[PermissionDenied];
    refused(format!("delete_server of {theirs},"), denied, env.provider.delete_server(foreign).await);
    let deleted = env.provider.delete_resource(ResourceKind::Server, &foreign.0).await;
    refused(format!("delete_resource of {theirs},"), denied, deleted);
    let stopped = env.provider.power(foreign, PowerAction::Stop).await;
    refused(format!("power to stop {theirs},"), denied, stopped);
    let server = done(format!("get_server of {theirs},"), env.provider.get_server(foreign).await);
    same("a server that byop did not make must stay in its state", server.state, ServerState::Running);
}

const NO_LARGER_SIZE: &str = "the suite was not given a larger size";

/// The size for servers that can be given another one.
fn resizable(env: &CloudEnv) -> Option<&String> {
    let resize = env.provider.capabilities().resize.then_some(());
    env.needs(resize, "the provider does not have the capability resize")?;
    env.needs(env.larger_size.as_ref(), NO_LARGER_SIZE)
}
