//! Signatures and tokens: what shows the API whose request it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use byop_core::{Error, ErrorKind, Result, Secret};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::{is_out_of_time, is_stale_token};
use crate::http::{Method, Request, Response, Transport, kind_of_status};

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    /// An application that acts for an account, by a signature of each request.
    Application { key: Secret, secret: Secret, consumer: Secret },
    /// A service account, by a token of limited life.
    Account { id: Secret, secret: Secret },
}

/// Carries requests through another transport, with a signature or a token that is made for each try.
pub(super) struct Signed {
    inner: Arc<dyn Transport>,
    credentials: Credentials,
    root: String,
    token_url: String,
    time: Mutex<Option<ServerTime>>,
    token: Mutex<Option<Token>>,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// What the server's clock said, and when. It goes on by a clock that nobody sets, so that setting the time of this
/// machine does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ServerTime {
    seconds: i64,
    at: Instant,
}

impl ServerTime {
    fn now(self) -> i64 {
        self.seconds.saturating_add(i64::try_from(self.at.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

#[derive(Clone)]
struct Token {
    value: Secret,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// What was to be learned first, or the refusal that stands for the answer: to wait and to try again is the same for it.
type Learned<T> = Result<T, Response>;

impl Signed {
    pub(super) fn new(
        inner: Arc<dyn Transport>,
        credentials: Credentials,
        root: String,
        token_url: String,
    ) -> Self {
        Self { inner, credentials, root, token_url, time: Mutex::default(), token: Mutex::default() }
    }

    /// The server's time; asked for once, and again when `wrong` is what it was taken for.
    async fn time(&self, wrong: Option<ServerTime>) -> Result<Learned<ServerTime>> {
        let mut known = self.time.lock().await;
        if let Some(time) = known.filter(|time| wrong != Some(*time)) {
            return Ok(Ok(time));
        }
        let request = Request::new("time.get", Method::Get, format!("{}/auth/time", self.root));
        let response = self.inner.send(&request).await?;
        if kind_of_status(response.status).is_some() {
            return Ok(Err(response));
        }
        let time = ServerTime { seconds: response.json(&request)?, at: Instant::now() };
        *known = Some(time);
        Ok(Ok(time))
    }

    async fn send_signed(&self, key: &Keys<'_>, request: &Request) -> Result<Response> {
        let time = match self.time(None).await? {
            Ok(time) => time,
            Err(refusal) => return Ok(refusal),
        };
        let response = self.inner.send(&key.sign(request, time.now())).await?;
        if !is_out_of_time(&response) {
            return Ok(response);
        }
        // It was refused, so nothing happened, whatever the request is.
        tracing::debug!(operation = request.operation, "the clocks have drifted apart");
        match self.time(Some(time)).await? {
            Ok(time) => self.inner.send(&key.sign(request, time.now())).await,
            Err(refusal) => Ok(refusal),
        }
    }

    /// A token that lives for a while yet; `stale` is one that was refused.
    async fn token(&self, id: &Secret, secret: &Secret, stale: Option<&Token>) -> Result<Learned<Token>> {
        let mut known = self.token.lock().await;
        let is_good = |token: &&Token| {
            token.renew_at > Instant::now() && stale.is_none_or(|stale| stale.value != token.value)
        };
        if let Some(token) = known.as_ref().filter(is_good) {
            return Ok(Ok(token.clone()));
        }
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=all",
            encode(id.expose()),
            encode(secret.expose()),
        );
        let request = Request::new("token.get", Method::Post, self.token_url.as_str())
            .with_header("accept", "application/json".to_owned())
            .with_body("application/x-www-form-urlencoded", form);
        let response = self.inner.send(&request).await?;
        match kind_of_status(response.status) {
            None => {}
            Some(ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout) => {
                return Ok(Err(response));
            }
            Some(_) => return Err(refused_account(&request, &response)),
        }
        let answer: TokenAnswer = response.json(&request)?;
        let life = Duration::from_secs(answer.expires_in.unwrap_or(3600));
        // Early enough that it does not end on the way.
        let renew_at = Instant::now() + life - Duration::from_secs(60).min(life / 2);
        let token = Token { value: answer.access_token, renew_at };
        *known = Some(token.clone());
        Ok(Ok(token))
    }

    async fn send_with_token(&self, id: &Secret, secret: &Secret, request: &Request) -> Result<Response> {
        let bearing = |token: &Token| {
            let value = format!("Bearer {}", token.value.expose());
            request.clone().with_header("authorization", value)
        };
        let token = match self.token(id, secret, None).await? {
            Ok(token) => token,
            Err(refusal) => return Ok(refusal),
        };
        let response = self.inner.send(&bearing(&token)).await?;
        if !is_stale_token(&response) {
            return Ok(response);
        }
        match self.token(id, secret, Some(&token)).await? {
            Ok(token) => self.inner.send(&bearing(&token)).await,
            Err(refusal) => Ok(refusal),
        }
    }
}

fn refused_account(request: &Request, response: &Response) -> Error {
    request
        .error(ErrorKind::Unauthenticated, "no token was given for this service account")
        .with_context("status", response.status)
        .with_remedy("check OVH_CLIENT_ID and OVH_CLIENT_SECRET, and that they belong to this endpoint")
}

#[async_trait]
impl Transport for Signed {
    async fn send(&self, request: &Request) -> Result<Response> {
        match &self.credentials {
            Credentials::Application { key, secret, consumer } => {
                self.send_signed(&Keys { key, secret, consumer }, request).await
            }
            Credentials::Account { id, secret } => self.send_with_token(id, secret, request).await,
        }
    }
}

struct Keys<'a> {
    key: &'a Secret,
    secret: &'a Secret,
    consumer: &'a Secret,
}

impl Keys<'_> {
    fn sign(&self, request: &Request, time: i64) -> Request {
        let signature = self.signature(request, time);
        request
            .clone()
            .with_header("x-ovh-application", self.key.clone())
            .with_header("x-ovh-consumer", self.consumer.clone())
            .with_header("x-ovh-timestamp", time.to_string())
            .with_header("x-ovh-signature", signature)
    }

    fn signature(&self, request: &Request, time: i64) -> String {
        // The API asks for this hash; as a signature it is as good as the secret in it.
        let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        let parts: [&[u8]; 5] = [
            self.secret.expose().as_bytes(),
            self.consumer.expose().as_bytes(),
            request.method.as_str().as_bytes(),
            request.url.as_bytes(),
            &request.body,
        ];
        for part in parts {
            hash.update(part);
            hash.update(b"+");
        }
        hash.update(time.to_string().as_bytes());
        let hex: String = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("$1${hex}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the vendor's own client for Python; the keys are invented.
    #[test]
    fn signatures_are_those_of_the_vendors_client() {
        let (key, secret, consumer) = (
            Secret::new("7kbG7Bk7S9Nt7ZSV"),
            Secret::new("EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF"),
            Secret::new("MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1"),
        );
        let keys = Keys { key: &key, secret: &secret, consumer: &consumer };
        let project = "8f3c2d1e5b7a4c6d9e0f1a2b3c4d5e6f";
        for (method, path, body, signature) in [
            (
                Method::Get,
                format!("1.0/cloud/project/{project}/instance?region=GRA11"),
                "",
                "$1$af02515653b12aff3e15773d2899f3274ee6217f",
            ),
            (
                Method::Post,
                format!("1.0/cloud/project/{project}/sshkey"),
                r#"{"name":"cl\u00e9 1","publicKey":"ssh-ed25519 AAAA"}"#,
                "$1$ef686e77cdf27db3156fcfb3758aa57971ea551f",
            ),
            (
                Method::Delete,
                format!(
                    "v2/publicCloud/project/{project}/securityGroup/9d3c1d3e-0000-4000-8000-000000000001"
                ),
                "",
                "$1$2744677f6415295cafb6ccbd8e67f1592c829066",
            ),
        ] {
            let mut request = Request::new("x.do", method, format!("https://eu.api.ovh.com/{path}"));
            request.body = body.into();
            assert_eq!(keys.signature(&request, 1_767_225_600), signature, "{path}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let account = Credentials::Account { id: Secret::new("canary"), secret: Secret::new("canary") };
        assert!(!format!("{account:?}").contains("canary"));
    }
}
