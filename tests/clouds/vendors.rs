//! The vendors, and what servers are made from there.

use std::fmt;
use std::sync::Arc;

use byop_cloud::aws::Aws;
use byop_cloud::digitalocean::DigitalOcean;
use byop_cloud::http::Transport;
use byop_cloud::ovh::Ovh;
use byop_cloud::testing::Simulator;
use byop_cloud::testing::aws::AwsSimulator;
use byop_cloud::testing::digitalocean::DigitalOceanSimulator;
use byop_cloud::testing::ovh::OvhSimulator;
use byop_core::clock::Clock;
use byop_core::cloud::CloudProvider;

/// A vendor that is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vendor {
    pub(crate) region: &'static str,
    pub(crate) size: &'static str,
    pub(crate) image: &'static str,
    /// Opens a new account.
    pub(crate) open: fn() -> Account,
}

/// How an account is reached.
pub(crate) type Reach = Box<dyn Fn(Arc<dyn Transport>, Arc<dyn Clock>) -> Arc<dyn CloudProvider>>;

/// An account at a vendor.
pub(crate) struct Account {
    pub(crate) simulator: Arc<dyn Simulator>,
    pub(crate) reach: Reach,
}

impl Account {
    pub(crate) fn new(
        simulator: impl Simulator + 'static,
        reach: impl Fn(Arc<dyn Transport>, Arc<dyn Clock>) -> Arc<dyn CloudProvider> + 'static,
    ) -> Self {
        Self { simulator: Arc::new(simulator), reach: Box::new(reach) }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("simulator", &self.simulator).finish_non_exhaustive()
    }
}

/// Small pages, so that whatever is long has several.
const PAGE: usize = 5;

pub(crate) fn aws() -> Vendor {
    let open = || {
        Account::new(AwsSimulator::new().with_page_size(PAGE), |transport, clock| {
            let aws = Aws::from_options(&AwsSimulator::options()).unwrap();
            Arc::new(aws.with_clock(clock).with_transport(transport))
        })
    };
    Vendor { region: "eu-west-3", size: "t3.micro", image: "debian-12", open }
}

pub(crate) fn digitalocean() -> Vendor {
    let open = || {
        let simulator = DigitalOceanSimulator::new().with_page_size(PAGE);
        let options = simulator.options();
        Account::new(simulator, move |transport, clock| {
            let digitalocean = DigitalOcean::from_options(&options).unwrap();
            Arc::new(digitalocean.with_clock(clock).with_transport(transport))
        })
    };
    Vendor { region: "fra1", size: "s-1vcpu-1gb", image: "debian-12", open }
}

pub(crate) fn ovh() -> Vendor {
    let open = || {
        let simulator = OvhSimulator::new().with_page_size(PAGE);
        let options = simulator.options();
        Account::new(simulator, move |transport, clock| {
            let ovh = Ovh::from_options(&options).unwrap();
            Arc::new(ovh.with_clock(clock).with_transport(transport))
        })
    };
    Vendor { region: "GRA11", size: "d2-2", image: "debian-12", open }
}
