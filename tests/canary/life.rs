//! The whole life of an app with forty secrets, and the search of everything that was written down meanwhile.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::id::{JobId, SystemEntropy};
use byop_core::ingress::Traefik;
use byop_core::model::{
    AppName, AppSpec, EnvName, GitSource, ImageRef, JobFilter, LogOptions, Source, SourceLimits,
};
use byop_core::secret::{Key, Keyring, MemorySecrets, Secret, SecretRef};
use byop_core::stage::Data;
use byop_core::store::{Scope, SqliteStore, Store, WhenBusy};
use byop_core::testing::require;
use byop_core::{Error, ErrorKind};
use futures_util::StreamExt;

use crate::search::{FORMS, Needles, Sinks};
use crate::watch::{Seen, Watch};
use crate::{api, app, capture, values};

/// Of the forty, those that the embedding program's own source has.
const OF_THE_PROGRAM: usize = 8;

struct Life {
    folder: tempfile::TempDir,
    port: u16,
    sinks: Sinks,
    needles: Needles,
    values: BTreeMap<String, String>,
}

impl Life {
    async fn engine(&self, keyring: Keyring) -> Engine {
        let mut program = MemorySecrets::new();
        for (name, value) in self.values.iter().take(OF_THE_PROGRAM) {
            program = program.with_secret(reference(name), value);
        }
        Engine::builder()
            .with_store(SqliteStore::open(self.folder.path().join("byop.db")).await.unwrap())
            .with_runtime("local", Docker::from_env().unwrap())
            .with_ingress(traefik(self.port))
            .with_work_dir(self.folder.path().join("work"))
            .with_secrets(program)
            .with_limits(SourceLimits { allow_private_hosts: true, ..SourceLimits::default() })
            .with_keyring(keyring)
            .build()
            .unwrap()
    }

    fn name(&self) -> AppName {
        AppName::new(format!("canary-{}", self.port)).unwrap()
    }

    fn spec(&self, source: Source) -> AppSpec {
        let mut spec = AppSpec::new(self.name().as_str(), source).unwrap();
        spec = spec.with_domain(format!("{}.localhost", self.name())).unwrap();
        spec.health.deadline_seconds = 30;
        spec.routing.drain_seconds = 0;
        for name in self.values.keys() {
            spec.secrets.insert(EnvName::new(name).unwrap(), SecretRef(reference(name)));
        }
        spec
    }

    fn source(&self, name: &str) -> Source {
        Source::Directory(self.folder.path().join(name))
    }

    /// Waits for a job that must succeed.
    async fn done(&mut self, engine: &Engine, job: byop_core::Result<JobId>) -> serde_json::Value {
        let job = engine.wait(&job.unwrap()).await.unwrap();
        self.files();
        job.output.unwrap()
    }

    /// Waits for a job that must fail, and searches its error.
    async fn fails(&mut self, engine: &Engine, job: byop_core::Result<JobId>) -> Error {
        let error = engine.wait(&job.unwrap()).await.expect_err("this must not come to serve");
        for shown in
            [error.to_string(), format!("{error:?}"), serde_json::to_string(&error.report()).unwrap()]
        {
            self.sinks.search(&self.needles, "errors", shown.as_bytes());
        }
        self.files();
        error
    }

