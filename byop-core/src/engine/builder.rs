//! Puts an engine together.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::steady::SteadyStore;
use super::{Engine, Inner};
use crate::clock::{Clock, SystemClock};
use crate::cloud::CloudProvider;
use crate::error::{Error, Result};
use crate::generator::{self, Generator};
use crate::id::{Entropy, SystemEntropy, random_text};
use crate::ingress::Ingress;
use crate::model::{AppRetention, SourceLimits, StepPolicy};
use crate::runtime::ContainerRuntime;
#[cfg(feature = "seal")]
use crate::secret::Keyring;
use crate::secret::{MemorySecrets, SecretSource};
use crate::store::{MemoryStore, Scope, Store, WhenBusy};

/// Puts an [`Engine`] together. Only a runtime or a cloud is required.
#[derive(Debug)]
pub struct EngineBuilder {
    store: Option<Arc<dyn Store>>,
    hosts: BTreeMap<String, Arc<dyn ContainerRuntime>>,
    ingress: Option<Arc<dyn Ingress>>,
    clouds: Vec<Arc<dyn CloudProvider>>,
    generators: Vec<Arc<dyn Generator>>,
    secrets: Arc<dyn SecretSource>,
    #[cfg(feature = "seal")]
    keyring: Option<Keyring>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    work: Option<PathBuf>,
    limits: SourceLimits,
    port_range: RangeInclusive<u16>,
    lease: Duration,
    takeover: bool,
    policies: BTreeMap<String, StepPolicy>,
    retention: AppRetention,
}

impl EngineBuilder {
    pub(super) fn new() -> Self {
        Self {
            store: None,
            hosts: BTreeMap::new(),
            ingress: None,
            clouds: Vec::new(),
            generators: Vec::new(),
            secrets: Arc::new(MemorySecrets::new()),
            #[cfg(feature = "seal")]
            keyring: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            work: None,
            limits: SourceLimits::default(),
            port_range: 20_000..=29_999,
            lease: Duration::from_secs(30),
            takeover: true,
            policies: BTreeMap::new(),
            retention: AppRetention::default(),
        }
    }

    /// Where state lives. Without one it lives in memory and ends with the engine.
    #[must_use]
    pub fn with_store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// As [`Self::with_store`], for a store that others hold as well.
    #[must_use]
    pub fn with_shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Adds a host by name. Apps go to the first one in order of name, until they can say where.
    #[must_use]
    pub fn with_runtime(mut self, name: impl Into<String>, runtime: impl ContainerRuntime + 'static) -> Self {
        self.hosts.insert(name.into(), Arc::new(runtime));
        self
    }

    /// The proxy of the hosts. Without one it is Traefik on port 80.
    #[must_use]
    pub fn with_ingress(mut self, ingress: impl Ingress + 'static) -> Self {
        self.ingress = Some(Arc::new(ingress));
        self
    }

    /// Adds a cloud that servers can be rented from, under its own name. An engine with a cloud needs no runtime, as
    /// long as it deploys no apps.
    #[must_use]
    pub fn with_cloud(mut self, cloud: impl CloudProvider + 'static) -> Self {
        self.clouds.push(Arc::new(cloud));
        self
    }

    /// Adds a stack that is asked before the built-in ones.
    #[must_use]
    pub fn with_generator(mut self, generator: impl Generator + 'static) -> Self {
        self.generators.push(Arc::new(generator));
        self
    }

