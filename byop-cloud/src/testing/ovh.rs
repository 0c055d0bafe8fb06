//! OVHcloud in memory.
//!
//! Each request is checked against `ovh/spec.json`: the paths that byop uses, with their parameters and bodies, reduced to
//! facts. They come from the API's description of itself as kept in the collections `UrielCh/api-ovh-node` (cloud, order
//! and authentication; MIT) and `ovh/ovhcloud-cli` (domains, VPS and account; Apache License 2.0); the paths of the second
//! version were written down for byop by what the vendor's own tools send.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use byop_core::Result;
use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::time::Instant;

use super::spec::Spec;
use super::{Simulated, Simulator};
use crate::http::{Method, Request, Response};
use crate::registry::ProviderOptions;

mod access;
mod cloud;
mod groups;
mod offers;
mod reply;
mod sha1;
mod shop;
mod state;
mod zone;

use reply::{Answer, bad_request, not_found, on_wire, thing};
use state::{PROJECT, State};

static SPEC: LazyLock<Result<Spec>> = LazyLock::new(|| Spec::parse(include_str!("ovh/spec.json")));

/// OVHcloud in memory: one account with one project, regions `GRA11`, `SBG5` and `BHS5`, sizes from `d2-2` to `b2-15`, and
/// the zone `example.com`. It goes by tokio's time, and its own clock is some minutes ahead.
///
/// Signatures and tokens are really checked. Flavors and images have other ids in each region; addresses come late, that
/// of version 6 first; after `start` and `stop` the old status is shown for a while; a snapshot is answered with nothing;
/// what was written to a zone is served only after a refresh.
///
/// ```
/// use byop_cloud::ovh::Ovh;
/// use byop_cloud::testing::ovh::OvhSimulator;
/// use byop_core::cloud::CloudProvider;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> byop_core::Result<()> {
/// let simulator = OvhSimulator::new();
/// let ovh = Ovh::from_options(&simulator.options())?.with_transport(simulator.transport());
/// assert_eq!(ovh.list_regions().await?.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OvhSimulator {
    start: (Instant, Timestamp),
    state: Arc<Mutex<State>>,
}

impl Default for OvhSimulator {
    fn default() -> Self {
        Self::new()
    }
}

impl OvhSimulator {
    /// An account with nothing of byop's in it.
    #[must_use]
    pub fn new() -> Self {
        Self { start: (Instant::now(), SystemClock.now()), state: Arc::default() }
    }

    /// Sets how many things a page of a list holds at most.
    #[must_use]
    pub fn with_page_size(self, size: usize) -> Self {
        self.state().page_size = size;
        self
    }

    /// Takes the routes of the second version away, as accounts have it that are not let in there.
    #[must_use]
    pub fn without_security_groups(self) -> Self {
        self.state().has_groups = false;
        self
    }

    /// Settings with the application key of the account.
    #[must_use]
    pub fn options(&self) -> ProviderOptions {
        Self::base_options()
            .with_setting("OVH_APPLICATION_KEY", access::KEY.to_owned())
            .with_setting("OVH_APPLICATION_SECRET", access::SECRET.to_owned())
            .with_setting("OVH_CONSUMER_KEY", access::CONSUMER.to_owned())
    }

    /// Settings with the service account.
    #[must_use]
    pub fn account_options(&self) -> ProviderOptions {
        Self::base_options()
            .with_setting("OVH_CLIENT_ID", access::CLIENT_ID.to_owned())
            .with_setting("OVH_CLIENT_SECRET", access::CLIENT_SECRET.to_owned())
    }

    fn base_options() -> ProviderOptions {
        ProviderOptions::new()
            .with_setting("OVH_ENDPOINT", "https://ovh.example/1.0".to_owned())
            .with_setting("OVH_CLOUD_PROJECT_SERVICE", PROJECT.to_owned())
    }

