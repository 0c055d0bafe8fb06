//! PostgreSQL servers of our own: in temporary folders, on ports of their own, gone with this process.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use byop_core::testing::require;

/// The password of the only user, asked for over TCP.
pub(crate) const PASSWORD: &str = "canary-hunter2";

/// What a server promises to keep.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Keep {
    /// Nothing when the machine stops: quicker.
    Loosely,
    /// Every commit.
    Durably,
}

/// A server, started and stopped by a small program that ends when we end.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    /// The authority that signed its certificate, in PEM.
    pub(crate) authority: String,
    keeper: Mutex<Keeper>,
    databases: AtomicU32,
}

struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// The server that the tests of this process share; `None`, said aloud, where PostgreSQL is not installed.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<io::Result<Server>> = OnceLock::new();
        let found = SHARED.get_or_init(|| Self::start_new(Keep::Loosely));
        require("postgres", found.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string())))
    }

    /// A server for one test, which may kill it.
    pub(crate) fn own() -> Option<Self> {
        require("postgres", Self::start_new(Keep::Durably))
    }

    fn start_new(keep: Keep) -> io::Result<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("byop-postgres-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let authority = write_settings(folder.path(), port, keep)?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(include_str!("keeper.sh")).arg("keeper").arg(folder.path()).arg(programs);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).current_dir("/");
        if let Some((uid, gid)) = unprivileged()? {
            hand_over(folder.path(), uid, gid)?;
            command.uid(uid).gid(gid);
        }
        let mut child = command.spawn()?;
        // From here on the keeper removes it.
        let folder = folder.keep();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let keeper = Mutex::new(Keeper { orders: child.stdin.take(), answers, child });
        let server = Self { folder, port, authority, keeper, databases: AtomicU32::new(0) };
        server.order("start")?;
        let admin = server.url_of("postgres");
        let set = format!("ALTER USER byop PASSWORD '{PASSWORD}'");
        run_sql(&admin, &set)?;
        Ok(server)
    }

    /// Tells the keeper, and waits until it is done.
    fn order(&self, what: &str) -> io::Result<()> {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.orders.as_ref().unwrap(), "{what}")?;
        let mut answer = String::new();
        keeper.answers.read_line(&mut answer)?;
        if answer.trim() == "done" {
            return Ok(());
        }
        Err(io::Error::other(format!("PostgreSQL did not {what}: {answer:?}")))
    }

    /// Starts it again.
    pub(crate) fn start(&self) {
        self.order("start").unwrap();
    }

    /// Ends it in the ordinary way, and the connections with it.
    pub(crate) fn stop(&self) {
        self.order("stop").unwrap();
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        self.order("kill").unwrap();
    }

    /// A new, empty database: its URL, over the Unix socket.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run_sql(&self.url_of("postgres"), &format!("CREATE DATABASE {name}")).unwrap();
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        let socket = self.folder.to_str().unwrap().replace('/', "%2F");
        format!("postgresql://byop@{socket}:{}/{database}", self.port)
    }

    /// The same database over TCP, where the server asks for a password and for TLS.
    pub(crate) fn over_tcp(&self, url: &str, host: &str, password: &str) -> String {
        let database = url.rsplit('/').next().unwrap();
        format!("postgresql://byop:{password}@{host}:{}/{database}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap();
        keeper.orders = None;
        let _ = keeper.child.wait();
    }
}

/// Runs statements on a database, beside the store.
pub(crate) fn run_sql(url: &str, sql: &str) -> io::Result<String> {
    let output =
        Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Debian keeps the programs of each version in a folder that is not searched for commands.
fn programs() -> io::Result<PathBuf> {
    let missing = |_| io::Error::new(io::ErrorKind::NotFound, "there is no folder /usr/lib/postgresql");
    let mut found: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .map_err(missing)?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "PostgreSQL's initdb is not installed"))
}

fn write_settings(folder: &Path, port: u16, keep: Keep) -> io::Result<String> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    fs::write(folder.join("server.crt"), signed.cert.pem())?;
    fs::write(folder.join("server.key"), signed.signing_key.serialize_pem())?;
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600))?;
    fs::write(
        folder.join("hba.conf"),
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all 127.0.0.1/32 scram-sha-256\n",
    )?;
    let fsync = if keep == Keep::Durably { "on" } else { "off" };
    let path = folder.display();
    let settings = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{path}'\nssl = on\n\
         ssl_cert_file = '{path}/server.crt'\nssl_key_file = '{path}/server.key'\nshared_buffers = 16MB\n\
         max_connections = 200\nfsync = {fsync}\nlog_min_messages = warning\n"
    );
    fs::write(folder.join("settings.conf"), settings)?;
    Ok(signed.cert.pem())
}

/// The server refuses to run as root; then it runs as the user that Debian's package makes for it.
fn unprivileged() -> io::Result<Option<(u32, u32)>> {
    let id = Command::new("id").arg("-u").output()?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.unwrap_or("nobody:x:65534:65534").split(':').skip(2);
    let mut number = || fields.next().and_then(|field| field.parse().ok()).ok_or(io::ErrorKind::InvalidData);
    Ok(Some((number()?, number()?)))
}

fn hand_over(folder: &Path, uid: u32, gid: u32) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        chown(entry?.path(), Some(uid), Some(gid))?;
    }
    chown(folder, Some(uid), Some(gid))
}