    /// Where the program's own secrets come from. It is asked before the secrets that the engine keeps.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl SecretSource + 'static) -> Self {
        self.secrets = Arc::new(secrets);
        self
    }

    /// The keys that the engine's own secrets are sealed with, such as `Keyring::from_env()?`. Without them it keeps
    /// none, and does not see that the value of a secret has changed.
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of randomness, for tests.
    #[must_use]
    pub fn with_entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// A folder of the engine's own for unpacked sources. Without one it is in the system's temporary folder.
    #[must_use]
    pub fn with_work_dir(mut self, work: impl Into<PathBuf>) -> Self {
        self.work = Some(work.into());
        self
    }

    /// Bounds on sources.
    #[must_use]
    pub fn with_limits(mut self, limits: SourceLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The ports of a host from which apps get theirs; 20000 to 29999 unless set. Beyond them are those that systems
    /// use for outgoing connections, from 32768 on.
    #[must_use]
    pub fn with_port_range(mut self, range: RangeInclusive<u16>) -> Self {
        self.port_range = range;
        self
    }

    /// How long a job stays with a process that gives no sign of life; 30 s unless set.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Leaves what happens by itself to other processes: jobs of processes that died, schedules, the end of preview apps.
    /// For a process that lives as long as one job, such as a command: it would end in the middle of them.
    #[must_use]
    pub fn without_takeover(mut self) -> Self {
        self.takeover = false;
        self
    }

    /// How much of an app's past stays; see [`AppRetention`].
    #[must_use]
    pub fn with_retention(mut self, retention: AppRetention) -> Self {
        self.retention = retention;
        self
    }

    /// How long the steps of a stage may take, and how often they are tried; by its name, such as `build`.
    #[must_use]
    pub fn with_policy(mut self, stage: impl Into<String>, policy: StepPolicy) -> Self {
        self.policies.insert(stage.into(), policy);
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// `InvalidInput` when neither a runtime nor a cloud was given, no proxy where none is built in, or two
    /// clouds of one name, or a range without ports.
    pub fn build(self) -> Result<Engine> {
        if self.hosts.is_empty() && self.clouds.is_empty() {
            return Err(Error::invalid("engine.build", "the engine has no container runtime")
                .with_remedy("give it one when it is built, such as the Docker engine of this machine"));
        }
        let mut clouds = BTreeMap::new();
        for cloud in self.clouds {
            if let Some(twice) = clouds.insert(cloud.name().to_owned(), cloud) {
                return Err(Error::invalid("engine.build", "two clouds have the same name")
                    .with_context("name", twice.name())
                    .with_remedy("give each cloud once; two accounts of one vendor need an engine each"));
            }
        }
        if self.port_range.is_empty() || *self.port_range.start() == 0 {
            return Err(Error::invalid("engine.build", "the range of ports must be within 1 to 65535")
                .with_context("range", format!("{:?}", self.port_range)));
        }
        #[cfg(feature = "docker")]
        let ingress = self.ingress.or_else(|| Some(Arc::new(crate::ingress::Traefik::new())));
        #[cfg(not(feature = "docker"))]
        let ingress = self.ingress;
        let ingress = ingress.ok_or_else(|| {
            Error::invalid("engine.build", "the engine has no proxy")
                .with_remedy("give it one when it is built, such as Traefik")
        })?;
        let mut generators = self.generators;
        generators.extend(generator::builtin());
        let owner = format!("{}-{}", std::process::id(), random_text(self.entropy.as_ref(), 8));
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::new(Arc::clone(&self.clock))));
        let store: Arc<dyn Store> = Arc::new(SteadyStore(store));
        let inner = Inner {
            #[cfg(feature = "seal")]
            vault: Arc::new(super::secrets::Vault::new(
                Arc::clone(&store),
                Arc::clone(&self.entropy),
                self.keyring,
            )),
            store,
            hosts: self.hosts,
            clouds,
            ingress,
            generators: generators.into(),
            secrets: self.secrets,
            clock: self.clock,
            entropy: self.entropy,
            work: self.work.unwrap_or_else(|| std::env::temp_dir().join("byop")),
            limits: self.limits,
            port_range: self.port_range,
            owner,
            lease: self.lease,
            policies: self.policies,
            retention: self.retention,
            hosts_in_use: tokio::sync::Mutex::default(),
            takes_over: if self.takeover { OnceLock::new() } else { OnceLock::from(()) },
            #[cfg(feature = "schedules")]
            schedules: Arc::default(),
            cancels: Mutex::default(),
        };
        Ok(Engine { inner: Arc::new(inner), scope: Scope::Platform, actor: None, busy: WhenBusy::Refuse })
    }
}