    /// What carries requests here in place of the network.
    #[must_use]
    pub fn transport(&self) -> Arc<Simulated> {
        Arc::new(Simulated::new(Arc::new(self.clone())))
    }

    /// Sets its clock ahead by this many seconds more.
    pub fn shift_clock(&self, seconds: i64) {
        self.state().access.ahead += seconds;
    }

    /// Ends all tokens before their time.
    pub fn revoke_tokens(&self) {
        self.state().access.revoke();
    }

    /// Sets how long tokens live that are given from now on.
    pub fn set_token_life(&self, life: Duration) {
        self.state().access.token_life = life;
    }

    /// How many tokens were given.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.state().access.count()
    }

    /// Lets somebody else change the security group before each of the next `count` changes of it.
    pub fn disturb_groups(&self, count: usize) {
        self.state().disturbed = count;
    }

    /// What the name servers of a zone answer, one line a record: name, time, kind, target.
    #[must_use]
    pub fn served(&self, zone: &str) -> Vec<String> {
        self.state().zones.get(zone).map(|zone| zone.served().to_vec()).unwrap_or_default()
    }

    /// How many VPSes were ordered.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.state().shop.orders()
    }

    /// Of a VPS: its image, its public key, and whether its end was confirmed.
    #[must_use]
    pub fn installed_vps(&self, name: &str) -> Option<(String, Option<String>, bool)> {
        self.state().shop.installed(name)
    }

    fn now(&self) -> Timestamp {
        self.start.1.plus(self.start.0.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator for OvhSimulator {
    fn answer(&self, request: &Request) -> Response {
        let now = self.now();
        let mut state = self.state();
        state.requests += 1;
        state.settle(now);
        let answer = handle(&mut state, request, now);
        state.settle(now);
        on_wire(answer, state.requests)
    }

    fn set_times(&self, times: CloudTimes) {
        self.state().times = times;
    }

    fn set_quota(&self, servers: usize) {
        self.state().quota = servers;
    }

    fn break_servers(&self, count: usize) {
        self.state().broken = count;
    }

    fn ledger(&self) -> Vec<CloudEntry> {
        let now = self.now();
        let mut state = self.state();
        state.settle(now);
        state.ledger.clone()
    }

    fn plant(&self, kind: ResourceKind, name: &str) -> String {
        let full = match kind {
            ResourceKind::SshKey => {
                let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                format!("byop-ssh--{plain}")
            }
            _ => format!("byop-{name}--planted"),
        };
        let id = self.state().plant(kind, &full, self.now());
        if kind == ResourceKind::Snapshot { full } else { id }
    }

    fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String {
        let full = format!("byop-{name}");
        let id = self.state().plant(kind, &full, self.now());
        if kind == ResourceKind::Snapshot { full } else { id }
    }

    fn foreign(&self) -> String {
        self.state().foreign()
    }

    fn kinds(&self) -> &'static [ResourceKind] {
        &[ResourceKind::Server, ResourceKind::SshKey, ResourceKind::Firewall, ResourceKind::Snapshot]
    }

    fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Response {
        let class = match status {
            429 => "Client::TooManyRequests",
            _ => "Server::InternalServerError",
        };
        let mut response = on_wire(Err((status, class, "Please try again later".to_owned())), 1);
        response.headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
        response
    }
}

/// The parts of a URL that answers depend on.
struct Target {
    /// With `/v1` in place of its older name.
    path: String,
    query: BTreeMap<String, String>,
}

impl Target {
    fn of(url: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = match path.strip_prefix("/1.0/") {
            Some(rest) => format!("/v1/{rest}"),
            None => path.to_owned(),
        };
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self { path, query: pairs.map(|(name, value)| (decode(name), decode(value))).collect() }
    }
}

fn handle(state: &mut State, request: &Request, now: Timestamp) -> Answer {
    let target = Target::of(&request.url);
    if target.path == "/auth/oauth2/token" {
        return state.access.token(request, now);
    }
    if let Err(why) = allowed(request, &target) {
        state.complaints.push(why.clone());
        return Err(bad_request(why));
    }
    let parts: Vec<String> = target.path.split('/').skip(1).map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        ["v1", "auth", "time"] => return thing(state.access.server_time(now).into()),
        ["v1", "order", "catalog", "public", "cloud"] => return offers::catalog(),
        _ => {}
    }
    state.access.check(request, now)?;
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    match parts[..] {
        ["v1", "cloud", "project"] => Ok(reply::Reply::List(vec![PROJECT.into()])),
        ["v1", "cloud", "project", PROJECT, ref rest @ ..] => {
            in_project(state, request.method, rest, &target.query, &body, now)
        }
        ["v2", "publicCloud", "project", PROJECT, ref rest @ ..] if state.has_groups => {
            in_second_version(state, request, rest, &body, now)
        }
        ["v1", "domain", "zone", ref rest @ ..] => {
            in_zones(state, request.method, rest, &target.query, &body)
        }
        ["v1", "me"] => thing(serde_json::json!({ "ovhSubsidiary": "FR", "nichandle": "sim-ovh" })),
        ["v1", ref rest @ ..] => in_shop(state, request.method, rest, &target.query, &body, now),
        _ => Err(not_found("call")),
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// What the vendor's description says of a request.
fn allowed(request: &Request, target: &Target) -> std::result::Result<(), String> {
    let spec = SPEC.as_ref().map_err(ToString::to_string)?;
    let mut known = request.clone();
    // Both names of the first version are one.
    known.url = request.url.replacen("/1.0/", "/v1/", 1);
    spec.check(&known, "")?;
    let has_type = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if has_type == request.body.is_empty() {
        return Err(format!("{}: a content type goes with a body, and only with one", target.path));
    }
    Ok(())
}

fn in_project(
    state: &mut State,
    method: Method,
    parts: &[&str],
    query: &BTreeMap<String, String>,
    body: &Value,
    now: Timestamp,
) -> Answer {
    let query = |name: &str| query.get(name).map(String::as_str);
    match (method, parts) {
        (Method::Get, ["region"]) => {
            Ok(reply::Reply::List(offers::REGIONS.iter().map(|(name, _)| (*name).into()).collect()))
        }
        (Method::Get, ["region", name]) => offers::region(name),
        (Method::Get, ["flavor"]) => offers::flavors(query("region")),
        (Method::Get, ["flavor", id]) => {
            let (flavor, region) = offers::find_flavor(id).ok_or_else(|| not_found("flavor"))?;
            thing(offers::flavor_json(flavor, region))
        }
        (Method::Get, ["image"]) => offers::images(query("region"), query("osType")),
        (Method::Get, ["quota"]) => state.quotas(),
        (Method::Get, ["instance"]) => state.instances(query("region"), now),
        (Method::Post, ["instance"]) => state.create_instance(body, now),
        (Method::Get, ["instance", id]) => state.instance(id, now),
        (Method::Delete, ["instance", id]) => state.delete_instance(id, now),
        (Method::Post, ["instance", id, verb]) => state.act(id, verb, body, now),
        (Method::Get, ["snapshot"]) => state.snapshots(query("region"), now),
        (Method::Delete, ["snapshot", id]) => state.delete_snapshot(id, now),
        (Method::Get, ["sshkey"]) => state.ssh_keys(now),
        (Method::Post, ["sshkey"]) => state.create_ssh_key(body, now),
        (Method::Get, ["sshkey", id]) => state.ssh_key(id),
        (Method::Delete, ["sshkey", id]) => state.delete_ssh_key(id, now),
        _ => Err(not_found("call")),
    }
}

fn in_second_version(
    state: &mut State,
    request: &Request,
    parts: &[&str],
    body: &Value,
    now: Timestamp,
) -> Answer {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.expose().to_owned())
    };
    match (request.method, parts) {
        (Method::Get, ["securityGroup"]) => {
            let size = header("x-pagination-size").and_then(|size| size.parse().ok());
            state.list_groups(size, header("x-pagination-cursor").as_deref(), now)
        }
        (Method::Post, ["securityGroup"]) => state.create_group(body, now),
        (Method::Get, ["securityGroup", id]) => state.group(id, now),
        (Method::Put, ["securityGroup", id]) => state.change_group(id, body, now),
        (Method::Delete, ["securityGroup", id]) => state.delete_group(id, now),
        (Method::Post, ["compute", "instance"]) => state.create_behind(body, now),
        _ => Err(not_found("call")),
    }
}

