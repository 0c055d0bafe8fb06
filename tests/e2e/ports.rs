//! Ports beside HTTP, from outside: raw TCP and UDP into an app, over its whole life.

use std::time::Duration;

use byop_core::ErrorKind;
use byop_core::model::{PortSpec, Protocol, PublishedPort};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use crate::support::{World, host, world};

#[tokio::test]
async fn tcp_and_udp_ports_lead_into_the_app_until_it_is_removed() {
    let world = world!();
    let spec = world.behaves("ports").with_env("TCP_PORT", "7001").unwrap();
    let mut spec = spec.with_env("UDP_PORT", "7002").unwrap();
    spec.ports = vec![
        PortSpec::new("stream", Protocol::Tcp, 7001).unwrap(),
        PortSpec::new("data-grams", Protocol::Udp, 7002).unwrap(),
    ];
    let name = host(spec.name.as_str());
    world.deploy(&spec).await.unwrap();
    let ports = world.engine.get_app(&spec.name).await.unwrap().ports;
    comes_back(&ports).await;
    let variable = world.get(&name, "/env?name=BYOP_PORT_DATA_GRAMS").await.1;
    assert_eq!(variable, ports[1].host_port.to_string());

    let second = spec.clone().with_env("APP_VERSION", "2").unwrap();
    world.deploy(&second).await.unwrap();
    assert_eq!(world.engine.get_app(&spec.name).await.unwrap().ports, ports, "an update keeps the ports");
    comes_back(&ports).await;

    let (error, _) = world.deploy_badly(&spec.clone().with_env("MODE", "exit").unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Unhealthy, "{error:?}");
    comes_back(&ports).await;
    serves(&world, &name, r#"{"app":"behaves","version":"2"}"#).await;
    let report = world.engine.get_app(&spec.name).await.unwrap();
    assert_eq!((report.containers.len(), report.ports), (1, ports.clone()));

    world.remove(&spec.name).await;
    tokio::net::TcpListener::bind(("0.0.0.0", ports[0].host_port)).await.unwrap();
    UdpSocket::bind(("0.0.0.0", ports[1].host_port)).await.unwrap();
    world.end().await;
}

/// Waits until what is sent to these ports comes back: the app may have been started just now.
async fn comes_back(ports: &[PublishedPort]) {
    for port in ports {
        let tries = async {
            loop {
                let answer = match port.protocol {
                    Protocol::Tcp => tcp(port.host_port).await,
                    _ => udp(port.host_port).await,
                };
                if answer.is_ok_and(|answer| &answer == b"hello") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let port = format!("{port:?}");
        tokio::time::timeout(Duration::from_secs(20), tries).await.expect(&port);
    }
}

async fn tcp(port: u16) -> std::io::Result<[u8; 5]> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"hello").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

async fn udp(port: u16) -> std::io::Result<[u8; 5]> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(("127.0.0.1", port)).await?;
    socket.send(b"hello").await?;
    let mut answer = [0; 5];
    // A datagram may be lost without a word.
    tokio::time::timeout(Duration::from_secs(1), socket.recv(&mut answer)).await??;
    Ok(answer)
}

async fn serves(world: &World, host: &str, body: &str) {
    let tries = async {
        while world.get(host, "/").await != (200, body.to_owned()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), tries).await.expect("the old release serves again");
}
