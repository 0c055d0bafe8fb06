//! The verbs.

use byop_core::cloud::CloudProvider;
use byop_core::engine::Engine;
use byop_core::model::{
    AppName, Job, JobFilter, JobKind, RegionId, ServerReport, ServerRequest, Subject, SweepOptions,
};
use byop_core::secret::SecretRef;
use byop_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream::iter;

use super::show::Show;
use super::{Options, missing};

/// Servers at work at the same time.
const AT_ONCE: usize = 100;

/// Rents what is not there yet.
pub(crate) async fn create(
    engine: &Engine,
    cloud: &dyn CloudProvider,
    options: &Options,
    show: &Show,
) -> Result<()> {
    let names = options.names()?;
    let requests = requests(cloud, options, &names).await?;
    let resumed = go_on(engine, cloud).await?;
    if let Some(first) = requests.first().filter(|_| !show.is_json()) {
        show.plan(&engine.plan_server(first).await?, requests.len());
    }
    let servers = iter(requests).map(|request| async move {
        let made = create_one(engine, &request).await;
        match made {
            Ok(report) => show.server(&report),
            Err(error) => show.error(Some(&request.name), &error),
        }
    });
    servers.buffer_unordered(AT_ONCE).collect::<()>().await;
    resumed.wait(engine).await;
    Ok(())
}

async fn create_one(engine: &Engine, request: &ServerRequest) -> Result<ServerReport> {
    // An earlier process was killed, or another one is at it: what it began comes to its end first.
    if let Some(job) = unfinished(engine, &request.name).await? {
        let ended = engine.wait(&job.id).await;
        if job.kind == JobKind::CreateServer {
            ended?;
        }
    }
    let job = match engine.create_server(request.clone()).await {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let report = engine.get_server(&request.name).await?;
            let fits = report.server.as_ref().is_some_and(|server| {
                report.error.is_none() && server.size == request.size && server.region == request.region
            });
            return if fits { Ok(report) } else { Err(error) };
        }
        job => engine.wait(&job?).await?,
    };
    serde_json::from_value(job.output.unwrap_or_default()).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "servers.create", "the job's answer cannot be read").with_source(error)
    })
}

/// What is wanted; what the user left out is an error that says what there is.
async fn requests(
    cloud: &dyn CloudProvider,
    options: &Options,
    names: &[AppName],
) -> Result<Vec<ServerRequest>> {
    let Some(region) = &options.region else {
        let regions = cloud.list_regions().await?;
        let known: Vec<_> = regions.iter().map(|region| region.id.0.as_str()).collect();
        return Err(missing("region", format!("--region, one of: {}", known.join(", "))));
    };
    let Some(size) = &options.size else {
        let mut sizes = cloud.list_sizes(&RegionId(region.clone())).await?;
        sizes.sort_by_key(|size| size.price.as_ref().map_or(u64::MAX, |price| price.monthly.micros));
        let known = sizes.iter().take(20).map(|size| match &size.price {
            Some(price) => format!("{} ({} a month)", size.id, price.monthly),
            None => size.id.clone(),
        });
        let known: Vec<_> = known.collect();
        return Err(missing("size", format!("--size, the cheapest are: {}", known.join(", "))));
    };
    let keys = options.ssh_key.as_deref().map(public_keys).transpose()?.unwrap_or_default();
    let user_data = options.user_data.as_deref().map(|file| {
        let file = file.canonicalize().map_err(|error| unreadable(file, error))?;
        Ok::<_, Error>(SecretRef(file.display().to_string()))
    });
    let user_data = user_data.transpose()?;
    let request = |name: &AppName| {
        let mut request = ServerRequest::new(name.as_str(), region, size)?
            .with_provider(cloud.name())
            .with_image(&options.image);
        request.ssh_keys.clone_from(&keys);
        request.user_data.clone_from(&user_data);
        Ok(request)
    };
    names.iter().map(request).collect()
}

