//! Rents servers and gives them back, at any cloud.
//!
//! ```text
//! servers create  --provider digitalocean --region fra1 --size s-1vcpu-1gb --name web --count 3 --ssh-key id.pub
//! servers list    --provider digitalocean --json
//! servers destroy --provider digitalocean --name web --count 3
//! servers sweep   --provider digitalocean
//! ```
//!
//! (`cargo run --example servers --` stands for `servers`.) Credentials, and endpoints other than the vendor's own, come
//! from the environment under the vendor's names: `DIGITALOCEAN_TOKEN`, `AWS_ACCESS_KEY_ID`, `OVH_APPLICATION_KEY`,
//! `AWS_ENDPOINT_URL` and so on. `RUST_LOG=debug` tells what is going on.
//!
//! What is rented is in the books before it is asked for: a program that was killed goes on when it is called again, and
//! what is there already is not rented twice. The books are one file for each provider, in the user's data folder unless
//! `--state` names another.
//!
//! It ends with 0 when all is done, 1 when something failed, 2 when it was asked for what cannot be, 3 when there is no
//! such server, 4 when credentials are missing or are not enough.

#[path = "servers/log.rs"]
mod log;
#[path = "servers/show.rs"]
mod show;
#[path = "servers/work.rs"]
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use byop_cloud::registry::{CloudRegistry, ProviderOptions};
use byop_core::cloud::CloudProvider;
use byop_core::engine::Engine;
use byop_core::model::AppName;
use byop_core::secret::{SecretRef, SecretSource};
use byop_core::store::SqliteStore;
use byop_core::{Error, ErrorKind, Result, Secret};
use clap::{Parser, ValueEnum};

use show::Show;

/// How long a process may be silent before another one takes its work over.
const LEASE: Duration = Duration::from_secs(9);

/// Rents servers and gives them back, at any cloud.
#[derive(Debug, Parser)]
#[command(name = "servers")]
pub(crate) struct Options {
    /// What to do.
    action: Action,
    /// The cloud.
    #[arg(long, value_parser = vendor)]
    provider: String,
    /// The name of the server, and its host name.
    #[arg(long)]
    name: Option<String>,
    /// Stands for several: NAME-1 to NAME-COUNT, all at the same time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// The provider's id of a size.
    #[arg(long)]
    size: Option<String>,
    /// The provider's id of a region.
    #[arg(long)]
    region: Option<String>,
    /// An image: debian-12, debian-13, ubuntu-24.04, or the provider's own name or id.
    #[arg(long, default_value = "debian-12")]
    image: String,
    /// What the server runs at its first start (cloud-init). The file has to stay until the server runs.
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,
    /// A public key, or several lines of them, whose holders may enter.
    #[arg(long, value_name = "FILE")]
    ssh_key: Option<PathBuf>,
    /// sweep: removes what it finds.
    #[arg(long)]
    remove: bool,
    /// sweep: what this other installation of byop made counts too, such as one whose state was lost.
    #[arg(long, value_name = "ID")]
    installation: Vec<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// Where the books are.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Rents servers, and shows them when they run.
    Create,
    /// Shows servers as they are now.
    Get,
    /// Shows all servers as they are now.
    List,
    /// Gives servers back, with all that was made for them.
    Destroy,
    /// Looks for what is paid for and in nobody's books.
    Sweep,
}

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    let options = Options::parse();
    log::begin();
    let show = Show::new(options.json);
    let outcome = run(&options, &show).await;
    if let Err(error) = &outcome {
        show.error(None, error);
    }
    match outcome.err().map(|error| error.kind()).or_else(|| show.first_failure()) {
        None => ExitCode::SUCCESS,
        Some(ErrorKind::InvalidInput | ErrorKind::Unsupported) => ExitCode::from(2),
        Some(ErrorKind::NotFound) => ExitCode::from(3),
        Some(ErrorKind::Unauthenticated | ErrorKind::PermissionDenied) => ExitCode::from(4),
        Some(_) => ExitCode::FAILURE,
    }
}

async fn run(options: &Options, show: &Show) -> Result<()> {
    let cloud = CloudRegistry::vendors().open(&options.provider, &ProviderOptions::from_env())?;
    let engine = engine(options, Arc::clone(&cloud)).await?;
    match options.action {
        Action::Create => work::create(&engine, cloud.as_ref(), options, show).await,
        Action::Get => work::get(&engine, &options.names()?, show).await,
        Action::List => work::list(&engine, show).await,
        Action::Destroy => work::destroy(&engine, cloud.as_ref(), &options.names()?, show).await,
        Action::Sweep => work::sweep(&engine, options, show).await,
    }
}

async fn engine(options: &Options, cloud: Arc<dyn CloudProvider>) -> Result<Engine> {
    let state = options.state.clone().unwrap_or_else(|| default_state(cloud.name()));
    if let Some(folder) = state.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Error::invalid("servers.state", "the folder of the state file cannot be made")
                .with_context("folder", folder.display())
                .with_remedy("name another file: --state FILE")
                .with_source(error)
        })?;
    }
    Engine::builder()
        .with_store(SqliteStore::open(state).await?)
        .with_cloud(cloud)
        .with_secrets(Files)
        .with_lease(LEASE)
        .build()
}

fn vendor(name: &str) -> std::result::Result<String, String> {
    let vendors = CloudRegistry::vendors();
    let known: Vec<_> = vendors.names().collect();
    if known.contains(&name) { Ok(name.to_owned()) } else { Err(format!("use one of: {}", known.join(", "))) }
}

/// One for each provider, in the user's data folder; where there is none, in this folder.
fn default_state(provider: &str) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    match data {
        Some(data) => data.join(format!("byop/servers-{provider}.db")),
        None => format!("byop-servers-{provider}.db").into(),
    }
}

impl Options {
    /// The servers that are meant.
    fn names(&self) -> Result<Vec<AppName>> {
        let name = self.name.as_ref().ok_or_else(|| missing("name", "--name NAME"))?;
        match self.count {
            1 => Ok(vec![AppName::new(name)?]),
            count => (1..=count).map(|number| AppName::new(format!("{name}-{number}"))).collect(),
        }
    }
}

fn missing(what: &'static str, remedy: impl Into<String>) -> Error {
    Error::invalid("servers.options", format!("the {what} is missing")).with_remedy(remedy)
}

/// Secrets by the names of their files, so that a job that goes on in another process finds them again.
#[derive(Debug)]
struct Files;

#[async_trait::async_trait]
impl SecretSource for Files {
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        std::fs::read_to_string(&name.0).map(Secret::new).map_err(|error| {
            Error::not_found("secret.get", "the file cannot be read as text")
                .with_context("file", name)
                .with_source(error)
        })
    }
}
