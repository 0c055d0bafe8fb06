//! What each refusal means: its kind, whether to try again, and what to do.

use std::time::Duration;

use async_trait::async_trait;
use byop_cloud::http::{Request, Response, RetryPolicy, Transport};
use byop_core::cloud::{CloudProvider, DnsProvider, is_no_capacity};
use byop_core::model::{
    DnsName, DnsRecord, DnsRecordKind, DomainName, FirewallRule, FirewallSpec, PowerAction, Protocol,
    RegionId, ServerFilter, ServerSpec,
};
use byop_core::{Error, ErrorKind, Result, Retry};

use super::*;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Create,
    Get,
    List,
    Sizes,
    Delete,
    Stop,
    Resize,
    Resources,
    SshKey,
    Firewall,
    Reserve,
    Snapshot,
    Records,
    Record,
}

use Ask::*;

impl Ask {
    /// The request that the vendor refuses; all others go well.
    fn refused(self) -> (&'static str, &'static str) {
        match self {
            Create => ("POST", "/v2/droplets"),
            Get => ("GET", "/v2/droplets/"),
            List => ("GET", "/v2/droplets?"),
            Sizes => ("GET", "/v2/sizes"),
            Delete => ("DELETE", "/v2/droplets/"),
            Stop | Resize | Snapshot => ("POST", "/v2/droplets/"),
            Resources => ("GET", "/v2/account/keys"),
            SshKey => ("POST", "/v2/account/keys"),
            Firewall => ("POST", "/v2/firewalls"),
            Reserve => ("POST", "/v2/reserved_ips"),
            Records => ("GET", "/v2/domains/"),
            Record => ("POST", "/v2/domains/"),
        }
    }

    async fn ask(self, cloud: &DigitalOcean, running: &ServerId, stopped: &ServerId) -> Result<()> {
        let region = RegionId("fra1".into());
        let zone = DomainName::new("example.com").unwrap();
        match self {
            Create => {
                let spec = ServerSpec::new("k1", "web-1", region, "s-1vcpu-1gb", "141001");
                cloud.create_server(&spec).await.map(drop)
            }
            Get => cloud.get_server(running).await.map(drop),
            List => cloud.list_servers(&ServerFilter::all()).await.map(drop),
            Sizes => cloud.list_sizes(&region).await.map(drop),
            Delete => cloud.delete_server(running).await,
            Stop => cloud.power(running, PowerAction::Stop).await,
            Resize => cloud.resize_server(stopped, "s-2vcpu-2gb").await,
            Resources => cloud.list_resources().await.map(drop),
            SshKey => {
                let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA{:042}", 7);
                cloud.ssh_keys().unwrap().apply_ssh_key(&region, &key).await.map(drop)
            }
            Firewall => {
                let spec =
                    FirewallSpec::new("k1", "web-1", region).with_rule(FirewallRule::new(Protocol::Tcp, 22));
                cloud.firewalls().unwrap().apply_firewall(&spec).await.map(drop)
            }
            Reserve => cloud.reserved_ips().unwrap().reserve_ip("k1", running).await.map(drop),
            Snapshot => cloud.snapshots().unwrap().create_snapshot("k1", running).await.map(drop),
            Records => cloud.list_records(&zone).await.map(drop),
            Record => {
                let name = DnsName::new("www.example.com").unwrap();
                let record = DnsRecord::new(name, DnsRecordKind::A).with_value("203.0.113.4");
                cloud.put_record(&zone, &record).await
            }
        }
    }
}

