//! Secrets that the engine itself keeps: sealed in the store, under keys that the store does not have.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{Entropy, random_text};
use crate::model::ClientId;
use crate::secret::seal::missing;
use crate::secret::{KeyId, Keyring, Label, Sealed, Secret, SecretRef};
use crate::store::{Expected, Page, Record, Scope, Store};

const SECRETS: &str = "secrets";
/// Holds one record, by which a wrong key is noticed before anything is sealed with it.
const KEYS: &str = "keys";
const CHECK: &str = "check";
const PAGE: u32 = 200;
/// Values that came before; a release that serves may still have one, and print it.
const PREVIOUS: usize = 3;
/// How often a write is tried when others write the same secret.
const TRIES: usize = 10;

/// A secret in the store, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StoredSecret {
    /// Its name; unique for the client that owns it.
    pub name: SecretRef,
    /// Counted from 1; each new value gets the next.
    pub version: u64,
    /// The key that it is sealed with.
    pub key: KeyId,
    /// When it was put for the first time.
    pub created_at: Timestamp,
    /// When it got this value.
    pub updated_at: Timestamp,
}

/// The result of `rotate_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct KeyRotation {
    /// The key under which every secret is now.
    pub key: KeyId,
    /// Secrets that were sealed anew.
    pub resealed: u64,
    /// Secrets that were under this key already.
    pub kept: u64,
}

/// As stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    name: SecretRef,
    current: Version,
    #[serde(default)]
    previous: Vec<Version>,
    created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    number: u64,
    sealed: Sealed,
    put_at: Timestamp,
}

/// Secrets in a store.
#[derive(Debug)]
pub(in crate::engine) struct Vault {
    store: Arc<dyn Store>,
    entropy: Arc<dyn Entropy>,
    keyring: Option<Keyring>,
    /// What the fingerprints of values are made with. It is made once and stays through every change of keys.
    fingerprints: OnceCell<Secret>,
}

impl Vault {
    pub(in crate::engine) fn new(
        store: Arc<dyn Store>,
        entropy: Arc<dyn Entropy>,
        keyring: Option<Keyring>,
    ) -> Self {
        Self { store, entropy, keyring, fingerprints: OnceCell::new() }
    }

