//! A proxy that needs no proxy: a release is healthy when its container answers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use byop_core::Result;
use byop_core::ingress::{Ingress, Prepared, Probe};
use byop_core::model::{AppName, DomainName, Route};
use byop_core::runtime::ContainerRuntime;
use byop_core::testing::FakeRuntime;

#[derive(Debug)]
pub struct Direct {
    pub runtime: FakeRuntime,
    routes: Mutex<BTreeMap<AppName, Route>>,
}

impl Direct {
    pub fn new(runtime: FakeRuntime) -> Self {
        Self { runtime, routes: Mutex::default() }
    }
}

#[async_trait]
impl Ingress for Direct {
    async fn prepare(&self, _: &dyn ContainerRuntime) -> Result<Prepared> {
        Ok(Prepared::Running)
    }

    async fn join_network(&self, _: &dyn ContainerRuntime, _: &str) -> Result<()> {
        Ok(())
    }

    async fn leave_network(&self, _: &dyn ContainerRuntime, _: &str) -> Result<()> {
        Ok(())
    }

    async fn apply_route(&self, _: &dyn ContainerRuntime, route: &Route) -> Result<()> {
        self.routes.lock().unwrap().insert(route.app.clone(), route.clone());
        Ok(())
    }

    async fn delete_route(&self, _: &dyn ContainerRuntime, app: &AppName) -> Result<()> {
        self.routes.lock().unwrap().remove(app);
        Ok(())
    }

    fn container(&self) -> String {
        "direct".into()
    }

    fn http_port(&self) -> u16 {
        80
    }

    async fn probe(
        &self,
        _: &dyn ContainerRuntime,
        app: &AppName,
        _: &str,
        _: &str,
        _: Duration,
    ) -> Result<Probe> {
        let candidate = self.routes.lock().unwrap()[app].candidate.clone().unwrap();
        let answers = self.runtime.answer(&candidate.container, candidate.port).is_some();
        Ok(Probe { status: if answers { 200 } else { 502 }, location: None })
    }

    async fn remove(&self, _: &dyn ContainerRuntime) -> Result<()> {
        Ok(())
    }

    fn url(&self, domain: &DomainName) -> String {
        format!("http://{domain}")
    }

    fn toolbox_image(&self) -> Option<&str> {
        None
    }
}
