//! Who we are: keys that were set, or that this machine's surroundings hand out and renew.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use byop_core::clock::{Clock, Timestamp};
use byop_core::{Error, ErrorKind, Result, Retry, Secret};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::convert::timestamp;
use super::profile::Profile;
use crate::http::{Method, Request, Response, Transport, kind_of_status};
use crate::registry::ProviderOptions;

/// How long before their end keys are renewed.
const AHEAD: Duration = Duration::from_secs(5 * 60);
const OPERATION: &str = "credentials.get";

/// What requests are signed with.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) id: Secret,
    pub(super) secret: Secret,
    /// Of temporary keys.
    pub(super) token: Option<Secret>,
    pub(super) expires_at: Option<Timestamp>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Where keys come from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// They were set.
    Fixed(Keys),
    /// A container's surroundings give them.
    Container { url: String, authorization: Option<Authorization> },
    /// The machine's metadata give them.
    Instance { url: String },
    /// Nowhere.
    Nowhere,
}

/// What a container proves itself with.
#[derive(Debug, Clone)]
pub(super) enum Authorization {
    Token(Secret),
    /// A file that is written anew from time to time.
    File(String),
}

impl Origin {
    /// In the vendor's order: the environment, the profile, the container, the machine.
    pub(super) fn find(options: &ProviderOptions, profile: Option<&Profile>) -> Result<Self> {
        if options.get("AWS_ACCESS_KEY_ID").is_some() {
            return Ok(Self::Fixed(Keys {
                id: options.credential("AWS_ACCESS_KEY_ID")?.clone(),
                secret: options.credential("AWS_SECRET_ACCESS_KEY")?.clone(),
                token: options.get("AWS_SESSION_TOKEN").cloned(),
                expires_at: None,
            }));
        }
        if let Some(keys) = profile.map(Profile::keys).transpose()?.flatten() {
            return Ok(Self::Fixed(keys));
        }
        if let Some(path) = options.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            let url = format!("http://169.254.170.2{}", path.expose());
            return Ok(Self::Container { url, authorization: None });
        }
        if let Some(url) = options.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let url = url.expose().to_owned();
            check_container_url(&url)?;
            let file = options.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
            let file = file.map(|file| Authorization::File(file.expose().to_owned()));
            let token = options.get("AWS_CONTAINER_AUTHORIZATION_TOKEN").cloned().map(Authorization::Token);
            return Ok(Self::Container { url, authorization: file.or(token) });
        }
        let disabled = options.get("AWS_EC2_METADATA_DISABLED");
        if disabled.is_some_and(|value| value.expose().eq_ignore_ascii_case("true")) {
            return Ok(Self::Nowhere);
        }
        let url =
            options.get("AWS_EC2_METADATA_SERVICE_ENDPOINT").map_or("http://169.254.169.254", Secret::expose);
        Ok(Self::Instance { url: url.trim_end_matches('/').to_owned() })
    }
}

