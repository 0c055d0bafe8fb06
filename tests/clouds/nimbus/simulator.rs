//! The vendor: things of all kinds under one path, with pages of one.

use std::sync::{Mutex, MutexGuard};

use byop_cloud::http::{Method, Request, Response};
use byop_cloud::testing::Simulator;
use byop_core::clock::{Clock, SystemClock, Timestamp};
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Thing {
    pub(super) id: String,
    pub(super) kind: ResourceKind,
    pub(super) name: String,
    /// Only what was made through byop has one.
    pub(super) key: Option<String>,
    pub(super) server: Option<String>,
    pub(super) firewall: Option<String>,
    pub(super) state: String,
    pub(super) has_address: bool,
    pub(super) made_at: Timestamp,
    #[serde(skip)]
    is_broken: bool,
    #[serde(skip)]
    gone_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct NimbusSimulator {
    start: (Instant, Timestamp),
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    times: CloudTimes,
    quota: Option<usize>,
    broken: usize,
    things: Vec<Thing>,
    ledger: Vec<CloudEntry>,
    complaints: Vec<String>,
}

impl Default for NimbusSimulator {
    fn default() -> Self {
        Self { start: (Instant::now(), SystemClock.now()), state: Mutex::default() }
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let mut response = Response::new(status);
    response.body = body.to_string().into_bytes();
    response
}

impl State {
    /// Does what has become due.
    fn settle(&mut self, now: Timestamp) {
        for thing in self.things.iter_mut().filter(|thing| thing.kind == ResourceKind::Server) {
            let up_at = thing.made_at.plus(self.times.boot);
            if thing.state == "starting" && up_at <= now {
                thing.state = if thing.is_broken { "broken" } else { "running" }.into();
            }
            thing.has_address = thing.state == "running" && up_at.plus(self.times.address) <= now;
        }
        let is_gone = |thing: &Thing| thing.gone_at.is_some_and(|at| at <= now);
        for thing in self.things.iter().filter(|thing| is_gone(thing)) {
            for entry in self.ledger.iter_mut().filter(|entry| entry.id == thing.id) {
                entry.gone_at = thing.gone_at;
            }
        }
        self.things.retain(|thing| !is_gone(thing));
    }

    fn add(&mut self, kind: ResourceKind, name: &str, key: Option<&str>, now: Timestamp) -> &mut Thing {
        let id = format!("n-{}", self.ledger.len() + 1);
        let is_broken = kind == ResourceKind::Server && self.broken > 0;
        self.broken -= usize::from(is_broken);
        self.ledger.push(CloudEntry {
            kind,
            id: id.clone(),
            name: name.into(),
            key: key.map(str::to_owned),
            marked: key.is_some(),
            created_at: now,
            gone_at: None,
        });
        self.things.push(Thing {
            id,
            kind,
            name: name.into(),
            key: key.map(str::to_owned),
            server: None,
            firewall: None,
            state: "starting".into(),
            has_address: false,
            made_at: now,
            is_broken,
            gone_at: None,
        });
        self.things.last_mut().unwrap()
    }

    fn create(&mut self, body: &Value, now: Timestamp) -> Response {
        let Ok(kind) = serde_json::from_value(body["kind"].clone()) else {
            return answer(400, &json!({ "message": "no such kind" }));
        };
        let servers = self.things.iter().filter(|thing| thing.kind == ResourceKind::Server).count();
        if kind == ResourceKind::Server && self.quota.is_some_and(|quota| servers >= quota) {
            return answer(402, &json!({ "message": "no more servers" }));
        }
        // As at most vendors, a public key is there once.
        let is_same = |thing: &&Thing| thing.kind == kind && thing.key.as_deref() == body["key"].as_str();
        if let Some(known) = self.things.iter().find(is_same).filter(|_| kind == ResourceKind::SshKey) {
            return answer(201, &json!(known));
        }
        let thing = self.add(kind, body["name"].as_str().unwrap_or_default(), body["key"].as_str(), now);
        thing.server = body["server"].as_str().map(str::to_owned);
        thing.firewall = body["firewall"].as_str().map(str::to_owned);
        answer(201, &json!(thing))
    }

    fn list(&self, page: usize, now: Timestamp) -> Response {
        let listed: Vec<_> =
            self.things.iter().filter(|thing| thing.made_at.plus(self.times.list_lag) <= now).collect();
        let next = (page + 1 < listed.len()).then_some(page + 1);
        answer(200, &json!({ "things": listed.get(page), "next": next }))
    }

    fn delete(&mut self, id: &str, now: Timestamp) -> Response {
        let is_used = self.things.iter().any(|thing| thing.firewall.as_deref() == Some(id));
        let delete = self.times.delete;
        let Some(thing) = self.things.iter_mut().find(|thing| thing.id == id) else {
            return answer(404, &json!({ "message": "gone" }));
        };
        if thing.kind == ResourceKind::Server {
            thing.state = "going".into();
            thing.gone_at.get_or_insert(now.plus(delete));
        } else if is_used {
            return answer(409, &json!({ "message": "in use" }));
        } else {
            thing.gone_at = Some(now);
        }
        self.settle(now);
        Response::new(204)
    }
}

impl NimbusSimulator {
    fn state(&self) -> (MutexGuard<'_, State>, Timestamp) {
        let now = self.start.1.plus(self.start.0.elapsed());
        let mut state = self.state.lock().unwrap();
        state.settle(now);
        (state, now)
    }
}

impl Simulator for NimbusSimulator {
    fn answer(&self, request: &Request) -> Response {
        let (mut state, now) = self.state();
        let path = request.url.strip_prefix("https://nimbus.example/things").unwrap_or("?");
        match (request.method, path.strip_prefix('/'), path.strip_prefix("?page=")) {
            (Method::Post, None, None) => match serde_json::from_slice(&request.body) {
                Ok(body) => state.create(&body, now),
                Err(_) => answer(400, &json!({ "message": "no JSON" })),
            },
            (Method::Get, None, Some(page)) => state.list(page.parse().unwrap_or(0), now),
            (Method::Get, Some(id), None) => {
                let readable =
                    |thing: &&Thing| thing.id == id && thing.made_at.plus(state.times.read_lag) <= now;
                match state.things.iter().find(readable) {
                    Some(thing) => answer(200, &json!(thing)),
                    None => answer(404, &json!({ "message": "gone" })),
                }
            }
            (Method::Delete, Some(id), None) => state.delete(id, now),
            _ => {
                state.complaints.push(format!("{request:?}"));
                answer(400, &json!({ "message": "what?" }))
            }
        }
    }

    fn set_times(&self, times: CloudTimes) {
        self.state().0.times = times;
    }

    fn set_quota(&self, servers: usize) {
        self.state().0.quota = Some(servers);
    }

    fn break_servers(&self, count: usize) {
        self.state().0.broken = count;
    }

    fn ledger(&self) -> Vec<CloudEntry> {
        self.state().0.ledger.clone()
    }

    fn plant(&self, kind: ResourceKind, name: &str) -> String {
        let (mut state, now) = self.state();
        state.add(kind, name, Some("planted"), now).id.clone()
    }

    fn plant_foreign(&self, kind: ResourceKind, name: &str) -> String {
        let (mut state, now) = self.state();
        state.add(kind, name, None, now).id.clone()
    }

    fn foreign(&self) -> String {
        let (state, _) = self.state();
        let foreign = state.things.iter().filter(|thing| thing.key.is_none());
        foreign.map(|thing| format!("{} {:?} {}\n", thing.id, thing.kind, thing.name)).collect()
    }

    fn kinds(&self) -> &'static [ResourceKind] {
        &[ResourceKind::Server, ResourceKind::SshKey, ResourceKind::Firewall, ResourceKind::ReservedIp]
    }

    fn complaints(&self) -> Vec<String> {
        self.state().0.complaints.clone()
    }

    fn refusal(&self, status: u16, retry_after: Option<u64>) -> Response {
        let mut response = answer(status, &json!({ "message": "not now" }));
        response.headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
        response
    }
}
