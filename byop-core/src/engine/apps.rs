//! Apps and their host names in the store.

use std::sync::Arc;

use serde_json::json;

use super::Inner;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{App, AppName, AppSpec, AppState, ClientId, DomainName, Subject};
use crate::runtime::ContainerRuntime;
use crate::store::{Expected, Page, Record, Scope};

pub(super) const APPS: &str = "apps";
pub(super) const DOMAINS: &str = "domains";
const HOSTS: &str = "hosts";

impl Inner {
    /// The app and the version of its record.
    pub(super) async fn load_app(&self, scope: &Scope, name: &AppName) -> Result<(App, u64)> {
        self.find_app(scope, name).await?.ok_or_else(|| {
            Error::not_found("app.get", "there is no app of this name")
                .with_context("app", name)
                .with_remedy("list the apps, or deploy it first")
        })
    }

    pub(super) async fn find_app(&self, scope: &Scope, name: &AppName) -> Result<Option<(App, u64)>> {
        let record = self.store.find_record(scope, APPS, name.as_str()).await?;
        record.map(|record| Ok((parse(&record)?, record.version))).transpose()
    }

    /// The app and its owner.
    pub(super) async fn find_owned(&self, name: &AppName) -> Result<Option<(App, Scope)>> {
        let record = self.store.find_record(&Scope::Platform, APPS, name.as_str()).await?;
        record.map(|record| Ok((parse(&record)?, Scope::of(record.owner.as_ref())))).transpose()
    }

    /// Whose it is; none when it is the platform's, or not there.
    pub(super) async fn owner_of(&self, subject: &Subject) -> Result<Option<ClientId>> {
        let (collection, key) = match subject {
            Subject::App(name) => (APPS, name),
            Subject::Server(name) => ("servers", name),
        };
        let record = self.store.find_record(&Scope::Platform, collection, key.as_str()).await?;
        Ok(record.and_then(|record| record.owner))
    }

    pub(super) async fn all_apps(&self, scope: &Scope) -> Result<Vec<App>> {
        self.store.list_records(scope, APPS, &Page::all()).await?.iter().map(parse).collect()
    }

    /// The app, written for the first time if it is new: before anything is made for it, so that all of it is found
    /// again and can be removed.
    pub(super) async fn find_or_create_app(&self, scope: &Scope, spec: &AppSpec) -> Result<(App, u64)> {
        if let Some(found) = self.find_app(scope, &spec.name).await? {
            return Ok(found);
        }
        let host = self.host_of(&spec.name).await?;
        // Not while the last app of the host takes the proxy with it.
        self.with_host(&host, self.create_app(scope, spec, &host)).await
    }

    async fn create_app(&self, scope: &Scope, spec: &AppSpec, host: &str) -> Result<(App, u64)> {
        let now = self.clock.now();
        let app = App {
            name: spec.name.clone(),
            spec: spec.clone(),
            host: host.to_owned(),
            current: None,
            next_release: 1,
            wanted: AppState::Running,
            created_at: now,
            updated_at: now,
        };
        let put = self.store.put_record(scope, APPS, app.name.as_str(), &json!(app), Expected::Absent).await;
        match put {
            Ok(version) => Ok((app, version)),
            // Written by this job in an earlier try whose answer was lost, or another client's.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.find_app(scope, &spec.name).await?.ok_or_else(|| name_is_taken(&spec.name))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the app over the version that it was read at, and returns the new version.
    pub(super) async fn save_app(&self, scope: &Scope, app: &mut App, version: u64) -> Result<u64> {
        app.updated_at = self.clock.now();
        self.store.put_record(scope, APPS, app.name.as_str(), &json!(app), Expected::Version(version)).await
    }

    pub(super) async fn delete_app(&self, scope: &Scope, app: &App) -> Result<()> {
        self.release_domains(scope, &app.name, &[]).await?;
        self.release_ports(scope, &app.name, &[]).await?;
        self.delete_releases(scope, &app.name).await?;
        self.store.delete_record(scope, APPS, app.name.as_str(), Expected::Any).await
    }

    /// Whether the proxy of a host was told of all apps, as far as is known.
    pub(super) async fn is_routed(&self, host: &str) -> Result<bool> {
        let found = self.store.find_record(&Scope::Platform, HOSTS, host).await?;
        Ok(found.is_none_or(|record| record.value["routed"] == true))
    }

    /// Notes whether the proxy of a host was told of all apps.
    pub(super) async fn set_routed(&self, host: &str, routed: bool) -> Result<()> {
        let value = json!({ "routed": routed });
        self.store.put_record(&Scope::Platform, HOSTS, host, &value, Expected::Any).await.map(drop)
    }

    /// Forgets what is noted of a host's proxy.
    pub(super) async fn forget_proxy(&self, host: &str) -> Result<()> {
        self.store.delete_record(&Scope::Platform, HOSTS, host, Expected::Any).await
    }

    /// Takes host names for an app, so that no two apps answer at the same one.
    pub(super) async fn claim_domains(
        &self,
        scope: &Scope,
        app: &AppName,
        domains: &[DomainName],
    ) -> Result<()> {
        for domain in domains {
            let claim = json!({ "app": app });
            match self.store.put_record(scope, DOMAINS, domain.as_str(), &claim, Expected::Absent).await {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    // Another client's is not seen, and not named.
                    let holder = self.store.find_record(scope, DOMAINS, domain.as_str()).await?;
                    if holder.as_ref().is_some_and(|record| record.value == claim) {
                        continue;
                    }
                    let other = holder.and_then(|r| r.value["app"].as_str().map(str::to_owned));
                    let error =
                        Error::new(ErrorKind::Conflict, "domain.claim", "another app has this host name")
                            .with_context("domain", domain);
                    return Err(match other {
                        Some(other) => error.with_context("app", other),
                        None => error,
                    }
                    .with_remedy("choose another host name, or remove it from the other app"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives up the app's host names but those in `keep`.
    pub(super) async fn release_domains(
        &self,
        scope: &Scope,
        app: &AppName,
        keep: &[DomainName],
    ) -> Result<()> {
        for record in self.store.list_records(scope, DOMAINS, &Page::all()).await? {
            let ours = record.value["app"] == app.as_str();
            if ours && !keep.iter().any(|domain| domain.as_str() == record.key) {
                self.store.delete_record(scope, DOMAINS, &record.key, Expected::Any).await?;
            }
        }
        Ok(())
    }

    /// The host of an app, or the one that a new app would get.
    pub(super) async fn host_of(&self, app: &AppName) -> Result<String> {
        match self.find_app(&Scope::Platform, app).await? {
            Some((app, _)) => Ok(app.host),
            None => self.hosts.keys().next().cloned().ok_or_else(no_host),
        }
    }

    pub(super) fn runtime(&self, host: &str) -> Result<Arc<dyn ContainerRuntime>> {
        self.hosts.get(host).cloned().ok_or_else(|| {
            Error::not_found("host.get", "the engine has no host of this name")
                .with_context("host", host)
                .with_remedy("give the engine a runtime of this name")
        })
    }
}

pub(super) fn name_is_taken(name: &AppName) -> Error {
    Error::new(ErrorKind::AlreadyExists, "app.create", "there is an app of this name already")
        .with_context("app", name)
        .with_remedy("choose another name")
}

fn no_host() -> Error {
    Error::not_found("host.get", "the engine has no host")
}

fn parse(record: &Record) -> Result<App> {
    serde_json::from_value(record.value.clone()).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "app.get", "the stored app cannot be read")
            .with_context("app", &record.key)
            .with_source(error)
    })
}
