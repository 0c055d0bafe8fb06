//! Signatures (version 4); the only user of the signing packages.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as compute};
use aws_sigv4::sign::v4::SigningParams;
use byop_core::clock::{Clock, Timestamp};
use byop_core::{Error, ErrorKind, Result};
use tracing::Dispatch;
use tracing::dispatcher::with_default;

use super::credentials::{CredentialSource, Keys};
use crate::http::{Request, Response, Transport};

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) service: &'static str,
    pub(super) region: String,
}

/// Signs every request anew, at each try, and hands it on.
pub(super) struct Signer {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) credentials: Arc<CredentialSource>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) scope: Scope,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Signer {
    async fn send(&self, request: &Request) -> Result<Response> {
        let keys = self.credentials.keys().await.map_err(|error| error.with_operation(request.operation))?;
        let signed = sign(request, &keys, &self.scope, self.clock.now())?;
        self.transport.send(&signed).await
    }
}

/// The request with the headers that prove who sends it.
pub(super) fn sign(request: &Request, keys: &Keys, scope: &Scope, now: Timestamp) -> Result<Request> {
    let token = keys.token.as_ref().map(|token| token.expose().to_owned());
    let identity = Credentials::new(keys.id.expose(), keys.secret.expose(), token, None, "byop").into();
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        // The text of the cause may hold the request.
        drop(error);
        Error::new(ErrorKind::Internal, request.operation, "the request cannot be signed")
    };
    let millis = u64::try_from(now.0).unwrap_or(0);
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(scope.service)
        .time(UNIX_EPOCH + Duration::from_millis(millis))
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(error.into()))?
        .into();
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.expose()));
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(request.method.as_str(), request.url.as_str(), headers, body)
        .map_err(|error| failed(error.into()))?;
    // At the trace level the package shows what it signs, and the session token is a part of that.
    let output = with_default(&Dispatch::none(), || compute(signable, &params));
    let (instructions, _) = output.map_err(|error| failed(error.into()))?.into_parts();
    let mut signed = request.clone();
    for (name, value) in instructions.headers() {
        signed = signed.with_header(name, value.to_owned());
    }
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use byop_core::Secret;

    use super::*;
    use crate::http::Method;

    /// 2026-01-01 00:00:00 UTC.
    const NOW: Timestamp = Timestamp(1_767_225_600_000);

    fn keys(token: Option<&str>) -> Keys {
        Keys {
            id: Secret::new("AKIDEXAMPLEBYOP00001"),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            token: token.map(Secret::new),
            expires_at: None,
        }
    }

    fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.expose())
    }

    fn signature(request: &Request, service: &'static str, region: &str) -> String {
        let scope = Scope { service, region: region.into() };
        let signed = sign(request, &keys(None), &scope, NOW).unwrap();
        header(&signed, "authorization").unwrap().to_owned()
    }

    #[test]
    fn a_form_is_signed_as_the_vendor_does() {
        let body =
            "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Abyop&Filter.1.Value.1=web-1";
        let request = Request::new("server.list", Method::Post, "https://ec2.eu-west-3.amazonaws.com/")
            .with_body("application/x-www-form-urlencoded; charset=utf-8", body);
        assert_eq!(
            signature(&request, "ec2", "eu-west-3"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEBYOP00001/20260101/eu-west-3/ec2/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=c56fe29fffaf1d6937e28574a7d2f66ad8cb85de211cb0f9dc3ea15743def6aa"
        );
    }

    #[test]
    fn a_query_is_signed_as_the_vendor_does() {
        let url = "https://route53.amazonaws.com/2013-04-01/hostedzone/Z0123456789ABCDEFGHIJ/rrset?maxitems=100&name=www.example.com.&type=A";
        assert_eq!(
            signature(&Request::new("dns.list", Method::Get, url), "route53", "us-east-1"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEBYOP00001/20260101/us-east-1/route53/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=cfa0f93021a56da9a8dfa6808c6b26f5cd04ba229986c179bd6257fce61f25d5"
        );
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let request = Request::new("server.list", Method::Get, "https://ec2.eu-west-3.amazonaws.com/");
        let scope = Scope { service: "ec2", region: "eu-west-3".into() };
        let signed = sign(&request, &keys(Some("canary")), &scope, NOW).unwrap();
        assert_eq!(header(&signed, "x-amz-security-token"), Some("canary"));
        assert!(header(&signed, "authorization").unwrap().contains("host;x-amz-date;x-amz-security-token"));
        assert!(!format!("{signed:?}").contains("canary"));
    }

    #[test]
    fn a_later_try_has_another_signature() {
        let request = Request::new("server.list", Method::Get, "https://ec2.eu-west-3.amazonaws.com/");
        let scope = Scope { service: "ec2", region: "eu-west-3".into() };
        let at = |seconds| {
            let signed = sign(&request, &keys(None), &scope, NOW.plus(Duration::from_secs(seconds))).unwrap();
            header(&signed, "x-amz-date").unwrap().to_owned()
        };
        assert_eq!((at(0).as_str(), at(61).as_str()), ("20260101T000000Z", "20260101T000101Z"));
    }
}
