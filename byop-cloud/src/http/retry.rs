//! The one retry loop.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use byop_core::clock::{Clock, SystemClock};
use byop_core::id::{Entropy, SystemEntropy};
use byop_core::{Error, ErrorKind, Result, Retry};
use tokio::time::{Instant, sleep_until};

use super::error::check_status;
use super::transport::{Repeat, Request, Response, Transport};

/// How often and how long one request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all.
    pub tries: u32,
    /// The time for all tries together, with the waits between them.
    pub within: Duration,
    /// The shortest wait.
    pub shortest: Duration,
    /// The longest wait that byop chooses itself; the other side may ask for more.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// 10 tries within 3 minutes, with waits from 100 ms to 15 s.
    fn default() -> Self {
        Self {
            tries: 10,
            within: Duration::from_secs(180),
            shortest: Duration::from_millis(100),
            longest: Duration::from_secs(15),
        }
    }
}

/// Turns an answer into an error where it is one; a provider that says more than the status gives its own.
pub type Check = fn(&Request, &Response, &dyn Clock) -> Result<()>;

/// Sends requests with one credential, and sends again what may be sent again.
///
/// Repeated is what is safe or keyed, and anything that was refused by a rate limit, since that was not carried
/// out. After a `Retry-After` every request of this client waits, not only the one that was refused.
pub struct Client {
    transport: Arc<dyn Transport>,
    policy: RetryPolicy,
    check: Check,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    closed_until: Mutex<Option<Instant>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.transport)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the default policy, the system's clock and randomness, and the common table of errors.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            policy: RetryPolicy::default(),
            check: check_status,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            closed_until: Mutex::default(),
        }
    }

    /// Sets how often and how long a request is tried.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how answers are judged.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// Sets the clock by which dates in answers are read.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the randomness of the waits.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Sends a request until it succeeds, fails for good, or the policy ends.
    ///
    /// # Errors
    /// Those of [`check_status`] and of [`Transport::send`]. After the last try the advice is `Retry::Exhausted`,
    /// or `Retry::After` when the other side asked for a longer wait than the policy has left. `Timeout` and
    /// `Unavailable` of a request that may not be repeated mean that its outcome is unknown.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        let end = Instant::now() + self.policy.within;
        let mut wait = self.policy.shortest;
        let mut attempt = 1;
        loop {
            self.wait_for_opening(request, end).await?;
            let error = match self.send_once(request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            tracing::debug!(operation = request.operation, attempt, kind = %error.kind(), "request failed");
            let asked = match error.retry() {
                Retry::After(asked) => Some(asked),
                Retry::Now => None,
                _ => return Err(error),
            };
            if request.repeat == Repeat::Never && error.kind() != ErrorKind::RateLimited {
                return Err(error
                    .with_retry(Retry::Never)
                    .with_remedy("the outcome is unknown: look whether it happened before doing it again"));
            }
            if let Some(asked) = asked {
                self.close_for(asked);
            }
            wait = self.next_wait(wait);
            let next = Instant::now() + wait.max(asked.unwrap_or_default());
            if attempt >= self.policy.tries || next > end {
                let advice = asked.map_or(Retry::Exhausted, Retry::After);
                return Err(error.with_context("attempts", attempt).with_retry(advice));
            }
            sleep_until(next).await;
            attempt += 1;
        }
    }

    async fn send_once(&self, request: &Request) -> Result<Response> {
        let response = self.transport.send(request).await?;
        (self.check)(request, &response, self.clock.as_ref())?;
        Ok(response)
    }

    async fn wait_for_opening(&self, request: &Request, end: Instant) -> Result<()> {
        let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if until > end => Err(self.still_closed(request, until)),
            Some(until) => {
                sleep_until(until).await;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn still_closed(&self, request: &Request, until: Instant) -> Error {
        request
            .error(ErrorKind::RateLimited, "the provider asked for a longer pause than this call may wait")
            .with_retry(Retry::After(until.saturating_duration_since(Instant::now())))
    }

    fn close_for(&self, asked: Duration) {
        let until = Instant::now() + asked;
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = Some(closed.map_or(until, |known| known.max(until)));
    }

    /// Between the shortest wait and twice the last one, so that many clients do not come back together.
    fn next_wait(&self, last: Duration) -> Duration {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes);
        let part = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        let span = (last * 2).saturating_sub(self.policy.shortest);
        (self.policy.shortest + span.mul_f64(part)).min(self.policy.longest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use async_trait::async_trait;

    use super::*;
    use crate::http::Method;

    /// Gives the answers of a list; a status of 0 is a broken connection.
    #[derive(Debug, Default)]
    struct Script {
        answers: Mutex<VecDeque<(u16, Option<&'static str>)>>,
        times: Mutex<Vec<Instant>>,
    }

    #[async_trait]
    impl Transport for Script {
        async fn send(&self, request: &Request) -> Result<Response> {
            self.times.lock().unwrap().push(Instant::now());
            let (status, after) = self.answers.lock().unwrap().pop_front().unwrap_or((503, None));
            if status == 0 {
                return Err(request.error(ErrorKind::Unavailable, "the connection broke"));
            }
            let mut response = Response::new(status);
            response.headers.extend(after.map(|value| ("retry-after".to_owned(), value.to_owned())));
            Ok(response)
        }
    }

    /// The longest of all waits that chance may choose, and the shortest.
    #[derive(Debug)]
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn client(answers: &[(u16, Option<&'static str>)]) -> (Client, Arc<Script>) {
        let script = Arc::new(Script::default());
        script.answers.lock().unwrap().extend(answers);
        (Client::new(Arc::<Script>::clone(&script)).with_entropy(Arc::new(Fixed(0xFF))), script)
    }

    fn request(method: Method) -> Request {
        Request::new("x.do", method, "https://api.example/")
    }

    fn gaps(script: &Script) -> Vec<u64> {
        let times = script.times.lock().unwrap();
        times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis() as u64).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_safe_request_is_repeated_until_it_succeeds() {
        let (client, script) = client(&[(503, None), (0, None), (200, None)]);
        assert_eq!(client.send(&request(Method::Get)).await.unwrap().status, 200);
        assert_eq!(gaps(&script), [200, 400]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_may_not_be_repeated_is_sent_once() {
        for answer in [503, 500, 504, 0] {
            let (client, script) = client(&[(answer, None), (200, None)]);
            let error = client.send(&request(Method::Post)).await.unwrap_err();
            assert_eq!(error.retry(), Retry::Never);
            assert!(error.remedy().unwrap().contains("outcome is unknown"));
            assert!(gaps(&script).is_empty());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyed_request_is_repeated() {
        let (client, _) = client(&[(503, None), (200, None)]);
        client.send(&request(Method::Post).with_repeat(Repeat::Keyed)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_rate_limit_refused_is_repeated_whatever_it_is() {
        let (client, _) = client(&[(429, None), (201, None)]);
        assert_eq!(client.send(&request(Method::Post)).await.unwrap().status, 201);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_answer_is_not_repeated() {
        for status in [400, 401, 403, 404, 409, 422] {
            let (client, script) = client(&[(status, None), (200, None)]);
            client.send(&request(Method::Get)).await.unwrap_err();
            assert!(gaps(&script).is_empty(), "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_that_the_other_side_asks_for_is_kept() {
        let (client, script) = client(&[(429, Some("20")), (503, Some("0")), (200, None)]);
        client.send(&request(Method::Get)).await.unwrap();
        assert_eq!(gaps(&script), [20_000, 400]);
    }

    #[tokio::test(start_paused = true)]
    async fn other_requests_of_the_client_wait_as_well() {
        let (client, script) = client(&[(429, Some("20")), (200, None), (200, None)]);
        let (get, head) = (request(Method::Get), request(Method::Head));
        let second = async {
            // Sent at once if it did not know of the refusal.
            tokio::time::sleep(Duration::from_millis(1)).await;
            client.send(&head).await
        };
        let (one, two) = tokio::join!(client.send(&get), second);
        one.unwrap();
        two.unwrap();
        assert!(gaps(&script).first().is_some_and(|gap| *gap >= 20_000), "{:?}", gaps(&script));
    }

    #[tokio::test(start_paused = true)]
    async fn a_longer_wait_than_is_left_is_told_and_not_waited_for() {
        let (client, script) = client(&[(429, Some("3600"))]);
        let start = Instant::now();
        let error = client.send(&request(Method::Get)).await.unwrap_err();
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(3600)));
        let later = client.send(&request(Method::Get)).await.unwrap_err();
        assert_eq!((later.kind(), script.times.lock().unwrap().len()), (ErrorKind::RateLimited, 1));
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_the_longest_and_tries_end() {
        let (client, script) = client(&[]);
        let error = client.send(&request(Method::Get)).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Exhausted);
        assert_eq!(error.context("attempts"), Some("10"));
        assert_eq!(gaps(&script), [200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_for_all_tries_is_kept() {
        let (client, script) = client(&[]);
        let policy = RetryPolicy { within: Duration::from_secs(2), ..RetryPolicy::default() };
        let client = client.with_policy(policy);
        client.send(&request(Method::Get)).await.unwrap_err();
        assert_eq!(gaps(&script), [200, 400, 800]);
    }

    #[tokio::test(start_paused = true)]
    async fn chance_never_goes_below_the_shortest_wait() {
        let (client, script) = client(&[]);
        client.with_entropy(Arc::new(Fixed(0))).send(&request(Method::Get)).await.unwrap_err();
        assert_eq!(gaps(&script), [100; 9]);
    }
}
