//! Traefik as one managed container per host.
//!
//! Routes are files in a volume (Traefik's file provider), put there through the engine. So the proxy needs no
//! access to the engine's socket, keeps its routes over a restart, and a route changes in one atomic rename.
//! Facts used, from Traefik's documentation of version 3: the file provider reads `*.yml` of a watched folder;
//! the interface under `/api` shows the routers in use; it is served by the very configuration that it shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex;

use super::traefik_config::{self as config, CANDIDATE_HEADER, INTERNAL, WEB};
use super::{Ingress, Prepared, Probe, http};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{SystemEntropy, random_text};
use crate::model::{
    AppName, ContainerSpec, ContainerState, DomainName, ExecSpec, ImageRef, MountSpec, NetworkSpec,
    PortBinding, Protocol, RestartPolicy, Route, RouteInfo, UserSpec,
};
use crate::runtime::{ContainerRuntime, ContainerRuntimeExt};
use crate::secret::Secret;

const FOLDER: &str = "/etc/traefik/dynamic";
const WEB_PORT: u16 = 8000;
const INTERNAL_PORT: u16 = 8099;
const POLL: Duration = Duration::from_millis(5);
const SETTLE: Duration = Duration::from_secs(15);
const BASE_FILE: &str = "byop.yml";
const ROOT: UserSpec = UserSpec { uid: 0, gid: 0 };

/// Traefik, run as a container by byop.
#[derive(Debug, Clone)]
pub struct Traefik {
    image: String,
    prefix: String,
    address: String,
    http_port: u16,
    /// The proxy's container, and the pass that its internal entry point asks for.
    pass: Arc<Mutex<Option<(String, Secret)>>>,
}

/// The way to the internal entry point: the port on loopback, and what tells byop from a container.
#[derive(Debug)]
struct Door {
    port: u16,
    pass: Secret,
}

impl Door {
    async fn get(
        &self,
        path: &str,
        host: &str,
        header: Option<(&str, &str)>,
        timeout: Duration,
    ) -> Result<http::Answer> {
        let headers: Vec<_> = [config::pass_header(self.pass.expose())].into_iter().chain(header).collect();
        http::get(self.port, path, host, &headers, timeout).await
    }
}

impl Default for Traefik {
    fn default() -> Self {
        Self::new()
    }
}

impl Traefik {
    /// Traefik 3 on port 80 of all addresses.
    #[must_use]
    pub fn new() -> Self {
        Self {
            image: "traefik:v3.7".into(),
            prefix: "byop".into(),
            address: "0.0.0.0".into(),
            http_port: 80,
            pass: Arc::default(),
        }
    }

    /// Uses another image, such as a mirror's. It must have `sh`, `mv`, `ln`, `rm`, `cat` and `sha256sum`, as the
    /// official one has.
    #[must_use]
    pub fn with_image(mut self, image: impl Into<String>) -> Self {
        self.image = image.into();
        self
    }

