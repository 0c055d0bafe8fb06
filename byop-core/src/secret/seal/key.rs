//! The key that everything is sealed under.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::id::Entropy;
use crate::secret::Secret;

const LENGTH: usize = 32;

/// A key of 256 bits. It never shows itself; its [`KeyId`] may be shown.
///
/// ```
/// use byop_core::id::SystemEntropy;
/// use byop_core::secret::Key;
///
/// let key = Key::generate(&SystemEntropy)?;
/// // What goes into BYOP_KEY or a key file:
/// let text = key.to_text();
/// assert_eq!(Key::parse(text.expose())?.id(), key.id());
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; LENGTH]>,
    id: KeyId,
}

/// Identifies a key without revealing it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KeyId(String);

impl Key {
    /// A new key.
    ///
    /// # Errors
    /// `Unavailable` when there is no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        Ok(Self::new(&Zeroizing::new(random(entropy)?)))
    }

    /// The key of these bytes, such as an HSM or a vault gives.
    #[must_use]
    pub fn new(bytes: &[u8; LENGTH]) -> Self {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let id = KeyId(format!("key_{}", to_hex(&hmac::sign(&mac, b"byop key id").as_ref()[..8])));
        Self { bytes: Zeroizing::new(*bytes), id }
    }

    /// Reads 32 bytes in base64 or in hexadecimal.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(if text.len() == 2 * LENGTH { from_hex(text) } else { from_base64(text) });
        let bytes: Option<&[u8; LENGTH]> = bytes.as_deref().and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| {
            // The text is a key, if a broken one: it is not repeated.
            Error::invalid("key.parse", "a key is 32 bytes in base64 or in hexadecimal")
                .with_context("characters", text.chars().count())
                .with_remedy(REMEDY)
        })?;
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(Error::invalid("key.parse", "a key must be random bytes").with_remedy(REMEDY));
        }
        Ok(Self::new(bytes))
    }

    /// The key as text: base64.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.bytes.as_slice()))
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }
}

pub(super) const REMEDY: &str = "make one with `openssl rand -base64 32`";

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl KeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Random bytes. A source that fails leaves zeros, which must not become anybody's key.
pub(super) fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(Error::new(ErrorKind::Unavailable, "secret.seal", "the system gives no random bytes")
            .with_remedy("try again once the system has started up"));
    }
    Ok(bytes)
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    text.as_bytes().chunks(2).map(byte).collect()
}
