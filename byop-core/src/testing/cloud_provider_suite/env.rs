//! What the behaviours run on.

use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::json;
use tokio::time::Instant;

use crate::cloud::CloudProvider;
use crate::error::{ErrorKind, Result};
use crate::id::{SystemEntropy, random_text};
use crate::model::{
    PowerAction, RegionId, Resource, ResourceKind, Server, ServerFilter, ServerId, ServerSpec, ServerState,
};
use crate::testing::require::skipped;
use crate::testing::rule::{done, failed, some};
use crate::testing::{CloudTimes, FakeCloud};

pub(super) const NO_SUCH_SIZE: &str = "byop-no-such-size";
pub(super) const NO_SUCH_IMAGE: &str = "byop-no-such-image";

/// A provider, and what to ask it for. All that is made has a key that begins alike, by which it is removed at the
/// end.
#[derive(Debug)]
pub struct CloudEnv {
    /// The provider.
    pub provider: Arc<dyn CloudProvider>,
    /// Where servers are made.
    pub region: RegionId,
    /// Their size.
    pub size: String,
    /// Their image, as `find_image` takes it.
    pub image: String,
    /// A size that a server of [`size`](Self::size) can be given; `None` skips what needs one.
    pub larger_size: Option<String>,
    /// A running server that was not made by byop; `None` skips what needs one.
    pub foreign: Option<ServerId>,
    pause: Duration,
    deadline: Duration,
    prefix: String,
    skipped: OnceLock<&'static str>,
}

impl CloudEnv {
    /// A provider, a region and what servers are made of.
    pub fn new(
        provider: Arc<dyn CloudProvider>,
        region: impl Into<String>,
        size: impl Into<String>,
        image: impl Into<String>,
    ) -> Self {
        Self {
            provider,
            region: RegionId(region.into()),
            size: size.into(),
            image: image.into(),
            larger_size: None,
            foreign: None,
            pause: Duration::from_millis(20),
            deadline: Duration::from_secs(60),
            prefix: format!("t{}", random_text(&SystemEntropy, 12)),
            skipped: OnceLock::new(),
        }
    }

    /// A new fake cloud in which nothing takes time.
    #[must_use]
    pub fn fake() -> Self {
        Self::on_fake(&FakeCloud::new())
    }

    /// A new fake cloud in which all takes some milliseconds, and lists are late.
    #[must_use]
    pub fn slow_fake() -> Self {
        let millis = Duration::from_millis;
        let times = CloudTimes {
            answer: Duration::ZERO,
            boot: millis(12),
            address: millis(4),
            delete: millis(8),
            list_lag: millis(6),
            read_lag: millis(3),
        };
        Self::on_fake(&FakeCloud::new().with_times(times)).with_pause(millis(2))
    }

    /// A fake cloud that something else uses too.
    #[must_use]
    pub fn on_fake(cloud: &FakeCloud) -> Self {
        let foreign = cloud.plant_foreign(ResourceKind::Server, "somebody-elses");
        Self::new(Arc::new(cloud.clone()), "here", "small", "debian-12")
            .with_larger_size("medium")
            .with_foreign_server(ServerId(foreign))
    }

    /// Sets a size that servers can be changed to.
    #[must_use]
    pub fn with_larger_size(mut self, size: impl Into<String>) -> Self {
        self.larger_size = Some(size.into());
        self
    }

    /// Sets a running server that was not made by byop.
    #[must_use]
    pub fn with_foreign_server(mut self, id: ServerId) -> Self {
        self.foreign = Some(id);
        self
    }