fn public_keys(file: &std::path::Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, error))?;
    if text.contains("PRIVATE KEY") {
        return Err(Error::invalid("servers.options", "this is a private key, which no cloud should see")
            .with_context("file", file.display())
            .with_remedy("give the public one, whose file ends with .pub"));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

fn unreadable(file: &std::path::Path, error: std::io::Error) -> Error {
    Error::invalid("servers.options", "the file cannot be read")
        .with_context("file", file.display())
        .with_source(error)
}

/// Shows servers as they are.
pub(crate) async fn get(engine: &Engine, names: &[AppName], show: &Show) -> Result<()> {
    let servers = iter(names).map(|name| async move { (name, engine.get_server(name).await) });
    let mut servers = servers.buffered(AT_ONCE);
    while let Some((name, report)) = servers.next().await {
        match report {
            Ok(report) => show.server(&report),
            Err(error) => show.error(Some(name), &error),
        }
    }
    Ok(())
}

/// Shows all servers as they are.
pub(crate) async fn list(engine: &Engine, show: &Show) -> Result<()> {
    let reports = engine.list_servers().await?;
    if reports.is_empty() {
        show.nothing("no servers");
    }
    for report in &reports {
        show.server(report);
    }
    Ok(())
}

/// Gives back what is there.
pub(crate) async fn destroy(
    engine: &Engine,
    cloud: &dyn CloudProvider,
    names: &[AppName],
    show: &Show,
) -> Result<()> {
    let resumed = go_on(engine, cloud).await?;
    let servers = iter(names).map(|name| async move {
        match destroy_one(engine, name).await {
            Ok(was_there) => show.destroyed(name, was_there),
            Err(error) => show.error(Some(name), &error),
        }
    });
    servers.buffer_unordered(AT_ONCE).collect::<()>().await;
    resumed.wait(engine).await;
    Ok(())
}

async fn destroy_one(engine: &Engine, name: &AppName) -> Result<bool> {
    if let Some(job) = unfinished(engine, name).await? {
        // However it ends.
        let _ = engine.wait(&job.id).await;
    }
    match engine.destroy_server(name).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        job => engine.wait(&job?).await.map(|_| true),
    }
}

/// Looks for what is in nobody's books.
pub(crate) async fn sweep(engine: &Engine, options: &Options, show: &Show) -> Result<()> {
    let mut sweep = if options.remove { SweepOptions::remove() } else { SweepOptions::report() };
    sweep.installations.clone_from(&options.installation);
    let report = engine.sweep(&sweep).await?;
    for finding in &report.findings {
        show.finding(finding);
    }
    for (_, error) in &report.errors {
        show.error(None, &error.clone().into());
    }
    show.sum(&report, options.remove);
    Ok(())
}

/// Jobs that an earlier process left behind.
#[must_use]
struct Resumed(Vec<byop_core::id::JobId>);

impl Resumed {
    /// Waits for them. How they end is told to whoever asks for their servers.
    async fn wait(self, engine: &Engine) {
        for job in self.0 {
            let _ = engine.wait(&job).await;
        }
    }
}

/// Goes on with what an earlier process left behind.
async fn go_on(engine: &Engine, cloud: &dyn CloudProvider) -> Result<Resumed> {
    let unfinished = engine.list_jobs(&JobFilter::all().with_unfinished()).await?;
    let is_other =
        |job: &&Job| job.input["provider"].as_str().is_some_and(|provider| provider != cloud.name());
    if let Some(other) = unfinished.iter().find(is_other) {
        return Err(Error::new(
            ErrorKind::Conflict,
            "servers.state",
            "the state file has work of another cloud",
        )
        .with_context("provider", other.input["provider"].as_str().unwrap_or_default())
        .with_remedy(
            "let it end first: call this with its --provider; or give each cloud a --state of its own",
        ));
    }
    engine.resume().await.map(Resumed)
}

async fn unfinished(engine: &Engine, name: &AppName) -> Result<Option<Job>> {
    let filter = JobFilter::all().with_subject(Subject::Server(name.clone())).with_unfinished();
    Ok(engine.list_jobs(&filter).await?.into_iter().next())
}
