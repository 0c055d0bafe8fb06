//! Where servers come from: the providers that byop brings, and those written in Python.

use std::collections::BTreeMap;
use std::sync::Arc;

use byop_cloud::registry::{CloudRegistry, ProviderOptions};
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    DnsName, DnsRecord, DnsRecordKind, DomainName, FirewallSpec, PowerAction, RegionId, ReservedIpId,
    ResourceKind, ServerFilter, ServerId, ServerSpec, SnapshotId,
};
use byop_core::{Error, ErrorKind, Result, Secret};
use pyo3::prelude::*;
use serde_json::Value;

use crate::args::{Args, Argument, written};
use crate::error::raise;
use crate::ports::PythonCloud;
use crate::process::{Process, Task};

mod docker;
mod fake;

pub(crate) use docker::DockerCloud;
pub(crate) use fake::FakeCloud;

/// The calls of a provider.
#[pyfunction]
pub(crate) fn cloud_verbs() -> Vec<&'static str> {
    VERBS.to_vec()
}

/// The names of the vendors that byop brings.
#[pyfunction]
pub(crate) fn cloud_names() -> Vec<String> {
    CloudRegistry::vendors().names().map(str::to_owned).collect()
}

/// A provider that byop brings.
#[derive(Debug)]
#[pyclass(frozen)]
pub(crate) struct Cloud {
    process: &'static Process,
    inner: Arc<dyn CloudProvider>,
}

impl Cloud {
    fn of(name: &str, options: &ProviderOptions) -> Result<Self> {
        let process = Process::current()?;
        Ok(Self::new(process, process.within(|| CloudRegistry::vendors().open(name, options))?))
    }

    pub(crate) fn new(process: &'static Process, inner: Arc<dyn CloudProvider>) -> Self {
        Self { process, inner }
    }
}

/// The provider that an object of Python is.
pub(crate) fn cloud_of(object: &Bound<'_, PyAny>) -> PyResult<Arc<dyn CloudProvider>> {
    match object.cast::<Cloud>() {
        Ok(cloud) => {
            let Cloud { process, inner } = cloud.get();
            process.check().map_err(|error| raise(object.py(), &error))?;
            Ok(Arc::clone(inner))
        }
        Err(_) => Ok(Arc::new(PythonCloud::new(object)?)),
    }
}

#[pymethods]
impl Cloud {
    /// A vendor by its name, with settings by the names that the vendor uses for environment variables.
    #[staticmethod]
    fn open(py: Python<'_>, name: &str, settings: BTreeMap<String, String>) -> PyResult<Self> {
        let add = |all: ProviderOptions, (name, value): (String, String)| all.with_setting(name, value);
        let options = settings.into_iter().fold(ProviderOptions::new(), add);
        Self::of(name, &options).map_err(|error| raise(py, &error))
    }

    /// A vendor by its name, with what the environment says.
    #[staticmethod]
    fn from_env(py: Python<'_>, name: &str) -> PyResult<Self> {
        Self::of(name, &ProviderOptions::from_env()).map_err(|error| raise(py, &error))
    }

    /// Its name.
    #[getter]
    fn name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// Asks it something and waits for the answer.
    fn call(&self, py: Python<'_>, verb: String, args: &str) -> PyResult<String> {
        let args = Args::read(args).map_err(|error| raise(py, &error))?;
        self.process.block(py, Box::pin(call(Arc::clone(&self.inner), verb, args)))
    }

    /// Begins to ask it something.
    fn start(&self, py: Python<'_>, verb: String, args: &str, settle: Py<PyAny>) -> PyResult<Task> {
        let cloud = Arc::clone(&self.inner);
        let started = Args::read(args).and_then(|args| {
            let work = async move { call(cloud, verb, args).await.map(Some) };
            self.process.start(Box::pin(work), settle)
        });
        started.map_err(|error| raise(py, &error))
    }
}

macro_rules! verbs {
    ($cloud:ident; $($verb:ident($($arg:ident: $kind:ty),*) => $body:expr;)*) => {
        const VERBS: &[&str] = &[$(stringify!($verb)),*];

        async fn call($cloud: Arc<dyn CloudProvider>, verb: String, mut args: Args) -> Result<String> {
            match verb.as_str() {
                $(stringify!($verb) => {
                    $(let $arg: $kind = args.take(stringify!($arg))?;)*
                    args.finish()?;
                    written(&$body?)
                })*
                _ => Err(lacks("cloud.call", &verb)),
            }
        }
    };
}

