//! What each refusal becomes.

use std::time::Duration;

use byop_cloud::http::RetryPolicy;
use byop_core::cloud::{CloudProvider, Snapshots, is_no_capacity};
use byop_core::model::{RegionId, ServerFilter, ServerId, ServerSpec};
use byop_core::{Error, ErrorKind, Retry};

use crate::script::{Answer, ok, provider};

const FLAVOR: &str =
    r#"[{"id": "f", "name": "d2-2", "vcpus": 1, "ram": 2000, "disk": 25, "available": true}]"#;

fn once() -> RetryPolicy {
    RetryPolicy { tries: 1, ..RetryPolicy::default() }
}

fn new_form(class: &str, message: &str) -> String {
    format!(r#"{{"class": "{class}", "message": "{message}"}}"#)
}

fn old_form(code: &str, message: &str) -> String {
    format!(r#"{{"errorCode": "{code}", "httpCode": "403 Forbidden", "message": "{message}"}}"#)
}

/// Status, headers and body of a refusal; kind and advice of the error.
type Case = (u16, &'static [(&'static str, &'static str)], String, ErrorKind, Retry);

/// The error of creating a server that is answered so.
async fn of_create(answer: Answer) -> Error {
    let (provider, _) = provider(vec![ok(FLAVOR), ok("[]"), answer]);
    let spec = ServerSpec::new("k", "web", RegionId("GRA11".into()), "d2-2", "i");
    provider.with_policy(once()).create_server(&spec).await.unwrap_err()
}

/// The error of a list that is answered so.
async fn of_list(answer: Answer) -> Error {
    // Twice, because what is refused for its time is sent again.
    let (provider, _) = provider(vec![answer.clone(), answer]);
    provider.with_policy(once()).list_servers(&ServerFilter::all()).await.unwrap_err()
}

use ErrorKind::{
    Conflict, InvalidInput, NotFound, PermissionDenied, QuotaExceeded, RateLimited, Timeout, Unauthenticated,
    Unavailable, Unsupported,
};

#[tokio::test(start_paused = true)]
async fn every_refusal_of_a_read_has_its_kind_and_a_remedy() {
    let after = |seconds| Retry::After(Duration::from_secs(seconds));
    let cases: [Case; 41] = [
        (400, &[], new_form("Client::BadRequest", "Invalid parameter"), InvalidInput, Retry::Never),
        (400, &[], old_form("INVALID_SIGNATURE", "Invalid signature"), Unauthenticated, Retry::Never),
        (401, &[], old_form("INVALID_SIGNATURE", "Invalid signature"), Unauthenticated, Retry::Never),
        (403, &[], new_form("Client::Forbidden", "Invalid signature"), Unauthenticated, Retry::Never),
        (400, &[], old_form("QUERY_TIME_OUT", "Query out of time"), Unauthenticated, Retry::Never),
        (403, &[], new_form("Client::Forbidden", "Query out of time"), Unauthenticated, Retry::Never),
        (401, &[], new_form("Client::Unauthorized", "You must login"), Unauthenticated, Retry::Never),
        (401, &[], String::new(), Unauthenticated, Retry::Never),
        (403, &[], old_form("INVALID_KEY", "This key is invalid"), Unauthenticated, Retry::Never),
        (403, &[], old_form("INVALID_CREDENTIAL", "Not valid"), Unauthenticated, Retry::Never),
        (403, &[], old_form("NOT_CREDENTIAL", "Not valid"), Unauthenticated, Retry::Never),
        (403, &[], old_form("MISSING_CREDENTIAL", "Login first"), Unauthenticated, Retry::Never),
        (403, &[], old_form("NOT_GRANTED_CALL", "Not granted"), PermissionDenied, Retry::Never),
        (403, &[], old_form("FORBIDDEN", "No"), PermissionDenied, Retry::Never),
        (403, &[], new_form("Client::Forbidden", "No"), PermissionDenied, Retry::Never),
        (403, &[], String::new(), PermissionDenied, Retry::Never),
        (402, &[], new_form("Client::PaymentRequired", "Pay first"), QuotaExceeded, Retry::Never),
        (404, &[], new_form("Client::NotFound::Project", "No project"), NotFound, Retry::Never),
        (410, &[], new_form("Client::Gone", "Gone"), NotFound, Retry::Never),
        (409, &[], new_form("Client::Conflict", "Busy"), Conflict, Retry::Never),
        (409, &[], new_form("Client::Conflict::NameAlreadyInUse", "Taken"), Conflict, Retry::Never),
        (409, &[], new_form("Client::Conflict::ChecksumMismatch", "Changed"), Conflict, Retry::Never),
        (460, &[], new_form("Client::ServiceExpired", "Expired"), InvalidInput, Retry::Never),
        (422, &[], new_form("Client::Unprocessable", "What?"), InvalidInput, Retry::Never),
        (429, &[("retry-after", "7")], new_form("Client::TooManyRequests", "Slow"), RateLimited, after(7)),
        (429, &[], new_form("Client::TooManyRequests", "Slow"), RateLimited, Retry::Exhausted),
        (429, &[], "<html>too many</html>".into(), RateLimited, Retry::Exhausted),
        (500, &[], new_form("Server::InternalServerError", "Oops"), Unavailable, Retry::Exhausted),
        (500, &[], "<html>oops</html>".into(), Unavailable, Retry::Exhausted),
        (502, &[], "<html>bad gateway</html>".into(), Unavailable, Retry::Exhausted),
        (503, &[("retry-after", "30")], String::new(), Unavailable, after(30)),
        (504, &[], String::new(), Timeout, Retry::Exhausted),
        (408, &[], String::new(), Timeout, Retry::Exhausted),
        (501, &[], new_form("Server::NotImplemented", "Not yet"), Unsupported, Retry::Never),
        (301, &[("location", "https://elsewhere.example/")], String::new(), InvalidInput, Retry::Never),
        (200, &[], "<html>welcome to the network</html>".into(), Unavailable, Retry::Exhausted),
        (200, &[], r#"[{"id": "a", "na"#.into(), Unavailable, Retry::Exhausted),
        (403, &[], "<html>blocked</html>".into(), Unavailable, Retry::Exhausted),
        (400, &[], r#"{"message": "half a bo"#.into(), Unavailable, Retry::Exhausted),
        (400, &[], r#"{"message": null, "class": null}"#.into(), InvalidInput, Retry::Never),
        (200, &[], r#"{"not": "a list"}"#.into(), Unavailable, Retry::Now),
    ];
    for (status, headers, body, kind, retry) in cases {
        let error = of_list((status, headers, body.clone())).await;
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {body}: {error:?}");
        assert!(error.remedy().is_some() || status == 200, "{status} {body}: {error:?}");
        assert!(!error.message().contains('<'), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_refusal_of_a_server_has_its_kind_and_a_remedy() {
    let no_room = |message: &str| (400, new_form("Client::BadRequest", message), Unavailable, Retry::Never);
    for (status, body, kind, retry) in [
        no_room("This flavor is out of stock"),
        no_room("Flavor not available in this region"),
        no_room("No valid host was found"),
        (409, new_form("Client::Conflict::RegionInMaintenance", "Wait"), Unavailable, Retry::Never),
        (403, new_form("Client::Forbidden", "Quota exceeded for instances"), QuotaExceeded, Retry::Never),
        (400, new_form("Client::BadRequest", "You exceed your quota"), QuotaExceeded, Retry::Never),
        (403, new_form("Client::Forbidden::QuotaExceeded", "No more"), QuotaExceeded, Retry::Never),
        (413, new_form("Client::OverLimit", "Quota exceeded for ram"), QuotaExceeded, Retry::Never),
        (404, new_form("Client::NotFound", "Image not found"), NotFound, Retry::Never),
        (400, new_form("Client::BadRequest", "Invalid image"), InvalidInput, Retry::Never),
        // Nobody knows whether these made one: whoever asks again looks first.
        (500, new_form("Server::InternalServerError", "Oops"), Unavailable, Retry::Now),
        (502, "<html>bad gateway</html>".into(), Unavailable, Retry::Now),
        (504, String::new(), Timeout, Retry::Now),
        (200, r#"{"id": "a"#.into(), Unavailable, Retry::Now),
        (200, "null".into(), Unavailable, Retry::Now),
        (200, String::new(), Unavailable, Retry::Now),
    ] {
        let error = of_create((status, &[], body.clone())).await;
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {body}: {error:?}");
        assert_eq!(is_no_capacity(&error), kind == Unavailable && retry == Retry::Never, "{status} {body}");
        assert!(error.remedy().is_some() || status == 200, "{status} {body}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_code_is_told_from_a_full_quota() {
    let quota = r#"[{"region": "GRA11", "instance":
        {"maxInstances": 2, "usedInstances": 2, "maxCores": 9, "usedCores": 2, "maxRam": 9, "usedRAM": 2}}]"#;
    let refusal = (400, &[] as &[_], new_form("Client::BadRequest", "Refused"));
    let (provider, _) = provider(vec![ok(FLAVOR), ok("null"), refusal, ok(quota)]);
    let spec = ServerSpec::new("k", "web", RegionId("GRA11".into()), "d2-2", "i");
    let error = provider.create_server(&spec).await.unwrap_err();
    assert_eq!((error.kind(), error.context("servers")), (QuotaExceeded, Some("2 of 2")));
}

#[tokio::test(start_paused = true)]
async fn the_id_the_code_and_the_missing_rights_are_told() {
    let body = r#"{"class": "Client::Forbidden", "message": "no", "details": {"unauthorizedActionsByPolicies": "publicCloudProject:apiovh:instance/get"}}"#;
    let error = of_list((403, &[("x-ovh-queryid", "EU.ext-4.1")], body.to_owned())).await;
    assert_eq!(error.context("request_id"), Some("EU.ext-4.1"));
    assert_eq!(error.context("code"), Some("Client::Forbidden"));
    assert_eq!(error.context("details"), Some("publicCloudProject:apiovh:instance/get"));
    assert_eq!(error.context("status"), Some("403"));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_nobody_knows_of_is_asked_for_again() {
    let instance = r#"{"id": "s", "name": "byop-web--k", "region": "GRA11", "status": "ACTIVE"}"#;
    let (provider, script) = provider(vec![ok(instance), ok("null"), (504, &[], String::new())]);
    let error = provider.create_snapshot("snap1", &ServerId("s".into())).await.unwrap_err();
    assert_eq!((error.kind(), error.retry(), script.sent().len()), (Timeout, Retry::Now, 3));
}
