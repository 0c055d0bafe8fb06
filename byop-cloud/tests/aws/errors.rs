//! What the vendor's errors become: kind, whether to try again, what to do.

use byop_cloud::http::Response;
use byop_core::clock::{Clock, SystemClock};
use byop_core::cloud::{CloudProvider, Firewalls, ReservedIps, is_no_capacity};
use byop_core::model::{
    DnsName, DnsRecord, DnsRecordKind, DomainName, FirewallSpec, RegionId, ReservedIpId, ServerId,
};
use byop_core::{Error, ErrorKind, Retry};

use crate::support::{REGION, Script, response, scripted, spec};

fn ec2(status: u16, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>{message}</Message></Error></Errors><RequestID>r-1</RequestID></Response>"
    );
    response(status, body)
}

/// The answer that a look for the image gets, in front of what is looked at.
fn image() -> Response {
    response(
        200,
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet><item>\
         <imageId>ami-00000000000000d12</imageId><imageState>available</imageState><architecture>x86_64</architecture>\
         <rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet></DescribeImagesResponse>",
    )
}

async fn create(answer: Response) -> Error {
    let script = Script::new([image(), answer]);
    scripted(&script).create_server(&spec("key1")).await.unwrap_err()
}

/// Status, code, message; kind, whether it may be tried again, a word of the remedy.
type Case = (u16, &'static str, &'static str, ErrorKind, bool, &'static str);

#[rustfmt::skip]
const CASES: [Case; 52] = {
    use ErrorKind as K;
    [
    (400, "InvalidParameterValue", "Invalid value 'x9' for InstanceType.", K::InvalidInput, false, "correct"),
    (400, "InvalidParameterCombination", "no", K::InvalidInput, false, "correct"),
    (400, "InvalidAMIID.Malformed", "Invalid id", K::InvalidInput, false, "correct"),
    (400, "MissingParameter", "The request must contain x", K::InvalidInput, false, "correct"),
    (400, "UnknownParameter", "The parameter x is not recognized", K::InvalidInput, false, "correct"),
    (400, "MalformedQueryString", "no", K::InvalidInput, false, "correct"),
    (400, "InvalidBlockDeviceMapping", "no", K::InvalidInput, false, "correct"),
    (400, "ValidationError", "no", K::InvalidInput, false, "correct"),
    (400, "VPCIdNotSpecified", "No default VPC for this user", K::InvalidInput, false, "BYOP_AWS_SUBNET"),
    (400, "MissingInput", "No subnets found for the default VPC", K::InvalidInput, false, "BYOP_AWS_SUBNET"),
    (400, "InvalidAMIID.NotFound", "The image id does not exist", K::NotFound, false, "region"),
    (400, "InvalidAMIID.Unavailable", "The image ID is no longer available", K::NotFound, false, "region"),
    (400, "InvalidKeyPair.NotFound", "The key pair does not exist", K::NotFound, false, "region"),
    (400, "InvalidSubnetID.NotFound", "The subnet ID does not exist", K::NotFound, false, "region"),
    (400, "IdempotentParameterMismatch", "inconsistent", K::Conflict, false, "new key"),
    (400, "IdempotentInstanceTerminated", "terminated", K::Conflict, false, "new key"),
    (400, "DependencyViolation", "resource has a dependent object", K::Conflict, false, "uses it"),
    (400, "IncorrectInstanceState", "no", K::Conflict, false, "come to rest"),
    (400, "IncorrectState", "no", K::Conflict, false, "come to rest"),
    (400, "InvalidGroup.Duplicate", "exists", K::Conflict, false, "look"),
    (400, "InvalidIPAddress.InUse", "in use", K::Conflict, false, "look"),
    (400, "VolumeInUse", "in use", K::Conflict, false, "look"),
    (400, "ResourceInUse", "in use", K::Conflict, false, "look"),
    (400, "VcpuLimitExceeded", "more vCPU capacity than your current limit", K::QuotaExceeded, false, "Service Quotas"),
    (400, "InstanceLimitExceeded", "no", K::QuotaExceeded, false, "Service Quotas"),
    (400, "VolumeLimitExceeded", "no", K::QuotaExceeded, false, "Service Quotas"),
    (400, "AddressLimitExceeded", "no", K::QuotaExceeded, false, "release"),
    (400, "SecurityGroupLimitExceeded", "no", K::QuotaExceeded, false, "Service Quotas"),
    (400, "RulesPerSecurityGroupLimitExceeded", "no", K::QuotaExceeded, false, "Service Quotas"),
    (400, "InsufficientFreeAddressesInSubnet", "no", K::QuotaExceeded, false, "subnet"),
    (401, "AuthFailure", "not able to validate the provided access credentials", K::Unauthenticated, false, "AWS_ACCESS_KEY_ID"),
    (403, "InvalidClientTokenId", "The security token is invalid", K::Unauthenticated, false, "AWS_SESSION_TOKEN"),
    (403, "SignatureDoesNotMatch", "canary", K::Unauthenticated, false, "AWS_ACCESS_KEY_ID"),
    (403, "MissingAuthenticationToken", "no", K::Unauthenticated, false, "AWS_ACCESS_KEY_ID"),
    (400, "ExpiredToken", "expired", K::Unauthenticated, false, "temporary"),
    (400, "RequestExpired", "Request has expired.", K::Unauthenticated, false, "AWS_ACCESS_KEY_ID"),
    (401, "AuthFailure", "Not authorized for images: [ami-1]", K::PermissionDenied, false, "policy"),
    (403, "UnauthorizedOperation", "You are not authorized. Encoded authorization failure message: canary", K::PermissionDenied, false, "policy"),
    (403, "AccessDenied", "no", K::PermissionDenied, false, "policy"),
    (401, "OptInRequired", "You are not subscribed", K::PermissionDenied, false, "subscribe"),
    (400, "PendingVerification", "being verified", K::PermissionDenied, false, "verified"),
    (403, "Blocked", "blocked", K::PermissionDenied, false, "support"),
    (400, "UnsupportedOperation", "no", K::Unsupported, false, "choose"),
    (503, "RequestLimitExceeded", "Request limit exceeded.", K::RateLimited, true, "less"),
    (400, "Throttling", "Rate exceeded", K::RateLimited, true, "less"),
    (400, "ThrottlingException", "Rate exceeded", K::RateLimited, true, "less"),
    (503, "EC2ThrottledException", "Rate exceeded", K::RateLimited, true, "less"),
    (429, "TooManyRequestsException", "no", K::RateLimited, true, "less"),
    (500, "InternalError", "An internal error has occurred", K::Unavailable, true, "later"),
    (503, "Unavailable", "overloaded", K::Unavailable, true, "later"),
    (503, "ServiceUnavailable", "overloaded", K::Unavailable, true, "later"),
    (400, "RequestTimeout", "no", K::Timeout, true, "later"),
    ]
};

#[tokio::test]
async fn every_code_has_a_kind_an_advice_and_a_remedy() {
    for (status, code, message, kind, again, remedy) in CASES {
        let error = create(ec2(status, code, message)).await;
        assert_eq!(error.kind(), kind, "{code}");
        // There was one try only, so that what may be tried again is exhausted.
        let advice = error.retry();
        assert_eq!(
            advice == Retry::Exhausted,
            again || code == "InvalidKeyPair.NotFound" || kind == ErrorKind::NotFound,
            "{code}: {advice:?}"
        );
        assert!(error.remedy().is_some_and(|found| found.contains(remedy)), "{code}: {:?}", error.remedy());
        assert_eq!((error.context("code"), error.context("request_id")), (Some(code), Some("r-1")), "{code}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn no_capacity_is_told_from_an_outage_whatever_its_status() {
    for (status, code) in [
        (500, "InsufficientInstanceCapacity"),
        (500, "InsufficientHostCapacity"),
        (500, "Server.InsufficientInstanceCapacity"),
        (400, "Unsupported"),
    ] {
        let error = create(ec2(status, code, "We currently do not have sufficient t3.micro capacity")).await;
        assert!(is_no_capacity(&error), "{code}: {error:?}");
        assert_eq!((error.retry(), error.context("size")), (Retry::Never, Some("t3.micro")), "{code}");
        assert!(error.remedy().unwrap().contains("another size or region"));
    }
}

#[tokio::test]
async fn what_is_no_answer_of_the_vendor_is_an_outage() {
    let half =
        "<RunInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><instancesSet><item><insta";
    for (status, body) in [
        (200, half),
        (200, "<!DOCTYPE html><html><body>Welcome</body></html>"),
        (200, "<html><body>Welcome</body></html>"),
        (200, "good morning"),
        (502, "<html>bad gateway</html>"),
        (403, "<html>blocked by the proxy</html>"),
        (400, "<Response><Errors><Error><Code>InvalidPermission.Dupl"),
        (400, "{\"__type\": \"Par"),
        (503, ""),
        (200, "{\"Parameter\": {"),
    ] {
        let error = create(response(status, body)).await;
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted), "{body}");
    }
    let error = create(response(200, "<RunInstancesResponse></RunInstancesResponse>")).await;
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Now));
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_from_wrong_keys() {
    let mut answer = ec2(400, "RequestExpired", "Request has expired.");
    answer.headers.push(("date".into(), "Sun, 06 Nov 1994 08:49:37 GMT".into()));
    let error = create(answer).await;
    assert!(SystemClock.now().0 > 0 && error.remedy().unwrap().contains("clock"), "{error:?}");
}

