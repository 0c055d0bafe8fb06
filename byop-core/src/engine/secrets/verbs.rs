//! What an embedding program does with the secrets that the engine keeps.

use serde_json::json;

use super::{KeyRotation, StoredSecret};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::model::AuditEntry;
use crate::secret::{Secret, SecretRef};
use crate::store::Scope;

impl Engine {
    /// Keeps a secret, sealed in the store. Specs refer to it by its name, after those of the program's own source. An
    /// app that has it gets a new value with its next deployment. The same value again changes nothing.
    ///
    /// A value of less than four bytes is kept, but cannot be taken out of logs.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name; `Unauthenticated` when the engine has no key, or another one than the stored
    /// secrets need; `Conflict` when others write the same secret all the time.
    pub async fn put_secret(&self, name: &SecretRef, value: &Secret) -> Result<StoredSecret> {
        let secret = self.inner.vault.put(&self.scope, name, value, self.inner.clock.now()).await?;
        self.audit_secret("secret.put", name.0.as_str(), json!({ "version": secret.version })).await?;
        Ok(secret)
    }

    /// The secrets that the engine keeps, in order of name and without their values.
    ///
    /// # Errors
    /// `Unauthenticated` when the engine has not the key that they need.
    pub async fn list_secrets(&self) -> Result<Vec<StoredSecret>> {
        self.inner.vault.ready().await?;
        self.inner.vault.list(&self.scope).await
    }

    /// Forgets a secret. What runs keeps it; what refers to it cannot be deployed any more. Missing: `Ok`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn delete_secret(&self, name: &SecretRef) -> Result<()> {
        self.inner.vault.delete(&self.scope, name).await?;
        self.audit_secret("secret.delete", name.0.as_str(), json!({})).await
    }

    /// Seals every secret of every client under the first key of the keyring, so that the others are not needed any
    /// more. Everything goes on meanwhile. When it is broken off, all can be read with both keys; call it again.
    ///
    /// # Errors
    /// `Unauthenticated` when the engine has no key, or not one that a secret needs; `PermissionDenied` for a handle
    /// of a client; `Corrupt` for a secret that was changed.
    pub async fn rotate_keys(&self) -> Result<KeyRotation> {
        if self.scope != Scope::Platform {
            return Err(Error::new(ErrorKind::PermissionDenied, "key.rotate", "keys are the platform's")
                .with_remedy("use the engine's own handle, not one of a client"));
        }
        let rotation = self.inner.vault.rotate().await?;
        let details = json!({ "resealed": rotation.resealed, "kept": rotation.kept });
        self.audit_secret("key.rotate", rotation.key.as_str(), details).await?;
        Ok(rotation)
    }

    async fn audit_secret(&self, action: &str, name: &str, details: serde_json::Value) -> Result<()> {
        let noun = action.split('.').next().unwrap_or_default();
        let mut entry = AuditEntry::new(action, format!("{noun}/{name}"));
        entry.client = self.scope.client().cloned();
        entry.actor.clone_from(&self.actor);
        entry.details = details;
        self.inner.store.append_audit(&self.scope, entry).await.map(drop)
    }
}
