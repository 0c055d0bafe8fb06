//! What the vendor's error codes mean.

use std::time::Duration;

use byop_core::clock::Clock;
use byop_core::cloud::no_capacity;
use byop_core::{Error, ErrorKind, Result, Retry};
use serde_json::Value;

use super::xml::{Document, Node};
use crate::http::{Request, Response, check_status, kind_of_status, parse_http_date};

/// By how much a clock may be off before signatures are refused.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Judges an answer.
pub(super) fn check(request: &Request, response: &Response, clock: &dyn Clock) -> Result<()> {
    if kind_of_status(response.status).is_none() {
        return if is_whole(&response.body) { Ok(()) } else { Err(broken(request, response)) };
    }
    match Said::read(&response.body) {
        Some(said) => Err(error(request, response, &said, clock)),
        // A refusal of which only half arrived, or a proxy's page, says nothing of what the vendor did.
        None if response.status < 500 && !response.body.trim_ascii().is_empty() => {
            Err(broken(request, response))
        }
        None => check_status(request, response, clock),
    }
}

/// Judges the answer to a request about something that was made a moment ago: that it is not known everywhere yet
/// passes.
pub(super) fn check_fresh(request: &Request, response: &Response, clock: &dyn Clock) -> Result<()> {
    check(request, response, clock).map_err(|error| match error.kind() {
        ErrorKind::NotFound => error.with_retry(Retry::Now),
        _ => error,
    })
}

/// Whether an answer came to its end: it closes the tag that it opened, or is JSON.
fn is_whole(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let text = text.trim();
    if text.is_empty() {
        // Some removals are answered with nothing.
        return true;
    }
    if text.starts_with('{') {
        return serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    }
    let mut rest = text;
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>").map_or("", |(_, rest)| rest).trim_start();
    }
    let Some(rest) = rest.strip_prefix('<') else { return false };
    let name = rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let is_page = name.eq_ignore_ascii_case("html") || name.starts_with('!');
    let is_closed = text.ends_with(&format!("</{name}>")) || (rest.ends_with("/>") && !rest.contains("><"));
    !name.is_empty() && !is_page && is_closed
}

pub(super) fn broken(request: &Request, response: &Response) -> Error {
    request
        .error(ErrorKind::Unavailable, "the answer breaks off or is not what was expected")
        .with_context("status", response.status)
}

/// What an error says, in any of the three forms.
struct Said {
    code: String,
    message: String,
    request_id: Option<String>,
}

impl Said {
    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        if text.trim_start().starts_with('{') {
            return Self::read_json(text);
        }
        let document = Document::parse(text).ok()?;
        let root = document.root_element();
        let find = |name: &str| {
            let named = |node: &Node<'_, '_>| node.is_element() && node.tag_name().name() == name;
            let text = root.descendants().find(named).and_then(|node| node.text().map(str::to_owned));
            text.filter(|text| !text.is_empty())
        };
        let code = match root.tag_name().name() {
            // Name servers tell all that is wrong with a change under a name of its own.
            "InvalidChangeBatch" => "InvalidChangeBatch".to_owned(),
            _ => find("Code")?,
        };
        let request_id = find("RequestID").or_else(|| find("RequestId"));
        Some(Self { code, message: find("Message").unwrap_or_default(), request_id })
    }

    fn read_json(text: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(text).ok()?;
        let field = |names: [&str; 2]| names.iter().find_map(|name| body.get(*name)?.as_str());
        let code = field(["__type", "code"])?;
        let code = code.rsplit('#').next().unwrap_or(code).to_owned();
        Some(Self {
            code,
            message: field(["message", "Message"]).unwrap_or_default().to_owned(),
            request_id: None,
        })
    }

    /// The message, without what may be secret in it.
    fn shown(&self) -> String {
        let quotes_request = self.code.starts_with("SignatureDoesNotMatch")
            || self.code.starts_with("InvalidSignature")
            || self.code == "IncompleteSignature"
            || self.message.to_lowercase().replace(' ', "").contains("userdata");
        if quotes_request || self.message.is_empty() {
            return format!("the provider refused it with {}", self.code);
        }
        let plain = self.message.split("Encoded authorization failure").next().unwrap_or_default();
        plain.chars().filter(|c| !c.is_control()).take(300).collect::<String>().trim().to_owned()
    }
}

/// What a code means to the caller.
enum Meaning {
    Kind(ErrorKind),
    NoCapacity,
}

