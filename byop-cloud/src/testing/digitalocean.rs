//! DigitalOcean in memory.
//!
//! Requests are checked against `digitalocean/spec.json`: the paths that byop uses, without texts and examples, of
//! DigitalOcean's OpenAPI description (GitHub `digitalocean/openapi`, commit 7c1300c479fed9c353cda9fc21cd968619552304 of
//! 2026-08-07; Apache License 2.0, © DigitalOcean).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use serde_json::Value;
use tokio::time::Instant;

use super::Simulator;
use crate::http::{Method, Request, Response};
use crate::registry::ProviderOptions;

mod actions;
mod addresses;
mod answer;
mod catalog;
mod domains;
mod droplets;
mod firewalls;
mod limits;
mod plant;
mod spec;
mod ssh_keys;
mod state;

use answer::{Answer, Call, Refusal};
use limits::Limits;
use state::State;

const TOKEN: &str = "dop_v1_of_the_simulator";

/// DigitalOcean in memory: regions `fra1` and `nyc3`, sizes from `s-1vcpu-1gb` on, images such as `debian-12-x64`, and
/// the zone `example.com`.
///
/// It takes its token only, keeps the real limit of lists of SSH keys, and goes by tokio's time. A droplet that an
/// action works on refuses other actions.
pub struct DigitalOceanSimulator {
    state: Mutex<State>,
    limits: Mutex<Limits>,
    requests: Mutex<Vec<SimulatedCall>>,
    clock: Arc<TokioClock>,
}

/// A request that a simulator got, without what may be secret.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedCall {
    /// The method, a space, and the path with its query, such as `GET /v2/droplets?page=1`.
    pub line: String,
    /// The body; null without one. User data is left out.
    pub body: Value,
}

/// Tokio's time as a wall clock.
#[derive(Debug)]
struct TokioClock(Instant, Timestamp);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.1.plus(self.0.elapsed())
    }
}

impl fmt::Debug for DigitalOceanSimulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigitalOceanSimulator").finish_non_exhaustive()
    }
}

impl Default for DigitalOceanSimulator {
    fn default() -> Self {
        Self::new()
    }
}

impl DigitalOceanSimulator {
    /// An empty account in which nothing takes time.
    #[must_use]
    pub fn new() -> Self {
        let clock = TokioClock(Instant::now(), SystemClock.now());
        let mut state = State::new(clock.now());
        state.add_zone("example.com");
        Self {
            state: Mutex::new(state),
            limits: Mutex::default(),
            requests: Mutex::default(),
            clock: Arc::new(clock),
        }
    }

    /// Sets the most that one page holds, whatever is asked for.
    #[must_use]
    pub fn with_page_size(self, items: usize) -> Self {
        self.state().page_size = items.max(1);
        self
    }

    /// Sets how many requests a minute and an hour may have; neither has a limit unless set.
    #[must_use]
    pub fn with_limits(self, minute: usize, hour: usize) -> Self {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Limits::new(minute, hour);
        self
    }

    /// Addresses that lead somewhere have to be taken from there before they can be given back.
    #[must_use]
    pub fn with_clinging_addresses(self) -> Self {
        self.state().clingy = true;
        self
    }

    /// The settings of a provider that may enter.
    #[must_use]
    pub fn options(&self) -> ProviderOptions {
        ProviderOptions::new().with_setting("DIGITALOCEAN_TOKEN", TOKEN.to_owned())
    }

    /// The clock that it goes by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TokioClock>::clone(&self.clock)
    }

    /// Lets the guests of the next `count` orderly stops do nothing, so that those end as errors.
    pub fn ignore_shutdowns(&self, count: usize) {
        self.state().deaf = count;
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<SimulatedCall> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The ids of the firewalls that a droplet is behind.
    #[must_use]
    pub fn firewalls_of(&self, droplet: &str) -> Vec<String> {
        droplet.parse().map(|id| self.state().firewalls_of(id)).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self.clock.now());
        state
    }

    fn note(&self, request: &Request, call: Option<&Call>) {
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        let line = format!("{} {path}", request.method.as_str());
        let body = call.map(|call| plant::shown(&call.body)).unwrap_or_default();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(SimulatedCall { line, body });
    }

    fn carry_out(&self, request: &Request, call: Option<Call>) -> Answer {
        let token = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if token.is_none_or(|(_, value)| value.expose() != format!("Bearer {TOKEN}")) {
            return Err(Refusal::new(401, "Unable to authenticate you"));
        }
        let mut state = self.state();
        if let Err(complaint) = spec::check(request) {
            state.complaints.push(complaint.clone());
            return Err(Refusal::new(400, complaint));
        }
        let call = call.ok_or_else(Refusal::missing)?;
        route(&mut state, &call)
    }
}

