//! Whether a request was signed by who it says: computed here from the rules alone, without the package that signs.

use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::digest::Digest;
use ring::hmac;

use super::answer::Fault;
use crate::http::Request;

pub(super) const ID: &str = "AKIASIMULATED0000001";
pub(super) const SECRET: &str = "simulated/canary+secret";
pub(super) const TOKEN: &str = "simulated-canary-session-token";

/// How far clocks may be apart, in milliseconds.
const SKEW: u64 = 15 * 60 * 1000;

/// What a good signature says.
pub(super) struct Proof {
    pub(super) region: String,
    pub(super) service: String,
}

impl Proof {
    pub(super) fn check(request: &Request, now: Timestamp) -> Result<Self, Fault> {
        let wrong =
            |code: &str, message: &str| Fault { is_complaint: true, ..Fault::new(403, code, message) };
        let authorization = header(request, "authorization")
            .ok_or_else(|| wrong("MissingAuthenticationToken", "the request is not signed"))?;
        let rest = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or_else(|| wrong("IncompleteSignature", "unknown algorithm"))?;
        let part = |name: &str| {
            rest.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
        };
        let scope: Vec<_> = part("Credential").split('/').collect();
        let [id, date, region, service, "aws4_request"] = scope[..] else {
            return Err(wrong("IncompleteSignature", "the scope is wrong"));
        };
        if id != ID {
            return Err(Fault::new(
                401,
                "AuthFailure",
                "AWS was not able to validate the provided access credentials",
            ));
        }
        if header(request, "x-amz-security-token") != Some(TOKEN) {
            return Err(Fault::new(403, "InvalidClientTokenId", "The security token is not valid"));
        }
        let time = header(request, "x-amz-date").unwrap_or_default();
        // Clients go by the machine's clock, or by the one of a test.
        let sent = moment(time).ok_or_else(|| wrong("IncompleteSignature", "there is no date"))?;
        let near = |now: Timestamp| now.0.abs_diff(sent.0) < SKEW;
        if !near(now) && !near(SystemClock.now()) || !time.starts_with(date) {
            return Err(Fault::new(400, "RequestExpired", "Request has expired."));
        }
        let names: Vec<_> = part("SignedHeaders").split(';').collect();
        for needed in ["host", "x-amz-date", "x-amz-security-token"] {
            if !names.contains(&needed) {
                return Err(wrong("IncompleteSignature", needed));
            }
        }
        let unsigned = request.headers.iter().map(|(name, _)| name.to_lowercase());
        if let Some(name) =
            unsigned.filter(|name| name.starts_with("x-amz-")).find(|name| !names.contains(&name.as_str()))
        {
            return Err(wrong("SignatureDoesNotMatch", &format!("{name} is not signed")));
        }
        let canonical =
            canonical(request, &names).ok_or_else(|| wrong("IncompleteSignature", "a header is missing"))?;
        let hash = Digest::of(canonical);
        let text = format!(
            "AWS4-HMAC-SHA256\n{time}\n{date}/{region}/{service}/aws4_request\n{}",
            hash.as_str().trim_start_matches("sha256:")
        );
        let first = mac(format!("AWS4{SECRET}").as_bytes(), date);
        let key = [region, service, "aws4_request"].iter().fold(first, |key, part| mac(&key, part));
        let signature: String = mac(&key, &text).iter().map(|byte| format!("{byte:02x}")).collect();
        if signature != part("Signature") {
            return Err(wrong("SignatureDoesNotMatch", "the signature is wrong"));
        }
        Self::check_host(request, region, service)
    }

    /// The host of a real endpoint has to fit what was signed for.
    fn check_host(request: &Request, region: &str, service: &str) -> Result<Self, Fault> {
        let host = host(&request.url);
        let fits = match service {
            "route53" => host == "route53.amazonaws.com" && region == "us-east-1",
            _ => host == format!("{service}.{region}.amazonaws.com"),
        };
        if !fits && host.ends_with("amazonaws.com") {
            let message = format!("{host} was asked with a signature for {service} in {region}");
            return Err(Fault { is_complaint: true, ..Fault::new(403, "SignatureDoesNotMatch", message) });
        }
        Ok(Self { region: region.to_owned(), service: service.to_owned() })
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.expose())
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// What is signed; the paths of our services have nothing in them that would have to be encoded twice.
fn canonical(request: &Request, names: &[&str]) -> Option<String> {
    let rest = request.url.split_once("://")?.1;
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = before.find('/').map_or("/", |at| &before[at..]);
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    pairs.sort();
    let mut text = format!("{}\n{path}\n{}\n", request.method.as_str(), pairs.join("&"));
    for name in names {
        let value = if *name == "host" { host(&request.url) } else { header(request, name)?.trim() };
        text.push_str(&format!("{name}:{value}\n"));
    }
    let body = Digest::of(&request.body);
    text.push_str(&format!("\n{}\n{}", names.join(";"), body.as_str().trim_start_matches("sha256:")));
    Some(text)
}

/// A time such as `20261121T112418Z`.
fn moment(text: &str) -> Option<Timestamp> {
    let part = |range: std::ops::Range<usize>| text.get(range);
    let (date, time) = (part(0..8)?, part(9..15)?);
    let written = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(0..4)?,
        date.get(4..6)?,
        date.get(6..8)?,
        time.get(0..2)?,
        time.get(2..4)?,
        time.get(4..6)?
    );
    crate::aws::read_time(&written)
}