verbs! { cloud;
    capabilities() => Ok::<_, Error>(cloud.capabilities());
    list_regions() => cloud.list_regions().await;
    list_sizes(region: RegionId) => cloud.list_sizes(&region).await;
    find_size(region: RegionId, id: String) => cloud.find_size(&region, &id).await;
    find_image(region: RegionId, name: String) => cloud.find_image(&region, &name).await;
    create_server(spec: WholeSpec) => cloud.create_server(&spec.0).await;
    get_server(id: ServerId) => cloud.get_server(&id).await;
    list_servers(filter: ServerFilter) => cloud.list_servers(&filter).await;
    power(id: ServerId, action: PowerAction) => cloud.power(&id, action).await;
    resize_server(id: ServerId, size: String) => cloud.resize_server(&id, &size).await;
    delete_server(id: ServerId) => cloud.delete_server(&id).await;
    list_resources() => cloud.list_resources().await;
    delete_resource(kind: ResourceKind, id: String) => cloud.delete_resource(kind, &id).await;
    apply_ssh_key(region: RegionId, public_key: String) =>
        ssh_keys(&cloud)?.apply_ssh_key(&region, &public_key).await;
    apply_firewall(spec: FirewallSpec) => firewalls(&cloud)?.apply_firewall(&spec).await;
    reserve_ip(key: String, server: ServerId) => reserved_ips(&cloud)?.reserve_ip(&key, &server).await;
    get_reserved_ip(id: ReservedIpId) => reserved_ips(&cloud)?.get_reserved_ip(&id).await;
    assign_ip(id: ReservedIpId, server: ServerId) => reserved_ips(&cloud)?.assign_ip(&id, &server).await;
    create_snapshot(key: String, server: ServerId) => snapshots(&cloud)?.create_snapshot(&key, &server).await;
    get_snapshot(id: SnapshotId) => snapshots(&cloud)?.get_snapshot(&id).await;
    list_zones() => dns(&cloud)?.list_zones().await;
    list_records(zone: DomainName) => dns(&cloud)?.list_records(&zone).await;
    put_record(zone: DomainName, record: DnsRecord) => dns(&cloud)?.put_record(&zone, &record).await;
    delete_record(zone: DomainName, name: DnsName, kind: DnsRecordKind) =>
        dns(&cloud)?.delete_record(&zone, &name, &kind).await;
}

/// The spec of a server with its user data, which is no part of its JSON form.
struct WholeSpec(ServerSpec);

impl Argument for WholeSpec {
    fn read(name: &'static str, mut value: Value) -> Result<Self> {
        let user_data = value.as_object_mut().and_then(|keys| keys.remove("user_data"));
        let mut spec = <ServerSpec as Argument>::read(name, value)?;
        match user_data {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => spec = spec.with_user_data(Secret::new(text)),
            // It is not quoted: it may hold keys.
            Some(_) => {
                return Err(Error::invalid("call.read", "`spec.user_data` must be a string")
                    .with_context("key", "spec.user_data"));
            }
        }
        Ok(Self(spec))
    }
}

fn lacks(operation: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, operation, "the provider does not have this")
        .with_context("call", what)
}

fn ssh_keys(cloud: &Arc<dyn CloudProvider>) -> Result<&dyn SshKeys> {
    cloud.ssh_keys().ok_or_else(|| lacks("cloud.call", "ssh_keys"))
}

fn firewalls(cloud: &Arc<dyn CloudProvider>) -> Result<&dyn Firewalls> {
    cloud.firewalls().ok_or_else(|| lacks("cloud.call", "firewalls"))
}

fn reserved_ips(cloud: &Arc<dyn CloudProvider>) -> Result<&dyn ReservedIps> {
    cloud.reserved_ips().ok_or_else(|| lacks("cloud.call", "reserved_ips"))
}

fn snapshots(cloud: &Arc<dyn CloudProvider>) -> Result<&dyn Snapshots> {
    cloud.snapshots().ok_or_else(|| lacks("cloud.call", "snapshots"))
}

fn dns(cloud: &Arc<dyn CloudProvider>) -> Result<&dyn DnsProvider> {
    cloud.dns().ok_or_else(|| lacks("cloud.call", "dns"))
}
