//! OpenSSH's server on a port of this machine, with keys of its own.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use byop_core::testing::require;

const PROGRAM: &str = "/usr/sbin/sshd";

/// A server that ends when this is dropped.
pub struct Sshd {
    child: Child,
    folder: PathBuf,
    port: u16,
    user: String,
}

impl Sshd {
    /// Lets in who has the key `user` of `folder`; `None` when there is no such server on this machine.
    pub fn start(folder: &Path) -> Option<Self> {
        require("sshd", Path::new(PROGRAM).metadata())?;
        let user = output(Command::new("id").arg("-un")).trim().to_owned();
        if output(Command::new("id").arg("-u")).trim() == "0" {
            // The server wants this folder of root's, which the service makes otherwise.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        for name in ["host", "user", "stranger"] {
            key(folder, name);
        }
        std::fs::copy(folder.join("user.pub"), folder.join("authorized_keys")).unwrap();
        // A port that was free a moment ago can be taken; then the next is tried.
        let started = (0..5).find_map(|_| launch(folder).ok());
        let (child, port) = started.expect("sshd does not start");
        Some(Self { child, folder: folder.to_owned(), port, user })
    }

    pub fn url(&self, repository: &str) -> String {
        let path = self.folder.join(repository);
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, path.display())
    }

    /// A file that knows this host by the key of that name.
    pub fn known_hosts(&self, key: &str) -> PathBuf {
        let public = std::fs::read_to_string(self.folder.join(format!("{key}.pub"))).unwrap();
        let path = self.folder.join(format!("known 'hosts' of {key}"));
        std::fs::write(&path, format!("[127.0.0.1]:{} {public}", self.port)).unwrap();
        path
    }

    /// The private key of that name.
    pub fn key(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn launch(folder: &Path) -> io::Result<(Child, u16)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let at = folder.display();
    let path = std::env::var("PATH").unwrap();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\nAuthorizedKeysFile {at}/authorized_keys\n\
         PidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nAcceptEnv GIT_PROTOCOL\nSetEnv PATH=\"{path}\" GIT_CONFIG_GLOBAL=/dev/null\n"
    );
    std::fs::write(folder.join("sshd_config"), config)?;
    let mut child = Command::new(PROGRAM)
        .args(["-D", "-e", "-f"])
        .arg(folder.join("sshd_config"))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = String::new();
    let is_up = lines.by_ref().any(|line| {
        said.push_str(&line);
        line.contains("Server listening")
    });
    if !is_up {
        child.wait()?;
        return Err(io::Error::other(said));
    }
    // What it says later must be read, or it would wait for that.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((child, port))
}

fn key(folder: &Path, name: &str) {
    output(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(name)));
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
