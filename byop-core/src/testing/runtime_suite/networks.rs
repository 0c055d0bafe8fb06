//! Networks and ports.

use super::{Program, RuntimeEnv};
use crate::error::ErrorKind;
use crate::model::{ContainerSpec, ExecSpec, NetworkSpec, PortBinding, Protocol};

async fn ask(env: &RuntimeEnv, from: &str, host: &str) -> Option<String> {
    let url = format!("http://{host}:8080/index.html");
    let command = ExecSpec::new(["wget", "-q", "-T", "1", "-O", "-", url.as_str()]);
    let output = env.runtime.exec(from, &command).await.unwrap();
    (output.exit_code == 0).then_some(output.stdout)
}

fn in_network(env: &RuntimeEnv, suffix: &str, program: &Program, network: &str) -> ContainerSpec {
    let mut spec = env.spec(suffix, program);
    spec.networks = vec![network.to_owned()];
    spec
}

/// And there is one.
pub async fn creating_a_network_twice_is_ok(env: &RuntimeEnv) {
    let name = env.network("a").await;
    env.network("a").await;
    let found = env.runtime.list_networks(&env.filter()).await.unwrap();
    assert_eq!(found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), [name]);
}

/// Gone is what was asked for.
pub async fn removing_a_missing_network_is_ok(env: &RuntimeEnv) {
    let name = env.network("a").await;
    env.runtime.remove_network(&name).await.unwrap();
    env.runtime.remove_network(&name).await.unwrap();
}

/// `Conflict` while a container runs in it.
pub async fn a_network_in_use_cannot_be_removed(env: &RuntimeEnv) {
    let network = env.network("n").await;
    env.start(&in_network(env, "a", &Program::Worker, &network)).await;
    let error = env.runtime.remove_network(&network).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
}

/// In order of name.
pub async fn networks_are_listed_by_label(env: &RuntimeEnv) {
    let mut labels = env.labels();
    labels.insert("byop.app".into(), "shop".into());
    let spec = NetworkSpec { name: env.name("b"), labels, internal: true };
    env.runtime.create_network(&spec).await.unwrap();
    env.network("a").await;
    let listed = async |filter| {
        let found = env.runtime.list_networks(&filter).await.unwrap();
        found.into_iter().map(|found| found.name).collect::<Vec<_>>()
    };
    assert_eq!(listed(env.filter()).await, [env.name("a"), env.name("b")]);
    assert_eq!(listed(env.filter().with_label("byop.app", "shop")).await, [env.name("b")]);
}

/// In the second of two networks as well.
pub async fn containers_meet_by_name_and_alias_in_a_network(env: &RuntimeEnv) {
    let (first, second) = (env.network("m").await, env.network("n").await);
    let mut spec = in_network(env, "server", &Program::Server(8080), &first);
    spec.networks.push(second.clone());
    spec.aliases = vec!["shop-web".into()];
    env.start(&spec).await;
    for (suffix, network) in [("a", &first), ("b", &second)] {
        let client = env.start(&in_network(env, suffix, &Program::Worker, network)).await;
        for host in ["shop-web", spec.name.as_str()] {
            let answer = env.until("an answer", || ask(env, &client, host)).await;
            assert_eq!(answer, "ok\n");
        }
    }
}

/// Neither by name nor by alias.
pub async fn containers_in_different_networks_do_not_meet(env: &RuntimeEnv) {
    let (first, second) = (env.network("m").await, env.network("n").await);
    let server = in_network(env, "server", &Program::Server(8080), &first);
    env.start(&server).await;
    let inside = env.start(&in_network(env, "a", &Program::Worker, &first)).await;
    let outside = env.start(&in_network(env, "b", &Program::Worker, &second)).await;
    env.until("an answer", || ask(env, &inside, &server.name)).await;
    assert_eq!(ask(env, &outside, &server.name).await, None);
    env.runtime.connect_network(&first, &outside).await.unwrap();
    env.until("an answer", || ask(env, &outside, &server.name)).await;
}

