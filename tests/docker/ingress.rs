//! The behaviours of every proxy, of Traefik.

use std::sync::Arc;

use byop_core::ingress::Traefik;
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::ingress_suite::Subject;
use byop_core::testing::require;

async fn traefik() -> Option<Subject> {
    let engine = crate::support::engine().await?;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let prefix = format!("byop-test-ingress-{port}");
    let traefik = Traefik::new().with_prefix(prefix).with_address("127.0.0.1").with_http_port(port);
    require("docker", engine.inspect_image(traefik.image()).await)?;
    Some(Subject::new(crate::support::make().await?, Arc::new(traefik)))
}

byop_core::ingress_suite!(traefik);
