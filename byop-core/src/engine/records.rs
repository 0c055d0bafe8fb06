//! Entities as records: read, write and change them within the caller's scope, with a trace in the audit.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AuditEntry, AuditRecord, ClientId};
use crate::store::{Expected, Page, Record, Scope};

/// How often a change is tried again when somebody else has changed the same record meanwhile.
const TRIES: usize = 10;

/// Something that is kept as one record.
pub(super) trait Entity: Serialize + DeserializeOwned + Send + Sync {
    /// Where it is kept.
    const COLLECTION: &'static str;
    /// What it is called, in errors and in the audit.
    const NOUN: &'static str;

    /// Whose it is.
    fn owner(&self) -> Option<&ClientId>;
}

impl Engine {
    /// What is not there and what is somebody else's look the same.
    pub(super) async fn load<T: Entity>(&self, key: &str) -> Result<(T, u64)> {
        let found = self.find::<T>(key).await?;
        found.ok_or_else(|| no_such::<T>(key))
    }

    pub(super) async fn find<T: Entity>(&self, key: &str) -> Result<Option<(T, u64)>> {
        let record = self.inner.store.find_record(&self.scope, T::COLLECTION, key).await?;
        record.map(|record| Ok((parse::<T>(&record)?, record.version))).transpose()
    }

    pub(super) async fn list<T: Entity>(&self, page: &Page) -> Result<Vec<T>> {
        let records = self.inner.store.list_records(&self.scope, T::COLLECTION, page).await?;
        records.iter().map(parse).collect()
    }

    /// Writes a new entity, which belongs to whom it says.
    pub(super) async fn insert<T: Entity>(&self, key: &str, entity: &T, details: Value) -> Result<()> {
        let scope = Scope::of(entity.owner());
        let value = json!(entity);
        self.noted::<T>(key, "create", entity.owner(), details).await?;
        match self.inner.store.put_record(&scope, T::COLLECTION, key, &value, Expected::Absent).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused::<T>(key, "create", entity.owner(), error).await),
        }
    }

    /// Changes an entity. `change` may be called again, with the entity as somebody else has left it meanwhile.
    pub(super) async fn change<T: Entity>(
        &self,
        key: &str,
        verb: &str,
        details: Value,
        change: impl Fn(&mut T) -> Result<()>,
    ) -> Result<T> {
        let mut is_noted = false;
        for _ in 0..TRIES {
            let (mut entity, version) = self.load::<T>(key).await?;
            change(&mut entity)?;
            if !is_noted {
                self.noted::<T>(key, verb, entity.owner(), details.clone()).await?;
                is_noted = true;
            }
            let expected = Expected::Version(version);
            let value = json!(entity);
            match self.inner.store.put_record(&self.scope, T::COLLECTION, key, &value, expected).await {
                Ok(_) => return Ok(entity),
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(self.refused::<T>(key, verb, entity.owner(), error).await),
            }
        }
        let busy =
            Error::new(ErrorKind::Conflict, format!("{}.{verb}", T::NOUN), "others change it all the time")
                .with_context(T::NOUN, key)
                .with_remedy("try again");
        Err(self.refused::<T>(key, verb, self.scope.client(), busy).await)
    }

    /// Removes an entity. Gone already: success.
    pub(super) async fn discard<T: Entity>(&self, key: &str) -> Result<()> {
        let Some((entity, _)) = self.find::<T>(key).await? else { return Ok(()) };
        self.noted::<T>(key, "delete", entity.owner(), Value::Null).await?;
        self.inner.store.delete_record(&self.scope, T::COLLECTION, key, Expected::Any).await
    }

    /// Writes into the audit what is about to be done: no change is without a record, even if the process ends between
    /// the two.
    async fn noted<T: Entity>(
        &self,
        key: &str,
        verb: &str,
        owner: Option<&ClientId>,
        details: Value,
    ) -> Result<AuditRecord> {
        let mut entry = AuditEntry::new(format!("{}.{verb}", T::NOUN), format!("{}/{key}", T::NOUN));
        entry.client = owner.cloned();
        entry.details = details;
        self.note(entry).await
    }

    /// Writes into the audit, as done by whom this handle stands for.
    pub(super) async fn note(&self, mut entry: AuditEntry) -> Result<AuditRecord> {
        entry.actor.clone_from(&self.actor);
        self.inner.store.append_audit(&self.scope, entry).await
    }

    /// Writes that what was noted did not happen, and gives the reason back.
    async fn refused<T: Entity>(
        &self,
        key: &str,
        verb: &str,
        owner: Option<&ClientId>,
        error: Error,
    ) -> Error {
        let mut entry = AuditEntry::new(format!("{}.{verb}", T::NOUN), format!("{}/{key}", T::NOUN));
        entry.client = owner.cloned();
        entry.result = Some("failed".into());
        entry.details = json!({ "kind": error.kind() });
        if let Err(second) = self.note(entry).await {
            tracing::warn!(key, verb, error = %second, "the audit could not be written");
        }
        error
    }
}

pub(super) fn no_such<T: Entity>(key: &str) -> Error {
    // The key of a schedule begins with its owner.
    let name = key.rsplit('/').next().unwrap_or(key);
    Error::not_found(format!("{}.get", T::NOUN), format!("there is no such {}", T::NOUN))
        .with_context(T::NOUN, name.chars().take(80).collect::<String>())
}

pub(super) fn parse<T: Entity>(record: &Record) -> Result<T> {
    serde_json::from_value(record.value.clone()).map_err(|error| {
        Error::new(ErrorKind::Corrupt, format!("{}.get", T::NOUN), "the stored record cannot be read")
            .with_context(T::NOUN, &record.key)
            .with_source(error)
    })
}
