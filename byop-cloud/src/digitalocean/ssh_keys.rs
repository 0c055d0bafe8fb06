//! SSH keys.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::cloud::SshKeys;
use byop_core::digest::Digest;
use byop_core::model::{RegionId, SshKeyId};
use byop_core::{Error, ErrorKind, Result, Retry};
use md5::Digest as _;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::servers::foreign;
use super::{DigitalOcean, marks, wire};
use crate::http::Repeat;

const APPLY: &str = "ssh_key.apply";
const LIST: &str = "ssh_key.list";
/// Lists of keys have a limit of their own, so low that running into it would hold up everything else.
const LISTS: usize = 10;
/// A little more than a minute: requests do not all take the same time.
const LISTS_WITHIN: Duration = Duration::from_secs(61);

/// The lists of keys of one account: not more than its limit allows, and one for all who ask while they wait for it.
#[derive(Debug, Default)]
pub(super) struct KeyLists {
    /// Tickets tell what was asked before a list was begun.
    tickets: std::sync::atomic::AtomicU64,
    last: Mutex<LastList>,
}

#[derive(Debug, Default)]
struct LastList {
    ticket: u64,
    keys: Vec<wire::SshKey>,
    sent: VecDeque<Instant>,
}

impl LastList {
    /// Waits until one more request is allowed.
    async fn opening(&mut self) {
        while self.sent.len() >= LISTS {
            if let Some(first) = self.sent.pop_front() {
                sleep_until(first + LISTS_WITHIN).await;
            }
        }
        self.sent.push_back(Instant::now());
    }
}

impl DigitalOcean {
    /// All keys of the account, as they were at some time after this was called.
    pub(super) async fn list_ssh_keys(&self) -> Result<Vec<wire::SshKey>> {
        let ticket = || 1 + self.key_lists.tickets.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mine = ticket();
        let mut last = self.key_lists.last.lock().await;
        if last.ticket > mine {
            return Ok(last.keys.clone());
        }
        let mut begun = 0;
        let (mut keys, mut page) = (Vec::new(), Some(1));
        while let Some(number) = page {
            last.opening().await;
            // Who asks from here on may know of more than this list will show.
            if begun == 0 {
                begun = ticket();
            }
            let (found, next) = self.api.page(LIST, "account/keys", &[], "ssh_keys", number).await?;
            keys.extend::<Vec<wire::SshKey>>(found);
            page = next.filter(|next| *next > number);
        }
        last.ticket = begun;
        last.keys.clone_from(&keys);
        Ok(keys)
    }

    pub(super) async fn delete_ssh_key(&self, operation: &'static str, id: &str) -> Result<()> {
        let Ok(number) = id.parse::<u64>() else { return Ok(()) };
        let path = format!("account/keys/{number}");
        let Some(key) = self.api.find::<wire::SshKey>(operation, &path, "ssh_key").await? else {
            return Ok(());
        };
        if !marks::is_our_ssh_key(&key.name) {
            return Err(foreign(operation, id));
        }
        self.api.delete(operation, &path).await
    }
}

#[async_trait]
impl SshKeys for DigitalOcean {
    async fn apply_ssh_key(&self, _: &RegionId, public_key: &str) -> Result<SshKeyId> {
        let blob = blob(public_key)?;
        let path = format!("account/keys/{}", fingerprint(&blob));
        let found = |key: wire::SshKey| SshKeyId(key.id.to_string());
        if let Some(key) = self.api.find::<wire::SshKey>(APPLY, &path, "ssh_key").await? {
            return Ok(found(key));
        }
        let name = format!("byop-{}", &Digest::of(&blob).as_str()[7..23]);
        let body = wire::NewSshKey { name: &name, public_key: public_key.trim() };
        // An account has a key once only, so that a second request can do no harm.
        match self.api.create::<wire::SshKey>(APPLY, "account/keys", &body, "ssh_key", Repeat::Keyed).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let key = self.api.find(APPLY, &path, "ssh_key").await?;
                key.map(found).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Unavailable,
                        APPLY,
                        "the account has the key but does not show it yet",
                    )
                    .with_source(error)
                    .with_retry(Retry::Now)
                    .with_remedy("try again in some seconds")
                })
            }
            other => other.map(found),
        }
    }
}

/// The key itself: what stands between its kind and its comment.
fn blob(public_key: &str) -> Result<Vec<u8>> {
    let mut parts = public_key.split_whitespace();
    let (kind, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let blob = STANDARD.decode(text).unwrap_or_default();
    // It begins with its kind once more, after the length of that.
    let length = blob.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    let is_key = !kind.is_empty()
        && !public_key.trim().contains(['\n', '\r'])
        && blob.get(4..).and_then(|rest| rest.get(..length)) == Some(kind.as_bytes());
    if is_key {
        return Ok(blob);
    }
    Err(Error::invalid(APPLY, "this is no public key in OpenSSH's form")
        .with_remedy("give the one line of the file that ends in .pub, such as: ssh-ed25519 AAAA... name"))
}

/// As DigitalOcean names keys: MD5, in pairs of digits with colons between them.
fn fingerprint(blob: &[u8]) -> String {
    let pairs: Vec<_> = md5::Md5::digest(blob).iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}

/// The fingerprint of a public key, if it is one.
#[cfg(feature = "testing")]
pub(crate) fn fingerprint_of(public_key: &str) -> Option<String> {
    blob(public_key).ok().map(|blob| fingerprint(&blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnfMSJzHSgQv0JGVZVdQKBkKkr3zH1+3xm1uXbHXvqN someone@somewhere";

    #[test]
    fn a_fingerprint_is_that_of_the_key_without_its_comment() {
        let plain = KEY.rsplit_once(' ').unwrap().0;
        assert_eq!(fingerprint(&blob(KEY).unwrap()), fingerprint(&blob(plain).unwrap()));
        assert_eq!(fingerprint(b"abc"), "90:01:50:98:3c:d2:4f:b0:d6:96:3f:7d:28:e1:7f:72");
    }

    #[test]
    fn what_is_no_key_is_noticed() {
        let swapped = KEY.replacen("ssh-ed25519", "ssh-rsa", 1);
        let two = format!("{KEY}\n{KEY}");
        for bad in ["", "no key", "ssh-ed25519", "ssh-ed25519 ????", "ssh-ed25519 AAAA", &swapped, &two] {
            assert_eq!(blob(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
