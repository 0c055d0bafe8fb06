//! The releases of apps in the store, and how much of the past stays.

use serde_json::json;

use super::{Engine, Inner};
use crate::error::{Error, ErrorKind, Result};
use crate::id::JobId;
use crate::model::{AppName, AppSpec, JobKind, Release, ReleaseRecord, Subject};
use crate::store::{Expected, Page, Record, Scope};

/// Keys are `<app>/<number>`, with the number in ten digits.
const RELEASES: &str = "releases";

impl Engine {
    /// The releases of an app that came to serve, the newest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_releases(&self, app: &AppName) -> Result<Vec<Release>> {
        self.inner.load_app(&self.scope, app).await?;
        let records = self.inner.releases(&self.scope, app).await?;
        Ok(records.into_iter().rev().map(|record| record.release).collect())
    }

    /// Lets an earlier release serve again, under a new number: its image, its spec and its configuration; secrets have
    /// the values of today. Without a number it is the one that served before.
    ///
    /// # Errors
    /// `NotFound` when there is no such app or release, or its image was removed; `InvalidInput` for the release that
    /// serves; `Conflict` while another job works on the app.
    pub async fn rollback(&self, app: &AppName, to: Option<u64>) -> Result<JobId> {
        let (found, _) = self.inner.load_app(&self.scope, app).await?;
        let current = found.current.map(|release| release.number).unwrap_or_default();
        let target = match to {
            Some(number) => self.inner.get_release(&self.scope, app, number).await?,
            None => self.inner.previous_release(&self.scope, app, current).await?.ok_or_else(|| {
                Error::not_found("release.get", "no release served before this one")
                    .with_context("app", app)
                    .with_remedy("list the releases of the app")
            })?,
        };
        if target.release.number == current {
            return Err(Error::invalid("app.rollback", "this release serves already")
                .with_context("app", app)
                .with_context("release", current));
        }
        let input = json!({ "to": target.release.number });
        self.submit(app.clone(), JobKind::Rollback, input).await
    }
}

impl Inner {
    async fn releases(&self, scope: &Scope, app: &AppName) -> Result<Vec<ReleaseRecord>> {
        let page = Page::all().with_prefix(format!("{app}/"));
        self.store.list_records(scope, RELEASES, &page).await?.iter().map(parse).collect()
    }

    pub(super) async fn find_release(
        &self,
        scope: &Scope,
        app: &AppName,
        number: u64,
    ) -> Result<Option<ReleaseRecord>> {
        self.store.find_record(scope, RELEASES, &key(app, number)).await?.as_ref().map(parse).transpose()
    }

    pub(super) async fn get_release(
        &self,
        scope: &Scope,
        app: &AppName,
        number: u64,
    ) -> Result<ReleaseRecord> {
        self.find_release(scope, app, number).await?.ok_or_else(|| {
            Error::not_found("release.get", "the app has no such release")
                .with_context("app", app)
                .with_context("release", number)
                .with_remedy("list the releases of the app")
        })
    }

    /// The release that served before the one of this number.
    pub(super) async fn previous_release(
        &self,
        scope: &Scope,
        app: &AppName,
        number: u64,
    ) -> Result<Option<ReleaseRecord>> {
        let releases = self.releases(scope, app).await?;
        Ok(releases.into_iter().rev().find(|record| record.release.number < number))
    }

    /// Writes a release down for good. Written twice, it is the same.
    pub(super) async fn put_release(
        &self,
        scope: &Scope,
        spec: &AppSpec,
        wanted: AppSpec,
        release: &Release,
    ) -> Result<()> {
        let record = ReleaseRecord { release: release.clone(), spec: spec.clone(), wanted };
        let key = key(&spec.name, release.number);
        self.store.put_record(scope, RELEASES, &key, &json!(record), Expected::Any).await.map(drop)
    }

    /// Lets go of the app's past that the retention does not keep.
    pub(super) async fn prune(&self, scope: &Scope, app: &AppName) -> Result<()> {
        let records =
            self.store.list_records(scope, RELEASES, &Page::all().with_prefix(format!("{app}/"))).await?;
        // The serving one and the one before it always stay.
        let keep = self.retention.releases.max(2);
        for record in records.iter().rev().skip(keep) {
            self.store.delete_record(scope, RELEASES, &record.key, Expected::Any).await?;
        }
        self.store.prune(Some(&Subject::App(app.clone())), &self.retention.jobs).await.map(drop)
    }

    /// Forgets the releases of an app that is removed.
    pub(super) async fn delete_releases(&self, scope: &Scope, app: &AppName) -> Result<()> {
        let page = Page::all().with_prefix(format!("{app}/"));
        for record in self.store.list_records(scope, RELEASES, &page).await? {
            self.store.delete_record(scope, RELEASES, &record.key, Expected::Any).await?;
        }
        Ok(())
    }
}

fn key(app: &AppName, number: u64) -> String {
    format!("{app}/{number:010}")
}

fn parse(record: &Record) -> Result<ReleaseRecord> {
    serde_json::from_value(record.value.clone()).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "release.get", "the stored release cannot be read")
            .with_context("release", &record.key)
            .with_source(error)
    })
}
