//! How an owner wants requests to reach an app, and what a proxy does to them on their way.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How the proxy treats requests to an app. The proxy serves plain HTTP; WebSockets work without a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RoutingSpec {
    /// Answers every request with a redirect (301) to HTTPS. byop's proxy serves plain HTTP only and trusts no
    /// `X-Forwarded-Proto`, so leave this off for apps that are deployed: behind a proxy that terminates TLS it would
    /// redirect for ever. Let that proxy redirect. It is useful in generated compose files with a certificate resolver.
    pub https_redirect: bool,
    /// Adds `X-Content-Type-Options`, `X-Frame-Options` and `Referrer-Policy` to answers, and with `https_redirect`
    /// also `Strict-Transport-Security`. On unless set.
    pub security_headers: bool,
    /// Seconds for which the old release goes on, to finish its requests, after new ones go to the new release; 10
    /// unless set.
    pub drain_seconds: u32,
    /// Only requests to this path and below it, such as `/shop`, reach the app. Health checks of a new release are not
    /// affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// Removes the prefix from the path that the app sees. `X-Forwarded-Prefix` tells it to the app.
    #[serde(skip_serializing_if = "is_default")]
    pub strip_prefix: bool,
    /// Headers that every answer gets, replacing those of the same name. An empty value removes a header.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How many requests one address may send; more are answered with 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Users with access, as lines of `htpasswd -B`: `name:$2y$...`. Only bcrypt of cost 10 or more is accepted, which
    /// can be stored as plain data; weaker hashes and plain passwords are refused. The app does not see the
    /// credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub basic_auth: Vec<String>,
    /// Compresses answers for clients that accept it; event streams are left as they are.
    #[serde(skip_serializing_if = "is_default")]
    pub compress: bool,
    /// The name of a cookie that keeps a browser on the same container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<String>,
    /// The protocol between the proxy and the app.
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: BackendProtocol,
    /// Addresses and networks with access, such as `203.0.113.7` or `10.0.0.0/8`; others get 403. Everybody when empty.
    /// Behind another proxy, that proxy's address is the one that counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_ips: Vec<String>,
    /// The largest request body in bytes; larger ones are answered with 413. Requests and answers are then buffered
    /// whole, so do not set it for apps that stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_limit_bytes: Option<u64>,
}

impl Default for RoutingSpec {
    /// No redirect, security headers, 10 s to drain, the whole of each host name.
    fn default() -> Self {
        Self {
            https_redirect: false,
            security_headers: true,
            drain_seconds: 10,
            path_prefix: None,
            strip_prefix: false,
            headers: BTreeMap::new(),
            rate_limit: None,
            basic_auth: Vec::new(),
            compress: false,
            sticky: None,
            protocol: BackendProtocol::Http,
            allowed_ips: Vec::new(),
            body_limit_bytes: None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How many requests one address may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per period on average.
    pub average: u32,
    /// Requests that may come at once; 1 unless set.
    #[serde(default = "one")]
    pub burst: u32,
    /// Seconds of the period; 1 unless set.
    #[serde(default = "one")]
    pub period_seconds: u32,
}

fn one() -> u32 {
    1
}

/// What an app speaks behind the proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BackendProtocol {
    /// HTTP/1.1.
    #[default]
    Http,
    /// HTTP/2 without TLS, as gRPC servers speak it.
    H2c,
}

impl BackendProtocol {
    /// The scheme of the app's address.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::H2c => "h2c",
        }
    }
}

/// One thing that a proxy does to requests and answers on their way, in the words of Traefik's dynamic configuration: the
/// live proxy's files and the labels of compose files are both written from this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Middleware {
    /// Unique among the middlewares of an app, such as `rate-limit`.
    pub name: String,
    /// What it is, such as `rateLimit`.
    pub kind: String,
    /// Its settings: an object.
    pub options: Value,
}

impl Middleware {
    fn new(name: &str, kind: &str, options: Value) -> Self {
        Self { name: name.into(), kind: kind.into(), options }
    }
}