/// Joined already is success.
pub async fn joining_a_network_twice_is_ok(env: &RuntimeEnv) {
    let network = env.network("n").await;
    let id = env.started("a", &Program::Worker).await;
    env.runtime.connect_network(&network, &id).await.unwrap();
    env.runtime.connect_network(&network, &id).await.unwrap();
    let info = env.runtime.inspect_container(&id).await.unwrap();
    assert!(info.addresses.contains_key(&network), "{info:?}");
}

/// `NotFound`, for the container too.
pub async fn joining_a_missing_network_is_not_found(env: &RuntimeEnv) {
    let id = env.started("a", &Program::Worker).await;
    let error = env.runtime.connect_network(&env.name("missing"), &id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let network = env.network("n").await;
    let error = env.runtime.connect_network(&network, &env.name("missing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

/// So is leaving a missing one, or leaving twice.
pub async fn leaving_a_network_that_was_not_joined_is_ok(env: &RuntimeEnv) {
    let network = env.network("n").await;
    let id = env.started("a", &Program::Worker).await;
    env.runtime.disconnect_network(&network, &id).await.unwrap();
    env.runtime.connect_network(&network, &id).await.unwrap();
    env.runtime.disconnect_network(&network, &id).await.unwrap();
    env.runtime.disconnect_network(&network, &id).await.unwrap();
    env.runtime.disconnect_network(&env.name("missing"), &id).await.unwrap();
    env.runtime.disconnect_network(&network, &env.name("missing")).await.unwrap();
    assert!(!env.runtime.inspect_container(&id).await.unwrap().addresses.contains_key(&network));
}

/// As for a release's helper container.
pub async fn a_shared_network_is_reached_at_loopback(env: &RuntimeEnv) {
    let server = env.spec("server", &Program::Server(8080));
    env.start(&server).await;
    let mut spec = env.spec("a", &Program::Worker);
    spec.share_network_with = Some(server.name);
    let id = env.start(&spec).await;
    let answer = env.until("an answer", || ask(env, &id, "127.0.0.1")).await;
    assert_eq!(answer, "ok\n");
}

fn loopback(protocol: Protocol, host_port: u16) -> PortBinding {
    PortBinding { host_ip: "127.0.0.1".into(), host_port, container_port: 8080, protocol }
}

/// Host port 0 is any free one.
pub async fn a_published_port_is_chosen_and_told(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Server(8080));
    spec.ports = vec![loopback(Protocol::Tcp, 0)];
    let id = env.start(&spec).await;
    let info = env.runtime.inspect_container(&id).await.unwrap();
    assert_eq!((info.ports.len(), info.ports[0].container_port), (1, 8080));
    assert_eq!(info.ports[0].host_ip, "127.0.0.1");
    assert_ne!(info.ports[0].host_port, 0);
    assert_eq!(env.runtime.list_containers(&env.filter()).await.unwrap()[0].ports, info.ports);
}

/// `Conflict`, with the port.
pub async fn a_published_port_that_is_taken_is_a_conflict(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Server(8080));
    spec.ports = vec![loopback(Protocol::Tcp, 0)];
    let id = env.start(&spec).await;
    let taken = env.runtime.inspect_container(&id).await.unwrap().ports;
    let mut spec = env.spec("b", &Program::Server(8080));
    spec.ports = taken.clone();
    let id = env.runtime.create_container(&spec).await.unwrap();
    let error = env.runtime.start_container(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(error.context("port"), Some(taken[0].host_port.to_string().as_str()), "{error:?}");
}

/// TCP and UDP are numbered apart.
pub async fn a_port_is_published_for_each_protocol(env: &RuntimeEnv) {
    let mut spec = env.spec("a", &Program::Server(8080));
    spec.ports = vec![loopback(Protocol::Tcp, 0)];
    let id = env.start(&spec).await;
    let tcp = env.runtime.inspect_container(&id).await.unwrap().ports;
    let mut spec = env.spec("b", &Program::Server(8080));
    spec.ports = vec![loopback(Protocol::Udp, tcp[0].host_port)];
    let id = env.start(&spec).await;
    assert_eq!(env.runtime.inspect_container(&id).await.unwrap().ports, spec.ports);
    let listed = env.runtime.list_containers(&env.filter()).await.unwrap();
    assert_eq!(listed.into_iter().find(|container| container.id == id).unwrap().ports, spec.ports);
}
