//! Apps and their host names in the store.

use std::sync::Arc;

use serde_json::json;

use super::Inner;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{App, AppName, AppSpec, AppState, DomainName};
use crate::runtime::ContainerRuntime;
use crate::store::{Expected, Record};

const APPS: &str = "apps";
const DOMAINS: &str = "domains";
const HOSTS: &str = "hosts";

impl Inner {
    /// The app and the version of its record.
    pub(super) async fn load_app(&self, name: &AppName) -> Result<(App, u64)> {
        self.find_app(name).await?.ok_or_else(|| {
            Error::not_found("app.get", "there is no app of this name")
                .with_context("app", name)
                .with_remedy("list the apps, or deploy it first")
        })
    }

    pub(super) async fn find_app(&self, name: &AppName) -> Result<Option<(App, u64)>> {
        let record = self.store.find_record(APPS, name.as_str()).await?;
        record.map(|record| Ok((parse(&record)?, record.version))).transpose()
    }

    pub(super) async fn all_apps(&self) -> Result<Vec<App>> {
        self.store.list_records(APPS).await?.iter().map(parse).collect()
    }

    /// The app, written for the first time if it is new: before anything is made for it, so that all of it is found
    /// again and can be removed.
    pub(super) async fn find_or_create_app(&self, spec: &AppSpec) -> Result<(App, u64)> {
        if let Some(found) = self.find_app(&spec.name).await? {
            return Ok(found);
        }
        // Not while the last app of the host takes the proxy with it.
        let _coming = self.proxies.lock().await;
        let host = self.host_of(&spec.name).await?;
        let now = self.clock.now();
        let app = App {
            name: spec.name.clone(),
            spec: spec.clone(),
            host,
            current: None,
            next_release: 1,
            wanted: AppState::Running,
            created_at: now,
            updated_at: now,
        };
        let version = self.store.put_record(APPS, app.name.as_str(), &json!(app), Expected::Absent).await?;
        Ok((app, version))
    }

    /// Writes the app over the version that it was read at, and returns the new version.
    pub(super) async fn save_app(&self, app: &mut App, version: u64) -> Result<u64> {
        app.updated_at = self.clock.now();
        self.store.put_record(APPS, app.name.as_str(), &json!(app), Expected::Version(version)).await
    }

    pub(super) async fn delete_app(&self, app: &App) -> Result<()> {
        self.release_domains(&app.name, &[]).await?;
        self.release_ports(&app.name, &[]).await?;
        self.store.delete_record(APPS, app.name.as_str()).await
    }

    /// Whether the proxy of a host was told of all apps, as far as is known.
    pub(super) async fn is_routed(&self, host: &str) -> Result<bool> {
        let found = self.store.find_record(HOSTS, host).await?;
        Ok(found.is_none_or(|record| record.value["routed"] == true))
    }

    /// Notes whether the proxy of a host was told of all apps.
    pub(super) async fn set_routed(&self, host: &str, routed: bool) -> Result<()> {
        self.store.put_record(HOSTS, host, &json!({ "routed": routed }), Expected::Any).await.map(drop)
    }

    /// Forgets what is noted of a host's proxy.
    pub(super) async fn forget_proxy(&self, host: &str) -> Result<()> {
        self.store.delete_record(HOSTS, host).await
    }

    /// Takes host names for an app, so that no two apps answer at the same one.
    pub(super) async fn claim_domains(&self, app: &AppName, domains: &[DomainName]) -> Result<()> {
        for domain in domains {
            let claim = json!({ "app": app });
            match self.store.put_record(DOMAINS, domain.as_str(), &claim, Expected::Absent).await {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let holder = self.store.find_record(DOMAINS, domain.as_str()).await?;
                    if holder.as_ref().is_some_and(|record| record.value == claim) {
                        continue;
                    }
                    let other = holder.and_then(|r| r.value["app"].as_str().map(str::to_owned));
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "domain.claim",
                        "another app has this host name",
                    )
                    .with_context("domain", domain)
                    .with_context("app", other.unwrap_or_default())
                    .with_remedy("choose another host name, or remove it from the other app"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives up the app's host names but those in `keep`.
    pub(super) async fn release_domains(&self, app: &AppName, keep: &[DomainName]) -> Result<()> {
        for record in self.store.list_records(DOMAINS).await? {
            let ours = record.value["app"] == app.as_str();
            if ours && !keep.iter().any(|domain| domain.as_str() == record.key) {
                self.store.delete_record(DOMAINS, &record.key).await?;
            }
        }
        Ok(())
    }

    /// The host of an app, or the one that a new app would get.
    pub(super) async fn host_of(&self, app: &AppName) -> Result<String> {
        match self.find_app(app).await? {
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
