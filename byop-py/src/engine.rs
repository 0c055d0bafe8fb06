//! The engine as Python holds it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use byop_core::ingress::Traefik;
use byop_core::model::{Actor, AppRetention, ClientId, SourceLimits, StepPolicy};
use byop_core::secret::{Key, Keyring};
use byop_core::store::WhenBusy;
use byop_core::testing::FakeIngress;
use byop_core::{Error, Result, Secret};
use pyo3::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::args::{Args, fit, seconds_of};
use crate::clouds::cloud_of;
use crate::error::raise;
use crate::hosts::{Docker, FakeRuntime};
use crate::ports::{PythonGenerator, may_wait, secrets_of};
use crate::process::{Process, Task};
use crate::stores::Store;
use crate::stream::Stream;
use crate::verbs::{self, STREAMS, VERBS};

/// The verbs that answer once.
#[pyfunction]
pub(crate) fn engine_verbs() -> Vec<&'static str> {
    VERBS.to_vec()
}

/// The verbs that answer bit by bit.
#[pyfunction]
pub(crate) fn engine_streams() -> Vec<&'static str> {
    STREAMS.to_vec()
}

/// What is plain data of what an engine is made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    work_dir: Option<PathBuf>,
    port_range: Option<(u16, u16)>,
    lease_seconds: Option<f64>,
    takeover: bool,
    /// The newest first.
    keys: Vec<Secret>,
    http_port: Option<u16>,
    proxy_prefix: Option<String>,
    limits: Option<SourceLimits>,
    retention: Option<AppRetention>,
    policies: BTreeMap<String, StepPolicy>,
}

/// How a handle differs from the one that it was made from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct View {
    #[serde(default, deserialize_with = "given")]
    client: Option<String>,
    #[serde(default, deserialize_with = "given")]
    actor: Option<Actor>,
    /// Whether a job waits for the one before it.
    #[serde(default, deserialize_with = "given")]
    waits: Option<bool>,
}

/// What is there must not be null: no client is another thing than every client.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    value: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// What Python wrote.
fn plain<T: serde::de::DeserializeOwned + JsonSchema>(
    operation: &'static str,
    name: &'static str,
    text: &str,
) -> Result<T> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Error::invalid(operation, format!("`{name}` are no JSON object")).with_source(error)
    })?;
    fit(operation, name, value)
}

/// An engine; both faces of it hold one.
#[pyclass(frozen)]
pub(crate) struct Engine {
    process: &'static Process,
    /// Only a handle that goes has none.
    inner: Option<byop_core::engine::Engine>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // In a child that was forked off, nobody could answer to what is taken down here.
        if self.process.is_here() {
            self.process.within(|| drop(self.inner.take()));
        } else {
            std::mem::forget(self.inner.take());
        }
    }
}

impl Engine {
    fn engine(&self) -> Result<byop_core::engine::Engine> {
        self.process.check()?;
        let gone = || Error::invalid("engine.call", "the engine is gone");
        self.inner.clone().ok_or_else(gone)
    }
}

