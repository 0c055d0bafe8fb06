//! The sentences of renting a server and of giving it back.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::job_run::JobRun;
use super::ledger::{Entry, key};
use crate::error::{Error, ErrorKind, ErrorReport, Result, Retry};
use crate::model::{
    ProvisionState, Server, ServerPlan, ServerRecord, ServerReport, ServerRequest, ServerSpec, StepState,
};
use crate::secret::{Secret, SecretSource as _};
use crate::stage::{
    AwaitServer, AwaitServerInput, ChooseServer, ChooseServerInput, CreateServer, CreateServerInput,
    Leftovers, PrepareServer, PrepareServerInput, Removal, RemoveServer, RemoveServerInput, RemovedServer,
    ReserveAddress, ReserveAddressInput, ServerContext, ServerOutcome, Stage,
};
use crate::store::Scope;

type Run = JobRun<ServerContext>;

/// Servers of one job that may fail to start.
const MOST_FAILED: u32 = 3;

/// Rents a server.
pub(super) async fn create(run: &Run, request: &ServerRequest) -> Result<Value> {
    if let Some(reason) = taken_back(run) {
        // By an earlier process, which ended before it could say so.
        let found = run.inner.find_server(&run.scope, &request.name).await?;
        if let Some((record, version)) = found.filter(|(record, _)| record.job == run.job.id) {
            Entry::new(run, record, version).forget().await?;
        }
        return Err(reason.into());
    }
    let mut entry = Entry::enter(run, request).await?;
    if let Some(reason) = entry.record.error.clone() {
        return Err(take_back(run, entry, reason.into(), false).await);
    }
    if entry.record.state == ProvisionState::Ready {
        let id = entry.record.server();
        let server = super::look(run.cx.provider.as_ref(), id).await?;
        return Ok(json!(ServerReport::new(&entry.record, server)));
    }
    // An earlier process may have made something that it did not come to note in the record, and this one may be told to
    // stop before it does.
    let mut settled = run.recorded.values().all(|step| step.stage == ChooseServer::NAME);
    match make(run, &mut entry, &mut settled).await {
        Ok(server) => Ok(json!(ServerReport::new(&entry.record, Some(server)))),
        Err(error) if error.kind() == ErrorKind::LeaseLost => Err(error),
        Err(error) => Err(take_back(run, entry, error, settled).await),
    }
}

/// Makes the server. `settled` becomes false while there may be something that nobody was told of.
async fn make(run: &Run, entry: &mut Entry<'_>, settled: &mut bool) -> Result<Server> {
    let request = entry.record.request.clone();
    let user_data = match &request.user_data {
        Some(name) => Some(run.unless_stopped(run.secrets.get_secret(name)).await?),
        None => None,
    };
    let plan = run.step(&ChooseServer, &ChooseServerInput { request: request.clone() }).await?;
    let installation = run.inner.installation().await?;
    if entry.record.keys.is_empty() {
        // The intent: from here on whatever is made has a key that is written down.
        entry.record.keys.push(key(&installation, &run.job.id, 0));
        entry.record.price.clone_from(&plan.price);
        entry.save().await?;
    }
    prepare(run, entry, settled, false).await?;
    let (server, twins) = loop {
        let key = key(&installation, &run.job.id, entry.record.failed);
        if !entry.record.keys.contains(&key) {
            entry.record.keys.push(key.clone());
            entry.save().await?;
        }
        let (server, twins) = ask(run, entry, settled, &plan, &key, user_data.as_ref()).await?;
        if entry.record.server() != Some(&server.id) {
            entry.record.servers.push(server.id.clone());
            entry.record.seen = false;
            entry.save().await?;
        }
        match run.step(&AwaitServer, &AwaitServerInput { id: server.id.clone() }).await? {
            ServerOutcome::Running(server) => break (server, twins),
            ServerOutcome::Failed(reason) => discard(run, entry, &server, &key, &reason).await?,
        }
    };
    entry.record.seen = true;
    let key = entry.record.keys.last().cloned().unwrap_or_default();
    if request.reserved_ip {
        let input = ReserveAddressInput { key: key.clone(), server: server.id.clone() };
        let mut stage = ReserveAddress::default();
        if run.attempts(&stage, &input) > 0 && !run.is_done(&stage, &input) {
            stage = stage.after_another();
        }
        let reserved = run.step(&stage, &input).await;
        *settled &= !stage.is_unsettled();
        entry.record.reserved_ip = Some(reserved?);
    }
    if twins {
        let stage = RemoveServer { keep: Some(server.id.clone()), ..RemoveServer::default() };
        let input =
            RemoveServerInput { name: request.name.to_string(), keys: vec![key], removal: Removal::Twins };
        let removed = run.uninterrupted(&stage, &input).await?;
        if removed.servers > 0 {
            run.cx.warn(format!("{} servers that were made twice were removed", removed.servers)).await;
        }
    }
    entry.record.state = ProvisionState::Ready;
    entry.record.ready_at = Some(run.inner.clock.now());
    entry.save().await?;
    Ok(server)
}

