//! What the user gave to get in, and to know the server by. Files are copied into the folder that git works in, so that
//! their paths need no quoting for the shell, git and ssh, and what is wrong with them is told by us.

use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine as _;

use super::OPERATION;
use super::address::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::model::GitSource;
use crate::secret::{Secret, SecretSource};
use crate::source::blocking;

/// The bundle of all public authorities has a quarter of this.
const MOST_BYTES: u64 = 1 << 20;
pub(super) const AUTHORITIES: &str = "authorities.pem";
const KNOWN_HOSTS: &str = "known_hosts";
const IDENTITY: &str = "identity";
/// How the body of an OpenSSH key starts that is not encrypted.
const OPEN_KEY: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbm";

#[derive(Debug, Default)]
pub(super) struct Access {
    /// The credential as it is sent.
    basic: Option<Secret>,
    /// The credential in every form that the other side could repeat.
    hidden: Vec<Secret>,
    authorities: Option<Vec<u8>>,
    known_hosts: Option<Vec<u8>>,
    identity: Option<Secret>,
}

impl Access {
    /// Takes what the source names, when it fits the address.
    pub(super) async fn gather(
        source: &GitSource,
        address: &Address,
        secrets: &dyn SecretSource,
    ) -> Result<Self> {
        check_fit(source, address)?;
        let mut access = match &source.credential {
            Some(name) => Self::default().with_credential(secrets.get_secret(name).await?)?,
            None => Self::default(),
        };
        if let Some(name) = &source.identity {
            let key = private_key(&secrets.get_secret(name).await?);
            access.identity = Some(key.map_err(|error| error.with_context("identity", name))?);
        }
        let (ca_file, known_hosts) = (source.ca_file.clone(), source.known_hosts.clone());
        let files = blocking(move |_| {
            let authorities = ca_file.map(|path| read("ca_file", &path)).transpose()?;
            Ok((authorities, known_hosts.map(|path| read("known_hosts", &path)).transpose()?))
        });
        (access.authorities, access.known_hosts) = files.await?;
        let is_pem = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("-----BEGIN CERTIFICATE-----");
        if let (Some(bytes), Some(path)) = (&access.authorities, &source.ca_file)
            && !is_pem(bytes)
        {
            return Err(Error::invalid(OPERATION, "the file of authorities holds no certificate")
                .with_context("ca_file", path.display())
                .with_remedy("give a file with certificates in PEM form"));
        }
        Ok(access)
    }

    pub(super) fn with_credential(mut self, credential: Secret) -> Result<Self> {
        let text = credential.expose().trim_end_matches(['\r', '\n']);
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Error::invalid(OPERATION, "the credential is empty or has a control character")
                .with_remedy("store the token alone, or `user:token`"));
        }
        // Hosts take a token with any user name; those that do not are given `user:token`.
        let pair = if text.contains(':') { text.to_owned() } else { format!("x-access-token:{text}") };
        let basic = Secret::new(base64::engine::general_purpose::STANDARD.encode(&pair));
        let token = pair.split_once(':').map_or("", |pair| pair.1);
        self.hidden = vec![Secret::new(text), Secret::new(token), basic.clone()];
        self.basic = Some(basic);
        Ok(self)
    }

    /// The header that carries the credential.
    pub(super) fn header(&self) -> Option<String> {
        self.basic.as_ref().map(|basic| format!("Authorization: Basic {}", basic.expose()))
    }

    pub(super) fn has_authorities(&self) -> bool {
        self.authorities.is_some()
    }

    /// What must not be shown.
    pub(super) fn hidden(&self) -> &[Secret] {
        &self.hidden
    }

    /// Puts the files into the folder, for its user alone.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let identity = self.identity.as_ref().map(|key| key.expose().as_bytes());
        for (name, bytes) in [
            (AUTHORITIES, self.authorities.as_deref()),
            (KNOWN_HOSTS, self.known_hosts.as_deref()),
            (IDENTITY, identity),
        ] {
            let Some(bytes) = bytes else { continue };
            let mut file = std::fs::OpenOptions::new();
            file.write(true).create_new(true).mode(0o600).open(folder.join(name))?.write_all(bytes)?;
        }
        Ok(())
    }

    /// Options of ssh. Paths are relative to the repository, which is below the folder.
    pub(super) fn ssh_options(&self) -> String {
        let mut options = String::new();
        if self.known_hosts.is_some() {
            options.push_str(&format!(
                " -o UserKnownHostsFile=../{KNOWN_HOSTS} -o GlobalKnownHostsFile=/dev/null \
                 -o KnownHostsCommand=none -o VerifyHostKeyDNS=no"
            ));
        }
        if self.identity.is_some() {
            // Who has one key must not get in by another that this machine happens to have.
            options
                .push_str(&format!(" -F none -i ../{IDENTITY} -o IdentitiesOnly=yes -o IdentityAgent=none"));
        }
        options
    }
}

/// Removes the private key, whatever else stays.
pub(super) fn forget_identity(folder: &Path) {
    // Most sources have none.
    let _ = std::fs::remove_file(folder.join(IDENTITY));
}

fn check_fit(source: &GitSource, address: &Address) -> Result<()> {
    let (https, ssh) = (matches!(address, Address::Https { .. }), matches!(address, Address::Ssh { .. }));
    for (key, is_given, fits, scheme) in [
        ("credential", source.credential.is_some(), https, "https"),
        ("ca_file", source.ca_file.is_some(), https, "https"),
        ("known_hosts", source.known_hosts.is_some(), ssh, "ssh"),
        ("identity", source.identity.is_some(), ssh, "ssh"),
    ] {
        if is_given && !fits {
            return Err(Error::invalid(OPERATION, format!("`{key}` is for {scheme} only"))
                .with_context("key", key)
                .with_remedy(format!("leave `{key}` out, or use the repository's {scheme} address")));
        }
    }
    Ok(())
}