#[pymethods]
impl Engine {
    #[new]
    fn new(
        py: Python<'_>,
        store: Option<&Store>,
        runtimes: BTreeMap<String, Bound<'_, PyAny>>,
        clouds: Vec<Bound<'_, PyAny>>,
        generators: Vec<Bound<'_, PyAny>>,
        secrets: Option<Bound<'_, PyAny>>,
        settings: &str,
    ) -> PyResult<Self> {
        let fail = |error: Error| raise(py, &error);
        let settings: Settings = plain("engine.build", "settings", settings).map_err(fail)?;
        let process = Process::current().map_err(fail)?;
        let mut builder = byop_core::engine::Engine::builder();
        if let Some(store) = store {
            builder = builder.with_shared_store(store.get(process).map_err(fail)?);
        }
        let mut traefik = Traefik::new();
        if let Some(port) = settings.http_port {
            traefik = traefik.with_http_port(port);
        }
        if let Some(prefix) = settings.proxy_prefix {
            traefik = traefik.with_prefix(prefix);
        }
        builder = builder.with_ingress(traefik);
        for (name, runtime) in runtimes {
            if let Ok(docker) = runtime.cast::<Docker>() {
                builder = builder.with_runtime(name, docker.get().get().map_err(fail)?);
            } else {
                let fake = runtime.cast::<FakeRuntime>()?.get();
                builder = builder.with_runtime(name, fake.inner.clone());
                builder = builder.with_ingress(FakeIngress::new(&fake.inner));
            }
        }
        for cloud in &clouds {
            builder = builder.with_cloud(cloud_of(cloud)?);
        }
        for generator in generators {
            builder = builder.with_generator(PythonGenerator::new(&generator)?);
        }
        if let Some(secrets) = &secrets {
            builder = builder.with_secrets(secrets_of(secrets)?);
        }
        let mut keys = settings.keys.iter().map(|key| Key::parse(key.expose()));
        if let Some(primary) = keys.next() {
            let primary = Keyring::new(primary.map_err(fail)?);
            let keyring = keys.try_fold(primary, |ring, key| Ok(ring.with_previous(key?))).map_err(fail)?;
            builder = builder.with_keyring(keyring);
        }
        if let Some(work) = settings.work_dir {
            builder = builder.with_work_dir(work);
        }
        if let Some((first, last)) = settings.port_range {
            builder = builder.with_port_range(first..=last);
        }
        if let Some(seconds) = settings.lease_seconds {
            let lease = seconds_of("engine.build", "lease_seconds", seconds).map_err(fail)?;
            builder = builder.with_lease(lease);
        }
        if !settings.takeover {
            builder = builder.without_takeover();
        }
        if let Some(limits) = settings.limits {
            builder = builder.with_limits(limits);
        }
        if let Some(retention) = settings.retention {
            builder = builder.with_retention(retention);
        }
        for (stage, policy) in settings.policies {
            builder = builder.with_policy(stage, policy);
        }
        let engine = process.within(|| builder.build()).map_err(fail)?;
        Ok(Self { process, inner: Some(engine) })
    }

    /// Another handle of the same engine.
    fn view(&self, py: Python<'_>, how: &str) -> PyResult<Self> {
        let view = || -> Result<Self> {
            let mut engine = self.engine()?;
            let how: View = plain("engine.view", "view", how)?;
            if let Some(client) = how.client {
                engine = engine.for_client(ClientId::new(client)?);
            }
            if let Some(actor) = how.actor {
                engine = engine.acting_as(actor);
            }
            if let Some(waits) = how.waits {
                engine = engine.when_busy(if waits { WhenBusy::Wait } else { WhenBusy::Refuse });
            }
            Ok(Self { process: self.process, inner: Some(engine) })
        };
        view().map_err(|error| raise(py, &error))
    }

    /// Carries out a verb and waits for its answer.
    fn call(&self, py: Python<'_>, verb: String, args: &str) -> PyResult<String> {
        let prepared = self.engine().and_then(|engine| Ok((engine, Args::read(args)?)));
        let (engine, args) = prepared.map_err(|error| raise(py, &error))?;
        may_wait()?;
        self.process.block(py, Box::pin(verbs::call(engine, verb, args)))
    }

    /// Begins to carry out a verb.
    fn start(&self, py: Python<'_>, verb: String, args: &str, settle: Py<PyAny>) -> PyResult<Task> {
        let started = self.engine().and_then(|engine| {
            let args = Args::read(args)?;
            let work = async move { verbs::call(engine, verb, args).await.map(Some) };
            self.process.start(Box::pin(work), settle)
        });
        started.map_err(|error| raise(py, &error))
    }

    /// Begins a verb that answers bit by bit.
    fn stream(&self, py: Python<'_>, verb: String, args: &str) -> PyResult<Stream> {
        let prepared = self.engine().and_then(|engine| Ok((engine, Args::read(args)?)));
        let (engine, args) = prepared.map_err(|error| raise(py, &error))?;
        // It is opened when the first item is asked for, so that nobody waits here.
        let opening = async move {
            match verbs::follow(engine, verb, args).await {
                Ok(items) => items,
                Err(error) => Box::pin(futures_util::stream::once(async { Err(error) })),
            }
        };
        let items = futures_util::FutureExt::flatten_stream(opening);
        Ok(Stream::new(self.process, Box::pin(items)))
    }

    /// A key for secrets, as text.
    #[staticmethod]
    fn generate_key(py: Python<'_>) -> PyResult<String> {
        let key = Key::generate(&byop_core::id::SystemEntropy).map_err(|error| raise(py, &error))?;
        Ok(key.to_text().expose().to_owned())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}
