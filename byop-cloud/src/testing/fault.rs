//! Requests that go wrong on purpose.

use std::time::Duration;

use byop_core::testing::simulation::Random;

use crate::http::{Method, Request};

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// No answer in time; nothing was done.
    TimeoutBefore,
    /// No answer in time, but it was done.
    TimeoutAfter,
    /// The connection breaks; nothing was done.
    ResetBefore,
    /// The connection breaks, but it was done.
    ResetAfter,
    /// Refused as one of too many, with or without the seconds to wait; nothing was done.
    RateLimited(Option<u64>),
    /// The vendor is out of order (500); nothing was done.
    OutOfOrderBefore,
    /// The vendor is out of order (500), but it was done.
    OutOfOrderAfter,
    /// It was done, and half of the answer's body arrives.
    HalfBody,
    /// A proxy answers with a page of its own and this status; nothing was done.
    ProxyPage(u16),
    /// All goes well, but late.
    Late(Duration),
    /// It never returns, and nothing was done.
    Never,
    /// It never returns, but it was done: what a caller that dies meanwhile leaves behind.
    Lost,
}

impl Mishap {
    /// Whether the vendor does what it was asked for.
    pub(super) fn is_done(self) -> bool {
        matches!(
            self,
            Self::TimeoutAfter
                | Self::ResetAfter
                | Self::OutOfOrderAfter
                | Self::HalfBody
                | Self::Late(_)
                | Self::Lost
        )
    }
}

/// One request that goes wrong.
///
/// ```
/// use byop_cloud::testing::{Fault, Mishap};
///
/// let fault = Fault::new("server.create", Mishap::ResetAfter).with_nth(2);
/// # let _ = fault;
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    operation: String,
    /// How many more matching requests go well first.
    skip: usize,
    mishap: Mishap,
}

impl Fault {
    /// The next request of `operation` goes wrong: a provider's own name for it such as `server.create`, or how it is
    /// sent, such as `POST /v2/droplets`, from its beginning; `*` is any.
    #[must_use]
    pub fn new(operation: impl Into<String>, mishap: Mishap) -> Self {
        Self { operation: operation.into(), skip: 0, mishap }
    }

    /// The `nth` matching request from now on, counted from 1.
    #[must_use]
    pub fn with_nth(mut self, nth: usize) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    fn is_match(&self, request: &Request) -> bool {
        if self.operation == "*" || self.operation == request.operation {
            return true;
        }
        let url = request.shown_url();
        let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let path = path.find('/').map_or("/", |at| &path[at..]);
        self.operation.contains(' ')
            && format!("{} {path}", request.method.as_str()).starts_with(&self.operation)
    }
}

/// Takes the fault that is meant for this request, if one is.
pub(super) fn due(faults: &mut Vec<Fault>, request: &Request) -> Option<Mishap> {
    let mut due = None;
    for (index, fault) in faults.iter_mut().enumerate().filter(|(_, fault)| fault.is_match(request)) {
        if fault.skip > 0 {
            fault.skip -= 1;
        } else if due.is_none() {
            due = Some(index);
        }
    }
    due.map(|index| faults.remove(index).mishap)
}

/// Draws mishaps: the same for the same seed and the same requests.
#[derive(Debug)]
pub(super) struct Chaos {
    random: Random,
    per_mille: u32,
}

impl Chaos {
    pub(super) fn new(seed: u64, per_mille: u32) -> Self {
        Self { random: Random::new(seed), per_mille }
    }

    pub(super) fn draw(&self, request: &Request) -> Option<Mishap> {
        let random = &self.random;
        if !random.in_thousand(self.per_mille.into()) {
            return None;
        }
        // What makes something is hit harder where its outcome stays unknown.
        let kinds = if request.method == Method::Post { 13 } else { 10 };
        Some(match random.below(kinds) {
            0 => Mishap::TimeoutBefore,
            1 | 10 => Mishap::TimeoutAfter,
            2 => Mishap::ResetBefore,
            3 | 11 => Mishap::ResetAfter,
            4 => Mishap::RateLimited(Some(random.between(1, 20))),
            5 => Mishap::RateLimited(None),
            6 => Mishap::OutOfOrderBefore,
            7 => Mishap::HalfBody,
            8 => Mishap::ProxyPage(*random.one_of(&[200, 502, 503])),
            9 => Mishap::Late(Duration::from_millis(random.between(1, 5000))),
            _ => Mishap::OutOfOrderAfter,
        })
    }
}
