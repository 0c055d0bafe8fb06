//! SSH keys.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::cloud::SshKeys;
use byop_core::digest::Digest;
use byop_core::model::{RegionId, Resource, ResourceKind, SshKeyId};
use byop_core::{Error, ErrorKind, Result, Retry};
use serde_json::json;

use super::client::encode;
use super::error::{foreign, missing};
use super::servers::is_taken;
use super::{Ovh, wire};
use crate::http::{Method, Repeat};

const APPLY: &str = "ssh_key.apply";
/// The names of our keys: this and a part of the key's digest, so that the same key has the same name.
const START: &str = "byop-ssh--";

#[async_trait]
impl SshKeys for Ovh {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        let wanted = Blob::parse(public_key)?;
        if let Some(id) = self.find_ssh_key(region, &wanted).await? {
            return Ok(id);
        }
        let session = self.session();
        let path = session.path("/sshkey").await?;
        // Without a region it is good for all.
        let body = json!({ "name": wanted.name(), "publicKey": public_key.trim() });
        // The name is unique, so a second one is refused.
        let made: Result<wire::SshKey> =
            session.api.send(APPLY, Method::Post, &path, &body, Repeat::Keyed).await;
        match made {
            Ok(made) => Ok(SshKeyId(made.id)),
            Err(error) if is_taken(&error) => match self.find_ssh_key(region, &wanted).await? {
                Some(id) => Ok(id),
                None => Err(not_listed(error)),
            },
            Err(error) => Err(error),
        }
    }
}

impl Ovh {
    async fn list_ssh_keys(&self, operation: &'static str) -> Result<Vec<wire::SshKey>> {
        let session = self.session();
        session.api.list(operation, &session.path("/sshkey").await?).await
    }

    async fn find_ssh_key(&self, region: &RegionId, wanted: &Blob) -> Result<Option<SshKeyId>> {
        let serves = |key: &wire::SshKey| {
            let regions = key.regions.as_deref().unwrap_or_default();
            regions.is_empty() || regions.contains(&region.0)
        };
        let is_it = |key: &wire::SshKey| {
            key.public_key.as_deref().and_then(|text| Blob::parse(text).ok()).as_ref() == Some(wanted)
        };
        let mut all = self.list_ssh_keys(APPLY).await?.into_iter();
        Ok(all.find(|key| is_it(key) && serves(key)).map(|key| SshKeyId(key.id)))
    }

    pub(super) async fn ssh_key_name(&self, operation: &'static str, id: &str) -> Result<String> {
        let session = self.session();
        let path = session.path(&format!("/sshkey/{}", encode(id))).await?;
        let found: Option<wire::SshKey> = session.api.find(operation, &path).await?;
        found.and_then(|key| key.name).ok_or_else(|| missing(operation, "ssh_key", id))
    }

    pub(super) async fn ssh_key_resources(&self) -> Result<Vec<Resource>> {
        let ours = |key: wire::SshKey| {
            let name = key.name.filter(|name| is_ours(name))?;
            Some(Resource::new(ResourceKind::SshKey, key.id, name))
        };
        Ok(self.list_ssh_keys("resource.list").await?.into_iter().filter_map(ours).collect())
    }

    pub(super) async fn remove_ssh_key(&self, operation: &'static str, id: &str) -> Result<()> {
        let session = self.session();
        let path = session.path(&format!("/sshkey/{}", encode(id))).await?;
        let Some(found) = session.api.find::<wire::SshKey>(operation, &path).await? else { return Ok(()) };
        if !found.name.as_deref().is_some_and(is_ours) {
            return Err(foreign(operation, id));
        }
        session.api.delete(operation, &path).await
    }
}

/// It was brought a moment ago, and the list is late: only there its id can be read.
fn not_listed(error: Error) -> Error {
    Error::new(ErrorKind::Unavailable, APPLY, "the key is there, but not in the list yet")
        .with_retry(Retry::After(Duration::from_secs(10)))
        .with_remedy("try again in a moment")
        .with_source(error)
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(START)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A public key without what people write behind it.
#[derive(Debug, PartialEq, Eq)]
struct Blob {
    kind: String,
    body: String,
}

impl Blob {
    fn parse(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let found = words.next().zip(words.next()).filter(|(kind, body)| is_key(kind, body));
        let (kind, body) = found.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, APPLY, "this is no public key in OpenSSH's form")
                .with_remedy("give one line of the form `ssh-ed25519 AAAA...`")
        })?;
        Ok(Self { kind: kind.to_owned(), body: body.to_owned() })
    }

    fn name(&self) -> String {
        format!("{START}{}", Digest::of(format!("{} {}", self.kind, self.body)).short())
    }
}

/// The body says the kind again, behind its length.
fn is_key(kind: &str, body: &str) -> bool {
    const KINDS: [&str; 5] =
        ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
    let Ok(bytes) = STANDARD.decode(body) else { return false };
    let inner = bytes.get(4..4 + kind.len());
    KINDS.contains(&kind) && inner == Some(kind.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA0123456789abcdefghijklmnopqrstuvwxyzABCDEF";

    #[test]
    fn the_comment_of_a_key_does_not_count() {
        let (one, two) = (Blob::parse(KEY).unwrap(), Blob::parse(&format!(" {KEY} me@here\n")).unwrap());
        assert_eq!((&one, one.name()), (&two, two.name()));
        assert!(is_ours(&one.name()) && !is_ours("byop-ssh--") && !is_ours("byop-ssh") && !is_ours("laptop"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [
            "",
            "ssh-ed25519",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA01234567",
            "ssh-ed25519 AAA!",
            "ssh-dss AAAA",
        ] {
            assert!(Blob::parse(bad).is_err(), "{bad}");
        }
    }
}