/// A regular file: anything else might never end.
fn read(key: &'static str, path: &Path) -> Result<Vec<u8>> {
    let told = |error: Error| {
        error
            .with_context(key, path.display())
            .with_remedy("give a file that the user that runs byop can read")
    };
    let fault = |error: io::Error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::InvalidInput,
        };
        told(Error::new(kind, OPERATION, "a file that the source names cannot be read").with_source(error))
    };
    if !std::fs::metadata(path).map_err(fault)?.is_file() {
        return Err(told(Error::invalid(OPERATION, "what the source names is no file")));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(fault)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(told(Error::invalid(OPERATION, "a file that the source names is too large")));
    }
    Ok(bytes)
}

/// The key as ssh takes it; what is stored as a secret often lost its last newline.
fn private_key(secret: &Secret) -> Result<Secret> {
    let text = secret.expose().trim().replace("\r\n", "\n");
    let refuse = |fault: &str, remedy: &str| Err(Error::invalid(OPERATION, fault).with_remedy(remedy));
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if !(first.starts_with("-----BEGIN ") && first.ends_with("PRIVATE KEY-----")) {
        return refuse("the identity is no private key", "store the whole file, such as ~/.ssh/id_ed25519");
    }
    let is_openssh = first.contains("OPENSSH");
    if first.contains("ENCRYPTED")
        || text.contains("Proc-Type: 4,ENCRYPTED")
        || (is_openssh && !lines.next().is_some_and(|line| line.starts_with(OPEN_KEY)))
    {
        return refuse(
            "the private key has a passphrase",
            "make a key for this purpose alone, without a passphrase: ssh-keygen -t ed25519 -N ''",
        );
    }
    Ok(Secret::new(text + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{MemorySecrets, SecretRef};

    async fn gather(source: &GitSource) -> Result<Access> {
        let secrets = MemorySecrets::new().with_secret("a", "hunter2 secret");
        Access::gather(source, &Address::parse(&source.url).unwrap(), &secrets).await
    }

    #[tokio::test]
    async fn what_does_not_fit_the_address_is_refused() {
        let name = || Some(SecretRef("a".to_owned()));
        let (https, ssh) = (GitSource::new("https://a.example/b"), GitSource::new("ssh://a.example/b"));
        for (key, source) in [
            ("credential", GitSource { credential: name(), ..ssh.clone() }),
            ("credential", GitSource { credential: name(), ..GitSource::new("/srv/b") }),
            ("ca_file", GitSource { ca_file: Some("/a".into()), ..ssh }),
            ("known_hosts", GitSource { known_hosts: Some("/a".into()), ..https.clone() }),
            ("identity", GitSource { identity: name(), ..https }),
        ] {
            let error = gather(&source).await.unwrap_err();
            assert_eq!((error.kind(), error.context("key")), (ErrorKind::InvalidInput, Some(key)));
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_is_named() {
        let dir = tempfile::TempDir::new().unwrap();
        let (text, large) = (dir.path().join("text"), dir.path().join("large"));
        std::fs::write(&text, "no certificate").unwrap();
        std::fs::write(&large, vec![b'a'; 2 << 20]).unwrap();
        for (path, kind) in [
            (dir.path().join("none"), ErrorKind::NotFound),
            (dir.path().to_owned(), ErrorKind::InvalidInput),
            (text, ErrorKind::InvalidInput),
            (large, ErrorKind::InvalidInput),
        ] {
            let source = GitSource { ca_file: Some(path.clone()), ..GitSource::new("https://a.example/b") };
            let error = gather(&source).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error:?}");
            assert_eq!(error.context("ca_file"), path.to_str());
        }
    }

    #[tokio::test]
    async fn an_identity_that_is_no_key_is_refused_without_being_quoted() {
        let identity = Some(SecretRef("a".to_owned()));
        let source = GitSource { identity, ..GitSource::new("ssh://a.example/b") };
        let error = gather(&source).await.unwrap_err();
        assert_eq!((error.kind(), error.context("identity")), (ErrorKind::InvalidInput, Some("a")));
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[test]
    fn a_key_is_written_as_ssh_wants_it_and_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::TempDir::new().unwrap();
        let kind = concat!("PRIVATE ", "KEY-----");
        let stored = format!("\n-----BEGIN OPENSSH {kind}\r\n{OPEN_KEY}UAA\r\n-----END OPENSSH {kind}");
        let identity = Some(private_key(&Secret::new(stored)).unwrap());
        Access { identity, ..Access::default() }.write(dir.path()).unwrap();
        let path = dir.path().join(IDENTITY);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("-----BEGIN OPENSSH {kind}\n{OPEN_KEY}UAA\n-----END OPENSSH {kind}\n"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_with_a_passphrase_is_refused() {
        let kind = concat!("PRIVATE ", "KEY-----");
        for text in [
            format!("-----BEGIN OPENSSH {kind}\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI\n"),
            format!("-----BEGIN RSA {kind}\nProc-Type: 4,ENCRYPTED\n"),
            format!("-----BEGIN ENCRYPTED {kind}\nMII\n"),
        ] {
            let error = private_key(&Secret::new(text)).unwrap_err();
            assert!(error.message().contains("passphrase"), "{error:?}");
        }
    }
}