/// Makes what the server is made with; `again` when it may have been taken away meanwhile.
async fn prepare(run: &Run, entry: &mut Entry<'_>, settled: &mut bool, again: bool) -> Result<()> {
    let request = &entry.record.request;
    let Some(key) = entry.record.keys.first() else { return Ok(()) };
    if request.ssh_keys.is_empty() && request.firewall.is_empty() {
        return Ok(());
    }
    let input = PrepareServerInput { request: request.clone(), key: key.clone() };
    let mut stage = PrepareServer::default();
    if run.attempts(&stage, &input) > 0 && !run.is_done(&stage, &input) {
        stage = stage.after_another();
    }
    let prepared = if again { run.again(&stage, &input).await } else { run.step(&stage, &input).await };
    // It makes several things: one that failed for good may come after one that was made.
    *settled &= prepared.is_ok() && !stage.is_unsettled();
    let prepared = prepared?;
    if entry.record.firewall != prepared.firewall || entry.record.ssh_keys != prepared.ssh_keys {
        entry.record.firewall = prepared.firewall;
        entry.record.ssh_keys = prepared.ssh_keys;
        entry.save().await?;
    }
    Ok(())
}

/// Asks for the server, and says whether there may be twins.
async fn ask(
    run: &Run,
    entry: &mut Entry<'_>,
    settled: &mut bool,
    plan: &ServerPlan,
    key: &str,
    user_data: Option<&Secret>,
) -> Result<(Server, bool)> {
    let mut first = true;
    loop {
        let input = CreateServerInput { spec: spec(run, &entry.record, plan, key) };
        let mut stage = CreateServer::new(user_data.cloned());
        let earlier = run.attempts(&stage, &input);
        if earlier > 0 && !run.is_done(&stage, &input) {
            stage = stage.after_another();
        }
        let created = run.step(&stage, &input).await;
        *settled &= !stage.is_unsettled();
        match created {
            // The keys may have gone with the last server that used them, between their making and this.
            Err(error)
                if first
                    && !entry.record.ssh_keys.is_empty()
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) =>
            {
                first = false;
                prepare(run, entry, settled, true).await?;
            }
            other => return Ok((other?, earlier > 1 || stage.is_asked_again())),
        }
    }
}

fn spec(run: &Run, record: &ServerRecord, plan: &ServerPlan, key: &str) -> ServerSpec {
    let name = record.request.name.as_str();
    let mut spec = ServerSpec::new(key, name, plan.region.clone(), &plan.size.id, &plan.image.id);
    spec.ssh_keys = record.ssh_keys.values().cloned().collect();
    spec.firewall.clone_from(&record.firewall);
    spec.labels.clone_from(&record.request.labels);
    spec.labels.insert("byop-job".into(), run.job.id.to_string());
    if let Some(client) = &run.job.client {
        spec.labels.insert("byop-client".into(), client.to_string());
    }
    spec
}

/// Removes a server that the provider could not start, and counts it.
async fn discard(run: &Run, entry: &mut Entry<'_>, server: &Server, key: &str, reason: &str) -> Result<()> {
    let known = Leftovers { servers: vec![server.id.clone()], settled: true, ..Leftovers::default() };
    let name = entry.record.request.name.to_string();
    run.cx.warn(format!("the provider could not start the server {}: {reason}", server.id)).await;
    let input = RemoveServerInput { name, keys: vec![key.to_owned()], removal: Removal::Failed };
    run.uninterrupted(&RemoveServer { known, ..RemoveServer::default() }, &input).await?;
    entry.record.servers.retain(|id| *id != server.id);
    entry.record.failed += 1;
    entry.save().await?;
    if entry.record.failed < MOST_FAILED {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unavailable, "server.create", "the provider could not start the server")
        .with_context("failed", entry.record.failed)
        .with_context("reason", reason)
        .with_retry(Retry::Never)
        .with_remedy("choose another size or region, or try again later"))
}

