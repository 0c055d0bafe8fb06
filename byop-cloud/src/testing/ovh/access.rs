//! Who may call: signatures and tokens, checked as the vendor describes them.

use std::collections::BTreeMap;
use std::time::Duration;

use byop_core::clock::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::reply::{Answer, Refusal, thing};
use super::sha1::hex_digest;
use crate::http::{Method, Request};

/// The invented credentials of the simulated account.
pub(super) const KEY: &str = "sim0ApplicationK";
pub(super) const SECRET: &str = "sim0applicationsecret0canary0001";
pub(super) const CONSUMER: &str = "sim0consumerkey0canary0000000001";
pub(super) const CLIENT_ID: &str = "EU.sim0client0canary";
pub(super) const CLIENT_SECRET: &str = "sim0clientsecret0canary00000001";
/// By how much the clock of the API is ahead of that of its callers, in seconds.
const AHEAD: i64 = 257;
/// By how much the time of a request may differ, in seconds.
const TOLERANCE: i64 = 30;

/// What opens the API.
#[derive(Debug)]
pub(super) struct Access {
    /// Seconds that its clock is ahead.
    pub(super) ahead: i64,
    pub(super) token_life: Duration,
    tokens: BTreeMap<String, Timestamp>,
    count: u64,
}

impl Default for Access {
    fn default() -> Self {
        Self { ahead: AHEAD, token_life: Duration::from_secs(3600), tokens: BTreeMap::new(), count: 0 }
    }
}

impl Access {
    pub(super) fn revoke(&mut self) {
        self.tokens.clear();
    }

    /// How many tokens were given.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn server_time(&self, now: Timestamp) -> i64 {
        now.0.div_euclid(1000) + self.ahead
    }

    pub(super) fn check(&self, request: &Request, now: Timestamp) -> Result<(), Refusal> {
        let denied = |code, message: &str| Err((403, code, message.to_owned()));
        let header = |name: &str| {
            let mut all = request.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            all.next().map(|(_, value)| value.expose())
        };
        if let Some(bearer) = header("authorization") {
            let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
            return match self.tokens.get(token) {
                Some(end) if *end > now && header("x-ovh-application").is_none() => Ok(()),
                _ => denied("INVALID_CREDENTIAL", "This credential is not valid"),
            };
        }
        match (header("x-ovh-application"), header("x-ovh-consumer")) {
            (None, _) => return Err((401, "MISSING_CREDENTIAL", "You must login first".to_owned())),
            (Some(key), _) if key != KEY => return denied("INVALID_KEY", "This application key is invalid"),
            (_, consumer) if consumer != Some(CONSUMER) => {
                return denied("INVALID_CREDENTIAL", "This credential is not valid");
            }
            _ => {}
        }
        let stamp = header("x-ovh-timestamp").unwrap_or_default();
        let Ok(seconds) = stamp.parse::<i64>() else {
            return Err((400, "QUERY_TIME_OUT", "The timestamp is missing".to_owned()));
        };
        if (seconds - self.server_time(now)).abs() > TOLERANCE {
            return Err((400, "QUERY_TIME_OUT", "Query out of time".to_owned()));
        }
        let mut signed =
            format!("{SECRET}+{CONSUMER}+{}+{}+", request.method.as_str(), request.url).into_bytes();
        signed.extend(&request.body);
        signed.extend(format!("+{stamp}").bytes());
        if header("x-ovh-signature") != Some(format!("$1${}", hex_digest(&signed)).as_str()) {
            return Err((400, "INVALID_SIGNATURE", "Invalid signature".to_owned()));
        }
        Ok(())
    }

    /// Gives a token for the credentials of the service account.
    pub(super) fn token(&mut self, request: &Request, now: Timestamp) -> Answer {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let fields: BTreeMap<_, _> = body
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy().into_owned()))
            .collect();
        let is = |name: &str, wanted: &str| fields.get(name).is_some_and(|value| value == wanted);
        if request.method != Method::Post || !is("grant_type", "client_credentials") || !is("scope", "all") {
            return Err((400, "Client::BadRequest", "unsupported_grant_type".to_owned()));
        }
        if !is("client_id", CLIENT_ID) || !is("client_secret", CLIENT_SECRET) {
            return Err((401, "Client::Unauthorized", "invalid_client".to_owned()));
        }
        self.count += 1;
        let token = format!("sim0token0canary{:08}", self.count);
        self.tokens.insert(token.clone(), now.plus(self.token_life));
        thing(json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_life.as_secs(),
            "scope": "all",
        }))
    }
}
