//! Secrets at rest: sealed so that only who has the key can read them, and nobody can change or swap them unnoticed.
//!
//! Each value is sealed with ChaCha20-Poly1305 (RFC 8439) under a key of its own, which HKDF-SHA-256 (RFC 5869) makes
//! from the [`Key`] and 32 random bytes: a nonce is never used twice under one key, however many values there are.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::id::Entropy;

mod key;
mod keyring;

pub use key::{Key, KeyId};
pub use keyring::Keyring;
pub(crate) use keyring::missing;

const SALT: usize = 32;
const PURPOSE: &[u8] = b"byop sealed value v1";

/// A sealed value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    format: Format,
    key: KeyId,
    salt: String,
    ciphertext: String,
}

/// The ways of sealing; new ones are added beside the old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    V1,
}

impl Sealed {
    /// The key that opens it.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        &self.key
    }
}

/// What a sealed value is, so that one cannot be put in the place of another: where it is stored, its name there and
/// which version of it this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'a> {
    /// The collection.
    pub collection: &'a str,
    /// The name in the collection.
    pub name: &'a str,
    /// The version of the value.
    pub version: u64,
}

impl Label<'_> {
    fn associated_data(&self, key: &KeyId) -> Vec<u8> {
        let mut data = PURPOSE.to_vec();
        for field in [self.collection, self.name, key.as_str(), &self.version.to_string()] {
            data.extend_from_slice(&(field.len() as u64).to_le_bytes());
            data.extend_from_slice(field.as_bytes());
        }
        data
    }
}

fn seal(key: &Key, label: &Label<'_>, value: &Secret, entropy: &dyn Entropy) -> Result<Sealed> {
    let salt: [u8; SALT] = key::random(entropy)?;
    let mut text = value.expose().as_bytes().to_vec();
    let aad = Aad::from(label.associated_data(key.id()));
    data_key(key, &salt)?
        .seal_in_place_append_tag(nonce(), aad, &mut text)
        .map_err(|_| internal("the value cannot be sealed").with_context("name", label.name))?;
    Ok(Sealed {
        format: Format::V1,
        key: key.id().clone(),
        salt: key::to_base64(&salt),
        ciphertext: key::to_base64(&text),
    })
}

fn open(key: &Key, label: &Label<'_>, sealed: &Sealed) -> Result<Secret> {
    let corrupt = || {
        Error::new(ErrorKind::Corrupt, "secret.open", "a sealed secret was changed or damaged")
            .with_context("name", label.name)
            .with_context("key", key.id())
            .with_remedy("restore the store from a backup, or put the secret again")
    };
    let salt = key::from_base64(&sealed.salt).ok_or_else(corrupt)?;
    let mut text = zeroize::Zeroizing::new(key::from_base64(&sealed.ciphertext).ok_or_else(corrupt)?);
    let aad = Aad::from(label.associated_data(key.id()));
    let plain = data_key(key, &salt)?.open_in_place(nonce(), aad, &mut text).map_err(|_| corrupt())?;
    std::str::from_utf8(plain).map(Secret::new).map_err(|_| corrupt())
}

/// The key of one value.
fn data_key(key: &Key, salt: &[u8]) -> Result<LessSafeKey> {
    let derived = Salt::new(HKDF_SHA256, salt).extract(key.bytes());
    let key = derived.expand(&[PURPOSE], &CHACHA20_POLY1305).map(UnboundKey::from);
    key.map(LessSafeKey::new).map_err(|_| internal("a key cannot be derived"))
}

/// Each value has a key of its own, and so all may have the same nonce.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// What tells two values apart without telling anything of them, to those who have the key.
pub(crate) fn fingerprint(key: &Secret, name: &str, value: &Secret) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
    context.update(&(name.len() as u64).to_le_bytes());
    context.update(name.as_bytes());
    context.update(value.expose().as_bytes());
    key::to_hex(&context.sign().as_ref()[..16])
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, "secret.seal", message)
}

#[cfg(test)]
mod tests;
