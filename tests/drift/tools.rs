//! What a person at the keyboard of the host can do, through the engine's API.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, ContainerUpdateBody, EndpointSettings, HealthConfig, NetworkingConfig, PortBinding,
    RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RenameContainerOptionsBuilder};
use byop_core::model::{AppName, ContainerSpec, ExecSpec, NetworkSpec, UserSpec};
use byop_core::runtime::ContainerRuntime;

use crate::support::World;

/// One app's objects, to be tampered with.
pub struct Tools<'a> {
    world: &'a World,
    app: AppName,
    pub container: String,
    pub network: String,
    pub volume: String,
}

impl<'a> Tools<'a> {
    pub fn new(world: &'a World, app: &AppName) -> Self {
        Self::of_container(world, app, &format!("byop-{app}-r1"))
    }

    pub fn of_container(world: &'a World, app: &AppName, container: &str) -> Self {
        Self {
            world,
            app: app.clone(),
            container: container.to_owned(),
            network: format!("byop-{app}"),
            volume: format!("byop-{app}--data"),
        }
    }

    pub async fn remove(&self) {
        self.world.docker.remove_container(&self.container).await.unwrap();
    }

    pub async fn stop(&self) {
        self.world.docker.stop_container(&self.container, Duration::from_secs(1)).await.unwrap();
    }

    pub async fn rename(&self) {
        let options =
            RenameContainerOptionsBuilder::default().name(&format!("{}-old", self.container)).build();
        self.world.api.rename_container(&self.container, options).await.unwrap();
    }

    /// What the container was made from, as far as its engine tells.
    async fn made_from(&self) -> ContainerCreateBody {
        let found = self.world.api.inspect_container(&self.container, None).await.unwrap();
        let config = serde_json::to_value(found.config.unwrap()).unwrap();
        let mut body: ContainerCreateBody = serde_json::from_value(config).unwrap();
        body.host_config = found.host_config;
        let endpoints = found.network_settings.unwrap().networks.unwrap().into_iter();
        // An engine takes only one network when it makes a container.
        let first = body.host_config.as_ref().unwrap().network_mode.clone().unwrap();
        let own = endpoints.filter(|(name, _)| *name == first);
        body.networking_config = Some(NetworkingConfig {
            endpoints_config: Some(
                own.map(|(name, endpoint)| {
                    (name, EndpointSettings { aliases: endpoint.aliases, ..Default::default() })
                })
                .collect(),
            ),
        });
        body
    }

    async fn make(&self, name: &str, body: ContainerCreateBody) {
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.world.api.create_container(Some(options), body).await.unwrap();
        self.world.docker.start_container(name).await.unwrap();
    }

    /// Removes the container and makes it by hand, with a change.
    pub async fn remake(&self, change: impl FnOnce(&mut ContainerCreateBody)) {
        let mut body = self.made_from().await;
        change(&mut body);
        self.remove().await;
        self.make(&self.container, body).await;
        // Of those that it is in, it joins the app's again.
        self.world.docker.connect_network(&self.network, &self.container).await.unwrap();
    }

    pub async fn remake_with_check(&self, test: &[&str]) {
        let second = Some(1_000_000_000);
        let check = HealthConfig {
            test: Some(test.iter().map(|word| (*word).to_owned()).collect()),
            interval: second,
            timeout: second,
            retries: Some(1),
            ..Default::default()
        };
        self.remake(|body| body.healthcheck = Some(check)).await;
    }

    /// Makes a further container like it.
    pub async fn copy(&self, change: impl FnOnce(&mut HashMap<String, String>)) {
        let mut body = self.made_from().await;
        change(body.labels.as_mut().unwrap());
        self.make(&format!("{}-copy", self.container), body).await;
    }

    pub async fn publish(&self) {
        let binding = PortBinding { host_ip: Some("127.0.0.1".into()), host_port: Some("0".into()) };
        let ports = HashMap::from([("8080/tcp".to_owned(), Some(vec![binding]))]);
        self.remake(|body| body.host_config.as_mut().unwrap().port_bindings = Some(ports)).await;
    }

    pub async fn update_memory(&self) {
        let bytes = Some(48 << 20);
        let change = ContainerUpdateBody { memory: bytes, memory_swap: bytes, ..Default::default() };
        self.world.api.update_container(&self.container, change).await.unwrap();
    }

    pub async fn update_restart(&self) {
        let policy = RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None };
        let change = ContainerUpdateBody { restart_policy: Some(policy), ..Default::default() };
        self.world.api.update_container(&self.container, change).await.unwrap();
    }

    /// Takes everyone out of the network and removes it.
    pub async fn lose_network(&self) {
        for container in [&self.container, &self.world.proxy()] {
            self.world.docker.disconnect_network(&self.network, container).await.unwrap();
        }
        self.world.docker.remove_network(&self.network).await.unwrap();
    }

    pub async fn remake_network(&self, has_label: bool, internal: bool) {
        self.lose_network().await;
        let label = ("byop.app".to_owned(), self.app.to_string());
        let labels = has_label.then_some(label).into_iter().collect();
        let spec = NetworkSpec { name: self.network.clone(), labels, internal };
        self.world.docker.create_network(&spec).await.unwrap();
        for container in [&self.container, &self.world.proxy()] {
            self.world.docker.connect_network(&self.network, container).await.unwrap();
        }
    }

    pub async fn remake_volume(&self) {
        let body = self.made_from().await;
        self.remove().await;
        self.world.docker.remove_volume(&self.volume).await.unwrap();
        self.world.docker.create_volume(&self.volume, &BTreeMap::new()).await.unwrap();
        self.make(&self.container, body).await;
    }

    /// Starts a container that is nobody's.
    pub async fn stranger(&self, change: impl FnOnce(&mut ContainerSpec)) {
        let name = format!("byop-test-drift-{}-{}", self.world.port, self.app);
        let mut spec = ContainerSpec::new(&name, &self.world.image);
        change(&mut spec);
        self.world.docker.create_container(&spec).await.unwrap();
        self.world.docker.start_container(&name).await.unwrap();
    }

    /// Runs a line in the proxy's container.
    pub async fn in_proxy(&self, line: &str) {
        let mut command = ExecSpec::new(["sh", "-c", line]);
        command.user = Some(UserSpec { uid: 0, gid: 0 });
        let output = self.world.docker.exec(&self.world.proxy(), &command).await.unwrap();
        assert_eq!(output.exit_code, 0, "{output:?}");
    }

    pub async fn foreign_route(&self, rule: &str) {
        let file = serde_json::json!({ "http": {
            "routers": { "evil": { "rule": rule, "service": "evil", "entryPoints": ["web"] } },
            "services": { "evil": { "loadBalancer": { "servers": [{ "url": "http://10.0.0.1" }] } } },
        }});
        self.in_proxy(&format!("printf %s '{file}' > /etc/traefik/dynamic/evil.yml")).await;
    }
}
