//! SSH keys, which the engine remembers for us; cloud-init brings them to the servers that are made with them.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{DockerCloud, catalog, foreign};
use crate::cloud::SshKeys;
use crate::digest::Digest;
use crate::docker::Docker;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{RegionId, Resource, ResourceKind, SshKeyId};

/// The mark, with the public key.
const KEY: &str = "byop.ssh-key";
const APPLY: &str = "ssh_key.apply";

#[async_trait]
impl SshKeys for DockerCloud {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        catalog::check_region(APPLY, region)?;
        let (public_key, name) = parse(public_key)?;
        let applied = self.engine.apply_note(&name, KEY, &public_key).await;
        applied.map_err(|error| error.with_operation(APPLY))?;
        Ok(SshKeyId(name))
    }
}

/// A public key on one line, and the name that follows from it.
fn parse(text: &str) -> Result<(String, String)> {
    let mut words = text.split_whitespace();
    let (kind, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // The code begins with the length and the name of its kind.
    let is_key = STANDARD.decode(code).is_ok_and(|bytes| {
        bytes.strip_prefix(&[0, 0, 0][..]).is_some_and(|rest| {
            rest.first() == u8::try_from(kind.len()).ok().as_ref() && rest[1..].starts_with(kind.as_bytes())
        })
    });
    if !is_key || kind.is_empty() || text.trim().contains(['\n', '\r']) {
        return Err(Error::invalid(APPLY, "this is not a public key").with_remedy(
            "give one line such as `ssh-ed25519 AAAA... name`, the text of a file that ends in .pub",
        ));
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok((line, format!("byop-ssh-key-{}", Digest::of(format!("{kind} {code}")).short())))
}

/// The public key of this id.
pub(super) async fn find(engine: &Docker, operation: &'static str, id: &SshKeyId) -> Result<String> {
    match engine.note(&id.0, KEY).await {
        Ok(note) => note.text.ok_or_else(|| super::missing(operation, "ssh_key", id)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(super::missing(operation, "ssh_key", id)),
        Err(error) => Err(error.with_operation(operation)),
    }
}

pub(super) async fn list(engine: &Docker) -> Result<Vec<Resource>> {
    let notes = engine.notes(KEY).await.map_err(|error| error.with_operation("resource.list"))?;
    let resource = |note: crate::docker::note::Note| {
        // Keys are known by what stands behind them.
        let name = note.text.as_deref().and_then(|text| text.splitn(3, ' ').nth(2));
        let mut resource = Resource::new(ResourceKind::SshKey, &note.name, name.unwrap_or(&note.name));
        resource.region = Some(catalog::region());
        resource.created_at = note.created_at;
        resource
    };
    Ok(notes.into_iter().map(resource).collect())
}

pub(super) async fn delete(engine: &Docker, id: &str) -> Result<()> {
    const DELETE: &str = "ssh_key.delete";
    match engine.note(id, KEY).await {
        Ok(note) if note.text.is_none() => Err(foreign(DELETE, "ssh_key", id)),
        Ok(_) => engine.remove_note(id).await.map_err(|error| error.with_operation(DELETE)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.with_operation(DELETE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_whatever_stands_behind_it() {
        let code = "AAAAC3NzaC1lZDI1NTE5AAAAIHmhBMGm3JBnTSYzcEmQ6KG1kWYv8RmM8cE1Pvq1cXkZ";
        let (line, name) = parse(&format!(" ssh-ed25519  {code} ann@example \n")).unwrap();
        assert_eq!(line, format!("ssh-ed25519 {code} ann@example"));
        assert_eq!(parse(&format!("ssh-ed25519 {code}")).unwrap().1, name);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let code = "AAAAC3NzaC1lZDI1NTE5AAAAIHmhBMGm3JBnTSYzcEmQ6KG1kWYv8RmM8cE1Pvq1cXkZ";
        for bad in
            ["", "no key", "ssh-ed25519", &format!("ssh-rsa {code}"), &format!("ssh-ed25519 {code}\nssh-x y")]
        {
            assert_eq!(parse(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
