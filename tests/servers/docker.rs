//! The program on the engine of this machine: only the provider's name and the sizes are others.

use byop_core::docker::Docker;
use byop_core::testing::require;

use crate::life::ids;
use crate::program::Program;

pub fn servers_come_and_go() {
    if require("docker", Docker::from_env()).is_none() {
        return;
    }
    let named = ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "HOME"];
    let environment = named.map(|name| (name, std::env::var(name).unwrap_or_default()));
    let settings: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let program = Program::new("docker", &settings);
    let name = format!("byop-test-{}", std::process::id());
    let words = ["create", "--name", &name, "--count", "2", "--region", "local", "--size", "small"];
    let made = program.json(&words);
    assert_eq!(ids(&made).len(), 2);
    assert!(made.iter().all(|line| line["server"]["state"] == "running"), "{made:?}");
    assert_eq!(ids(&program.json(&words)), ids(&made), "a second call makes nothing");
    assert_eq!(ids(&program.json(&["list"])), ids(&made));
    let gone = program.json(&["destroy", "--name", &name, "--count", "2"]);
    assert!(gone.len() == 2 && gone.iter().all(|line| line["destroyed"] == true), "{gone:?}");
    assert_eq!(program.json(&["list"]).len(), 0);
}