#[tokio::test]
async fn errors_of_the_parameter_store_are_json() {
    for (body, kind) in [
        (r#"{"__type":"com.amazonaws.ssm#InternalServerError","message":"x"}"#, ErrorKind::Unavailable),
        (r#"{"__type":"UnrecognizedClientException","message":"x"}"#, ErrorKind::Unauthenticated),
        (r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#, ErrorKind::RateLimited),
        (r#"{"__type":"ValidationException","message":"x"}"#, ErrorKind::InvalidInput),
    ] {
        let script = Script::new([response(400, body)]);
        let error = scripted(&script).find_image(&RegionId(REGION.into()), "debian-12").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[tokio::test]
async fn without_the_right_to_read_parameters_names_tell() {
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    let script = Script::new([response(400, denied), image()]);
    let found = scripted(&script).find_image(&RegionId(REGION.into()), "debian-12").await.unwrap();
    assert_eq!(found.unwrap().id, "ami-00000000000000d12");
}

fn record() -> DnsRecord {
    DnsRecord::new(DnsName::new("www.example.com").unwrap(), DnsRecordKind::A).with_value("203.0.113.4")
}

#[tokio::test]
async fn errors_of_the_name_servers_have_their_kinds() {
    let zones = "<R><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name></HostedZone></HostedZones></R>";
    let named = |code: &str| {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error><RequestId>r-2</RequestId></ErrorResponse>"
        )
    };
    let batch = "<InvalidChangeBatch><Messages><Message>it was not permitted</Message></Messages><RequestId>r-3</RequestId></InvalidChangeBatch>";
    for (status, body, kind) in [
        (404, named("NoSuchHostedZone"), ErrorKind::NotFound),
        (400, named("Throttling"), ErrorKind::RateLimited),
        (400, named("PriorRequestNotComplete"), ErrorKind::RateLimited),
        (400, named("InvalidInput"), ErrorKind::InvalidInput),
        (403, named("AccessDenied"), ErrorKind::PermissionDenied),
        (400, batch.to_owned(), ErrorKind::InvalidInput),
    ] {
        let script = Script::new([response(200, zones), response(status, body.clone())]);
        let zone = DomainName::new("example.com").unwrap();
        let aws = scripted(&script);
        let error = aws.dns().unwrap().put_record(&zone, &record()).await.unwrap_err();
        assert_eq!((error.kind(), error.context("zone")), (kind, Some("example.com")), "{body}");
        assert!(error.remedy().is_some(), "{body}");
    }
}

#[tokio::test]
async fn what_is_gone_is_not_found_or_deleted_by_method() {
    let gone = |code: &str| Script::new([ec2(400, code, "does not exist")]);
    let server = ServerId(format!("{REGION}/i-00000000000000001"));
    for code in ["InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"] {
        let error = scripted(&gone(code)).get_server(&server).await.unwrap_err();
        assert_eq!((error.kind(), error.context("server")), (ErrorKind::NotFound, Some(server.0.as_str())));
        scripted(&gone(code)).delete_server(&server).await.unwrap();
    }
    let ip = ReservedIpId(format!("{REGION}/eipalloc-1"));
    let error = scripted(&gone("InvalidAllocationID.NotFound")).get_reserved_ip(&ip).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_thing_of_an_unknown_region_is_not_taken_for_gone() {
    let script = Script::new([]);
    for id in ["ap-south-1/i-00000000000000001", "ap-south-1/i-1"] {
        let error = scripted(&script).delete_server(&ServerId(id.into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.remedy().unwrap().contains("BYOP_AWS_REGIONS"));
    }
    let error = scripted(&script).delete_server(&ServerId("evil.example/i-1".into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn a_group_that_is_not_known_everywhere_yet_may_be_tried_again() {
    let made = "<CreateSecurityGroupResponse><groupId>sg-1</groupId></CreateSecurityGroupResponse>";
    let script = Script::new([response(200, made), ec2(400, "InvalidGroup.NotFound", "no")]);
    let rule = byop_core::model::FirewallRule::new(byop_core::model::Protocol::Tcp, 443);
    let spec = FirewallSpec::new("key1", "web-1", RegionId(REGION.into())).with_rule(rule);
    let error = scripted(&script).apply_firewall(&spec).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Now));
}
