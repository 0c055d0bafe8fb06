//! Where the secrets of apps come from: the embedding program's source first, then those that the engine keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::Inner;
use super::redaction::Redaction;
use crate::error::Result;
use crate::secret::{Secret, SecretRef, SecretSource};
use crate::store::Scope;

#[cfg(feature = "seal")]
mod vault;
#[cfg(feature = "seal")]
mod verbs;

#[cfg(feature = "seal")]
pub(in crate::engine) use vault::Vault;
#[cfg(feature = "seal")]
pub use vault::{KeyRotation, StoredSecret};

/// The secrets that one owner's apps may have.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    program: Arc<dyn SecretSource>,
    #[cfg(feature = "seal")]
    vault: Arc<Vault>,
    #[cfg(feature = "seal")]
    scope: Scope,
}

impl Inner {
    #[cfg_attr(not(feature = "seal"), allow(unused_variables))]
    pub(super) fn secrets_of(&self, scope: &Scope) -> Secrets {
        Secrets {
            program: Arc::clone(&self.secrets),
            #[cfg(feature = "seal")]
            vault: Arc::clone(&self.vault),
            #[cfg(feature = "seal")]
            scope: scope.clone(),
        }
    }
}

#[async_trait]
impl SecretSource for Secrets {
    #[cfg(feature = "seal")]
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        match self.program.get_secret(name).await {
            Err(error) if error.kind() == crate::error::ErrorKind::NotFound => {
                self.vault.find(&self.scope, name).await?.ok_or(error)
            }
            other => other,
        }
    }

    #[cfg(not(feature = "seal"))]
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        self.program.get_secret(name).await
    }
}

impl Secrets {
    /// Values that a secret had until lately: what runs may still have one, and print it.
    #[cfg(feature = "seal")]
    pub(super) async fn previous(&self, name: &SecretRef) -> Vec<Secret> {
        self.vault.previous(&self.scope, name).await.unwrap_or_default()
    }

    #[cfg(not(feature = "seal"))]
    pub(super) async fn previous(&self, _: &SecretRef) -> Vec<Secret> {
        Vec::new()
    }

    /// What tells the values of secrets from those that they had before; `None` for one without a key to tell it with.
    pub(super) async fn fingerprints<'a>(
        &self,
        names: impl Iterator<Item = &'a SecretRef>,
    ) -> Result<BTreeMap<SecretRef, Option<String>>> {
        let mut fingerprints = BTreeMap::new();
        for name in names {
            let value = self.get_secret(name).await?;
            fingerprints.insert(name.clone(), self.fingerprint(name, &value).await?);
        }
        Ok(fingerprints)
    }

    /// What tells this value of a secret from others, and nothing more; `None` without a key to make it with.
    #[cfg(feature = "seal")]
    async fn fingerprint(&self, name: &SecretRef, value: &Secret) -> Result<Option<String>> {
        let key = self.vault.ready().await?;
        Ok(key.map(|key| crate::secret::seal::fingerprint(key, &name.0, value)))
    }

    #[cfg(not(feature = "seal"))]
    async fn fingerprint(&self, _: &SecretRef, _: &Secret) -> Result<Option<String>> {
        Ok(None)
    }
}

/// The secrets as one job sees them: each has one value for all of its steps, and is taken out of all that it tells.
#[derive(Debug)]
pub(super) struct JobSecrets {
    secrets: Secrets,
    redaction: Arc<Redaction>,
    known: Mutex<BTreeMap<SecretRef, Secret>>,
}

impl JobSecrets {
    pub(super) fn new(secrets: Secrets, redaction: Arc<Redaction>) -> Self {
        Self { secrets, redaction, known: Mutex::default() }
    }

    /// What tells the values of secrets from those that they had before; `None` for one without a key to tell it with.
    pub(super) async fn fingerprints<'a>(
        &self,
        names: impl Iterator<Item = &'a SecretRef>,
    ) -> Result<BTreeMap<SecretRef, Option<String>>> {
        let mut fingerprints = BTreeMap::new();
        for name in names {
            let value = self.get_secret(name).await?;
            fingerprints.insert(name.clone(), self.secrets.fingerprint(name, &value).await?);
        }
        Ok(fingerprints)
    }
}

#[async_trait]
impl SecretSource for JobSecrets {
    async fn get_secret(&self, name: &SecretRef) -> Result<Secret> {
        let mut known = self.known.lock().await;
        if let Some(value) = known.get(name) {
            return Ok(value.clone());
        }
        let value = self.secrets.get_secret(name).await?;
        self.redaction.learn([value.clone()]);
        known.insert(name.clone(), value.clone());
        Ok(value)
    }
}