    /// The database with its companions, as they are now.
    fn files(&mut self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            // The database takes its companions away when it is closed.
            if let Some(bytes) = std::fs::read(entry.path()).ok().filter(|_| name.starts_with("byop.db")) {
                self.sinks.search(&self.needles, &name, &bytes);
            }
        }
    }

    /// What the engine tells of the app's containers, but for the environment that the app is given.
    async fn containers(&mut self) {
        let list = api::json("/containers/json?all=1").await;
        self.sinks.search(&self.needles, "list of containers", list.to_string().as_bytes());
        let prefix = format!("/byop-{}-r", self.name());
        let is_own =
            |one: &&serde_json::Value| one["Names"][0].as_str().is_some_and(|name| name.starts_with(&prefix));
        let own: Vec<_> = list.as_array().unwrap().iter().filter(is_own).collect();
        assert_eq!(own.len(), 1, "{own:?}");
        let mut whole = api::json(&format!("/containers/{}/json", own[0]["Id"].as_str().unwrap())).await;
        let env = whole["Config"]["Env"].take();
        let text = whole.to_string();
        self.sinks.search(&self.needles, "labels and arguments of containers", text.as_bytes());
        // The search is of the right container: it has them all.
        let env: Vec<&str> = env.as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
        assert!(self.values.iter().all(|(name, value)| env.contains(&format!("{name}={value}").as_str())));
    }

    /// The layers of the app's images that are its own, their configuration and their history.
    async fn images(&mut self) {
        let base = api::json("/images/python:3.13-slim-trixie/json").await;
        let base = base["RootFS"]["Layers"].as_array().unwrap().len();
        let filter = format!("%7B%22label%22%3A%5B%22byop.app%3D{}%22%5D%7D", self.name());
        let images = api::json(&format!("/images/json?filters={filter}")).await;
        let images = images.as_array().unwrap();
        assert!(images.len() >= 2, "{images:?}");
        for image in images {
            let id = image["Id"].as_str().unwrap();
            for path in ["history", "json"] {
                let text = api::get(&format!("/images/{id}/{path}")).await;
                self.sinks.search(&self.needles, "image history", &text);
            }
        }
        let names: Vec<String> =
            images.iter().map(|image| format!("names={}", image["Id"].as_str().unwrap())).collect();
        let saved = api::get(&format!("/images/get?{}", names.join("&"))).await;
        let mut files = BTreeMap::new();
        for entry in tar::Archive::new(saved.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(path, bytes);
        }
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        for image in manifest.as_array().unwrap() {
            let layers = image["Layers"].as_array().unwrap();
            assert!(layers.len() > base, "no layer of its own in {layers:?}");
            // What came with the base image is nobody's secret, and large.
            for layer in &layers[..base] {
                files.remove(layer.as_str().unwrap());
            }
        }
        assert!(files.keys().any(|path| path.ends_with("layer.tar")));
        for bytes in files.values() {
            self.sinks.search(&self.needles, "image layers", bytes);
        }
    }

    /// Everything that the engine and its store tell.
    async fn told(&mut self, engine: &Engine) {
        let store = SqliteStore::open(self.folder.path().join("byop.db")).await.unwrap();
        let mut failures = 0;
        for job in engine.list_jobs(&JobFilter::all()).await.unwrap() {
            failures += usize::from(job.error.is_some());
            self.sinks.search(&self.needles, "jobs", serde_json::to_string(&job).unwrap().as_bytes());
            for step in store.list_steps(&Scope::Platform, &job.id).await.unwrap() {
                self.sinks.search(&self.needles, "steps", serde_json::to_string(&step).unwrap().as_bytes());
            }
            let events: Vec<_> = engine.events(&job.id, 0).map(|event| event.unwrap()).collect().await;
            let text = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect::<Vec<_>>();
            self.sinks.search(&self.needles, "events", text.join("\n").as_bytes());
            self.sinks.search(&self.needles, "events", format!("{events:#?}").as_bytes());
        }
        assert!(failures >= 4, "{failures}");
        let reports = engine.list_apps().await.unwrap();
        self.sinks.search(&self.needles, "reports", serde_json::to_string(&reports).unwrap().as_bytes());
        self.sinks.search(&self.needles, "reports", format!("{reports:?}").as_bytes());
        let secrets = engine.list_secrets().await.unwrap();
        assert_eq!(secrets.len(), self.values.len() - OF_THE_PROGRAM + 1);
        self.sinks.search(&self.needles, "lists of secrets", format!("{secrets:?} {engine:?}").as_bytes());
    }

    async fn logs(&mut self, engine: &Engine) {
        let mut lines = engine.logs(&self.name(), &LogOptions::all()).await.unwrap();
        let mut text = String::new();
        while let Some(line) = lines.next().await {
            text += &line.unwrap().text;
            text.push('\n');
        }
        assert!(text.contains("SERVES 40 secrets") && text.contains("S04 [redacted]"), "{text}");
        self.sinks.search(&self.needles, "logs of the app", text.as_bytes());
    }
}