    /// Sets how long to wait between two looks; 20 ms unless set. Real providers want seconds.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sets how long to wait for a state; a minute unless set.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A key of this environment.
    #[must_use]
    pub fn key(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.prefix)
    }

    /// What a behaviour needs; without it the behaviour is skipped, and `why` says so.
    pub(super) fn needs<T>(&self, found: Option<T>, why: &'static str) -> Option<T> {
        if found.is_none() {
            let _ = self.skipped.set(why);
        }
        found
    }

    /// The id of the image of this environment.
    pub(super) async fn image(&self) -> String {
        let call = format!("find_image with {}, the image of the suite,", self.image);
        let image = done(&call, self.provider.find_image(&self.region, &self.image).await);
        some(format!("{call} must give an image"), image).id
    }

    /// A server of this environment; the same suffix is the same key.
    pub async fn spec(&self, suffix: &str) -> ServerSpec {
        let name = format!("byop-test-{}", self.key(suffix));
        ServerSpec::new(self.key(suffix), name, self.region.clone(), &self.size, self.image().await)
            .with_label("byop-suite", &self.prefix)
    }

    /// Begins to make a server.
    pub async fn create(&self, suffix: &str) -> Server {
        self.make(&self.spec(suffix).await).await
    }

    /// Begins to make this server.
    pub(super) async fn make(&self, spec: &ServerSpec) -> Server {
        let made = self.provider.create_server(spec).await;
        done(format!("create_server with the size {} and the image {}", spec.size, spec.image), made)
    }

    /// The servers that fit.
    pub(super) async fn servers(&self, filter: &ServerFilter) -> Vec<Server> {
        done("list_servers", self.provider.list_servers(filter).await)
    }

    /// The servers of the key of a suffix.
    pub(super) async fn of_key(&self, suffix: &str) -> Vec<Server> {
        self.servers(&ServerFilter::all().with_key(self.key(suffix))).await
    }

    /// Everything that bears byop's mark.
    pub(super) async fn resources(&self) -> Vec<Resource> {
        done("list_resources", self.provider.list_resources().await)
    }

    /// A server that runs and has an address.
    pub async fn running(&self, suffix: &str) -> Server {
        let id = self.create(suffix).await.id;
        self.ready(&id).await
    }

    /// Waits until a server runs and has an address.
    pub async fn ready(&self, id: &ServerId) -> Server {
        self.until("get_server must eventually give a server that runs and has an address", || async {
            let server = self.look(id).await?;
            assert!(
                server.state != ServerState::Failed,
                "a server that create_server made must eventually run; get_server gave the state failed: {:?}",
                server.failure
            );
            if server.is_ready() { Ok(server) } else { Err(seen(&server)) }
        })
        .await
    }

    /// Waits until a server has this state.
    pub async fn state(&self, id: &ServerId, state: ServerState) -> Server {
        self.until(format!("get_server must eventually give the state {}", json!(state)), || async {
            let server = self.look(id).await?;
            if server.state == state { Ok(server) } else { Err(seen(&server)) }
        })
        .await
    }

    /// Waits until a server is gone.
    pub async fn gone(&self, id: &ServerId) {
        self.until("after delete_server, get_server must eventually be refused with NotFound", || async {
            match self.look(id).await {
                Ok(server) => Err(seen(&server)),
                Err(_) => Ok(()),
            }
        })
        .await;
    }

    /// Waits until a server is in the list of its key.
    pub async fn listed(&self, key: &str) -> Server {
        let filter = ServerFilter::all().with_key(key);
        self.until(
            format!("list_servers with the key {key} must eventually have the server of it"),
            || async { self.servers(&filter).await.into_iter().next().ok_or("it gave an empty list") },
        )
        .await
    }

    /// A server that was made and is gone.
    pub async fn deleted(&self, suffix: &str) -> ServerId {
        let id = self.create(suffix).await.id;
        self.until("get_server must eventually give a server that was made", || self.look(&id)).await;
        self.delete(&id).await;
        self.gone(&id).await;
        id
    }

    /// Deletes a server, as soon as nothing else is under way.
    pub async fn delete(&self, id: &ServerId) {
        self.patiently("delete_server", || self.provider.delete_server(id)).await;
    }

    /// Stops a server and waits until it is off.
    pub(super) async fn stop(&self, id: &ServerId) {
        self.patiently("power to stop", || self.provider.power(id, PowerAction::Stop)).await;
        self.state(id, ServerState::Stopped).await;
    }

    /// Waits until a thing is among the resources.
    pub(super) async fn resource(&self, kind: ResourceKind, id: &str) -> Resource {
        self.until(
            format!("list_resources must eventually have the {} {id}, which was made", kind.as_str()),
            || async { self.find_resource(kind, id).await.ok_or("it is not in the list") },
        )
        .await
    }

    pub(super) async fn find_resource(&self, kind: ResourceKind, id: &str) -> Option<Resource> {
        self.resources().await.into_iter().find(|found| found.kind == kind && found.id == id)
    }

    /// Does something as soon as nothing else is under way.
    pub async fn patiently<T, F: Future<Output = Result<T>>>(
        &self,
        call: &str,
        mut act: impl FnMut() -> F,
    ) -> T {
        self.until(format!("{call} must eventually succeed"), || {
            let acted = act();
            async {
                match acted.await {
                    Err(error) if error.kind() == ErrorKind::Conflict => Err(failed(&error)),
                    other => Ok(done(call, other)),
                }
            }
        })
        .await
    }

    /// A server, or that there is none.
    async fn look(&self, id: &ServerId) -> Result<Server, String> {
        match self.provider.get_server(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(failed(&error)),
            other => Ok(done("get_server", other)),
        }
    }

    /// Waits until `look` gives something; its error says what it saw instead.
    ///
    /// # Panics
    /// When it does not before the deadline.
    pub async fn until<T, E: Display, F: Future<Output = Result<T, E>>>(
        &self,
        rule: impl Display,
        mut look: impl FnMut() -> F,
    ) -> T {
        let end = Instant::now() + self.deadline;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(seen) => {
                    assert!(Instant::now() < end, "{rule}; after {:?} {seen}", self.deadline);
                }
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Removes all that bears a key of this environment: servers first, then what they used.
    async fn clean(&self) {
        let end = Instant::now() + self.deadline;
        loop {
            let all = self.provider.list_resources().await.unwrap_or_default();
            let is_ours = |key: Option<&str>| key.is_some_and(|key| key.starts_with(&self.prefix));
            let mut ours: Vec<_> = all.iter().filter(|found| is_ours(found.key.as_deref())).collect();
            ours.sort_by_key(|found| (found.kind == ResourceKind::Server, found.kind));
            if ours.is_empty() || Instant::now() > end {
                return;
            }
            for found in ours {
                let _ = self.provider.delete_resource(found.kind, &found.id).await;
            }
            tokio::time::sleep(self.pause).await;
        }
    }
}

/// How a server was when it was looked at, in words.
fn seen(server: &Server) -> String {
    format!("it gave the state {} and the addresses {:?}", json!(server.state), server.addresses)
}

/// Runs one behaviour and removes what it made, whether it passes or not. One that is skipped is printed.
///
/// # Panics
/// When the behaviour does.
pub async fn run(env: CloudEnv, behaviour: impl AsyncFnOnce(&CloudEnv)) {
    if let Some(why) = attempt(env, behaviour).await {
        skipped(why);
    }
}

/// As [`run`], and returns why the behaviour was skipped instead of printing it.
///
/// # Panics
/// When the behaviour does.
pub async fn attempt(env: CloudEnv, behaviour: impl AsyncFnOnce(&CloudEnv)) -> Option<&'static str> {
    let outcome = AssertUnwindSafe(behaviour(&env)).catch_unwind().await;
    env.clean().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    env.skipped.get().copied()
}
