//! Simulated SSH keys.

use std::time::Duration;

use byop_core::model::ResourceKind;
use serde_json::{Value, json};

use super::answer::{Answer, Call, Refusal, done, one};
use super::state::{SshKey, State};
use crate::digitalocean::fingerprint_of;

/// Lists of keys that one minute allows.
pub(super) const LISTS: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

impl State {
    pub(super) fn find_ssh_key(&self, reference: &str) -> Option<u64> {
        let number = reference.parse().ok();
        let mut keys = self.ssh_keys.iter();
        keys.find(|(id, key)| Some(**id) == number || key.fingerprint == reference).map(|(id, _)| *id)
    }

    fn ssh_key_json(&self, id: u64) -> Value {
        let Some(key) = self.ssh_keys.get(&id) else { return Value::Null };
        json!({"id": id, "name": key.name, "public_key": key.public_key, "fingerprint": key.fingerprint})
    }

    pub(super) fn create_ssh_key(&mut self, call: &Call) -> Answer {
        let Some(fingerprint) = fingerprint_of(call.text("public_key")) else {
            return Err(Refusal::new(
                422,
                "Key invalid type, we support 'ssh-rsa', 'ssh-dss', 'ssh-ed25519'",
            ));
        };
        if self.find_ssh_key(&fingerprint).is_some() {
            return Err(Refusal::new(422, "SSH Key is already in use on your account"));
        }
        let id = self.add_ssh_key(call.text("name"), call.text("public_key"), fingerprint);
        one(201, "ssh_key", self.ssh_key_json(id))
    }

    pub(super) fn add_ssh_key(&mut self, name: &str, public_key: &str, fingerprint: String) -> u64 {
        let id = 512_000 + self.next();
        let listed_at = self.listed_at();
        let (name, public_key) = (name.to_owned(), public_key.to_owned());
        let is_ours = name.strip_prefix("byop-").is_some_and(|rest| rest.len() == 16);
        self.enter(ResourceKind::SshKey, &id.to_string(), &name, None, is_ours);
        self.ssh_keys.insert(id, SshKey { name, public_key, fingerprint, listed_at });
        id
    }

    pub(super) fn ssh_key(&self, reference: &str) -> Answer {
        let id = self.find_ssh_key(reference).ok_or_else(Refusal::missing)?;
        one(200, "ssh_key", self.ssh_key_json(id))
    }

    /// How many seconds to wait before the next list; none when it may come now.
    pub(super) fn key_list_wait(&mut self) -> Option<u64> {
        let since = self.now.minus(MINUTE);
        self.key_lists.retain(|at| *at > since);
        if self.key_lists.len() < LISTS {
            self.key_lists.push_back(self.now);
            return None;
        }
        let first = self.key_lists.front()?;
        Some(u64::try_from(first.plus(MINUTE).0 - self.now.0).unwrap_or(0).div_ceil(1000))
    }

    pub(super) fn list_ssh_keys(&self, call: &Call) -> Answer {
        let listed = self.ssh_keys.iter().filter(|(_, key)| key.listed_at <= self.now);
        self.page(call, "ssh_keys", listed.map(|(id, _)| self.ssh_key_json(*id)).collect())
    }

    pub(super) fn delete_ssh_key(&mut self, reference: &str) -> Answer {
        let id = self.find_ssh_key(reference).ok_or_else(Refusal::missing)?;
        self.ssh_keys.remove(&id);
        self.strike_out(ResourceKind::SshKey, &id.to_string());
        done()
    }
}
