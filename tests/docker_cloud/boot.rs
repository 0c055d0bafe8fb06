//! A server boots from user data, and is entered over SSH.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use byop_core::generator::cloud_init;
use byop_core::model::{HostSpec, ServerState};
use byop_core::secret::Secret;
use byop_core::testing::cloud_provider_suite::{self, CloudEnv};
use tokio::process::Command;

use crate::support;

/// A new key pair in two files.
async fn key(folder: &Path, name: &str) -> (String, String) {
    let path = folder.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&path)
        .output()
        .await
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let read = |path| std::fs::read_to_string(path).unwrap().trim().to_owned();
    (read(path.clone()), read(path.with_extension("pub")))
}

/// A way into a server whose key is known beforehand.
pub struct Ssh<'a> {
    pub folder: &'a Path,
    pub user: &'static str,
    pub address: String,
}

impl Ssh<'_> {
    /// Runs a command there.
    pub async fn run(&self, command: &str) -> Output {
        let at = self.folder.display();
        Command::new("ssh")
            .args(["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
            .args(["-o", "ConnectTimeout=2", "-o", &format!("UserKnownHostsFile={at}/known_hosts")])
            .args(["-i", &format!("{at}/user"), &format!("{}@{}", self.user, self.address), command])
            .kill_on_drop(true)
            .output()
            .await
            .unwrap()
    }

    /// Whether it is a way in now.
    async fn lets_in(&self) -> Result<(), String> {
        let output = self.run("true").await;
        if output.status.success() { Ok(()) } else { Err(format!("it says {output:?}")) }
    }

    /// What a command there prints.
    pub async fn text(&self, command: &str) -> String {
        let output = self.run(command).await;
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// By the key that it was given, and by no other: the host's own is pinned before the first connection.
#[tokio::test]
async fn a_server_boots_from_its_user_data_and_is_entered_by_pinned_keys() {
    let Some(env) = support::make().await else { return };
    cloud_provider_suite::run(env.with_deadline(Duration::from_secs(90)), boots_from_user_data).await;
}

async fn boots_from_user_data(env: &CloudEnv) {
    let folder = tempfile::tempdir().unwrap();
    let (_, user) = key(folder.path(), "user").await;
    let (private, public) = key(folder.path(), "host").await;
    let mut host =
        HostSpec::new("web-1").with_authorized_key(&user).with_host_key(Secret::new(private), &public);
    // Nothing is fetched, so that the boot does not wait for mirrors.
    host.unattended_upgrades = false;
    let text = cloud_init(&host).unwrap().expose().replace("package_update: true", "package_update: false");
    let spec = env.spec("a").await.with_user_data(text);
    let id = env.provider.create_server(&spec).await.unwrap().id;
    let server = env.ready(&id).await;
    let address = server.addresses[0].to_string();
    std::fs::write(folder.path().join("known_hosts"), format!("{address} {public}\n")).unwrap();

    let ssh = Ssh { folder: folder.path(), user: "byop", address };
    env.until("its SSH server must eventually let us in", || ssh.lets_in()).await;
    // The first boot lets its SSH server read new settings, which ends the way in.
    let status = env.until("the first boot must end", || async {
        let output = ssh.run("cloud-init status --wait").await;
        let is_over = output.status.code() != Some(255);
        is_over.then(|| String::from_utf8(output.stdout).unwrap()).ok_or("SSH lets nobody in")
    });
    assert!(status.await.trim().ends_with("status: done"));
    assert_eq!(ssh.text("cat /var/lib/byop/ready; hostname").await, "ready\nweb-1");
    assert_eq!(ssh.text("sudo systemctl is-system-running --wait").await, "running");
    assert_eq!(ssh.text("docker info --format '{{.Driver}} {{.LoggingDriver}}'").await, "overlay2 json-file");
    assert!(ssh.text("docker network ls --format '{{.Name}}'").await.lines().any(|name| name == "byop"));
    // The firewall has swept away what was there, but not the way to names.
    let name = format!("byop-server-{}", spec.key);
    assert!(ssh.text(&format!("getent hosts {name}")).await.starts_with(&ssh.address));
    // Who knows the address but has another key for it is not let on.
    let stranger = key(folder.path(), "stranger").await.1;
    std::fs::write(folder.path().join("known_hosts"), format!("{} {stranger}\n", ssh.address)).unwrap();
    assert!(!ssh.run("true").await.status.success());
    assert_eq!(env.provider.get_server(&id).await.unwrap().state, ServerState::Running);
}

/// As the maker's user.
#[tokio::test]
async fn a_server_lets_in_the_keys_that_it_was_made_with() {
    let Some(env) = support::make().await else { return };
    cloud_provider_suite::run(env.with_deadline(Duration::from_secs(90)), lets_in_keys).await;
}

async fn lets_in_keys(env: &CloudEnv) {
    let folder = tempfile::tempdir().unwrap();
    let (_, user) = key(folder.path(), "user").await;
    let (private, public) = key(folder.path(), "host").await;
    let id = env.provider.ssh_keys().unwrap().apply_ssh_key(&env.region, &user).await.unwrap();
    let lines: String = private.lines().map(|line| format!("    {line}\n")).collect();
    let data = format!("#cloud-config\nssh_keys:\n  ed25519_private: |\n{lines}  ed25519_public: {public}\n");
    let spec = env.spec("a").await.with_user_data(data).with_ssh_key(id.clone());
    let server = env.provider.create_server(&spec).await.unwrap().id;
    let address = env.ready(&server).await.addresses[0].to_string();
    std::fs::write(folder.path().join("known_hosts"), format!("{address} {public}\n")).unwrap();
    let ssh = Ssh { folder: folder.path(), user: "debian", address };
    env.until("its SSH server must eventually let us in", || ssh.lets_in()).await;
    assert_eq!(ssh.text("sudo id -un").await, "root");
    env.provider.delete_resource(byop_core::model::ResourceKind::SshKey, &id.0).await.unwrap();
}
