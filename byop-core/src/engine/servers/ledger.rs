//! What the store notes of servers: the intent first, the ids as soon as they are known, until all is gone.

use serde_json::{Value, json};

use super::super::Inner;
use super::super::job_run::JobRun;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{JobId, random_text};
use crate::model::{AppName, ServerRecord, ServerRequest};
use crate::stage::ServerContext;
use crate::store::{Expected, Page, Record, Scope};

const SERVERS: &str = "servers";
/// What is known of this installation of byop.
const INSTALLATION: &str = "installation";
const ID: &str = "id";
/// The letters of an installation's id, with which its keys begin.
pub(super) const ID_LENGTH: usize = 6;
/// Pages of lists.
const PAGE: u32 = 500;

impl Inner {
    pub(super) async fn find_server(
        &self,
        scope: &Scope,
        name: &AppName,
    ) -> Result<Option<(ServerRecord, u64)>> {
        let record = self.store.find_record(scope, SERVERS, name.as_str()).await?;
        record.map(|record| Ok((parse(&record)?, record.version))).transpose()
    }

    pub(super) async fn all_servers(&self, scope: &Scope) -> Result<Vec<ServerRecord>> {
        let mut all = Vec::new();
        let mut page = Page::all().with_limit(PAGE);
        loop {
            let records = self.store.list_records(scope, SERVERS, &page).await?;
            for record in &records {
                all.push(parse(record)?);
            }
            match records.last() {
                Some(last) if records.len() == PAGE as usize => page = page.with_after(&last.key),
                _ => return Ok(all),
            }
        }
    }

    /// The id of this installation: made at first use, kept in the store.
    pub(super) async fn installation(&self) -> Result<String> {
        loop {
            let found = self.store.find_record(&Scope::Platform, INSTALLATION, ID).await?;
            if let Some(id) = found.as_ref().and_then(|record| record.value.as_str()) {
                return Ok(id.to_owned());
            }
            let id = json!(random_text(self.entropy.as_ref(), ID_LENGTH));
            match self.store.put_record(&Scope::Platform, INSTALLATION, ID, &id, Expected::Absent).await {
                // Another process was quicker, or this is no text.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && found.is_none() => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
}

/// The key of a try of a job: 6 letters of the installation, 14 of job and try, the same whenever it is asked for.
pub(super) fn key(installation: &str, job: &JobId, attempt: u32) -> String {
    let digest = Digest::of(format!("{job}/server/{attempt}"));
    format!("{installation}{}", &digest.as_str()[7..21])
}

/// A record in the hands of the job that works on it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    run: &'a JobRun<ServerContext>,
    pub(super) record: ServerRecord,
    version: u64,
}

impl<'a> Entry<'a> {
    pub(super) fn new(run: &'a JobRun<ServerContext>, record: ServerRecord, version: u64) -> Self {
        Self { run, record, version }
    }

    /// The record of a new server, or the one that an earlier run of this job wrote.
    pub(super) async fn enter(run: &'a JobRun<ServerContext>, request: &ServerRequest) -> Result<Self> {
        let inner = &run.inner;
        if let Some((record, version)) = inner.find_server(&run.scope, &request.name).await? {
            if record.job == run.job.id {
                return Ok(Self::new(run, record, version));
            }
            return Err(name_is_taken(&request.name));
        }
        let (provider, job) = (run.cx.provider.name(), run.job.id.clone());
        let record = ServerRecord::new(request.clone(), provider, job, inner.clock.now());
        let (key, value) = (request.name.as_str(), json!(record));
        match inner.store.put_record(&run.scope, SERVERS, key, &value, Expected::Absent).await {
            Ok(version) => Ok(Self::new(run, record, version)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(name_is_taken(&request.name)),
            Err(error) => Err(error),
        }
    }

    /// Writes it. Nobody writes whose lease was lost.
    pub(super) async fn save(&mut self) -> Result<()> {
        self.fence().await?;
        let (key, value) = (self.record.request.name.as_str(), json!(self.record));
        let store = &self.run.inner.store;
        let expected = Expected::Version(self.version);
        self.version = store.put_record(&self.run.scope, SERVERS, key, &value, expected).await?;
        Ok(())
    }

    /// Forgets it: all of it is gone.
    pub(super) async fn forget(self) -> Result<()> {
        self.fence().await?;
        let key = self.record.request.name.as_str();
        self.run
            .inner
            .store
            .delete_record(&self.run.scope, SERVERS, key, Expected::Version(self.version))
            .await
    }

    async fn fence(&self) -> Result<()> {
        self.run.journal.settle().await?;
        self.run.inner.store.renew_lease(&self.run.lease, self.run.inner.lease).await
    }
}

pub(super) fn name_is_taken(name: &AppName) -> Error {
    Error::new(ErrorKind::AlreadyExists, "server.create", "there is a server of this name")
        .with_context("server", name)
        .with_remedy("choose another name, or destroy the server first")
}

fn parse(record: &Record) -> Result<ServerRecord> {
    let value: Value = record.value.clone();
    serde_json::from_value(value).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "server.get", "the stored server cannot be read")
            .with_context("server", &record.key)
            .with_source(error)
    })
}