    /// The image that it uses.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
    }

    /// Listens for HTTP on another port of the host.
    #[must_use]
    pub fn with_http_port(mut self, port: u16) -> Self {
        self.http_port = port;
        self
    }

    /// Listens on one address of the host only.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Names its container, network and volume `<prefix>-traefik`, so that several can share an engine.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn name(&self) -> String {
        format!("{}-traefik", self.prefix)
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("byop.role".into(), "ingress".into()), ("byop.ingress".into(), self.name())])
    }

    fn spec(&self) -> ContainerSpec {
        let mut spec = ContainerSpec::new(self.name(), &self.image);
        spec.command = Some(vec![
            format!("--entrypoints.{WEB}.address=:{WEB_PORT}"),
            format!("--entrypoints.{INTERNAL}.address=:{INTERNAL_PORT}"),
            // Long uploads are the application's business; a client that sends nothing is ended all the same.
            format!("--entrypoints.{WEB}.transport.respondingtimeouts.readtimeout=600s"),
            format!("--entrypoints.{WEB}.transport.respondingtimeouts.idletimeout=180s"),
            format!("--entrypoints.{WEB}.transport.lifecycle.gracetimeout=10s"),
            // Shorter than the 5 s after which Node.js closes an idle connection: the side that may send must be
            // the first to let go, or a request meets a closed connection.
            "--serverstransport.forwardingtimeouts.idleconntimeout=4s".into(),
            "--serverstransport.forwardingtimeouts.dialtimeout=5s".into(),
            format!("--providers.file.directory={FOLDER}"),
            "--providers.file.watch=true".into(),
            "--providers.providersthrottleduration=5ms".into(),
            "--api=true".into(),
            "--api.dashboard=false".into(),
            "--log.level=WARN".into(),
            "--global.checknewversion=false".into(),
            "--global.sendanonymoususage=false".into(),
        ]);
        spec.labels = self.labels();
        spec.user = Some(UserSpec { uid: 65_532, gid: 65_532 });
        spec.networks = vec![self.name()];
        spec.mounts = vec![MountSpec { volume: self.name(), path: FOLDER.into(), read_only: false }];
        spec.tmpfs = BTreeMap::from([("/tmp".into(), 16 << 20)]);
        spec.ports = vec![
            PortBinding {
                host_ip: self.address.clone(),
                host_port: self.http_port,
                container_port: WEB_PORT,
                protocol: Protocol::Tcp,
            },
            PortBinding {
                host_ip: "127.0.0.1".into(),
                host_port: 0,
                container_port: INTERNAL_PORT,
                protocol: Protocol::Tcp,
            },
        ];
        spec.restart = RestartPolicy::UnlessStopped;
        let key = Digest::of_json(&spec);
        spec.labels.insert("byop.key".into(), key.to_string());
        spec
    }

    /// The way to the internal entry point.
    async fn door(&self, runtime: &dyn ContainerRuntime) -> Result<Door> {
        let info = runtime.inspect_container(&self.name()).await?;
        let port = info.ports.iter().find(|p| p.container_port == INTERNAL_PORT).map(|p| p.host_port);
        let port = port.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "ingress.inspect", "the proxy is not running")
                .with_context("container", self.name())
                .with_remedy("deploy any app, or start the container")
        })?;
        let mut known = self.pass.lock().await;
        // Another process may have made the proxy anew.
        if let Some((_, pass)) = known.as_ref().filter(|(container, _)| *container == info.id) {
            return Ok(Door { port, pass: pass.clone() });
        }
        let pass = self.read_pass(runtime).await?.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "ingress.inspect", "the proxy has not been set up")
                .with_context("container", self.name())
                .with_remedy("remove this container; the next deployment makes it anew")
        })?;
        *known = Some((info.id, pass.clone()));
        Ok(Door { port, pass })
    }

    /// The pass in the proxy's own file, if it is there: it stays the same for as long as the volume does.
    async fn read_pass(&self, runtime: &dyn ContainerRuntime) -> Result<Option<Secret>> {
        let mut spec = ExecSpec::new(["cat", &format!("{FOLDER}/{BASE_FILE}")]);
        spec.user = Some(ROOT);
        let output = runtime.exec(&self.name(), &spec).await?;
        Ok(config::pass_of(&output.stdout).map(Secret::new))
    }

    /// Puts a file into the watched folder in one step: Traefik never sees half of it. The script is fixed; name and
    /// contents are its arguments, never part of it. One command instead of an upload and a rename halves the
    /// time that a switch takes.
    async fn write(&self, runtime: &dyn ContainerRuntime, file: &str, contents: &Value) -> Result<()> {
        const SCRIPT: &str = r#"printf %s "$2" > "$1.new" && mv -f "$1.new" "$1""#;
        let path = format!("{FOLDER}/{file}");
        self.exec(runtime, ["sh", "-c", SCRIPT, "sh", &path, &contents.to_string()]).await.map(drop)
    }

    /// The digests of the files of apps, by name.
    async fn file_digests(&self, runtime: &dyn ContainerRuntime) -> Result<BTreeMap<String, Digest>> {
        // Without a file the pattern stays as it is, and there is nothing of that name.
        const SCRIPT: &str = r#"cd "$1" && sha256sum app-*.yml 2>/dev/null; true"#;
        let mut spec = ExecSpec::new(["sh", "-c", SCRIPT, "sh", FOLDER]);
        spec.user = Some(ROOT);
        let output = runtime.exec(&self.name(), &spec).await?;
        let lines = output.stdout.lines().filter_map(|line| line.split_once("  "));
        Ok(lines
            .filter_map(|(hex, name)| Some((name.to_owned(), Digest::parse(&format!("sha256:{hex}")).ok()?)))
            .collect())
    }

    /// The same for a file that is not there yet; one that is stays as it is. The kernel decides who was first.
    async fn write_new(&self, runtime: &dyn ContainerRuntime, file: &str, contents: &Value) -> Result<bool> {
        const SCRIPT: &str = r#"
            new="$1.new-$$"
            printf %s "$2" > "$new" || exit 1
            if ln "$new" "$1" 2>/dev/null; then echo set; else [ -e "$1" ] || code=1; fi
            rm -f "$new"
            exit ${code:-0}"#;
        let path = format!("{FOLDER}/{file}");
        let said = self.exec(runtime, ["sh", "-c", SCRIPT, "sh", &path, &contents.to_string()]).await?;
        Ok(!said.is_empty())
    }

    async fn exec<const N: usize>(
        &self,
        runtime: &dyn ContainerRuntime,
        command: [&str; N],
    ) -> Result<String> {
        let mut spec = ExecSpec::new(command);
        spec.user = Some(ROOT);
        let output = runtime.exec(&self.name(), &spec).await?;
        if output.exit_code == 0 {
            return Ok(output.stdout);
        }
        Err(Error::new(ErrorKind::Internal, "ingress.write", "the proxy's folder cannot be written")
            .with_context("container", self.name())
            .with_context("stderr", output.stderr.trim()))
    }

    /// Waits until `check` is true of what Traefik shows under `path`.
    async fn wait_until(
        &self,
        door: &Door,
        path: &str,
        check: impl Fn(u16, &Value) -> bool + Send,
    ) -> Result<()> {
        let started = tokio::time::Instant::now();
        loop {
            let seen = door.get(path, "byop.internal", None, Duration::from_secs(5)).await;
            let answer = match seen {
                Ok(answer) => {
                    let shown = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                    if check(answer.status, &shown) {
                        return Ok(());
                    }
                    format!("status {}: {}", answer.status, shown)
                }
                Err(error) => error.to_string(),
            };
            if started.elapsed() > SETTLE {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    "ingress.apply",
                    "the proxy did not take over its configuration",
                )
                .with_context("path", path)
                .with_context("last_answer", answer.chars().take(500).collect::<String>())
                .with_remedy(format!("look at the log of the container {}", self.name())));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

#[async_trait]
impl Ingress for Traefik {
    async fn prepare(&self, runtime: &dyn ContainerRuntime) -> Result<Prepared> {
        let spec = self.spec();
        let existing = runtime.find_container(&spec.name).await?;
        let same = existing.as_ref().is_some_and(|c| c.labels.get("byop.key") == spec.labels.get("byop.key"));
        if let Some(container) = &existing {
            if container.labels.get("byop.role").map(String::as_str) != Some("ingress") {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "ingress.prepare",
                    "a container that is not byop's has the name of the proxy",
                )
                .with_context("container", &spec.name)
                .with_remedy("rename that container, or give byop's proxy another prefix"));
            }
            if same && container.state == ContainerState::Running {
                return Ok(Prepared::Running);
            }
        }
        runtime.ensure_image(&ImageRef::new(&self.image)?).await?;
        if !same {
            runtime.remove_container(&spec.name).await?;
            runtime
                .create_network(&NetworkSpec { name: self.name(), labels: self.labels(), internal: false })
                .await?;
            runtime.create_volume(&self.name(), &self.labels()).await?;
            runtime.create_container(&spec).await?;
        }
        runtime.start_container(&spec.name).await?;
        match self.read_pass(runtime).await? {
            Some(pass) => self.write(runtime, BASE_FILE, &config::base_file(pass.expose())).await?,
            // Of two processes that start the proxy at once, the pass of the first counts.
            None => {
                let pass = random_text(&SystemEntropy, 26);
                self.write_new(runtime, BASE_FILE, &config::base_file(&pass)).await?;
            }
        }
        let door = self.door(runtime).await?;
        self.wait_until(&door, "/api/version", |status, _| status == 200).await?;
        Ok(Prepared::Started)
    }

    async fn is_running(&self, runtime: &dyn ContainerRuntime) -> Result<bool> {
        let spec = self.spec();
        let found = runtime.find_container(&spec.name).await?;
        Ok(found.is_some_and(|c| {
            c.state == ContainerState::Running && c.labels.get("byop.key") == spec.labels.get("byop.key")
        }))
    }

    async fn join_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        runtime.connect_network(network, &self.name()).await
    }

    async fn leave_network(&self, runtime: &dyn ContainerRuntime, network: &str) -> Result<()> {
        runtime.disconnect_network(network, &self.name()).await
    }

    async fn apply_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<()> {
        if config::leads_nowhere(route) {
            return self.delete_route(runtime, &route.app).await;
        }
        let door = self.door(runtime).await?;
        let file = config::route_file(route, door.pass.expose());
        self.write(runtime, &config::file_name(&route.app), &file).await?;
        let written = config::routers(route, door.pass.expose());
        for name in [config::serving_router(&route.app), config::candidate_router(&route.app)] {
            let path = format!("/api/http/routers/{name}@file");
            match written.get(&name) {
                Some(router) => {
                    self.wait_until(&door, &path, |_, shown| config::is_in_use(shown, router)).await?;
                }
                None => self.wait_until(&door, &path, |status, _| status == 404).await?,
            }
        }
        // The name says what a service is like, unless somebody has changed the file by hand meanwhile.
        for (name, target) in config::targets(route) {
            let path = format!("/api/http/services/{name}@file");
            let leads_there = |_, shown: &Value| config::leads_to(shown, &target);
            self.wait_until(&door, &path, leads_there).await?;
        }
        Ok(())
    }

    async fn restore_route(&self, runtime: &dyn ContainerRuntime, route: &Route) -> Result<bool> {
        if config::leads_nowhere(route) {
            return Ok(false);
        }
        let door = self.door(runtime).await?;
        let file = config::route_file(route, door.pass.expose());
        let is_set = self.write_new(runtime, &config::file_name(&route.app), &file).await?;
        let path = format!("/api/http/routers/{}@file", config::serving_router(&route.app));
        match self.wait_until(&door, &path, |status, _| status == 200).await {
            // Whoever works on the app may have taken it off again.
            Err(error) if error.kind() != ErrorKind::Timeout => Err(error),
            _ => Ok(is_set),
        }
    }

    async fn delete_route(&self, runtime: &dyn ContainerRuntime, app: &AppName) -> Result<()> {
        let Some(info) = runtime.find_container(&self.name()).await? else { return Ok(()) };
        if info.state != ContainerState::Running {
            runtime.start_container(&self.name()).await?;
        }
        self.exec(runtime, ["rm", "-f", &format!("{FOLDER}/{}", config::file_name(app))]).await?;
        let door = self.door(runtime).await?;
        for name in [config::serving_router(app), config::candidate_router(app)] {
            let path = format!("/api/http/routers/{name}@file");
            self.wait_until(&door, &path, |status, _| status == 404).await?;
        }
        Ok(())
    }

    async fn probe(
        &self,
        runtime: &dyn ContainerRuntime,
        app: &AppName,
        host: &str,
        path: &str,
        timeout: Duration,
    ) -> Result<Probe> {
        let door = self.door(runtime).await?;
        let answer = door.get(path, host, Some((CANDIDATE_HEADER, app.as_str())), timeout).await?;
        if answer.status == 404 {
            // Said by the app, or by the proxy for want of a candidate.
            let router = format!("/api/http/routers/{}@file", config::candidate_router(app));
            let shown = door.get(&router, "byop.internal", None, timeout).await?;
            if shown.status == 404 {
                return Err(
                    Error::not_found("ingress.probe", "the app has no candidate").with_context("app", app)
                );
            }
        }
        Ok(Probe { status: answer.status, location: answer.location })
    }

    async fn list_routes(&self, runtime: &dyn ContainerRuntime) -> Result<Vec<RouteInfo>> {
        let door = self.door(runtime).await?;
        // The files say what was written to the last letter, Traefik itself what it uses.
        let (files, answer) = tokio::try_join!(
            self.file_digests(runtime),
            door.get("/api/rawdata", "byop.internal", None, SETTLE)
        )?;
        let shown = serde_json::from_slice(&answer.body).map_err(|error| {
            Error::new(ErrorKind::Unavailable, "ingress.list", "the proxy does not show its routes")
                .with_context("status", answer.status)
                .with_source(error)
        })?;
        Ok(config::shown_routes(&shown, &files))
    }

    fn describe_route(&self, route: &Route) -> Option<RouteInfo> {
        config::describe(route)
    }

    async fn remove(&self, runtime: &dyn ContainerRuntime) -> Result<()> {
        runtime.remove_container(&self.name()).await?;
        runtime.remove_network(&self.name()).await?;
        runtime.remove_volume(&self.name()).await
    }

    fn container(&self) -> String {
        self.name()
    }

    fn container_spec(&self) -> ContainerSpec {
        self.spec()
    }

    fn http_port(&self) -> u16 {
        self.http_port
    }

    fn url(&self, domain: &DomainName) -> String {
        match self.http_port {
            80 => format!("http://{domain}/"),
            port => format!("http://{domain}:{port}/"),
        }
    }

    fn toolbox_image(&self) -> Option<&str> {
        Some(&self.image)
    }
}