fn route(state: &mut State, call: &Call) -> Answer {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method, path.as_slice()) {
        (Method::Get, ["regions"]) => state.regions(call),
        (Method::Get, ["sizes"]) => state.sizes(call),
        (Method::Get, ["images"]) => state.list_images(call),
        (Method::Get, ["images", id]) => state.image(id),
        (Method::Post, ["droplets"]) => state.create_droplet(call),
        (Method::Get, ["droplets"]) => state.list_droplets(call),
        (Method::Get, ["droplets", id]) => state.droplet(id),
        (Method::Delete, ["droplets", id]) => state.delete_droplet(id),
        (Method::Post, ["droplets", id, "actions"]) => state.create_action(id, call),
        (Method::Get, ["droplets", id, "actions"]) => state.list_actions(id, call),
        (Method::Get, ["droplets", id, "snapshots"]) => state.list_snapshots_of(id, call),
        (Method::Get, ["snapshots"]) => state.list_snapshots(call),
        (Method::Get, ["snapshots", id]) => state.snapshot(id),
        (Method::Delete, ["snapshots", id]) => state.delete_snapshot(id),
        (Method::Post, ["account", "keys"]) => state.create_ssh_key(call),
        (Method::Get, ["account", "keys"]) => state.list_ssh_keys(call),
        (Method::Get, ["account", "keys", id]) => state.ssh_key(id),
        (Method::Delete, ["account", "keys", id]) => state.delete_ssh_key(id),
        (Method::Post, ["firewalls"]) => state.create_firewall(call),
        (Method::Get, ["firewalls"]) => state.list_firewalls(call),
        (Method::Get, ["firewalls", id]) => state.firewall(id),
        (Method::Put, ["firewalls", id]) => state.replace_firewall(id, call),
        (Method::Delete, ["firewalls", id]) => state.delete_firewall(id),
        (Method::Post, ["tags"]) => state.create_tag(call),
        (Method::Get, ["tags"]) => state.list_tags(call),
        (Method::Delete, ["tags", name]) => state.delete_tag(name),
        (Method::Post, ["reserved_ips"]) => state.reserve(call),
        (Method::Get, ["reserved_ips"]) => state.list_addresses(call),
        (Method::Get, ["reserved_ips", ip]) => state.address(ip),
        (Method::Delete, ["reserved_ips", ip]) => state.release(ip),
        (Method::Post, ["reserved_ips", ip, "actions"]) => state.move_address(ip, call),
        (Method::Get, ["volumes"]) => state.list_volumes(call),
        (Method::Get, ["volumes", id]) => state.volume(id),
        (Method::Delete, ["volumes", id]) => state.delete_volume(id),
        (Method::Get, ["domains"]) => state.list_domains(call),
        (Method::Get, ["domains", zone, "records"]) => state.list_records(zone, call),
        (Method::Post, ["domains", zone, "records"]) => state.create_record(zone, call),
        (Method::Put, ["domains", zone, "records", id]) => state.replace_record(zone, id, call),
        (Method::Delete, ["domains", zone, "records", id]) => state.delete_record(zone, id),
        _ => Err(Refusal::missing()),
    }
}

impl Simulator for DigitalOceanSimulator {
    fn answer(&self, request: &Request) -> Response {
        let call = Call::read(request);
        self.note(request, call.as_ref());
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut response = if let Some(wait) = limits.refuses(now) {
            self.refusal(429, wait)
        } else if let Some(wait) = self.key_list_wait(call.as_ref()) {
            self.refusal(429, Some(wait))
        } else {
            let number = limits.count(now);
            self.carry_out(request, call).unwrap_or_else(|refusal| refusal.response(number))
        };
        response.headers.extend(limits.headers(now));
        response
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
        self.state().entries()
    }

    fn plant(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, true)
    }

    fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String {
        self.state().plant(kind, name, false)
    }

    fn foreign(&self) -> String {
        self.state().foreign_text()
    }

    fn kinds(&self) -> &'static [ResourceKind] {
        plant::KINDS
    }

    fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Response {
        let message = match status {
            429 => "API Rate limit exceeded.",
            _ => "Server was unable to give you a response.",
        };
        let mut response = Refusal::new(status, message).response(0);
        response.headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
        response
    }
}

impl DigitalOceanSimulator {
    fn key_list_wait(&self, call: Option<&Call>) -> Option<u64> {
        let call = call.filter(|call| call.method == Method::Get && call.path == ["account", "keys"]);
        call.and_then(|_| self.state().key_list_wait())
    }
}
