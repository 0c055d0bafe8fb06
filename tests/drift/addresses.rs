//! Networks beyond the addresses that an engine has of its own.

use byop_core::model::NetworkSpec;
use byop_core::runtime::ContainerRuntime;
use futures_util::future::join_all;

use crate::support::world;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_has_room_for_more_networks_than_the_engine_has_addresses_for() {
    let world = world!();
    let specs: Vec<_> = (0..40)
        .map(|number| NetworkSpec {
            name: format!("byop-test-drift-{}-n{number}", world.port),
            labels: [].into(),
            internal: false,
        })
        .collect();
    for some in specs.chunks(4) {
        for made in join_all(some.iter().map(|spec| world.docker.create_network(spec))).await {
            made.unwrap();
        }
    }
    // And again, where one of the name is there.
    world.docker.create_network(&specs[39]).await.unwrap();
    let network = world.api.inspect_network(&specs[39].name, None).await.unwrap();
    let subnet = network.ipam.unwrap().config.unwrap()[0].subnet.clone().unwrap();
    println!("the last of 40 networks has {subnet}");
}
