//! Profiles in the files that the vendor's own tools write.

use std::collections::BTreeMap;

use byop_core::{Error, ErrorKind, Result, Secret};

use super::credentials::Keys;
use crate::registry::ProviderOptions;

/// One profile: what both files say of it.
pub(super) struct Profile {
    name: String,
    settings: BTreeMap<String, Secret>,
}

impl Profile {
    /// The profile of `AWS_PROFILE`, or `default`; `None` when there are no files.
    pub(super) fn read(options: &ProviderOptions) -> Result<Option<Self>> {
        let asked = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].into_iter().find_map(|name| options.get(name));
        let name = asked.map_or("default", Secret::expose).to_owned();
        let mut settings = BTreeMap::new();
        let mut found = false;
        for (setting, file) in [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        {
            let home = options.get("HOME").or_else(|| options.get("USERPROFILE"));
            let path = match (options.get(setting), home) {
                (Some(path), _) => path.expose().to_owned(),
                (None, Some(home)) => format!("{}/.aws/{file}", home.expose()),
                (None, None) => continue,
            };
            // One that cannot be read is as one that is not there, as for the vendor's tools.
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let sections = sections(&text);
            // In the file of settings all but the default one begin with a word.
            let section = sections.get(&name).or_else(|| sections.get(&format!("profile {name}")));
            if let Some(section) = section {
                found = true;
                settings.extend(section.clone());
            }
        }
        if !found && asked.is_some() {
            return Err(Error::new(ErrorKind::Unauthenticated, "cloud.open", "there is no such profile")
                .with_context("profile", name)
                .with_remedy("set AWS_PROFILE to a profile of ~/.aws/credentials or ~/.aws/config"));
        }
        Ok(found.then_some(Self { name, settings }))
    }

    fn get(&self, name: &str) -> Option<&Secret> {
        self.settings.get(name)
    }

    pub(super) fn region(&self) -> Option<String> {
        self.get("region").map(|region| region.expose().to_owned())
    }

    /// Its keys; `None` when it says nothing of keys.
    pub(super) fn keys(&self) -> Result<Option<Keys>> {
        let refused = |message: &'static str| {
            Error::new(ErrorKind::Unauthenticated, "cloud.open", message)
                .with_context("profile", &self.name)
                .with_remedy("give it aws_access_key_id and aws_secret_access_key, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)")
        };
        match (self.get("aws_access_key_id"), self.get("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(Keys {
                id: id.clone(),
                secret: secret.clone(),
                token: self.get("aws_session_token").cloned(),
                expires_at: None,
            })),
            (Some(_), None) | (None, Some(_)) => Err(refused("the profile has only half of a key")),
            (None, None) => {
                let other = ["role_arn", "sso_session", "sso_start_url", "credential_process"];
                match other.into_iter().find(|name| self.settings.contains_key(*name)) {
                    Some(name) => Err(refused("byop does not get keys in the way that the profile asks for")
                        .with_context("setting", name)),
                    None => Ok(None),
                }
            }
        }
    }
}

/// Sections with their settings: `[name]`, `key = value`, comments after `#` or `;`. Lines that begin with a space
/// belong to the setting above and are of no use here.
fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, Secret>> {
    let mut sections: BTreeMap<String, BTreeMap<String, Secret>> = BTreeMap::new();
    let mut present = None;
    for line in text.lines() {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(rest) = plain.strip_prefix('[') {
            let name = rest.split(']').next().unwrap_or_default();
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
            present = Some(name);
        } else if let (Some(section), Some((key, value))) = (&present, plain.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default().trim();
            if let Some(section) = sections.get_mut(section) {
                section.insert(key.trim().to_lowercase(), Secret::new(value));
            }
        }
    }
    sections
}