/// Keys travel unencrypted within the machine or its own link only.
fn check_container_url(url: &str) -> Result<()> {
    let host = |rest: &str| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
        match authority.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default().to_owned(),
            None => authority.split(':').next().unwrap_or_default().to_owned(),
        }
    };
    let near = |host: &str| {
        host == "localhost"
            || matches!(host, "169.254.170.2" | "169.254.170.23" | "fd00:ec2::23")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let fits =
        url.starts_with("https://") || url.strip_prefix("http://").is_some_and(|rest| near(&host(rest)));
    if fits && !url.contains('@') {
        return Ok(());
    }
    Err(Error::invalid("cloud.open", "credentials are not fetched from another machine without encryption")
        .with_context("setting", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        .with_remedy("set it to an https: URL, or to one of this machine"))
}

/// Gives the present keys, and renews them before they end.
pub(super) struct CredentialSource {
    origin: Origin,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    present: Mutex<Option<Keys>>,
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialSource").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The answer of containers and machines.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Handed {
    access_key_id: Secret,
    secret_access_key: Secret,
    token: Option<Secret>,
    expiration: Option<String>,
}

impl CredentialSource {
    pub(super) fn new(origin: Origin, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { origin, transport, clock, present: Mutex::new(None) }
    }

    pub(super) async fn keys(&self) -> Result<Keys> {
        if let Origin::Fixed(keys) = &self.origin {
            return Ok(keys.clone());
        }
        // Held while they are fetched, so that many calls fetch them once.
        let mut present = self.present.lock().await;
        let now = self.clock.now();
        let lasts = |keys: &&Keys, ahead| keys.expires_at.is_none_or(|end| end > now.plus(ahead));
        if let Some(keys) = present.as_ref().filter(|keys| lasts(keys, AHEAD)) {
            return Ok(keys.clone());
        }
        match self.fetch().await {
            Ok(keys) => {
                *present = Some(keys.clone());
                Ok(keys)
            }
            Err(error) => match present.as_ref().filter(|keys| lasts(keys, Duration::ZERO)) {
                Some(keys) => {
                    tracing::warn!(kind = %error.kind(), "credentials could not be renewed yet");
                    Ok(keys.clone())
                }
                None => Err(error),
            },
        }
    }

    async fn fetch(&self) -> Result<Keys> {
        match &self.origin {
            Origin::Fixed(keys) => Ok(keys.clone()),
            Origin::Nowhere => Err(nobody()),
            Origin::Container { url, authorization } => {
                let mut request = Request::new(OPERATION, Method::Get, url);
                if let Some(authorization) = authorization {
                    request = request.with_header("authorization", authorization.read()?);
                }
                self.read(&request).await
            }
            Origin::Instance { url } => {
                let session = Request::new(OPERATION, Method::Put, format!("{url}/latest/api/token"))
                    .with_header("x-aws-ec2-metadata-token-ttl-seconds", "21600".to_owned());
                let session = match self.transport.send(&session).await {
                    Ok(answer) if answer.status == 200 => text(&answer),
                    Ok(answer) => return Err(nobody().with_context("status", answer.status)),
                    // Nobody answers there: this is no machine of the vendor.
                    Err(error) => return Err(nobody().with_source(error)),
                };
                let header =
                    |request: Request| request.with_header("x-aws-ec2-metadata-token", session.clone());
                let roles = format!("{url}/latest/meta-data/iam/security-credentials/");
                let answer =
                    self.transport.send(&header(Request::new(OPERATION, Method::Get, &roles))).await?;
                let listed = text(&answer);
                let role = listed.lines().next().map(str::trim).filter(|role| !role.is_empty());
                let Some(role) = role.filter(|_| answer.status == 200) else {
                    return Err(nobody().with_context("reason", "this machine has no role"));
                };
                self.read(&header(Request::new(OPERATION, Method::Get, format!("{roles}{role}")))).await
            }
        }
    }

    async fn read(&self, request: &Request) -> Result<Keys> {
        let answer = self.transport.send(request).await?;
        if let Some(kind) = kind_of_status(answer.status) {
            let kind = match kind {
                ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited => kind,
                _ => ErrorKind::Unauthenticated,
            };
            return Err(request
                .error(kind, "credentials were not handed out")
                .with_context("status", answer.status)
                .with_remedy("look whether this container or machine has a role"));
        }
        // The text of a parser could quote what it read.
        let handed: Handed = serde_json::from_slice(&answer.body)
            .map_err(|_| request.error(ErrorKind::Unavailable, "what was handed out are no credentials"))?;
        Ok(Keys {
            id: handed.access_key_id,
            secret: handed.secret_access_key,
            token: handed.token,
            expires_at: handed.expiration.as_deref().and_then(timestamp),
        })
    }
}

impl Authorization {
    fn read(&self) -> Result<Secret> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::File(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    Error::new(
                        ErrorKind::Unauthenticated,
                        OPERATION,
                        "the token of the container cannot be read",
                    )
                    .with_context("file", file)
                    .with_source(error)
                })?;
                Ok(Secret::new(text.trim()))
            }
        }
    }
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).trim().to_owned()
}

fn nobody() -> Error {
    Error::new(ErrorKind::Unauthenticated, OPERATION, "there are no credentials for AWS")
        .with_retry(Retry::Never)
        .with_remedy(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role",
        )
}
