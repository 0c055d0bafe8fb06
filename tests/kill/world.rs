//! What children share, and what outlives them: a store, a proxy, a host.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Api;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use byop_core::Error;
use byop_core::docker::Docker;
use byop_core::model::{AppName, AppSpec, ContainerFilter, DriftFilter, Source, UserSpec, VolumeSpec};
use byop_core::runtime::{ContainerRuntime, ContainerRuntimeExt};
use byop_core::store::SqliteStore;
use byop_core::testing::require;
use futures_util::TryStreamExt;
use tempfile::TempDir;

use crate::child::Place;
use crate::load::now;
use crate::tally::Tally;
use crate::verb::Op;

/// An image with nginx, which `tests/images/make.sh` makes.
const IMAGE: &str = "nginxinc/nginx-unprivileged:1.28-alpine-slim";
/// How long a dead child's job waits for the next one.
pub const LEASE: Duration = Duration::from_millis(500);

/// The application: a server that begins to listen at once and says which version of what it is.
const DOCKERFILE: &str = r#"FROM nginxinc/nginx-unprivileged:1.28-alpine-slim
COPY site /site
EXPOSE 8080
CMD ["sh", "-c", "echo \"$(cat /site/text) $APP_VERSION\" > /tmp/version; exec nginx -c /site/nginx.conf"]
"#;
const CONFIG: &str = "daemon off;
worker_processes 1;
error_log /dev/stderr;
pid /tmp/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  proxy_temp_path /tmp/proxy;
  client_body_temp_path /tmp/body;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 8080;
    location = / { return 200 hello; }
    location / { root /tmp; }
  }
}
";

pub struct World {
    pub place: Place,
    pub store: SqliteStore,
    pub api: Api,
    pub docker: Docker,
    pub tally: Tally<Op>,
    pub folder: TempDir,
}

impl World {
    /// None without Docker.
    pub async fn new() -> Option<Self> {
        let connected = async {
            let docker = Docker::from_env()?;
            docker.inspect_image(IMAGE).await.map_err(|error| {
                error.with_remedy("make the images of the tests with tests/images/make.sh")
            })?;
            Ok::<_, Error>(docker)
        };
        let docker = require("docker", connected.await)?;
        let folder = folder();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = Place {
            store: folder.path().join("byop.db"),
            work: folder.path().join("work"),
            prefix: format!("byop-kill-{port}"),
            port,
            lease: LEASE,
            cloud: None,
        };
        let store = SqliteStore::open(&place.store).await.unwrap();
        let api = Api::connect_with_defaults().unwrap();
        Some(Self { place, store, api, docker, tally: Tally::default(), folder })
    }

    pub fn app(&self, lane: usize) -> AppName {
        AppName::new(format!("kill-{}-{lane}", self.place.port)).unwrap()
    }

    /// An app with a source of its own.
    pub fn spec(&self, lane: usize) -> AppSpec {
        let name = self.app(lane);
        let source = self.folder.path().join("sources").join(name.as_str());
        write(&source, "Dockerfile", DOCKERFILE);
        write(&source, "site/nginx.conf", CONFIG);
        write(&source, "site/text", "0\n");
        let host = host(&name);
        let mut spec = AppSpec::new(name.as_str(), Source::Directory(source)).unwrap();
        spec = spec.with_domain(host).unwrap();
        spec.health.path = Some("/".into());
        // Longer than a request takes while all lanes are at work on a small machine.
        spec.routing.drain_seconds = 3;
        if lane % 2 == 1 {
            // The other half shows what becomes of volumes and their owners.
            spec.user = Some(UserSpec { uid: 10_001, gid: 10_001 });
            spec.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
        }
        spec
    }

    /// Changes what is built.
    pub fn edit(&self, spec: &AppSpec, text: u64) {
        if let Source::Directory(folder) = &spec.source {
            write(folder, "site/text", &format!("{text}\n"));
        }
    }

    /// An engine finds on the host what is in the store, and nothing else, while no job is under way.
    pub async fn agrees(&self) -> Result<(), String> {
        let text = |error: Error| format!("{error:?}");
        let store = SqliteStore::open(&self.place.store).await.map_err(text)?;
        let engine = self.place.engine(store).map_err(text)?;
        let mut census = engine.census().await.map_err(text)?;
        // The engine is shared with whatever else runs on this machine.
        census.unknown.retain(|object| object.name.contains(&self.place.port.to_string()));
        if !census.is_clean() {
            return Err(format!("store and host do not agree: {census:#?}"));
        }
        let drift = engine.drift(&DriftFilter::all()).await.map_err(text)?;
        if drift.findings.is_empty() {
            Ok(())
        } else {
            Err(format!("what runs is not what is stored: {drift:#?}"))
        }
    }

    /// What the engine saw of an app's containers since a moment, for the report of a failure.
    pub async fn events(&self, app: &AppName, since: f64) -> Vec<String> {
        let options = EventsOptionsBuilder::default()
            .since(&format!("{since:.3}"))
            .until(&format!("{:.3}", now()))
            .filters(&HashMap::from([
                ("type", vec!["container"]),
                ("label", vec![&format!("byop.app={app}")]),
            ]))
            .build();
        let show = |event: EventMessage| {
            let nanos = event.time_nano.unwrap_or_default();
            let attributes = event.actor.and_then(|actor| actor.attributes).unwrap_or_default();
            let name = attributes.get("name").cloned().unwrap_or_default();
            format!("{:.3}: {} {name}", nanos as f64 / 1e9, event.action.unwrap_or_default())
        };
        self.api.events(Some(options)).map_ok(show).try_collect().await.unwrap_or_default()
    }

    /// Says what is left on the host, which is to be nothing, and removes it.
    pub async fn clear(&self, was_removed: bool) -> Result<(), String> {
        let names = [format!("kill-{}-", self.place.port), self.place.prefix.clone()];
        let mut left = Vec::new();
        let filters =
            ["byop.app", "byop.ingress"].map(|label| (label, ContainerFilter::all().with_label(label, "")));
        let ours = |label: &str, labels: &BTreeMap<String, String>| {
            labels.get(label).is_some_and(|value| names.iter().any(|name| value.starts_with(name.as_str())))
        };
        // First of all kinds the containers: they hold the rest.
        for (label, filter) in &filters {
            for container in self.docker.list_containers(filter).await.unwrap_or_default() {
                if ours(label, &container.labels) {
                    let _ = self.docker.remove_container(&container.id).await;
                    left.push(format!("container {}", container.name));
                }
            }
        }
        for (label, filter) in &filters {
            for network in self.docker.list_networks(filter).await.unwrap_or_default() {
                if ours(label, &network.labels) {
                    let _ = self.docker.remove_network(&network.name).await;
                    left.push(format!("network {}", network.name));
                }
            }
            for volume in self.docker.list_volumes(filter).await.unwrap_or_default() {
                if ours(label, &volume.labels) {
                    let _ = self.docker.remove_volume(&volume.name).await;
                    left.push(format!("volume {}", volume.name));
                }
            }
            for image in self.docker.list_images(filter).await.unwrap_or_default() {
                if ours(label, &image.labels) {
                    let _ = self.docker.remove_image_and_tags(&image).await;
                    left.push(format!("image {:?}", image.tags));
                }
            }
        }
        if was_removed && !left.is_empty() { Err(format!("left behind: {left:?}")) } else { Ok(()) }
    }
}

/// In memory where the machine has such a folder: what is killed here are processes, not the machine.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn host(app: &AppName) -> String {
    format!("{app}.localhost")
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
