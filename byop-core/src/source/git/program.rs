//! Runs the git program with an empty environment and a configuration of our own, and ends it with all its children.

use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::OPERATION;
use super::access::{self, Access};
use super::address::Address;
use super::refusal::refusal;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// What is kept of git's output; its own lists are far shorter, and the other side's words can be of any length.
const OUTPUT_LIMIT: u64 = 1 << 20;
const WATCH_EVERY: Duration = Duration::from_millis(200);

/// The git program, for one repository.
#[derive(Debug)]
pub(super) struct Program {
    name: OsString,
    /// Holds the configuration and the bare repository.
    folder: PathBuf,
    environment: Environment,
}

/// Not shown: it holds the credential.
struct Environment(Vec<(&'static str, OsString)>);

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A limit on what a running command may write to disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    pub(super) bytes: u64,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Output {
    succeeded: bool,
    stdout: String,
    stderr: String,
}

impl Output {
    /// What it wrote, or the error that its words mean.
    pub(super) fn success(self, hidden: &[Secret], reference: Option<&str>) -> Result<String> {
        if self.succeeded { Ok(self.stdout) } else { Err(refusal(&self.stderr, hidden, reference)) }
    }
}

impl Program {
    /// Makes the folder that git works in, with the configuration that is the only one it reads.
    pub(super) fn prepare(
        folder: &Path,
        address: &Address,
        pins: &[IpAddr],
        access: &Access,
    ) -> Result<Self> {
        let fault = |error: io::Error| {
            Error::new(ErrorKind::Unavailable, OPERATION, "the working folder cannot be prepared")
                .with_context("folder", folder.display())
                .with_source(error)
        };
        // Git runs inside of it.
        let folder = &std::path::absolute(folder).map_err(fault)?;
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        std::fs::DirBuilder::new().mode(0o700).create(folder).map_err(fault)?;
        std::fs::create_dir(folder.join("repository")).map_err(fault)?;
        let mut file = std::fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600).open(folder.join(".gitconfig"));
        let config = configuration(address, pins);
        file.and_then(|mut file| io::Write::write_all(&mut file, config.as_bytes())).map_err(fault)?;
        let environment = Environment(environment(folder, address, pins, access));
        let program = Self { name: "git".into(), folder: folder.to_owned(), environment };
        access.write(folder).map_err(fault)?;
        Ok(program)
    }

    /// Another program in git's place.
    #[cfg(test)]
    pub(super) fn with_name(mut self, name: impl Into<OsString>) -> Self {
        self.name = name.into();
        self
    }

    /// Makes every file come out as it is stored: the tree's own attributes could leave files out or change them.
    pub(super) fn ignore_attributes(&self) -> Result<()> {
        let info = self.folder.join("repository/info");
        let text = "* -export-ignore -export-subst -text -eol -ident -filter -working-tree-encoding\n";
        std::fs::create_dir_all(&info).and_then(|()| std::fs::write(info.join("attributes"), text)).map_err(
            |error| {
                Error::new(ErrorKind::Unavailable, OPERATION, "the working folder cannot be prepared")
                    .with_source(error)
            },
        )
    }

    /// A command whose output is read by a thread of ours.
    pub(super) fn blocking_command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(&self.name);
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.0.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.join("repository"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// Runs a command to its end, for at most `timeout`. It ends with the future, too.
    pub(super) async fn run(
        &self,
        arguments: &[&str],
        timeout: Duration,
        watch: Option<Watch>,
    ) -> Result<Output> {
        let mut command = tokio::process::Command::from(self.blocking_command(arguments));
        let mut child = command
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(not_started)?;
        let group = Group(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (stdout, stderr) = tokio::join!(collect(stdout), collect(stderr));
            let status = child.wait().await;
            (status, stdout, stderr)
        };
        tokio::select! {
            (status, stdout, stderr) = work => {
                let status = status.map_err(|error| {
                    Error::new(ErrorKind::Internal, OPERATION, "git ended without a result").with_source(error)
                })?;
                group.forget();
                Ok(Output { succeeded: status.success(), stdout, stderr })
            }
            () = self.outgrown(watch) => {
                let bytes = watch.map_or(0, |watch| watch.bytes);
                Err(Error::invalid(OPERATION, format!("the repository has more than {bytes} bytes"))
                    .with_context("limit", "bytes")
                    .with_remedy("remove what the app does not need, or raise `bytes` of the source limits"))
            }
            () = tokio::time::sleep(timeout) => {
                let seconds = timeout.as_secs();
                Err(Error::new(ErrorKind::Timeout, OPERATION, format!("git took more than {seconds} seconds"))
                    .with_remedy("try again; a smaller repository is fetched sooner"))
            }
        }
    }

    /// Ends when the folder has outgrown its limit, and never without one.
    async fn outgrown(&self, watch: Option<Watch>) {
        let Some(watch) = watch else { return std::future::pending().await };
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            if bytes_below(&self.folder) > watch.bytes {
                return;
            }
        }
    }
}

/// Everything but what was taken out is removed, also when nobody waits for the fetch any more.
impl Drop for Program {
    fn drop(&mut self) {
        access::forget_identity(&self.folder);
        // It is of no more use, and the next fetch removes it too.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A process with all that it started, ended when this is dropped.
struct Group(Option<u32>);

impl Group {
    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // Gone already is as good.
            let _ = rustix::process::kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Reads to the end and keeps the start.
async fn collect(input: Option<impl AsyncRead + Unpin>) -> String {
    let mut kept = Vec::new();
    if let Some(mut input) = input {
        // Nothing but the end of the process can cut this short, and then its status tells.
        let _ = (&mut input).take(OUTPUT_LIMIT).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut input, &mut tokio::io::sink()).await;
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Few files: what git fetches stays in one pack.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

pub(super) fn not_started(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::new(ErrorKind::Unsupported, OPERATION, "the git program is not installed")
            .with_remedy("install git, or give the source as a folder or archive");
    }
    Error::new(ErrorKind::Unavailable, OPERATION, "git cannot be started").with_source(error)
}

fn configuration(address: &Address, pins: &[IpAddr]) -> String {
    let mut lines = vec![
        "[protocol]\n\tallow = never".to_owned(),
        format!("[protocol {}]\n\tallow = always", quoted(address.protocol())),
        "[core]\n\thooksPath = /dev/null\n\tattributesFile = /dev/null\n\tfsmonitor = false".to_owned(),
        "\taskPass =\n\tprotectHFS = true\n\tprotectNTFS = true".to_owned(),
        "[credential]\n\thelper =".to_owned(),
        "[transfer]\n\tfsckObjects = true\n\tbundleURI = false".to_owned(),
        "[fetch]\n\tunpackLimit = 1\n\trecurseSubmodules = false\n\twriteCommitGraph = false".to_owned(),
        "[submodule]\n\trecurse = false".to_owned(),
        "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false".to_owned(),
        "[http]\n\tfollowRedirects = false\n\tsslVerify = true\n\tlowSpeedLimit = 100\n\tlowSpeedTime = 60"
            .to_owned(),
    ];
    match address {
        Address::Https { host, port, .. } if !pins.is_empty() => {
            let pins: Vec<String> = pins.iter().map(pinned).collect();
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            lines
                .push(format!("\tcurloptResolve = {}", quoted(&format!("{host}:{port}:{}", pins.join(",")))));
        }
        Address::Local { path } => {
            // The user named this folder; whoever owns it, only its objects are read.
            let path = path.trim_end_matches('/');
            lines.push(format!("[safe]\n\tdirectory = {}", quoted(path)));
            lines.push(format!("\tdirectory = {}", quoted(&format!("{path}/.git"))));
        }
        _ => {}
    }
    lines.join("\n") + "\n"
}

fn pinned(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// As git's configuration wants it; control characters are refused with the address.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn environment(
    folder: &Path,
    address: &Address,
    pins: &[IpAddr],
    access: &Access,
) -> Vec<(&'static str, OsString)> {
    let mut all: Vec<(&'static str, OsString)> = vec![
        ("HOME", folder.into()),
        ("GIT_CONFIG_GLOBAL", folder.join(".gitconfig").into()),
        ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ("GIT_ATTR_NOSYSTEM", "1".into()),
        ("GIT_TERMINAL_PROMPT", "0".into()),
        ("GIT_ALLOW_PROTOCOL", address.protocol().into()),
        ("GIT_LFS_SKIP_SMUDGE", "1".into()),
        ("GIT_CEILING_DIRECTORIES", folder.into()),
        ("GIT_DIR", folder.join("repository").into()),
        ("LC_ALL", "C".into()),
    ];
    // Where programs are found, and the ssh agent: without them git could not start, or would find no key.
    for name in ["PATH", "SSH_AUTH_SOCK"] {
        if let Some(value) = std::env::var_os(name) {
            all.push((name, value));
        }
    }
    if let Address::Ssh { host, port, .. } = address {
        all.push(("GIT_SSH_COMMAND", ssh_command(host, *port, pins, access).into()));
        all.push(("GIT_SSH_VARIANT", "ssh".into()));
    }
    if access.has_authorities() {
        all.push(("GIT_SSL_CAINFO", folder.join(access::AUTHORITIES).into()));
    }
    if let (Address::Https { host, port, .. }, Some(header)) = (address, access.header()) {
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        all.push(("GIT_CONFIG_COUNT", "1".into()));
        all.push(("GIT_CONFIG_KEY_0", format!("http.https://{host}:{port}/.extraHeader").into()));
        all.push(("GIT_CONFIG_VALUE_0", header.into()));
    }
    all
}

/// The user's own keys and known hosts unless the source names others; nothing is asked, an unknown host is refused,
/// and no connection stays open for a later command.
fn ssh_command(host: &str, port: u16, pins: &[IpAddr], access: &Access) -> String {
    let mut command = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 \
                       -o ForwardAgent=no -o ClearAllForwardings=yes -o PermitLocalCommand=no \
                       -o UpdateHostKeys=no -o ControlMaster=no -o ControlPath=none"
        .to_owned();
    if let Some(pin) = pins.first() {
        // Known hosts are still looked up by name, in the form that ssh writes.
        let alias = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
        command.push_str(&format!(" -o HostName={pin} -o 'HostKeyAlias={alias}'"));
    }
    command.push_str(&access.ssh_options());
    command
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn program(address: &str, credential: Option<&str>) -> (tempfile::TempDir, Program) {
        let dir = tempfile::TempDir::new().unwrap();
        let address = Address::parse(address).unwrap();
        let mut access = Access::default();
        if let Some(credential) = credential {
            access = access.with_credential(Secret::new(credential)).unwrap();
        }
        let program = Program::prepare(&dir.path().join("git"), &address, &[], &access).unwrap();
        (dir, program)
    }

    /// Runs a script in git's place. It is given to the shell: a file that was just written cannot always be run.
    async fn run(program: Program, text: &str, timeout: Duration, watch: Option<Watch>) -> Result<Output> {
        program.with_name("/bin/sh").run(&["-c", text, "git", "fetch"], timeout, watch).await
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_credential_is_in_no_argument_and_no_file() {
        let (dir, program) = program("https://example.com/a", Some("hunter2token"));
        let program = program.with_name("/bin/sh");
        let arguments = ["-c", "tr '\\0' ' ' </proc/$$/cmdline; echo; env", "git", "fetch"];
        let output = program.run(&arguments, LONG, None).await.unwrap();
        let basic = base64::engine::general_purpose::STANDARD.encode("x-access-token:hunter2token");
        let (arguments, environment) = output.stdout.split_once('\n').unwrap();
        assert!(arguments.ends_with("git fetch ") && !arguments.contains("hunter2"), "{arguments}");
        assert!(!arguments.contains(&basic));
        assert!(environment.contains(&format!("GIT_CONFIG_VALUE_0=Authorization: Basic {basic}")));
        assert!(environment.contains("GIT_CONFIG_KEY_0=http.https://example.com:443/.extraHeader"));
        let config = std::fs::read_to_string(dir.path().join("git/.gitconfig")).unwrap();
        assert!(!config.contains("hunter2") && !config.contains(&basic));
    }

    #[tokio::test]
    async fn the_environment_of_the_host_program_does_not_reach_git() {
        let (_dir, program) = program("/srv/a", None);
        let output = run(program, "env", LONG, None).await.unwrap();
        let names: Vec<&str> =
            output.stdout.lines().filter_map(|line| line.split_once('=')).map(|pair| pair.0).collect();
        // The last four are the shell's own.
        let known = ["HOME", "LC_ALL", "PATH", "SSH_AUTH_SOCK", "PWD", "SHLVL", "_", "OLDPWD"];
        let foreign: Vec<_> =
            names.iter().filter(|name| !name.starts_with("GIT_") && !known.contains(name)).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert!(output.stdout.contains("GIT_ALLOW_PROTOCOL=file"));
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_ended_with_its_children() {
        let (dir, program) = program("/srv/a", None);
        let pid = dir.path().join("pid");
        let text = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", pid.display());
        let error = run(program, &text, Duration::from_secs(2), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let child: i32 = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
        let gone = || {
            std::fs::read_to_string(format!("/proc/{child}/stat")).map_or(true, |stat| stat.contains(") Z "))
        };
        for _ in 0..500 {
            if gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the child is still there");
    }

    #[tokio::test]
    async fn a_command_that_writes_too_much_is_ended() {
        let (_dir, program) = program("/srv/a", None);
        let text = "head -c 200000 /dev/zero > pack; sleep 600";
        let error = run(program, text, LONG, Some(Watch { bytes: 100_000 })).await.unwrap_err();
        assert_eq!((error.kind(), error.context("limit")), (ErrorKind::InvalidInput, Some("bytes")));
    }

    #[tokio::test]
    async fn a_missing_git_program_says_what_to_do() {
        let (_dir, program) = program("/srv/a", None);
        let error = program.with_name("byop-no-such-program").run(&[], LONG, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.remedy().unwrap().contains("install git"));
    }

    #[tokio::test]
    async fn what_git_had_is_removed_with_the_program() {
        let (dir, program) = program("/srv/a", None);
        assert!(dir.path().join("git/.gitconfig").exists());
        drop(program);
        assert!(!dir.path().join("git").exists());
    }

    #[test]
    fn a_program_does_not_show_its_credential() {
        let (_dir, program) = program("https://example.com/a", Some("hunter2token"));
        assert!(!format!("{program:?}").contains("Basic"));
    }

    #[test]
    fn a_credential_with_a_newline_is_refused() {
        assert!(Access::default().with_credential(Secret::new("a\nX-Evil: 1")).is_err());
    }

    #[test]
    fn hosts_are_pinned_to_the_checked_addresses() {
        let pins = ["1.1.1.1".parse().unwrap(), "2606:4700::1111".parse().unwrap()];
        let https = configuration(&Address::parse("https://example.com/a").unwrap(), &pins);
        assert!(https.contains("curloptResolve = \"example.com:443:1.1.1.1,[2606:4700::1111]\""), "{https}");
        let ssh = ssh_command("example.com", 2222, &pins, &Access::default());
        assert!(
            ssh.contains("HostName=1.1.1.1") && ssh.contains("'HostKeyAlias=[example.com]:2222'"),
            "{ssh}"
        );
        assert!(ssh.contains("StrictHostKeyChecking=yes"));
    }

    /// What a client says first to a server of a name that exists nowhere.
    async fn first_words(scheme: &str) -> String {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://git.example.invalid:{}/a", server.local_addr().unwrap().port());
        let (dir, address) = (tempfile::TempDir::new().unwrap(), Address::parse(&url).unwrap());
        let pins = ["127.0.0.1".parse().unwrap()];
        let program = Program::prepare(&dir.path().join("git"), &address, &pins, &Access::default()).unwrap();
        let hear = tokio::task::spawn_blocking(move || {
            let mut heard = [0; 2_000];
            let length = io::Read::read(&mut server.accept().unwrap().0, &mut heard).unwrap();
            String::from_utf8_lossy(&heard[..length]).into_owned()
        });
        let output = program.run(&["ls-remote", "--", &url], LONG, None).await.unwrap();
        assert!(!output.succeeded && !output.stderr.contains("resolve"), "{}", output.stderr);
        hear.await.unwrap()
    }

    #[tokio::test]
    async fn git_connects_to_the_checked_address_and_does_not_look_again() {
        // The name that the certificate must have.
        assert!(first_words("https").await.contains("git.example.invalid"));
        assert!(first_words("ssh").await.starts_with("SSH-2.0-"));
    }

    #[tokio::test]
    async fn git_finds_its_configuration_in_a_relative_folder() {
        let dir = tempfile::TempDir::new().unwrap();
        let up = "../".repeat(std::env::current_dir().unwrap().components().count());
        let folder = Path::new(&up).join(dir.path().strip_prefix("/").unwrap()).join("git");
        let address = Address::parse("/srv/a").unwrap();
        let program = Program::prepare(&folder, &address, &[], &Access::default()).unwrap();
        let output = run(program, "cat $GIT_CONFIG_GLOBAL", LONG, None).await.unwrap();
        assert!(output.stdout.contains("hooksPath = /dev/null"), "{output:?}");
    }

    #[test]
    fn a_path_cannot_add_lines_to_the_configuration() {
        let config = configuration(&Address::parse("/srv/a\"b\\c").unwrap(), &[]);
        assert!(config.contains("directory = \"/srv/a\\\"b\\\\c\"\n"), "{config}");
    }
}