/// What comes back.
#[derive(Debug, Clone)]
enum Back {
    /// DigitalOcean's message with a status.
    Says(u16, &'static str),
    /// The same with a header.
    With(u16, (&'static str, &'static str)),
    /// A body as it is.
    Body(u16, &'static str),
    Broken(ErrorKind),
}

use Back::*;

const PAGE: &str = "<!DOCTYPE html><html><body>Gateway</body></html>";

/// Refuses one kind of request, and lets the others through.
#[derive(Debug)]
struct Refusing {
    inner: Simulated,
    refused: (&'static str, &'static str),
    back: Back,
}

#[async_trait]
impl Transport for Refusing {
    async fn send(&self, request: &Request) -> Result<Response> {
        let path = &request.url[request.url.find("/v2/").unwrap()..];
        let (method, start) = self.refused;
        if request.method.as_str() != method || !path.starts_with(start) {
            return self.inner.send(request).await;
        }
        let says = |status, id: &str, message: &str| {
            let mut response = Response::new(status);
            let body = format!(r#"{{"id": "{id}", "message": "{message}", "request_id": "r-17"}}"#);
            response.body = body.into_bytes();
            response
        };
        Ok(match self.back.clone() {
            Says(status, message) => says(status, "an_id", message),
            With(status, (name, value)) => {
                let mut response = says(status, "an_id", "API Rate limit exceeded.");
                response.headers.push((name.into(), value.into()));
                response
            }
            Body(status, body) => {
                let mut response = Response::new(status);
                response.body = body.as_bytes().to_vec();
                response
            }
            Broken(kind) => return Err(request.error(kind, "the connection broke")),
        })
    }
}

async fn error_of(ask: Ask, back: Back) -> Error {
    let simulator = simulator();
    let running = ServerId(simulator.plant(ResourceKind::Server, "web-0"));
    let stopped = ServerId(simulator.plant(ResourceKind::Server, "web-9"));
    provider(&simulator).power(&stopped, PowerAction::Stop).await.unwrap();
    let inner = Simulated::new(Arc::<DigitalOceanSimulator>::clone(&simulator));
    let transport = Refusing { inner, refused: ask.refused(), back };
    let policy = RetryPolicy { tries: 2, ..RetryPolicy::default() };
    let cloud = provider(&simulator).with_transport(Arc::new(transport)).with_policy(policy);
    ask.ask(&cloud, &running, &stopped).await.expect_err("a refusal is an error")
}

fn after(seconds: u64) -> Retry {
    Retry::After(Duration::from_secs(seconds))
}

#[rustfmt::skip]
#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_kind_its_advice_and_its_remedy() {
    let denied = "You are not authorized to perform this operation";
    let missing = "The resource you were accessing could not be found.";
    let pending = "Droplet already has a pending event.";
    let broken = "Server was unable to give you a response.";
    let (never, exhausted, now) = (Retry::Never, Retry::Exhausted, Retry::Now);
    let groups = [
        (ErrorKind::Unauthenticated, never, "DIGITALOCEAN_TOKEN", vec![
            (Create, Says(401, "Unable to authenticate you")),
            (Get, Says(401, "Unable to authenticate you")),
            (Records, Says(401, "Unable to authenticate you")),
        ]),
        (ErrorKind::PermissionDenied, never, "scope", vec![
            (Create, Says(403, denied)),
            (Delete, Says(403, denied)),
            (Sizes, Says(403, denied)),
        ]),
        (ErrorKind::QuotaExceeded, never, "raise the limit", vec![
            (Create, Says(422, "creating this/these droplet(s) will exceed your droplet limit")),
            (Create, Says(403, "You have reached the droplet limit of this account")),
            (Create, Says(402, "Payment required")),
            (Reserve, Says(422, "You have reached the limit of reserved IPs")),
            (Firewall, Says(422, "firewall limit reached")),
        ]),
        // No machine left.
        (ErrorKind::Unavailable, never, "another size or region", vec![
            (Create, Says(422, "Size is not available in this region.")),
            (Create, Says(422, "Region is not available")),
            (Resize, Says(422, "Size is not available in this region.")),
        ]),
        (ErrorKind::InvalidInput, never, "message", vec![
            (Create, Says(422, "You specified an invalid size for Droplet creation.")),
            (Create, Says(422, "You specified an invalid image for Droplet creation.")),
            (Create, Says(422, "512190 are invalid key identifiers for Droplet creation.")),
            (Create, Says(422, "Name Only valid hostname characters are allowed.")),
            (Create, Says(400, "the body is malformed")),
            (Create, Body(301, "")),
            (Resize, Says(422, "You specified an invalid size.")),
            (SshKey, Says(422, "Key invalid type")),
            (Firewall, Says(400, "invalid ports")),
            (Record, Says(422, "Data needs to end with a dot (.)")),
        ]),
        (ErrorKind::Conflict, never, "present action", vec![
            (Stop, Says(422, pending)),
            (Delete, Says(422, pending)),
            (Snapshot, Says(422, pending)),
        ]),
        (ErrorKind::Conflict, never, "look at what is there", vec![
            (Create, Says(409, "conflict")),
            (Reserve, Says(422, "The droplet already has a reserved IP.")),
        ]),
        // It is there, but the list does not show it.
        (ErrorKind::Unavailable, after(2), "try again", vec![(Firewall, Says(409, "duplicate name"))]),
        (ErrorKind::Unavailable, now, "try again", vec![
            (SshKey, Says(422, "SSH Key is already in use on your account")),
        ]),
        (ErrorKind::NotFound, never, "removed", vec![
            (Get, Says(404, missing)),
            (Stop, Says(404, missing)),
            (Records, Says(404, missing)),
        ]),
        // Too many: by the minute with a time to wait, by the hour with a moment.
        (ErrorKind::RateLimited, after(400), "come back later", vec![
            (Create, With(429, ("retry-after", "400"))),
            (List, With(429, ("ratelimit-reset", "400"))),
            (Resources, With(429, ("retry-after", "400"))),
        ]),
        (ErrorKind::RateLimited, after(7), "come back later", vec![
            (Create, With(429, ("retry-after", "7"))),
        ]),
        (ErrorKind::RateLimited, exhausted, "come back later", vec![
            (Sizes, Says(429, "API Rate limit exceeded.")),
        ]),
        // Out of order: a look is repeated, what makes something is not, and then nobody knows.
        (ErrorKind::Unavailable, exhausted, "try again later", vec![
            (Get, Says(500, broken)),
            (List, Says(503, "Service unavailable")),
            (Delete, Says(500, broken)),
        ]),
        (ErrorKind::Timeout, exhausted, "", vec![
            (List, Body(504, "")),
            (Get, Broken(ErrorKind::Timeout)),
        ]),
        (ErrorKind::Unavailable, now, "outcome is unknown", vec![
            (Create, Says(500, broken)),
            (Create, With(503, ("retry-after", "5"))),
            (Create, Broken(ErrorKind::Unavailable)),
            (Reserve, Says(502, "Bad gateway")),
            (Record, Says(500, broken)),
            // A page of a proxy, with whatever status, and half of a text.
            (Create, Body(403, PAGE)),
            (Create, Body(202, PAGE)),
            (Create, Body(202, r#"{"droplet": {"id": 31"#)),
        ]),
        (ErrorKind::Timeout, now, "outcome is unknown", vec![
            (Create, Body(504, PAGE)),
            (Create, Broken(ErrorKind::Timeout)),
        ]),
        (ErrorKind::Unavailable, exhausted, "stands between", vec![
            (Get, Body(404, PAGE)),
            (Get, Body(200, PAGE)),
            (List, Body(200, r#"{"droplets": [{"id": 1"#)),
        ]),
        // Another form than that of the API.
        (ErrorKind::Unavailable, now, "try again", vec![
            (Create, Body(202, "{}")),
            (List, Body(200, "{}")),
            (List, Body(200, r#"{"droplets": "none"}"#)),
        ]),
    ];
    let rows = groups.into_iter().flat_map(|(kind, retry, remedy, asked)| {
        asked.into_iter().map(move |(ask, back)| (ask, back, kind, retry, remedy))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() >= 40);
    for (ask, back, kind, retry, remedy) in rows {
        let error = error_of(ask, back.clone()).await;
        let place = format!("{ask:?} {back:?}: {error:?}");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{place}");
        assert!(error.remedy().unwrap_or_default().contains(remedy), "{place}");
        assert_eq!(is_no_capacity(&error), remedy.contains("another size"), "{place}");
        if let Says(status, message) = back {
            // A conflict that turned out to be a late list keeps the refusal as its cause.
            let told = if retry == after(2) || matches!(ask, SshKey) && kind == ErrorKind::Unavailable {
                std::error::Error::source(&error).unwrap().to_string()
            } else {
                error.to_string()
            };
            assert!(told.contains(message) && told.contains("r-17"), "{place}");
            assert!(told.contains(&format!("status: {status}")), "{place}");
        }
    }
}

/// `Conflict`, whether DigitalOcean said so or byop saw it first.
#[tokio::test(start_paused = true)]
async fn what_is_done_while_something_else_is_under_way_is_a_conflict() {
    let simulator = simulator();
    let cloud = provider(&simulator);
    let spec = ServerSpec::new("k1", "web-1", RegionId("fra1".into()), "s-1vcpu-1gb", "141001");
    simulator.set_times(CloudTimes { boot: Duration::from_secs(30), ..CloudTimes::default() });
    let id = cloud.create_server(&spec).await.unwrap().id;
    let conflict = |result: Result<()>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert!(error.remedy().is_some());
    };
    conflict(cloud.power(&id, PowerAction::Stop).await);
    conflict(cloud.resize_server(&id, "s-2vcpu-2gb").await);
    conflict(cloud.delete_server(&id).await);
    conflict(cloud.reserved_ips().unwrap().reserve_ip("k1", &id).await.map(drop));
    conflict(cloud.snapshots().unwrap().create_snapshot("k1", &id).await.map(drop));
}

/// Without any request.
#[tokio::test(start_paused = true)]
async fn what_can_never_be_is_refused_before_it_is_sent() {
    let simulator = simulator();
    let cloud = provider(&simulator);
    let spec = |name: &str, key: &str, size: &str| {
        ServerSpec::new(key, name, RegionId("fra1".into()), size, "141001")
    };
    for bad in [
        spec("web 1", "k1", "s-1vcpu-1gb"),
        spec("web-1", "K_1", "s-1vcpu-1gb"),
        spec("", "k1", "s-1vcpu-1gb"),
        spec("web-1", "k1", "gpu-h100x1-80gb"),
    ] {
        let error = cloud.create_server(&bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(error.remedy().is_some());
    }
    for id in ["", "../account", "1/actions", "x"] {
        let error = cloud.get_server(&ServerId(id.into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        cloud.delete_server(&ServerId(id.into())).await.unwrap();
    }
    assert_eq!(simulator.requests(), []);
}
