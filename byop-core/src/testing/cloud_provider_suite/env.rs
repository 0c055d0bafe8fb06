//! What the behaviours run on.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::cloud::CloudProvider;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{SystemEntropy, random_text};
use crate::model::{RegionId, ResourceKind, Server, ServerFilter, ServerId, ServerSpec, ServerState};
use crate::testing::{CloudTimes, FakeCloud};

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
    /// A size that a server of [`size`](Self::size) can be given; `None` passes by what needs one.
    pub larger_size: Option<String>,
    /// A running server that was not made by byop; `None` passes by what needs one.
    pub foreign: Option<ServerId>,
    pause: Duration,
    deadline: Duration,
    prefix: String,
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

    /// A server of this environment; the same suffix is the same key.
    pub async fn spec(&self, suffix: &str) -> ServerSpec {
        let image = self.provider.find_image(&self.region, &self.image).await.unwrap();
        let image = image.expect("the provider has the image that the suite was told");
        let name = format!("byop-test-{}", self.key(suffix));
        ServerSpec::new(self.key(suffix), name, self.region.clone(), &self.size, image.id)
            .with_label("byop-suite", &self.prefix)
    }

    /// Begins to make a server.
    pub async fn create(&self, suffix: &str) -> Server {
        self.provider.create_server(&self.spec(suffix).await).await.unwrap()
    }

    /// A server that runs and has an address.
    pub async fn running(&self, suffix: &str) -> Server {
        let id = self.create(suffix).await.id;
        self.ready(&id).await
    }

    /// Waits until a server runs and has an address.
    pub async fn ready(&self, id: &ServerId) -> Server {
        self.until("a server that runs", || async {
            let server = self.look(id).await?;
            assert_ne!(server.state, ServerState::Failed, "{:?}", server.failure);
            server.is_ready().then_some(server)
        })
        .await
    }

    /// Waits until a server has this state.
    pub async fn state(&self, id: &ServerId, state: ServerState) -> Server {
        self.until("the state of a server", || async {
            self.look(id).await.filter(|server| server.state == state)
        })
        .await
    }

    /// Waits until a server is gone.
    pub async fn gone(&self, id: &ServerId) {
        self.until("a server that is gone", || async { self.look(id).await.is_none().then_some(()) }).await;
    }

    /// Waits until a server is in the list of its key.
    pub async fn listed(&self, key: &str) -> Server {
        let filter = ServerFilter::all().with_key(key);
        self.until("a server in the list", || async {
            self.provider.list_servers(&filter).await.unwrap().into_iter().next()
        })
        .await
    }

    /// A server that was made and is gone.
    pub async fn deleted(&self, suffix: &str) -> ServerId {
        let id = self.create(suffix).await.id;
        self.until("a server that can be read", || self.look(&id)).await;
        self.delete(&id).await;
        self.gone(&id).await;
        id
    }

    /// Deletes a server, as soon as nothing else is under way.
    pub async fn delete(&self, id: &ServerId) {
        self.patiently(|| self.provider.delete_server(id)).await;
    }

    /// Does something as soon as nothing else is under way.
    pub async fn patiently<T, F: Future<Output = Result<T>>>(&self, mut act: impl FnMut() -> F) -> T {
        self.until("that nothing else is under way", || {
            let acted = act();
            async {
                match acted.await {
                    Err(error) if error.kind() == ErrorKind::Conflict => None,
                    other => Some(other.unwrap()),
                }
            }
        })
        .await
    }

    async fn look(&self, id: &ServerId) -> Option<Server> {
        match self.provider.get_server(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            other => Some(other.unwrap()),
        }
    }

    /// Waits until `look` gives something.
    ///
    /// # Panics
    /// When it does not before the deadline.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> T {
        let end = Instant::now() + self.deadline;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < end, "waited in vain for: {what}");
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

/// The kind of an error that is expected.
pub(super) fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// Runs one behaviour and removes what it made, whether it passes or not.
///
/// # Panics
/// When the behaviour does.
pub async fn run(env: CloudEnv, behaviour: impl AsyncFnOnce(&CloudEnv)) {
    let outcome = AssertUnwindSafe(behaviour(&env)).catch_unwind().await;
    env.clean().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