fn meaning(said: &Said) -> Option<Meaning> {
    use ErrorKind as K;
    let code = said.code.trim_start_matches("Client.").trim_start_matches("Server.");
    let kind = match code {
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "InsufficientCapacity"
        | "Unsupported" => return Some(Meaning::NoCapacity),
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "EC2ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "PriorRequestNotComplete"
        | "SlowDown" => K::RateLimited,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "Unavailable"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => K::Unavailable,
        "RequestTimeout" | "RequestTimeoutException" => K::Timeout,
        // The same code says that something belongs to another account.
        "AuthFailure" if said.message.starts_with("Not authorized for") => K::PermissionDenied,
        "AuthFailure"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired" => K::Unauthenticated,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "OptInRequired"
        | "PendingVerification"
        | "Blocked"
        | "OperationNotPermitted" => K::PermissionDenied,
        "NoSuchHostedZone"
        | "NoSuchChange"
        | "ParameterNotFound"
        | "ParameterVersionNotFound"
        | "InvalidAMIID.Unavailable" => K::NotFound,
        "HostedZoneAlreadyExists" => K::AlreadyExists,
        "DependencyViolation"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "ResourceInUse"
        | "VolumeInUse"
        | "IdempotentParameterMismatch"
        | "IdempotentInstanceTerminated"
        | "Resource.AlreadyAssociated"
        | "ConflictingDomainExists"
        | "ConcurrentModification" => K::Conflict,
        "UnsupportedOperation" => K::Unsupported,
        "TooManyHostedZones" | "InsufficientFreeAddressesInSubnet" | "InsufficientAddressCapacity" => {
            K::QuotaExceeded
        }
        _ if code.ends_with("LimitExceeded") || code.ends_with("LimitsExceeded") => K::QuotaExceeded,
        _ if code.ends_with(".NotFound") => K::NotFound,
        _ if code.ends_with(".Duplicate") || code.ends_with(".InUse") => K::Conflict,
        _ if ["Invalid", "Missing", "Malformed", "Unknown", "Validation"]
            .iter()
            .any(|start| code.starts_with(start)) =>
        {
            K::InvalidInput
        }
        _ => return None,
    };
    Some(Meaning::Kind(kind))
}

fn error(request: &Request, response: &Response, said: &Said, clock: &dyn Clock) -> Error {
    let fallback = kind_of_status(response.status).unwrap_or(ErrorKind::Unavailable);
    let mut error = match meaning(said).unwrap_or(Meaning::Kind(fallback)) {
        Meaning::NoCapacity => no_capacity(request.operation).with_context("provider_message", said.shown()),
        Meaning::Kind(kind) => {
            let error = request.error(kind, said.shown());
            match remedy(kind, said, response, clock) {
                Some(remedy) => error.with_remedy(remedy),
                None => error,
            }
        }
    };
    error = error.with_context("status", response.status).with_context("code", &said.code);
    let header = response.header("x-amzn-requestid").map(str::to_owned);
    if let Some(id) = header.or_else(|| said.request_id.clone()) {
        error = error.with_context("request_id", id);
    }
    error
}

fn remedy(kind: ErrorKind, said: &Said, response: &Response, clock: &dyn Clock) -> Option<String> {
    let text = match (said.code.as_str(), kind) {
        (_, ErrorKind::Unauthenticated) => {
            if let Some(minutes) = minutes_off(response, clock) {
                return Some(format!("set this machine's clock: it is {minutes} minutes off"));
            }
            match said.code.as_str() {
                "ExpiredToken" | "ExpiredTokenException" => {
                    "get new temporary credentials: these have expired"
                }
                _ => {
                    "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, with temporary credentials, AWS_SESSION_TOKEN"
                }
            }
        }
        ("OptInRequired", _) => "subscribe to the product, or enable the region, in the account's console",
        ("PendingVerification", _) => "wait until the vendor has verified the account for this region",
        ("Blocked", _) => "the account is blocked: ask the vendor's support",
        (_, ErrorKind::PermissionDenied) => {
            "allow this action in the policy of the credentials' user or role"
        }
        ("VcpuLimitExceeded" | "InstanceLimitExceeded", _) => {
            "delete servers, choose a smaller size, or ask for a higher limit under Service Quotas"
        }
        ("AddressLimitExceeded", _) => "release addresses, or ask for a higher limit under Service Quotas",
        ("InsufficientFreeAddressesInSubnet" | "InsufficientAddressCapacity", _) => {
            "choose another subnet (BYOP_AWS_SUBNET): this one has no free addresses"
        }
        (_, ErrorKind::QuotaExceeded) => {
            "remove what is not needed, or ask for a higher limit under Service Quotas"
        }
        ("IdempotentParameterMismatch", _) => "use a new key for another server",
        ("IdempotentInstanceTerminated", _) => "use a new key: the server of this one was removed",
        ("DependencyViolation", _) => "remove what uses it first, and wait until that is gone",
        ("IncorrectInstanceState" | "IncorrectState", _) => {
            "wait until the server has come to rest, and try again"
        }
        ("InvalidChangeBatch", _) => {
            "look at the record of this name: another kind or an alias may stand in the way"
        }
        (_, ErrorKind::Conflict) => "look at what is there, then decide",
        ("VPCIdNotSpecified" | "MissingInput", _) => {
            "set BYOP_AWS_SUBNET: the account has no default network in this region"
        }
        (_, ErrorKind::NotFound) => "check the id and the region",
        (_, ErrorKind::AlreadyExists) => "use what is there, or choose another name",
        (_, ErrorKind::InvalidInput) => "correct the value that the message names",
        (_, ErrorKind::Unsupported) => "choose a size, image or region that can do it",
        (_, ErrorKind::RateLimited) => "do less at once",
        (_, ErrorKind::Unavailable | ErrorKind::Timeout) => "try again later",
        _ => return None,
    };
    Some(text.to_owned())
}

/// How far our clock is from the vendor's, when that is too far.
fn minutes_off(response: &Response, clock: &dyn Clock) -> Option<u64> {
    let theirs = parse_http_date(response.header("date")?)?;
    let off = Duration::from_millis(theirs.0.abs_diff(clock.now().0));
    (off > SKEW).then_some(off.as_secs() / 60)
}

/// The code of an error that the vendor gave.
pub(super) fn has_code(error: &Error, code: &str) -> bool {
    error.context("code") == Some(code)
}
