//! A container as the platform runs one, asked over HTTP and stopped.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bollard::Docker as Api;
use byop_core::docker::Docker;
use byop_core::model::{
    ContainerSpec, ContainerState, ExecSpec, LogOptions, Plan, PortBinding, Protocol, ResourceLimits,
};
use byop_core::runtime::ContainerRuntime;
use byop_core::secret::Secret;
use futures_util::StreamExt;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A virtual machine on a busy machine takes its time.
const DEADLINE: Duration = Duration::from_secs(90);
/// What a container gets to finish in.
const GRACE: Duration = Duration::from_secs(10);
const TMPFS_BYTES: u64 = 64 << 20;

/// A running container of an app.
#[derive(Debug)]
pub(crate) struct Serving<'a> {
    docker: &'a Docker,
    pub(crate) id: String,
    port: u16,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) after: Duration,
}

/// The container that byop makes of a plan: the same hardening, and a port of this machine that leads to it.
pub(crate) fn container_spec(
    name: &str,
    image: &str,
    plan: &Plan,
    env: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> ContainerSpec {
    let mut spec = ContainerSpec::new(name, image);
    let port = ("PORT".to_owned(), plan.port.to_string());
    for (name, value) in plan.env.clone().into_iter().chain([port]).chain(env.clone()) {
        spec.env.insert(name, Secret::new(value));
    }
    spec.labels = labels.clone();
    spec.labels.insert("byop.key".into(), name.into());
    spec.command.clone_from(&plan.command.clone().filter(|_| plan.dockerfile.is_some()));
    let in_memory = ["/tmp", "/run"].into_iter().chain(plan.writable.iter().map(String::as_str));
    spec.tmpfs = in_memory.map(|path| (path.to_owned(), TMPFS_BYTES)).collect();
    spec.resources = Some(ResourceLimits::default());
    spec.init = true;
    spec.ports = vec![PortBinding {
        host_ip: "127.0.0.1".into(),
        host_port: 0,
        container_port: plan.port,
        protocol: Protocol::Tcp,
    }];
    spec
}

impl<'a> Serving<'a> {
    pub(crate) async fn start(docker: &'a Docker, spec: &ContainerSpec) -> Result<Self, String> {
        let id = docker.create_container(spec).await.map_err(|error| format!("{error:?}"))?;
        docker.start_container(&id).await.map_err(|error| format!("{error:?}"))?;
        let info = docker.inspect_container(&id).await.map_err(|error| format!("{error:?}"))?;
        let this = Self { docker, port: info.ports.first().map_or(0, |port| port.host_port), id };
        if this.port == 0 { Err(this.told("it ended at once").await) } else { Ok(this) }
    }

    /// Asks until the answer is good.
    pub(crate) async fn answer(&self, path: &str) -> Result<Answer, String> {
        let start = Instant::now();
        loop {
            let last = match self.ask(path).await {
                Ok((status, body)) if (200..400).contains(&status) => {
                    return Ok(Answer { status, body, after: start.elapsed() });
                }
                Ok((status, body)) => format!("status {status}: {body:.200}"),
                Err(error) => error.to_string(),
            };
            let state = self.docker.inspect_container(&self.id).await.map_err(|error| error.to_string())?;
            if state.state != ContainerState::Running || start.elapsed() > DEADLINE {
                let what = format!("{path} gave no good answer in {:?}: {last}", start.elapsed());
                let end = format!("{what}; {:?}, exit code {}", state.state, state.exit_code);
                return Err(self.told(&end).await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, path: &str) -> Result<(u16, String), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = hyper::Request::get(path).header("host", "localhost").body(Empty::<Bytes>::new())?;
        let answer = async {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>((status, String::from_utf8_lossy(&body).into_owned()))
        };
        Ok(tokio::time::timeout(Duration::from_secs(20), answer).await??)
    }

    /// The users of all processes in it, as the host sees them.
    pub(crate) async fn users(&self) -> Result<Vec<String>, String> {
        let api = Api::connect_with_defaults().map_err(|error| error.to_string())?;
        let top = api.top_processes(&self.id, None).await.map_err(|error| error.to_string())?;
        let at = top.titles.unwrap_or_default().iter().position(|title| title == "UID").unwrap_or(0);
        Ok(top.processes.unwrap_or_default().iter().filter_map(|row| row.get(at).cloned()).collect())
    }

    /// The check that the image declares, as the engine would run it.
    pub(crate) async fn check(&self, command: &[String]) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let output = self.docker.exec(&self.id, &ExecSpec::new(command.to_vec())).await;
            let last = match output {
                Ok(output) if output.exit_code == 0 => return Ok(()),
                Ok(output) => format!("exit code {}: {}{}", output.exit_code, output.stdout, output.stderr),
                Err(error) => format!("{error:?}"),
            };
            if start.elapsed() > GRACE {
                return Err(self.told(&format!("its health check fails: {last}")).await);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Stops it; it has to go by itself.
    pub(crate) async fn stop(&self) -> Result<Duration, String> {
        let start = Instant::now();
        self.docker.stop_container(&self.id, GRACE).await.map_err(|error| format!("{error:?}"))?;
        let took = start.elapsed();
        let info = self.docker.inspect_container(&self.id).await.map_err(|error| error.to_string())?;
        if took >= GRACE || info.exit_code == 137 {
            return Err(format!(
                "it did not heed the stop signal: exit code {} after {took:?}",
                info.exit_code
            ));
        }
        Ok(took)
    }

    /// A problem with the last lines of the log.
    async fn told(&self, what: &str) -> String {
        let Ok(lines) = self.docker.logs(&self.id, &LogOptions::tail(20)).await else {
            return what.to_owned();
        };
        let lines: Vec<String> =
            lines.filter_map(async |line| line.ok().map(|line| line.text)).collect().await;
        format!("{what}\n    {}", lines.join("\n    "))
    }
}
