//! Amazon, by somebody else's simulator.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use byop_core::testing::require;

use crate::life::ids;
use crate::program::Program;

struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// moto's server at a free port.
fn start() -> Option<(Moto, String)> {
    let program = require("moto", std::env::var("MOTO_SERVER"))?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let moto = Moto(child);
    let end = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "moto does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some((moto, format!("http://127.0.0.1:{port}")))
}

pub fn servers_come_and_go() {
    let Some((_moto, url)) = start() else { return };
    let settings = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIACANARY"),
        ("AWS_SECRET_ACCESS_KEY", "canary-of-a-secret-key"),
        ("AWS_SESSION_TOKEN", "canary-of-a-session"),
    ];
    let program = Program::new("aws", &settings)
        .with_secret("canary-of-a-secret-key")
        .with_secret("canary-of-a-session");
    let words = ["create", "--name", "web", "--count", "3", "--region", "eu-central-1", "--size", "t3.micro"];
    // moto has Amazon's own systems in its catalogue, and no Debian.
    let words = [&words[..], &["--image", "amazon-linux-2023"]].concat();
    let made = program.json(&words);
    assert_eq!(ids(&made).len(), 3);
    assert_eq!(ids(&program.json(&words)), ids(&made), "a second call makes nothing");
    assert_eq!(ids(&program.json(&["list"])), ids(&made));
    let gone = program.json(&["destroy", "--name", "web-1"]);
    assert_eq!(gone[0]["destroyed"], true);

    // The state is lost: what it knew is found, told as another installation's, and removed only when that is named.
    program.lose_state();
    let servers = |words: &[&str]| {
        let mut found = program.json(words);
        found.retain(|line| line["resource"]["kind"] == "server");
        found
    };
    let found = servers(&["sweep", "--remove"]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|line| line["reason"] == "elsewhere" && line["removed"] == false), "{found:?}");
    let installation = found[0]["installation"].as_str().unwrap();
    let removed = servers(&["sweep", "--remove", "--installation", installation]);
    assert!(removed.len() == 2 && removed.iter().all(|line| line["removed"] == true), "{removed:?}");
    assert_eq!(servers(&["sweep"]).len(), 0);
}
