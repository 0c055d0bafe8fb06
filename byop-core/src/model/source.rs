//! Where an application's files come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::image::ImageRef;
use crate::digest::Digest;
use crate::secret::SecretRef;

/// Where an application comes from: exactly one of these keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Source {
    /// A folder on this machine.
    Directory(PathBuf),
    /// A `.tar`, `.tar.gz`, `.tgz` or `.zip` file on this machine.
    Archive(Archive),
    /// A Git repository.
    Git(GitSource),
    /// A prebuilt image, which is not detected or built. It is pulled without credentials if the host does not have it:
    /// `docker pull` private images on the host first.
    Image(ImageRef),
}

/// An archive file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The file.
    pub path: PathBuf,
}

/// A Git repository and the revision to use.
///
/// ```
/// use byop_core::model::GitSource;
///
/// let source = GitSource { reference: Some("v1.2".into()), ..GitSource::new("https://git.example.com/team/app") };
/// assert_eq!(source.credential, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GitSource {
    /// `https://`, `ssh://`, `git@host:path`, or a local path, without credentials in it.
    pub url: String,
    /// A branch, tag or full commit id; the default branch when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// For `https`, the name of the secret with the token or password, or with `user:token` where the server expects a
    /// user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretRef>,
    /// For `https`, a PEM file with the certificate authorities to trust, for servers with a private one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// For `ssh`, a `known_hosts` file; that of the user that runs byop when absent. A host whose key is not in it is
    /// always refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_hosts: Option<PathBuf>,
    /// For `ssh`, the name of the secret with the private key, in OpenSSH or PEM form without a passphrase. With it,
    /// other keys and the ssh configuration of the user that runs byop are ignored; without it, they are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<SecretRef>,
}

impl GitSource {
    /// The default branch of a public repository.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            reference: None,
            credential: None,
            ca_file: None,
            known_hosts: None,
            identity: None,
        }
    }

    /// The address for people. One that holds credentials is refused later, and must not be told before.
    pub(crate) fn shown(&self) -> String {
        match self.url.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
            Some((scheme, Some((user, rest)))) if scheme != "ssh" || user.contains(':') => {
                format!("{scheme}://{rest}")
            }
            _ => self.url.clone(),
        }
    }
}

/// A source on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FetchedSource {
    /// Its folder.
    pub root: PathBuf,
    /// The commit of a Git source.
    pub revision: Option<String>,
    /// The digest of the tree.
    pub digest: Digest,
}

/// Bounds on what a source may contain, and on where it may come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SourceLimits {
    /// Files, folders and links together.
    pub entries: usize,
    /// Bytes of all files together, after unpacking.
    pub bytes: u64,
    /// Folders inside folders.
    pub depth: usize,
    /// Whether a repository may be on a private, loopback or link-local address. Off, so that a user of the embedding
    /// program cannot look into its network.
    pub allow_private_hosts: bool,
}

impl Default for SourceLimits {
    /// 50,000 entries, 4 GiB, 64 levels, public hosts only.
    fn default() -> Self {
        Self { entries: 50_000, bytes: 4 << 30, depth: 64, allow_private_hosts: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_a_password() {
        for (url, shown) in [
            ("https://user:hunter2@a.example/b", "https://a.example/b"),
            ("https://hunter2@a.example/b", "https://a.example/b"),
            ("https://user:p@ss/hunter2@a.example/b", "https://a.example/b"),
            ("ssh://git:hunter2@a.example/b", "ssh://a.example/b"),
            ("ssh://git@a.example/b", "ssh://git@a.example/b"),
            ("git@a.example:b", "git@a.example:b"),
            ("https://a.example/b", "https://a.example/b"),
        ] {
            assert_eq!(GitSource::new(url).shown(), shown);
        }
    }

    #[test]
    fn a_source_is_read_without_what_is_optional_and_never_with_more() {
        let read = serde_json::from_str::<GitSource>;
        assert_eq!(read(r#"{"url":"/a"}"#).unwrap(), GitSource::new("/a"));
        assert!(read(r#"{"url":"/a","identity":"key","known_hosts":"/k","ca_file":"/c"}"#).is_ok());
        assert!(read(r#"{"url":"/a","insecure":true}"#).is_err());
    }
}