    /// Makes sure that the keys are the right ones, and gives the key of fingerprints.
    pub(in crate::engine) async fn ready(&self) -> Result<Option<&Secret>> {
        let Some(keyring) = &self.keyring else {
            // Without a key nothing can be read; that matters once there is something.
            return match self.check_record().await? {
                Some((sealed, _)) => Err(missing(sealed.key(), "")),
                None => Ok(None),
            };
        };
        let load = || async {
            loop {
                if let Some((sealed, _)) = self.check_record().await? {
                    return keyring.open(&CHECK_LABEL, &sealed);
                }
                let made = Secret::new(random_text(self.entropy.as_ref(), 52));
                let sealed = keyring.seal(&CHECK_LABEL, &made, self.entropy.as_ref())?;
                let value = json!(sealed);
                let put = self.store.put_record(&Scope::Platform, KEYS, CHECK, &value, Expected::Absent);
                match put.await {
                    Ok(_) => return Ok(made),
                    // Another engine was faster.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
        };
        self.fingerprints.get_or_try_init(load).await.map(Some)
    }

    async fn check_record(&self) -> Result<Option<(Sealed, u64)>> {
        let record = self.store.find_record(&Scope::Platform, KEYS, CHECK).await?;
        record.map(|record| Ok((parse(&record)?, record.version))).transpose()
    }

    /// The keys, for who wants to store something.
    async fn keys(&self) -> Result<&Keyring> {
        self.ready().await?;
        self.keyring.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "secret.put", "the engine has no key to seal secrets with")
                .with_remedy("give the engine a key when it is built, such as the one in BYOP_KEY")
        })
    }

    async fn row(&self, scope: &Scope, name: &SecretRef) -> Result<Option<(Row, u64)>> {
        let record = self.store.find_record(scope, SECRETS, &key_of(scope, name)).await?;
        record.map(|record| Ok((parse(&record)?, record.version))).transpose()
    }

    pub(super) async fn find(&self, scope: &Scope, name: &SecretRef) -> Result<Option<Secret>> {
        let Some((row, _)) = self.row(scope, name).await? else { return Ok(None) };
        let keyring = self.keyring.as_ref().ok_or_else(|| missing(row.current.sealed.key(), ""))?;
        open(keyring, &key_of(scope, name), &row.current).map(Some)
    }

    pub(super) async fn previous(&self, scope: &Scope, name: &SecretRef) -> Result<Vec<Secret>> {
        let Some(((row, _), keyring)) = self.row(scope, name).await?.zip(self.keyring.as_ref()) else {
            return Ok(Vec::new());
        };
        let key = key_of(scope, name);
        row.previous.iter().map(|version| open(keyring, &key, version)).collect()
    }

    pub(super) async fn put(
        &self,
        scope: &Scope,
        name: &SecretRef,
        value: &Secret,
        now: Timestamp,
    ) -> Result<StoredSecret> {
        check_name(name)?;
        let keyring = self.keys().await?;
        let key = key_of(scope, name);
        let mut conflict = None;
        for _ in 0..TRIES {
            let found = self.row(scope, name).await?;
            let expected =
                found.as_ref().map_or(Expected::Absent, |(_, version)| Expected::Version(*version));
            let row = match found {
                // The same value is no new version.
                Some((row, _)) if open(keyring, &key, &row.current)? == *value => return Ok(row.shown()),
                Some((mut row, _)) => {
                    let number = row.current.number + 1;
                    let old =
                        std::mem::replace(&mut row.current, self.version(keyring, &key, number, value, now)?);
                    row.previous.insert(0, old);
                    row.previous.truncate(PREVIOUS);
                    row
                }
                None => Row {
                    name: name.clone(),
                    current: self.version(keyring, &key, 1, value, now)?,
                    previous: Vec::new(),
                    created_at: now,
                },
            };
            match self.store.put_record(scope, SECRETS, &key, &json!(row), expected).await {
                Ok(_) => return Ok(row.shown()),
                Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => {
                    conflict = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(conflict.unwrap_or_else(|| Error::new(ErrorKind::Internal, "secret.put", "no try was made")))
    }

    fn version(
        &self,
        keyring: &Keyring,
        key: &str,
        number: u64,
        value: &Secret,
        now: Timestamp,
    ) -> Result<Version> {
        let sealed = keyring.seal(&label(key, number), value, self.entropy.as_ref())?;
        Ok(Version { number, sealed, put_at: now })
    }

    pub(super) async fn list(&self, scope: &Scope) -> Result<Vec<StoredSecret>> {
        let mut secrets = Vec::new();
        let mut after = None;
        loop {
            let records = self.page(scope, &prefix_of(scope), after).await?;
            let Some(last) = records.last() else { return Ok(secrets) };
            after = Some(last.key.clone());
            for record in &records {
                secrets.push(parse::<Row>(record)?.shown());
            }
        }
    }

    pub(super) async fn delete(&self, scope: &Scope, name: &SecretRef) -> Result<()> {
        self.store.delete_record(scope, SECRETS, &key_of(scope, name), Expected::Any).await
    }

    /// Seals everything under the first key. Each row is written by itself, so that after a break everything can be
    /// read with both keys, and doing it again goes on where it ended.
    pub(super) async fn rotate(&self) -> Result<KeyRotation> {
        let keyring = self.keys().await?;
        let mut resealed = 0;
        loop {
            let (changed, kept) = self.rotate_rows(keyring).await?;
            resealed += changed;
            // An engine that has the old key as its first may have written meanwhile.
            if changed == 0 {
                self.rotate_check(keyring).await?;
                let kept = kept.saturating_sub(resealed);
                return Ok(KeyRotation { key: keyring.primary().clone(), resealed, kept });
            }
        }
    }

    async fn rotate_rows(&self, keyring: &Keyring) -> Result<(u64, u64)> {
        let (mut changed, mut kept) = (0, 0);
        let mut after = None;
        loop {
            let records = self.page(&Scope::Platform, "", after).await?;
            let Some(last) = records.last() else { return Ok((changed, kept)) };
            after = Some(last.key.clone());
            for record in records {
                let (key, version) = (record.key.clone(), record.version);
                let mut row: Row = parse(&record)?;
                let mut is_changed = false;
                for version in std::iter::once(&mut row.current).chain(&mut row.previous) {
                    if version.sealed.key() != keyring.primary() {
                        let value = open(keyring, &key, version)?;
                        version.sealed =
                            keyring.seal(&label(&key, version.number), &value, self.entropy.as_ref())?;
                        is_changed = true;
                    }
                }
                if !is_changed {
                    kept += 1;
                    continue;
                }
                changed += 1;
                let expected = Expected::Version(version);
                match self.store.put_record(&Scope::Platform, SECRETS, &key, &json!(row), expected).await {
                    Ok(_) => {}
                    // Changed or deleted meanwhile: the next round looks at it.
                    Err(error) if error.kind() == ErrorKind::Conflict => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Last of all: until then the old key is asked for.
    async fn rotate_check(&self, keyring: &Keyring) -> Result<()> {
        let Some((sealed, version)) = self.check_record().await? else { return Ok(()) };
        if sealed.key() == keyring.primary() {
            return Ok(());
        }
        let value = keyring.open(&CHECK_LABEL, &sealed)?;
        let sealed = keyring.seal(&CHECK_LABEL, &value, self.entropy.as_ref())?;
        let expected = Expected::Version(version);
        self.store.put_record(&Scope::Platform, KEYS, CHECK, &json!(sealed), expected).await.map(drop)
    }

    async fn page(&self, scope: &Scope, prefix: &str, after: Option<String>) -> Result<Vec<Record>> {
        let mut page = Page::all().with_prefix(prefix).with_limit(PAGE);
        page.after = after;
        self.store.list_records(scope, SECRETS, &page).await
    }
}

impl Row {
    fn shown(&self) -> StoredSecret {
        StoredSecret {
            name: self.name.clone(),
            version: self.current.number,
            key: self.current.sealed.key().clone(),
            created_at: self.created_at,
            updated_at: self.current.put_at,
        }
    }
}

const CHECK_LABEL: Label<'static> = Label { collection: KEYS, name: CHECK, version: 1 };

fn label(key: &str, version: u64) -> Label<'_> {
    Label { collection: SECRETS, name: key, version }
}

fn open(keyring: &Keyring, key: &str, version: &Version) -> Result<Secret> {
    keyring.open(&label(key, version.number), &version.sealed)
}

/// Each client has names of its own.
fn key_of(scope: &Scope, name: &SecretRef) -> String {
    format!("{}{name}", prefix_of(scope))
}

fn prefix_of(scope: &Scope) -> String {
    // A client's id has no colon.
    format!("{}:", scope.client().map_or("", ClientId::as_str))
}

fn check_name(name: &SecretRef) -> Result<()> {
    let is_fine = (1..=200).contains(&name.0.len()) && !name.0.chars().any(char::is_control);
    if is_fine {
        return Ok(());
    }
    Err(Error::invalid("secret.put", "a secret's name has 1 to 200 bytes and no control characters")
        .with_context("name", name.0.escape_debug()))
}

fn parse<T: for<'de> Deserialize<'de>>(record: &Record) -> Result<T> {
    T::deserialize(&record.value).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "secret.get", "the stored secret cannot be read")
            .with_context("name", &record.key)
            .with_source(error)
    })
}
