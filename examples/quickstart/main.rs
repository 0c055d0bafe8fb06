//! From a source tree to a running app behind Traefik, on this machine.
//!
//! `run.sh` beside this file installs what is missing and then runs this program.

mod show;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use byop_core::docker::Docker;
use byop_core::engine::Engine;
use byop_core::ingress::Traefik;
use byop_core::model::{AppName, AppReport, AppSpec, DomainName, JobFilter};
use byop_core::stage::Data;
use byop_core::store::SqliteStore;
use byop_core::{Error, Result};
use clap::Parser;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Deploys an application on this machine.
#[derive(Debug, Parser)]
#[command(name = "quickstart")]
struct Options {
    /// A folder, a Git URL, or a .tar, .tar.gz, .tgz or .zip file.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/apps/node"))]
    source: String,
    /// The host name at which it answers; NAME.localhost unless set.
    #[arg(long)]
    host: Option<String>,
    /// The name of the app; taken from the source unless set.
    #[arg(long)]
    name: Option<String>,
    /// The port of this machine on which the proxy listens.
    #[arg(long, default_value_t = 80)]
    http_port: u16,
    /// Where state lives.
    #[arg(long, env = "BYOP_STATE")]
    state: Option<PathBuf>,
    /// Only prints the base images that the app and the proxy need.
    #[arg(long)]
    images: bool,
    /// Removes every app that this program has deployed, and the proxy.
    #[arg(long)]
    down: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show::error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    if options.images {
        return print_images(&options).await;
    }
    let engine = engine(&options).await?;
    for job in engine.resume().await? {
        println!("going on with {job}, which an earlier run left behind");
        engine.wait(&job).await?;
    }
    if options.down {
        return down(&engine).await;
    }
    let spec = spec(&options)?;
    let job = engine.deploy(spec.clone()).await?;
    show::follow(engine.events(&job, 0)).await?;
    engine.wait(&job).await?;
    let report = engine.get_app(&spec.name).await?;
    println!();
    answer(&options, &report).await?;
    stats(&engine, &spec.name).await?;
    println!("\nremove it all with: examples/quickstart/run.sh --down");
    Ok(())
}

async fn engine(options: &Options) -> Result<Engine> {
    let state = options.state.clone().unwrap_or_else(default_state);
    std::fs::create_dir_all(&state).map_err(|error| {
        Error::invalid("quickstart.state", "the folder for state cannot be made")
            .with_context("folder", state.display())
            .with_source(error)
    })?;
    Engine::builder()
        .with_store(SqliteStore::open(state.join("quickstart.db")).await?)
        .with_runtime("local", Docker::from_env()?)
        .with_ingress(Traefik::new().with_http_port(options.http_port))
        .with_work_dir(state.join("work"))
        .build()
}

fn default_state() -> PathBuf {
    let home = std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from);
    home.join(".local/share/byop")
}

fn spec(options: &Options) -> Result<AppSpec> {
    let name = match &options.name {
        Some(name) => name.clone(),
        None => source::name_of(&options.source),
    };
    let host = options.host.clone().unwrap_or_else(|| format!("{name}.localhost"));
    let mut spec = AppSpec::new(name, source::parse(&options.source))?;
    spec.domains = vec![DomainName::new(host)?];
    Ok(spec)
}

/// The base images of the app and of the proxy, one a line.
async fn print_images(options: &Options) -> Result<()> {
    // Nothing is asked of this runtime: a preview touches no engine.
    let engine = Engine::builder().with_runtime("local", Docker::from_env()?).build()?;
    let preview = engine.preview(&spec(options)?).await?;
    for image in source::base_images(&preview) {
        println!("{image}");
    }
    println!("{}", Traefik::new().image());
    Ok(())
}

async fn down(engine: &Engine) -> Result<()> {
    let apps = engine.list_apps().await?;
    if apps.is_empty() {
        println!("nothing is deployed");
    }
    for report in apps {
        println!("removing {}", report.app.name);
        let job = engine.remove(&report.app.name, Data::Delete).await?;
        engine.wait(&job).await?;
    }
    println!("{} jobs are on record; the state file stays", engine.list_jobs(&JobFilter::all()).await?.len());
    Ok(())
}

/// Asks the app through the proxy, as a visitor would.
async fn answer(options: &Options, report: &AppReport) -> Result<()> {
    let Some(domain) = report.app.spec.domains.first() else { return Ok(()) };
    let failed = |error: std::io::Error| {
        Error::new(byop_core::ErrorKind::Unavailable, "quickstart.request", "the proxy does not answer")
            .with_source(error)
    };
    let mut stream = TcpStream::connect(("127.0.0.1", options.http_port)).await.map_err(failed)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {domain}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.map_err(failed)?;
    println!("{}", report.url.as_deref().unwrap_or_default());
    println!("try: curl -H 'Host: {domain}' http://127.0.0.1:{}/\n", options.http_port);
    show::response(&String::from_utf8_lossy(&bytes));
    Ok(())
}

async fn stats(engine: &Engine, name: &AppName) -> Result<()> {
    println!();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..3 {
        ticks.tick().await;
        show::stats(&engine.stats(name).await?);
    }
    let lines = engine.logs(name, &byop_core::model::LogOptions::tail(3)).await?;
    println!("\nlast lines of its log:");
    lines
        .for_each(|line| async {
            if let Ok(line) = line {
                println!("  {}", line.text);
            }
        })
        .await;
    Ok(())
}