fn in_zones(
    state: &mut State,
    method: Method,
    parts: &[&str],
    query: &BTreeMap<String, String>,
    body: &Value,
) -> Answer {
    let query = |name: &str| query.get(name).map(String::as_str);
    match (method, parts) {
        (Method::Get, []) => state.list_zones(),
        (Method::Get, [zone, "record"]) => state.list_records(zone, query("fieldType"), query("subDomain")),
        (Method::Post, [zone, "record"]) => state.create_record(zone, body),
        (Method::Get, [zone, "record", id]) => state.record(zone, id),
        (Method::Put, [zone, "record", id]) => state.change_record(zone, id, body),
        (Method::Delete, [zone, "record", id]) => state.delete_record(zone, id),
        (Method::Post, [zone, "refresh"]) => state.refresh_zone(zone),
        _ => Err(not_found("call")),
    }
}

fn in_shop(
    state: &mut State,
    method: Method,
    parts: &[&str],
    query: &BTreeMap<String, String>,
    body: &Value,
    now: Timestamp,
) -> Answer {
    let query = |name: &str| query.get(name).map(String::as_str);
    match (method, parts) {
        (Method::Get, ["vps"]) => state.list_vps(),
        (Method::Get, ["vps", name]) => state.get_vps(name, now),
        (Method::Get, ["vps", _, "images", "available"]) => state.vps_image(None),
        (Method::Get, ["vps", _, "images", "available", id]) => state.vps_image(Some(id)),
        (_, ["vps", name, verb]) => state.act_on_vps(name, verb, body, now),
        (Method::Get, ["order", "cart"]) => state.list_carts(query("description")),
        (Method::Post, ["order", "cart"]) => state.create_cart(body),
        (Method::Get, ["order", "cart", id]) => state.cart(id),
        (Method::Get, ["order", "cart", id, "checkout"]) => state.offer(id),
        (Method::Post, ["order", "cart", id, verb]) => state.change_cart(id, verb, body, now),
        (Method::Get, ["order", "cart", _, "item", "7", "requiredConfiguration"]) => state.requirements(),
        (Method::Get, ["order", "cart", id, "item", "7", "configuration"]) => {
            state.settings(id, query("label"))
        }
        (Method::Post, ["order", "cart", id, "item", "7", "configuration"]) => state.add_setting(id, body),
        (Method::Get, ["me", "order"]) => state.list_orders(),
        (Method::Get, ["me", "order", number, part @ ..]) => state.order(number, part),
        _ => Err(not_found("call")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_can_be_read() {
        assert!(SPEC.is_ok(), "{:?}", SPEC.as_ref().err());
    }

    #[test]
    fn a_request_without_credentials_is_refused() {
        let simulator = OvhSimulator::new();
        let request = Request::new("vps.list", Method::Get, "https://ovh.example/1.0/vps");
        assert_eq!(simulator.answer(&request).status, 401);
        assert!(simulator.complaints().is_empty());
    }

    #[test]
    fn what_the_description_does_not_know_is_noted() {
        let simulator = OvhSimulator::new();
        let request = Request::new("vps.list", Method::Get, "https://ovh.example/1.0/vps?page=2");
        assert_eq!(simulator.answer(&request).status, 400);
        assert_eq!(simulator.complaints().len(), 1);
    }
}
