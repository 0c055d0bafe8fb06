//! The same engine over TCP, with and without TLS.

use std::net::SocketAddr;
use std::path::Path;

use byop_core::docker::{Docker, DockerTls};
use byop_core::runtime::ContainerRuntime;
use byop_core::{Error, ErrorKind, Secret};
use rcgen::ExtendedKeyUsagePurpose;

use crate::proxy::{Authority, serve};
use crate::support::engine;

/// Behaviours that use a connection in each way there is: short answers, long streams, uploads, upgrades.
const BEHAVIOURS: [&str; 9] = [
    "suite::the_engine_says_what_it_is",
    "suite::a_command_gives_its_output_and_exit_code",
    "suite::a_followed_log_gives_lines_as_they_come",
    "suite::a_followed_log_ends_with_the_container",
    "suite::events_tell_what_happens_to_labelled_containers",
    "suite::an_uploaded_file_can_be_read",
    "suite::usage_of_a_running_container_is_told_at_once",
    "suite::a_build_tells_its_steps_and_ends_with_the_image",
    "suite::a_published_port_that_is_taken_is_a_conflict",
];

/// Runs those behaviours in a process whose environment names the engine.
async fn behaviours(address: SocketAddr, certificates: Option<&Path>) {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child
        .arg("--exact")
        .args(BEHAVIOURS)
        .env("DOCKER_HOST", format!("tcp://{address}"))
        .env("BYOP_REQUIRE", "docker");
    child.env_remove("DOCKER_TLS_VERIFY");
    if let Some(folder) = certificates {
        child.env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", folder);
    }
    let output = child.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let passed = format!("{} passed; 0 failed", BEHAVIOURS.len());
    assert!(
        output.status.success() && text.contains(&passed),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn the_behaviours_hold_over_tcp_as_the_environment_says() {
    if engine().await.is_none() {
        return;
    }
    behaviours(serve(None).await, None).await;
}

#[tokio::test]
async fn the_behaviours_hold_over_tls_as_the_environment_says() {
    if engine().await.is_none() {
        return;
    }
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.write(folder.path());
    behaviours(serve(Some(&authority)).await, Some(folder.path())).await;
}

async fn refusal(address: SocketAddr, tls: &DockerTls) -> Error {
    Docker::connect_tls(&address.to_string(), tls).unwrap().info().await.unwrap_err()
}

fn trusting(ca: &Authority, client: &Authority) -> DockerTls {
    let identity = client.sign(ExtendedKeyUsagePurpose::ClientAuth);
    DockerTls::new(ca.pem(), identity.certificate, Secret::new(identity.key))
}

#[tokio::test]
async fn an_engine_of_another_authority_is_not_trusted() {
    let (ours, other) = (Authority::new(), Authority::new());
    let address = serve(Some(&ours)).await;
    let error = refusal(address, &trusting(&other, &ours)).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
}

#[tokio::test]
async fn an_engine_refuses_a_client_of_another_authority() {
    let (ours, other) = (Authority::new(), Authority::new());
    let address = serve(Some(&ours)).await;
    let error = refusal(address, &trusting(&ours, &other)).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
}

#[tokio::test]
async fn an_engine_refuses_a_client_without_a_certificate() {
    let ours = Authority::new();
    let address = serve(Some(&ours)).await;
    let error = refusal(address, &DockerTls::without_certificate(ours.pem())).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
}

#[tokio::test]
async fn certificates_that_are_none_are_refused_without_being_quoted() {
    let ours = Authority::new();
    let identity = ours.sign(ExtendedKeyUsagePurpose::ClientAuth);
    for tls in [
        DockerTls::new("", identity.certificate.clone(), Secret::new(identity.key.clone())),
        DockerTls::new(ours.pem(), "nonsense", Secret::new(identity.key.clone())),
        DockerTls::new(ours.pem(), identity.certificate.clone(), Secret::new("s3cret nonsense")),
    ] {
        let error = Docker::connect_tls("127.0.0.1:1", &tls).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(!format!("{error:?}{tls:?}").contains("s3cret"));
    }
}
