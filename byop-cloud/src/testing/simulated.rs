//! What carries requests to a simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use byop_core::testing::CallHook;
use byop_core::{ErrorKind, Result};

use super::Simulator;
use super::fault::{self, Chaos, Fault, Mishap};
use crate::http::{Method, Request, Response, Transport};

/// Carries requests to a simulator in place of the network, and lets them go wrong where a test says so, or at random
/// from a seed. Clones share all of it.
///
/// ```
/// use byop_cloud::testing::{Fault, Mishap, Simulated, Simulator};
/// use std::sync::Arc;
///
/// fn unlucky(simulator: Arc<dyn Simulator>) -> Simulated {
///     let simulated = Simulated::new(simulator);
///     simulated.inject(Fault::new("server.create", Mishap::TimeoutAfter));
///     simulated
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Simulated {
    simulator: Arc<dyn Simulator>,
    state: Arc<Mutex<State>>,
    hook: Option<Arc<dyn CallHook>>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    chaos: Option<Chaos>,
    went_wrong: usize,
    requests: Vec<SentRequest>,
}

/// A request as it was sent, without what may be secret: for counting, and for looking after credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentRequest {
    /// The provider's name for it.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The URL without its query.
    pub url: String,
    /// The status of the answer; none when none came.
    pub status: Option<u16>,
}

impl Simulated {
    /// Carries every request as it is.
    #[must_use]
    pub fn new(simulator: Arc<dyn Simulator>) -> Self {
        Self { simulator, state: Arc::default(), hook: None }
    }

    /// The same through another handle, with something that takes part in its requests.
    #[must_use]
    pub fn with_hook(&self, hook: impl CallHook + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self.clone() }
    }

    /// The vendor.
    #[must_use]
    pub fn simulator(&self) -> &Arc<dyn Simulator> {
        &self.simulator
    }

    /// Lets a coming request go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Lets this part of all requests go wrong in some way, in thousandths, the same for the same seed.
    pub fn set_chaos(&self, seed: u64, per_mille: u32) {
        self.state().chaos = Some(Chaos::new(seed, per_mille));
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        let mut state = self.state();
        state.chaos = None;
        state.faults.clear();
        drop(state);
        self.simulator.break_servers(0);
    }

    /// How many requests went wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.state().went_wrong
    }

    /// The requests so far, in the order of their answers.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong with a request.
    fn draw(&self, request: &Request) -> Option<Mishap> {
        let mut state = self.state();
        let mishap = fault::due(&mut state.faults, request)
            .or_else(|| state.chaos.as_ref().and_then(|chaos| chaos.draw(request)));
        state.went_wrong += usize::from(mishap.is_some());
        mishap
    }

    fn note(&self, request: &Request, status: Option<u16>) {
        let (operation, method, url) = (request.operation, request.method, request.shown_url());
        self.state().requests.push(SentRequest { operation, method, url, status });
    }

    async fn carry(&self, request: &Request) -> Result<Response> {
        let mishap = self.draw(request);
        if let Some(Mishap::Late(wait)) = mishap {
            tokio::time::sleep(wait).await;
        }
        let Some(mishap) = mishap else { return Ok(self.simulator.answer(request)) };
        let answer = mishap.is_done().then(|| self.simulator.answer(request));
        let late = || request.error(ErrorKind::Timeout, "the answer did not come in time");
        let broken = || request.error(ErrorKind::Unavailable, "the connection broke");
        match (mishap, answer) {
            (Mishap::TimeoutBefore | Mishap::TimeoutAfter, _) => Err(late()),
            (Mishap::ResetBefore | Mishap::ResetAfter, _) => Err(broken()),
            (Mishap::RateLimited(after), _) => Ok(self.simulator.refusal(429, after)),
            (Mishap::OutOfOrderBefore | Mishap::OutOfOrderAfter, _) => Ok(self.simulator.refusal(500, None)),
            (Mishap::ProxyPage(status), _) => Ok(proxy_page(status)),
            (Mishap::HalfBody, Some(answer)) if answer.body.is_empty() => Err(broken()),
            (Mishap::HalfBody, Some(mut answer)) => {
                answer.body.truncate(answer.body.len() / 2);
                Ok(answer)
            }
            (Mishap::Late(_), Some(answer)) => Ok(answer),
            _ => std::future::pending().await,
        }
    }
}

fn proxy_page(status: u16) -> Response {
    let mut page = Response::new(status);
    page.headers.push(("content-type".into(), "text/html; charset=utf-8".into()));
    page.body =
        b"<!DOCTYPE html><html><head><title>Gateway</title></head><body>Please try again.</body></html>"
            .to_vec();
    page
}

#[async_trait]
impl Transport for Simulated {
    async fn send(&self, request: &Request) -> Result<Response> {
        tokio::task::yield_now().await;
        let shown = request.shown_url();
        if let Some(hook) = &self.hook {
            hook.before(request.operation, &shown).await?;
        }
        let answer = self.carry(request).await;
        self.note(request, answer.as_ref().ok().map(|answer| answer.status));
        if let Some(hook) = &self.hook {
            hook.after(request.operation, &shown).await?;
        }
        answer
    }
}
