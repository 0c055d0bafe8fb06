//! Simulated vendors that the program reaches over HTTP.

use std::sync::Arc;

use byop_cloud::registry::ProviderOptions;
use byop_cloud::testing::digitalocean::DigitalOceanSimulator;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_cloud::testing::{Simulated, Simulator, SimulatorServer, serve};
use byop_core::model::ResourceKind;
use tokio::runtime::{Builder, Runtime};

use crate::program::Program;

/// A vendor, and a program that has access to it.
pub struct Cloud {
    pub program: Program,
    pub region: &'static str,
    pub size: &'static str,
    simulated: Simulated,
    server: SimulatorServer,
    _runtime: Runtime,
}

pub fn digitalocean() -> Cloud {
    let simulator = DigitalOceanSimulator::new();
    let options = simulator.options();
    Cloud::new(
        "digitalocean",
        Arc::new(simulator),
        &options,
        &["DIGITALOCEAN_TOKEN"],
        ("fra1", "s-1vcpu-1gb"),
    )
}

pub fn ovh() -> Cloud {
    let simulator = OvhSimulator::new();
    let options = simulator.options();
    let names =
        ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY", "OVH_CLOUD_PROJECT_SERVICE"];
    Cloud::new("ovh", Arc::new(simulator), &options, &names, ("GRA11", "b2-7"))
}

impl Cloud {
    fn new(
        provider: &'static str,
        simulator: Arc<dyn Simulator>,
        options: &ProviderOptions,
        names: &[&str],
        (region, size): (&'static str, &'static str),
    ) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let simulated = Simulated::new(simulator);
        let address = "127.0.0.1:0".parse().unwrap();
        let server = runtime.block_on(serve(&simulated, address)).unwrap();
        let settings: Vec<_> =
            names.iter().map(|name| (*name, options.get(name).expect(name).expose())).collect();
        let url = server.url();
        let endpoint = endpoint(provider, &url);
        let mut program = Program::new(provider, &[&settings[..], &[(endpoint.0, &endpoint.1)]].concat());
        for (name, value) in settings {
            // Projects are named in URLs, and application keys are no secrets.
            if !matches!(name, "OVH_CLOUD_PROJECT_SERVICE" | "OVH_APPLICATION_KEY") {
                program = program.with_secret(value);
            }
        }
        let program = program.with_secret("canary-of-user-data");
        Self { program, region, size, simulated, server, _runtime: runtime }
    }

    pub fn simulator(&self) -> &dyn Simulator {
        self.simulated.simulator().as_ref()
    }

    /// How many things of this kind are there, whoever made them.
    pub fn present(&self, kind: ResourceKind) -> usize {
        let ledger = self.simulator().ledger();
        ledger.iter().filter(|entry| entry.kind == kind && entry.gone_at.is_none()).count()
    }

    /// A program of the same vendor with one other credential, and that as its secret.
    pub fn with_setting(&self, name: &str, value: &str) -> Program {
        let url = self.server.url();
        let endpoint = endpoint("digitalocean", &url);
        Program::new("digitalocean", &[(name, value), (endpoint.0, &endpoint.1)]).with_secret(value)
    }
}

fn endpoint(provider: &str, url: &str) -> (&'static str, String) {
    match provider {
        "ovh" => ("OVH_ENDPOINT", url.to_owned()),
        _ => ("DIGITALOCEAN_API_URL", url.to_owned()),
    }
}