/// Why an earlier process took back what this job had made, if it did.
fn taken_back(run: &Run) -> Option<ErrorReport> {
    let removed = run.recorded.values().filter(|step| step.stage == RemoveServer::NAME);
    removed
        .filter(|step| step.state == StepState::Done)
        .find_map(|step| serde_json::from_value::<RemovedServer>(step.output.clone()?).ok()?.reason)
}

/// Takes back what was made, and gives the error that the job ends with.
async fn take_back(run: &Run, mut entry: Entry<'_>, error: Error, settled: bool) -> Error {
    let report = run.redaction.report(error.report());
    entry.record.state = ProvisionState::Removing;
    entry.record.error = Some(report.clone());
    let removed = async {
        entry.save().await?;
        remove(run, &entry.record, settled && is_empty(&entry.record), Some(report)).await?;
        entry.forget().await
    };
    match removed.await {
        Ok(()) => error,
        Err(second) if second.kind() == ErrorKind::LeaseLost => second,
        Err(second) => {
            run.cx.warn(format!("what was made could not be taken back: {second}")).await;
            let left = second.context("left").unwrap_or("unknown").to_owned();
            error
                .with_context("left", left)
                .with_context("cleanup", second.message())
                .with_remedy("destroy the server to try again to remove what is left")
        }
    }
}

/// Whether nothing was made that is known.
fn is_empty(record: &ServerRecord) -> bool {
    let has_more = record.firewall.is_some() || record.reserved_ip.is_some() || !record.ssh_keys.is_empty();
    record.servers.is_empty() && !has_more
}

/// Whether it was all made once, so that all of it is known.
fn is_complete(record: &ServerRecord) -> bool {
    record.ready_at.is_some() && record.seen && record.error.is_none()
}

/// Gives a server back.
pub(super) async fn destroy(run: &Run, record: ServerRecord, version: u64) -> Result<Value> {
    let settled = is_complete(&record);
    let mut entry = Entry::new(run, record, version);
    if entry.record.state != ProvisionState::Removing {
        entry.record.state = ProvisionState::Removing;
        entry.save().await?;
    }
    let servers = remove(run, &entry.record, settled, None).await?;
    entry.forget().await?;
    Ok(json!({ "servers": servers }))
}

/// Removes all that was made; gives how many servers there were.
async fn remove(
    run: &Run,
    record: &ServerRecord,
    settled: bool,
    reason: Option<ErrorReport>,
) -> Result<usize> {
    if record.keys.is_empty() {
        return Ok(0);
    }
    let known_from = record.ready_at.map(|at| at.plus(run.cx.lag()).0 - run.inner.clock.now().0);
    let mut known = Leftovers {
        servers: record.servers.clone(),
        settled,
        late: Duration::from_millis(known_from.and_then(|left| u64::try_from(left).ok()).unwrap_or(0)),
        firewall: record.firewall.clone(),
        reserved_ip: record.reserved_ip.as_ref().map(|ip| ip.id.clone()),
        unsure_address: record.request.reserved_ip && record.reserved_ip.is_none(),
        ..Leftovers::default()
    };
    let request = &record.request;
    if !request.ssh_keys.is_empty() {
        let others = run.inner.all_servers(&Scope::Platform).await?;
        // Those that go too do not need their keys any more: of several that go together the last one takes them along.
        let others = others.iter().filter(|other| {
            other.provider == record.provider
                && other.request.name != request.name
                && other.state != ProvisionState::Removing
        });
        let used: Vec<_> = others.flat_map(|other| &other.request.ssh_keys).collect();
        let unused: Vec<_> = request.ssh_keys.iter().filter(|key| !used.contains(key)).collect();
        known.ssh_keys = unused.iter().filter_map(|key| record.ssh_keys.get(*key)).cloned().collect();
        let unsure = unused.into_iter().filter(|key| !record.ssh_keys.contains_key(*key)).cloned();
        known.public_keys = Some((request.region.clone(), unsure.collect()));
    }
    let input = RemoveServerInput {
        name: request.name.to_string(),
        keys: record.keys.clone(),
        removal: Removal::All,
    };
    let stage = RemoveServer { known, keep: None, reason };
    Ok(run.uninterrupted(&stage, &input).await?.servers)
}
