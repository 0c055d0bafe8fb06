//! The process that is killed: an engine that runs one job.

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use byop_core::Result;
use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::ingress::Traefik;
use byop_core::model::{AppRetention, Subject};
use byop_core::store::{SqliteStore, Store};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::remote_cloud::RemoteCloud;
use crate::verb::Verb;
use crate::watched::Watched;

/// The variable by which this program knows that it is a child.
pub const ORDERS: &str = "BYOP_KILL_CHILD";

/// Releases on record, and images of earlier ones.
pub const RELEASES: usize = 2;
pub const IMAGES: usize = 1;

/// What a child shall do, and in which world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    pub place: Place,
    pub subject: Subject,
    pub task: Task,
    /// Whether it asks before and after each write.
    pub asks: bool,
    /// Whether it takes over jobs on other subjects too.
    pub takes_all: bool,
}

/// Store and proxy, or cloud, that children share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    pub store: PathBuf,
    pub work: PathBuf,
    pub prefix: String,
    pub port: u16,
    pub lease: Duration,
    /// Where the parent serves its cloud, when they rent servers and have no host.
    pub cloud: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Task {
    Submit(Verb),
    Resume(JobId),
}

impl Place {
    pub fn engine(&self, store: impl Store + 'static) -> Result<Engine> {
        let traefik = Traefik::new()
            .with_prefix(self.prefix.clone())
            .with_address("127.0.0.1")
            .with_http_port(self.port);
        Engine::builder()
            .with_store(store)
            .with_runtime("local", Docker::from_env()?)
            .with_ingress(traefik)
            .with_work_dir(&self.work)
            .with_lease(self.lease)
            // As little as there may be, so that what goes away goes early.
            .with_retention(AppRetention::default().with_releases(RELEASES).with_images(IMAGES))
            .build()
    }
}

/// The parent as its child sees it: the other end of the socket that is the child's standard input.
#[derive(Debug)]
pub struct Parent(Mutex<BufReader<UnixStream>>);

impl Parent {
    fn connect() -> std::io::Result<Self> {
        let socket = std::os::unix::net::UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
        socket.set_nonblocking(true)?;
        Ok(Self(Mutex::new(BufReader::new(UnixStream::from_std(socket)?))))
    }

    pub async fn tell(&self, line: &str) {
        say(&mut *self.0.lock().await, line).await;
    }

    /// Says where it is, and waits for the word to go on, which may never come.
    pub async fn ask(&self, when: &str, what: &str) {
        let mut socket = self.0.lock().await;
        say(&mut socket, &format!("at {when} {what}")).await;
        if socket.read_line(&mut String::new()).await.unwrap_or(0) == 0 {
            // The parent is gone, and nobody will kill this process.
            std::process::exit(0);
        }
    }
}

async fn say(socket: &mut BufReader<UnixStream>, line: &str) {
    if socket.write_all(format!("{line}\n").as_bytes()).await.is_err() {
        std::process::exit(0);
    }
}

/// Runs the child with its orders.
pub fn run(orders: &str) -> ExitCode {
    let orders: Orders = serde_json::from_str(orders).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match runtime.block_on(work(orders)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("child: {error:?}");
            ExitCode::FAILURE
        }
    }
}

async fn work(orders: Orders) -> Result<()> {
    let parent = Arc::new(Parent::connect().unwrap());
    let store = SqliteStore::open(&orders.place.store).await?;
    let own = Some(orders.subject.clone()).filter(|_| !orders.takes_all);
    let store = Watched::new(store, Arc::clone(&parent), orders.asks, own);
    let engine = match &orders.place.cloud {
        None => orders.place.engine(store)?,
        Some(socket) => Engine::builder()
            .with_store(store)
            .with_cloud(RemoteCloud::new(socket, Arc::clone(&parent), orders.asks))
            .with_lease(orders.place.lease)
            .build()?,
    };
    parent.tell("ready").await;
    let job = match orders.task {
        Task::Submit(verb) => verb.submit(&engine, &orders.subject).await?,
        Task::Resume(job) => {
            // From now on it takes over what others leave behind.
            engine.resume().await?;
            job
        }
    };
    // Why it failed is in the store, where the parent looks.
    let _ = engine.wait(&job).await;
    parent.tell("ended").await;
    // Jobs of others that it has taken over meanwhile are left behind once more.
    Ok(())
}

/// A child as its parent sees it.
pub struct Child {
    process: tokio::process::Child,
    socket: BufReader<UnixStream>,
    /// What has come of the next line: the wait for it may be broken off.
    line: Vec<u8>,
}

/// What a child says.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    Ready,
    Claimed,
    At(String),
    Ended,
}

impl Child {
    pub fn start(orders: &Orders) -> std::io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let process = tokio::process::Command::new(std::env::current_exe()?)
            .env(ORDERS, serde_json::to_string(orders)?)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { process, socket: BufReader::new(UnixStream::from_std(ours)?), line: Vec::new() })
    }

    /// The next thing it says; an error when it ended by itself.
    pub async fn next(&mut self) -> Result<Word, String> {
        let read = self.socket.read_until(b'\n', &mut self.line).await;
        if read.map_err(|error| error.to_string())? == 0 {
            return Err(format!("a child ended by itself: {:?}", self.process.wait().await));
        }
        let line = String::from_utf8(std::mem::take(&mut self.line)).map_err(|error| error.to_string())?;
        let line = line.trim_end();
        match line.split_once(' ') {
            None if line == "ready" => Ok(Word::Ready),
            None if line == "ended" => Ok(Word::Ended),
            Some(("claimed", _)) => Ok(Word::Claimed),
            Some(("at", place)) => Ok(Word::At(place.to_owned())),
            _ => Err(format!("a child said: {line}")),
        }
    }

    /// Lets it go on.
    pub async fn go(&mut self) -> Result<(), String> {
        self.socket.write_all(b"go\n").await.map_err(|error| format!("a child does not listen: {error}"))
    }

    /// SIGKILL.
    pub async fn kill(mut self) -> Result<(), String> {
        self.process.kill().await.map_err(|error| format!("a child cannot be killed: {error}"))
    }
}
