//! SSH keys: key pairs of EC2, of which only the public half is known there.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::cloud::SshKeys;
use byop_core::digest::Digest;
use byop_core::model::{RegionId, SshKeyId};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::{Age, Form};
use super::convert::{self, is_ours};
use super::error::has_code;
use super::locate::foreign;
use super::wire::KeyPair;
use crate::http::Repeat;

const APPLY: &str = "ssh_key.apply";

#[async_trait]
impl SshKeys for Aws {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        self.check_region(APPLY, region).await?;
        let (line, name) = check(public_key)?;
        let tags = convert::tags(&name, None, &std::collections::BTreeMap::new());
        let form = Form::new("ImportKeyPair")
            .with("KeyName", &name)
            .with("PublicKeyMaterial", STANDARD.encode(line))
            .with_tags(&["key-pair"], &tags);
        let how = (Repeat::Keyed, Age::Settled);
        match self.api.ec2_as(APPLY, &region.0, form, how, |_| ()).await {
            // Its name is its digest, so one of the same name is the same.
            Err(error) if has_code(&error, "InvalidKeyPair.Duplicate") => {}
            other => other?,
        }
        Ok(SshKeyId(convert::id(&region.0, &name)))
    }
}

impl Aws {
    pub(super) async fn delete_ssh_key(&self, operation: &'static str, id: &str) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        let form = Form::new("DescribeKeyPairs").with("KeyName.1", name);
        let found = match self.api.ec2(operation, region, form, KeyPair::list).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let Some(key) = found.iter().find(|key| key.name == name) else { return Ok(()) };
        if !is_ours(&key.tags) {
            return Err(foreign(operation, id));
        }
        let form = Form::new("DeleteKeyPair").with("KeyName", name);
        match self.api.ec2(operation, region, form, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// The key without its comment, and its name at the vendor: from the key itself, so that the same key has the same.
fn check(public_key: &str) -> Result<(String, String)> {
    let refused = |why: &'static str| {
        Error::invalid(APPLY, why)
            .with_remedy("give the line of a .pub file: ssh-ed25519 or ssh-rsa, the key, and a comment")
    };
    let mut parts = public_key.split_whitespace();
    let (kind, blob) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !matches!(kind, "ssh-ed25519" | "ssh-rsa") {
        return Err(refused("this is no SSH key of a kind that AWS takes"));
    }
    let bytes = STANDARD.decode(blob.trim_end_matches('=')).or_else(|_| STANDARD.decode(blob));
    let bytes = bytes.map_err(|_| refused("this SSH key is damaged"))?;
    // It begins with its kind, after its length.
    if bytes.get(4..4 + kind.len()) != Some(kind.as_bytes()) {
        return Err(refused("this SSH key is damaged"));
    }
    let digest = Digest::of(&bytes);
    let name = format!("byop-{}", digest.as_str().get(7..23).unwrap_or_default());
    Ok((format!("{kind} {blob}"), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAabcdefghijklmnopqrstuvwxyz0123456789abcdef";

    #[test]
    fn a_key_has_the_same_name_whatever_its_comment() {
        let (line, name) = check(&format!("{KEY} me@laptop")).unwrap();
        assert_eq!((line.as_str(), &name), (KEY, &check(KEY).unwrap().1));
        assert!(name.starts_with("byop-") && name.len() == 21);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [
            "",
            "no key",
            "ssh-ed25519",
            "ssh-ed25519 ***",
            "ssh-dss AAAA",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
        ] {
            assert_eq!(check(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
