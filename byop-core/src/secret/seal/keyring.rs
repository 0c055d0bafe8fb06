//! The keys that an engine has: one to seal with, and those that came before it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::key::REMEDY;
use super::{Key, KeyId, Label, Sealed, open, seal};
use crate::error::{Error, ErrorKind, Result};
use crate::id::Entropy;
use crate::secret::Secret;

const OPERATION: &str = "keyring.open";
const VARIABLE: &str = "BYOP_KEY";
const FILE_VARIABLE: &str = "BYOP_KEY_FILE";
/// A thousand keys fit.
const MOST_BYTES: u64 = 64 << 10;

/// The keys of an engine. The first one seals; all of them open.
///
/// To change the key without stopping anything: give every engine the new key as a previous one, then give it to them
/// as the first and the old one as a previous one, call `Engine::rotate_keys`, and drop the old one.
#[derive(Debug, Clone)]
pub struct Keyring {
    primary: Key,
    previous: Vec<Key>,
}

impl Keyring {
    /// With one key.
    #[must_use]
    pub fn new(primary: Key) -> Self {
        Self { primary, previous: Vec::new() }
    }

    /// Adds a key that only opens what was sealed with it.
    #[must_use]
    pub fn with_previous(mut self, key: Key) -> Self {
        if self.find(key.id()).is_none() {
            self.previous.push(key);
        }
        self
    }

    /// Reads `BYOP_KEY`, or the file that `BYOP_KEY_FILE` names.
    ///
    /// # Errors
    /// `InvalidInput` when neither or both are set, or there is no key in it; those of [`from_file`](Self::from_file).
    pub fn from_env() -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        match (variable(VARIABLE), variable(FILE_VARIABLE)) {
            (Some(text), None) => {
                let text = Zeroizing::new(text.to_string_lossy().into_owned());
                Self::parse(&text).map_err(|error| error.with_context("variable", VARIABLE))
            }
            (None, Some(path)) => Self::from_file(path),
            (None, None) => Err(Error::invalid(OPERATION, "there is no key for secrets")
                .with_context("variable", VARIABLE)
                .with_remedy(format!(
                    "set {VARIABLE}, or {FILE_VARIABLE} to the path of a key file; {REMEDY}"
                ))),
            (Some(_), Some(_)) => Err(Error::invalid(OPERATION, "the key is given twice")
                .with_context("variable", format!("{VARIABLE} and {FILE_VARIABLE}"))
                .with_remedy("set one of them")),
        }
    }

    /// Reads a file with one key on each line: the one that seals, then previous ones. Lines with `#` are comments.
    ///
    /// # Errors
    /// `NotFound`; `PermissionDenied` when it cannot be read, or others than its owner can; `InvalidInput` when there
    /// is no key in it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        read(path)
            .and_then(|text| Self::parse(&text))
            .map_err(|error| error.with_context("file", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let mut keys =
            lines.flat_map(|line| line.split([',', ' ', '\t'])).filter(|part| !part.trim().is_empty());
        let primary = keys
            .next()
            .ok_or_else(|| Error::invalid(OPERATION, "there is no key in it").with_remedy(REMEDY))?;
        keys.try_fold(Self::new(Key::parse(primary)?), |ring, key| Ok(ring.with_previous(Key::parse(key)?)))
    }

    /// The key that seals.
    #[must_use]
    pub fn primary(&self) -> &KeyId {
        self.primary.id()
    }

    /// Every key.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        std::iter::once(&self.primary).chain(&self.previous).map(Key::id)
    }

    fn find(&self, id: &KeyId) -> Option<&Key> {
        std::iter::once(&self.primary).chain(&self.previous).find(|key| key.id() == id)
    }

    /// Seals a value.
    ///
    /// # Errors
    /// `Unavailable` when there is no randomness.
    pub fn seal(&self, label: &Label<'_>, value: &Secret, entropy: &dyn Entropy) -> Result<Sealed> {
        seal(&self.primary, label, value, entropy)
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// `Unauthenticated`, with the ids of the key that is needed and of those that are there; `Corrupt` when it was
    /// changed, or is not what the label says.
    pub fn open(&self, label: &Label<'_>, sealed: &Sealed) -> Result<Secret> {
        let key = self.find(sealed.key()).ok_or_else(|| {
            let given: Vec<&str> = self.ids().map(KeyId::as_str).collect();
            missing(sealed.key(), &given.join(", ")).with_context("name", label.name)
        })?;
        open(key, label, sealed)
    }
}

/// The error of who has another key, or none.
pub(crate) fn missing(needed: &KeyId, given: &str) -> Error {
    let message = "the stored secrets are sealed with a key that is not given; they are all still there";
    Error::new(ErrorKind::Unauthenticated, "secret.open", message)
        .with_context("needed", needed)
        .with_context("given", if given.is_empty() { "none" } else { given })
        .with_remedy(format!(
            "give the engine the key {needed} as {VARIABLE}, in a key file or in its keyring"
        ))
}

fn read(path: &Path) -> Result<Zeroizing<String>> {
    let failed = |error: std::io::Error| {
        let (kind, message) = match error.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "there is no such key file"),
            _ => (ErrorKind::PermissionDenied, "the key file cannot be read"),
        };
        Error::new(kind, OPERATION, message)
            .with_remedy(format!("check the path, or {REMEDY} and store it with mode 0600"))
            .with_source(error)
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_mode(&metadata)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    std::str::from_utf8(&bytes)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Error::invalid(OPERATION, "the key file is not text").with_remedy(REMEDY))
}

#[cfg(unix)]
fn check_mode(metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            OPERATION,
            "others than its owner can reach the key file",
        )
        .with_context("mode", format!("{mode:04o}"))
        .with_remedy("run `chmod 600` on it, and change the key if others may have read it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &std::fs::Metadata) -> Result<()> {
    Ok(())
}