/// A key, its value and what was expected.
type Fault = (String, String, &'static str);

impl RoutingSpec {
    /// What is done to requests, in order: the first sees them first.
    #[must_use]
    pub fn middlewares(&self) -> Vec<Middleware> {
        let mut list = Vec::new();
        if self.https_redirect {
            list.push(self.redirect());
        }
        // Outside of those that may refuse a request, so that refusals have the headers too.
        let headers = self.header_options();
        if !headers.is_empty() {
            list.push(Middleware::new("headers", "headers", Value::Object(headers)));
        }
        if !self.allowed_ips.is_empty() {
            list.push(Middleware::new(
                "allowed-ips",
                "ipAllowList",
                json!({"sourceRange": self.allowed_ips}),
            ));
        }
        // Before the password: guesses count.
        if let Some(limit) = &self.rate_limit {
            let options = json!({
                "average": limit.average,
                "burst": limit.burst,
                "period": format!("{}s", limit.period_seconds),
            });
            list.push(Middleware::new("rate-limit", "rateLimit", options));
        }
        if !self.basic_auth.is_empty() {
            let options = json!({"users": self.basic_auth, "removeHeader": true});
            list.push(Middleware::new("basic-auth", "basicAuth", options));
        }
        if self.compress {
            let options = json!({"excludedContentTypes": ["text/event-stream"]});
            list.push(Middleware::new("compress", "compress", options));
        }
        if let Some(bytes) = self.body_limit_bytes {
            list.push(Middleware::new("body-limit", "buffering", json!({"maxRequestBodyBytes": bytes})));
        }
        if let (Some(prefix), true) = (&self.path_prefix, self.strip_prefix) {
            list.push(Middleware::new("strip-prefix", "stripPrefix", json!({"prefixes": [prefix]})));
        }
        list
    }

    /// The redirect to HTTPS.
    #[must_use]
    pub fn redirect(&self) -> Middleware {
        Middleware::new("https", "redirectScheme", json!({"scheme": "https", "permanent": true}))
    }

    fn header_options(&self) -> Map<String, Value> {
        let mut options = Map::new();
        if self.security_headers {
            options.insert("contentTypeNosniff".into(), true.into());
            options.insert("customFrameOptionsValue".into(), "SAMEORIGIN".into());
            options.insert("referrerPolicy".into(), "strict-origin-when-cross-origin".into());
            if self.https_redirect {
                options.insert("stsSeconds".into(), 31_536_000.into());
            }
        }
        if !self.headers.is_empty() {
            options.insert("customResponseHeaders".into(), json!(self.headers));
        }
        options
    }

    /// The part of a router's rule that the path prefix adds: `/shop` and `/shop/cart`, but not `/shopping`.
    #[must_use]
    pub fn path_rule(&self) -> Option<String> {
        // No backtick can end the text early: validation has made sure.
        self.path_prefix.as_ref().map(|prefix| format!("(Path(`{prefix}`) || PathPrefix(`{prefix}/`))"))
    }

    /// The settings of the load balancer's cookie, if there is one.
    #[must_use]
    pub fn sticky_options(&self) -> Option<Value> {
        let name = self.sticky.as_ref()?;
        Some(json!({"cookie": {
            "name": name,
            "httpOnly": true,
            "sameSite": "lax",
            "secure": self.https_redirect,
        }}))
    }

    pub(super) fn validate(&self) -> Result<(), Fault> {
        let fault = |key: &str, value: String, expected| Err((format!("routing.{key}"), value, expected));
        if self.drain_seconds > 3600 {
            return fault("drain_seconds", self.drain_seconds.to_string(), "at most 3600");
        }
        if let Some(prefix) = self.path_prefix.as_ref().filter(|prefix| !is_prefix(prefix)) {
            let expected =
                "a path such as /shop, without an end slash, `..` or characters that need an escape";
            return fault("path_prefix", shown(prefix), expected);
        }
        if self.strip_prefix && self.path_prefix.is_none() {
            return fault("strip_prefix", "true".into(), "left out where there is no `routing.path_prefix`");
        }
        for (name, value) in &self.headers {
            if !is_token(name) || name.contains('.') {
                return fault("headers", shown(name), "made of header names of letters, digits, `-` and `_`");
            }
            if HOP_BY_HOP.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return fault("headers", shown(name), "free of headers that belong to the connection");
            }
            if value.len() > 4096 || !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
                let key = format!("headers.{name}");
                return fault(&key, shown(value), "printable ASCII of at most 4096 characters");
            }
        }
        if let Some(limit) = &self.rate_limit {
            let (million, hour) = (1..=1_000_000, 1..=3600);
            if !million.contains(&limit.average) {
                return fault("rate_limit.average", limit.average.to_string(), "between 1 and 1000000");
            }
            if !million.contains(&limit.burst) {
                return fault("rate_limit.burst", limit.burst.to_string(), "between 1 and 1000000");
            }
            if !hour.contains(&limit.period_seconds) {
                return fault(
                    "rate_limit.period_seconds",
                    limit.period_seconds.to_string(),
                    "between 1 and 3600",
                );
            }
        }
        for line in &self.basic_auth {
            if !is_htpasswd(line) {
                // Not the value: it may be a password.
                let expected = "made of lines of `htpasswd -B -C 10`, such as name:$2y$10$..., not of passwords or weaker hashes";
                return fault("basic_auth", "(hidden)".into(), expected);
            }
        }
        if let Some(cookie) = self.sticky.as_ref().filter(|name| !is_token(name) || name.contains('.')) {
            return fault("sticky", shown(cookie), "a cookie name of letters, digits, `-` and `_`");
        }
        if let Some(bad) = self.allowed_ips.iter().find(|range| !is_range(range)) {
            return fault(
                "allowed_ips",
                shown(bad),
                "made of addresses and networks such as 203.0.113.7 or 10.0.0.0/8",
            );
        }
        if let Some(bytes) = self.body_limit_bytes.filter(|bytes| !(1..=1 << 40).contains(bytes)) {
            return fault("body_limit_bytes", bytes.to_string(), "between 1 and 1 TiB");
        }
        Ok(())
    }
}