/// A test that fails leaves nothing behind either.
impl Drop for Life {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let (path, port, name) = (self.folder.path().join("byop.db"), self.port, self.name());
        let clean_up = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let engine = Engine::builder()
                    .with_store(SqliteStore::open(path).await?)
                    .with_runtime("local", Docker::from_env()?)
                    .with_ingress(traefik(port))
                    .build()?
                    .when_busy(WhenBusy::Wait);
                for job in engine.list_jobs(&JobFilter::all().with_unfinished()).await? {
                    engine.cancel(&job.id).await?;
                }
                let job = engine.remove(&name, Data::Delete).await?;
                engine.wait(&job).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        println!("cleaned up after a failure: {:?}", clean_up.join());
    }
}

fn traefik(port: u16) -> Traefik {
    Traefik::new()
        .with_prefix(format!("byop-test-canary-{port}"))
        .with_address("127.0.0.1")
        .with_http_port(port)
}

fn reference(name: &str) -> String {
    format!("vault/{name}")
}

/// A server of sources that lets everyone wait and then hangs up.
fn deaf_server() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(400)));
            let _ = (&stream).read(&mut [0; 16 << 10]);
            std::thread::park_timeout(Duration::from_millis(300));
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_is_anywhere_after_a_whole_life() {
    let connected = match Docker::from_env() {
        Ok(docker) => byop_core::runtime::ContainerRuntime::info(&docker).await.map(drop),
        Err(error) => Err(error),
    };
    if require("docker", connected).is_none() {
        return;
    }
    let started = Instant::now();
    capture::begin();
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::begin(folder.path().join("work"));
    let values = values::canaries();
    let mut all = values.clone();
    // Some get another value later: then both are secrets.
    let new: BTreeMap<String, String> = values
        .iter()
        .skip(OF_THE_PROGRAM)
        .step_by(2)
        .map(|(name, value)| (name.clone(), values::changed(value)))
        .collect();
    all.extend(new.iter().map(|(name, value)| (format!("{name} changed"), value.clone())));
    all.insert("credential".into(), "git-user:Zx6Wv-Nq0Lt7".into());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut life = Life { folder, port, sinks: Sinks::default(), needles: Needles::new(&all), values };
    let (old_key, new_key) = (Key::generate(&SystemEntropy).unwrap(), Key::generate(&SystemEntropy).unwrap());
    for (name, version) in [("one", 1), ("two", 2)] {
        app::write(&life.folder.path().join(name), version);
    }
    app::write_bad_build(&life.folder.path().join("bad"), &life.values["S06"]);

    // A first release.
    let engine = life.engine(Keyring::new(old_key.clone())).await;
    for (name, value) in life.values.iter().skip(OF_THE_PROGRAM) {
        engine.put_secret(&SecretRef(reference(name)), &Secret::new(value.clone())).await.unwrap();
    }
    engine.put_secret(&SecretRef("git".into()), &Secret::new(all["credential"].clone())).await.unwrap();
    let spec = life.spec(life.source("one"));
    let preview = engine.preview(&spec).await.unwrap();
    for (path, file) in &preview.files.0 {
        life.sinks.search(&life.needles, "generated files", format!("{path}\n{}", file.contents).as_bytes());
    }
    life.sinks.search(&life.needles, "generated files", serde_json::to_string(&preview).unwrap().as_bytes());
    let first = life.done(&engine, engine.deploy(spec.clone()).await).await;
    assert_eq!(first["release"], 1);
    life.containers().await;
    life.logs(&engine).await;
    let again = life.done(&engine, engine.deploy(spec.clone()).await).await;
    assert_eq!((&again["release"], &again["state"]), (&first["release"], &serde_json::json!("unchanged")));

    // Secrets change: that alone makes a new release. Then the source changes too.
    for (name, value) in &new {
        engine.put_secret(&SecretRef(reference(name)), &Secret::new(value.clone())).await.unwrap();
        life.values.insert(name.clone(), value.clone());
    }
    // The app still runs with the old ones, and prints them.
    life.logs(&engine).await;
    let second = life.done(&engine, engine.deploy(spec).await).await;
    assert_eq!(second["release"], 2);
    life.containers().await;
    let spec = life.spec(life.source("two"));
    life.done(&engine, engine.deploy(spec.clone()).await).await;

    // The key changes, with an engine that has both.
    drop(engine);
    let engine = life.engine(Keyring::new(new_key.clone()).with_previous(old_key.clone())).await;
    let rotated = engine.rotate_keys().await.unwrap();
    assert_eq!((rotated.resealed, &rotated.key), (33, new_key.id()));
    drop(engine);
    let wrong = life.engine(Keyring::new(old_key)).await;
    let error = wrong.list_secrets().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context("needed")),
        (ErrorKind::Unauthenticated, Some(new_key.id().as_str()))
    );
    life.sinks.search(&life.needles, "errors", format!("{error:?}").as_bytes());
    drop(wrong);
    let engine = life.engine(Keyring::new(new_key)).await;
    life.done(&engine, engine.restart(&life.name()).await).await;
    life.logs(&engine).await;

    // Everything goes wrong in turn.
    let mut dies = spec.clone();
    dies.env.insert(EnvName::new("DIE").unwrap(), "1".into());
    let error = life.fails(&engine, engine.deploy(dies).await).await;
    assert_eq!(error.kind(), ErrorKind::Unhealthy);
    assert!(
        error.context("log").unwrap().contains("cannot log in with [redacted] and \"[redacted]\""),
        "{error:?}"
    );
    let bad = life.spec(life.source("bad"));
    let error = life.fails(&engine, engine.deploy(bad).await).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    let image = ImageRef::new("localhost:1/byop-test-canary:none").unwrap();
    life.fails(&engine, engine.deploy(life.spec(Source::Image(image))).await).await;
    let mut git = GitSource::new(format!("https://127.0.0.1:{}/shop.git", deaf_server()));
    git.credential = Some(SecretRef("git".into()));
    life.fails(&engine, engine.deploy(life.spec(Source::Git(git))).await).await;

    life.images().await;
    life.told(&engine).await;
    life.done(&engine, engine.remove(&life.name(), Data::Delete).await).await;
    drop(engine);
    life.files();

    let Seen { arguments, files } = watch.end();
    assert!(!files.is_empty(), "no file of a job was seen");
    for bytes in files.values() {
        life.sinks.search(&life.needles, "folders of jobs", bytes);
    }
    assert!(
        arguments.iter().any(|line| line.starts_with(b"git\0") || line.windows(5).any(|w| w == b"/git\0")),
        "git was not seen"
    );
    life.sinks.search(
        &life.needles,
        "process arguments",
        &arguments.into_iter().flatten().collect::<Vec<u8>>(),
    );
    let said = capture::text();
    assert!(said.contains("byop_core") && said.contains("bollard"), "nothing was taken");
    life.sinks.search(&life.needles, "logs at trace level", said.as_bytes());

    let bytes: usize = life.sinks.bytes.values().sum();
    println!(
        "{} values in {FORMS} notations ({} texts) in {} sinks, {bytes} bytes, in {:?}: {:#?}",
        all.len(),
        life.needles.len(),
        life.sinks.bytes.len(),
        started.elapsed(),
        life.sinks.bytes,
    );
    assert!(life.sinks.hits.is_empty(), "{:#?}", life.sinks.hits);
}