/// Headers that the two ends of one connection need.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-connection",
];

fn shown(text: &str) -> String {
    text.escape_default().to_string()
}

fn is_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(fits)
}

fn is_prefix(path: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/');
    path.len() <= 256
        && path.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|part| !part.is_empty() && !part.trim_start_matches('.').is_empty())
        })
        && path.bytes().all(fits)
}

/// `name:` and a bcrypt hash: `$2y$`, the cost, and 53 characters of salt and digest.
fn is_htpasswd(line: &str) -> bool {
    let Some((name, hash)) = line.split_once(':') else { return false };
    let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|kind| hash.strip_prefix(kind)) else {
        return false;
    };
    let Some((cost, digest)) = rest.split_once('$') else { return false };
    is_token(name)
        && cost.len() == 2
        && cost.parse::<u8>().is_ok_and(|cost| (10..=20).contains(&cost))
        && digest.len() == 53
        && digest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'))
}

fn is_range(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| {
        bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ann:$2y$10$abcdefghijklmnopqrstuuJ6rDdBJ0sFn1O7g0SGQbVnqD0Jm3Iuq";

    fn refused(change: impl FnOnce(&mut RoutingSpec)) -> String {
        let mut spec = RoutingSpec::default();
        change(&mut spec);
        spec.validate().unwrap_err().0
    }

    #[test]
    fn what_cannot_be_a_route_is_refused_by_its_key() {
        for prefix in
            ["shop", "/", "/shop/", "/a//b", "/..", "/a/../b", "/a`) || Host(`b", "/a b", "/ä", "/a%2f", ""]
        {
            assert_eq!(
                refused(|spec| spec.path_prefix = Some(prefix.into())),
                "routing.path_prefix",
                "{prefix}"
            );
        }
        assert_eq!(refused(|spec| spec.strip_prefix = true), "routing.strip_prefix");
        for (name, value) in [("X Y", ""), ("X.Y", ""), ("", ""), ("Content-Length", "1"), ("X\n", "")] {
            assert_eq!(
                refused(|spec| drop(spec.headers.insert(name.into(), value.into()))),
                "routing.headers"
            );
        }
        assert_eq!(
            refused(|spec| drop(spec.headers.insert("X".into(), "a\r\nY: b".into()))),
            "routing.headers.X"
        );
        let limit = |average, burst, period_seconds| Some(RateLimit { average, burst, period_seconds });
        assert_eq!(refused(|spec| spec.rate_limit = limit(0, 1, 1)), "routing.rate_limit.average");
        assert_eq!(refused(|spec| spec.rate_limit = limit(1, 0, 1)), "routing.rate_limit.burst");
        assert_eq!(refused(|spec| spec.rate_limit = limit(1, 1, 0)), "routing.rate_limit.period_seconds");
        assert_eq!(refused(|spec| spec.sticky = Some("a b".into())), "routing.sticky");
        for range in ["10.0.0.0/33", "10.0.0", "a", "::/129", "1.1.1.1/+1", "1.1.1.1,2.2.2.2"] {
            assert_eq!(
                refused(|spec| spec.allowed_ips = vec![range.into()]),
                "routing.allowed_ips",
                "{range}"
            );
        }
        assert_eq!(refused(|spec| spec.body_limit_bytes = Some(0)), "routing.body_limit_bytes");
    }

    #[test]
    fn passwords_and_weak_hashes_are_refused_and_not_repeated() {
        for line in [
            "ann:secret",
            "ann:$apr1$x$y",
            "ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
            &HASH.replace("$10$", "$04$"),
            "ann",
        ] {
            let spec = RoutingSpec { basic_auth: vec![line.into()], ..RoutingSpec::default() };
            let (key, value, _) = spec.validate().unwrap_err();
            assert_eq!((key.as_str(), value.as_str()), ("routing.basic_auth", "(hidden)"), "{line}");
        }
        let spec = RoutingSpec { basic_auth: vec![HASH.into()], ..RoutingSpec::default() };
        spec.validate().unwrap();
    }

    #[test]
    fn the_order_is_fixed_and_refusals_have_the_headers_too() {
        let spec = RoutingSpec {
            https_redirect: true,
            path_prefix: Some("/shop".into()),
            strip_prefix: true,
            headers: BTreeMap::from([("X-A".into(), "b".into())]),
            rate_limit: Some(RateLimit { average: 1, burst: 2, period_seconds: 3 }),
            basic_auth: vec![HASH.into()],
            compress: true,
            allowed_ips: vec!["10.0.0.0/8".into(), "::1".into()],
            body_limit_bytes: Some(1024),
            ..RoutingSpec::default()
        };
        spec.validate().unwrap();
        let names: Vec<_> = spec.middlewares().into_iter().map(|one| one.name).collect();
        let wanted = [
            "https",
            "headers",
            "allowed-ips",
            "rate-limit",
            "basic-auth",
            "compress",
            "body-limit",
            "strip-prefix",
        ];
        assert_eq!(names, wanted);
        assert_eq!(spec.path_rule().as_deref(), Some("(Path(`/shop`) || PathPrefix(`/shop/`))"));
    }

    #[test]
    fn a_spec_of_an_earlier_version_keeps_its_form() {
        let text = r#"{"https_redirect":false,"security_headers":true,"drain_seconds":10}"#;
        assert_eq!(serde_json::from_str::<RoutingSpec>(text).unwrap(), RoutingSpec::default());
        assert_eq!(serde_json::to_string(&RoutingSpec::default()).unwrap(), text);
        let limit: RateLimit = serde_json::from_str(r#"{"average":5}"#).unwrap();
        assert_eq!(limit, RateLimit { average: 5, burst: 1, period_seconds: 1 });
    }
}
