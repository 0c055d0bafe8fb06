//! Public Cloud instances.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::cloud::no_capacity;
use byop_core::model::{
    PowerAction, Resource, ResourceKind, Server, ServerFilter, ServerId, ServerSpec, ServerState,
};
use byop_core::{Error, ErrorKind, Result};
use serde_json::json;

use super::client::{encode, is_unknown};
use super::config::Billing;
use super::convert::{self, Mark};
use super::error::{busy, foreign, has_code, missing};
use super::{MAX_USER_DATA, Ovh, wire};
use crate::http::{Method, Repeat};

const CREATE: &str = "server.create";

impl Ovh {
    pub(super) async fn make_server(&self, spec: &ServerSpec) -> Result<Server> {
        let mark = Mark::new(CREATE, &spec.name, &spec.key)?;
        check(spec, self.config.billing)?;
        let flavor = self.flavor(CREATE, &spec.region, &spec.size).await?;
        if let Some(known) = self.find_server(spec).await? {
            let is_same = known.flavor_id() == Some(flavor.id.as_str())
                && known.image_id().is_none_or(|image| image == spec.image)
                && Mark::read(known.name()).is_some_and(|known| known.name == spec.name);
            if is_same {
                return Ok(convert::server(&known, size_name(&flavor)));
            }
            return Err(Error::new(
                ErrorKind::Conflict,
                CREATE,
                "the key belongs to a server of another spec",
            )
            .with_context("key", &spec.key)
            .with_context("server", known.id)
            .with_remedy("use a key of its own for each server"));
        }
        if flavor.available == Some(false) {
            return Err(no_capacity(CREATE)
                .with_context("size", &spec.size)
                .with_context("region", &spec.region));
        }
        let made = match &spec.firewall {
            None => self.post_server(spec, &flavor, mark).await,
            Some(firewall) => self.post_server_behind(spec, &flavor, mark, &firewall.0).await,
        };
        match made {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::PermissionDenied) => {
                Err(self.quota_error(spec, &flavor, error).await)
            }
            other => other,
        }
    }

    async fn post_server(&self, spec: &ServerSpec, flavor: &wire::Flavor, mark: Mark<'_>) -> Result<Server> {
        let session = self.session();
        let body = wire::NewInstance {
            name: mark.text(),
            region: &spec.region.0,
            flavor_id: &flavor.id,
            image_id: &spec.image,
            ssh_key_id: spec.ssh_keys.first().map(|key| key.0.as_str()),
            user_data: spec.user_data.as_ref().map(byop_core::Secret::expose),
            networks: self.config.networks.iter().map(|id| wire::NetworkId { network_id: id }).collect(),
            monthly_billing: self.config.billing == Billing::Monthly,
        };
        let path = session.path("/instance").await?;
        let made: wire::Instance =
            session.api.send(CREATE, Method::Post, &path, &body, Repeat::Never).await?;
        Ok(convert::server(&made, size_name(flavor)))
    }

    /// By the second version of the API, because only there a server can be made behind a security group: what is
    /// attached to it later leaves it open until then, and for good when byop dies in between.
    async fn post_server_behind(
        &self,
        spec: &ServerSpec,
        flavor: &wire::Flavor,
        mark: Mark<'_>,
        firewall: &str,
    ) -> Result<Server> {
        let session = self.session();
        let mut target = json!({
            "name": mark.text(),
            "location": { "region": spec.region.0 },
            "flavor": { "id": flavor.id },
            "image": { "id": spec.image },
            "securityGroups": [{ "id": firewall }],
        });
        if let Some(key) = spec.ssh_keys.first() {
            target["sshKeyName"] = json!(self.ssh_key_name(CREATE, &key.0).await?);
        }
        if let Some(data) = &spec.user_data {
            target["userData"] = json!(STANDARD.encode(data.expose()));
        }
        if !self.config.networks.is_empty() {
            let networks = self.config.networks.iter().map(|id| json!({ "id": id }));
            target["networks"] = networks.collect();
        }
        let path = session.v2_path("/compute/instance").await?;
        let body = json!({ "targetSpec": target });
        let made = session.api.send(CREATE, Method::Post, &path, &body, Repeat::Never).await;
        let made: wire::Envelope<serde_json::Value> = made.map_err(|error: Error| {
            // The security group is not ready yet.
            if error.kind() == ErrorKind::Conflict { busy(error) } else { error }
        })?;
        let mut server = Server::new(ServerId(made.id), &spec.name, spec.region.clone(), size_name(flavor));
        server.key = Some(spec.key.clone());
        server.created_at = made.created_at.as_deref().and_then(convert::timestamp);
        if made.resource_status.as_deref() == Some("ERROR") {
            server.state = ServerState::Failed;
            server.failure = Some("the provider says ERROR".into());
        }
        Ok(server)
    }

    /// The server of a key, the oldest if there are several.
    async fn find_server(&self, spec: &ServerSpec) -> Result<Option<wire::Instance>> {
        let session = self.session();
        let path = session.path(&format!("/instance?region={}", encode(&spec.region.0))).await?;
        let all: Vec<wire::Instance> = session.api.list("server.find", &path).await?;
        let is_it = |found: &wire::Instance| {
            !found.is_gone()
                && found.status() != "DELETING"
                && Mark::read(found.name()).is_some_and(|mark| mark.key == spec.key)
        };
        let made_at = |found: &wire::Instance| found.created.as_deref().and_then(convert::timestamp);
        Ok(all.into_iter().filter(is_it).min_by_key(made_at))
    }

    /// The code for a full quota is not told for sure, so the quota itself is asked after a refusal.
    async fn quota_error(&self, spec: &ServerSpec, flavor: &wire::Flavor, error: Error) -> Error {
        let Ok(quotas) = self.list_quotas().await else { return error };
        let Some(quota) = quotas.into_iter().find(|quota| quota.region == spec.region) else { return error };
        let cpus = quota.cpus.0.saturating_add(flavor.vcpus.unwrap_or(0).into());
        if quota.servers.0 < quota.servers.1 && cpus <= quota.cpus.1 {
            return error;
        }
        Error::new(ErrorKind::QuotaExceeded, CREATE, "the project may have no more servers in this region")
            .with_context("servers", format!("{} of {}", quota.servers.0, quota.servers.1))
            .with_context("cpus", format!("{} of {}", quota.cpus.0, quota.cpus.1))
            .with_remedy("delete a server, choose another region, or ask OVHcloud to raise the quota")
            .with_source(error)
    }

    pub(super) async fn server(&self, operation: &'static str, id: &ServerId) -> Result<wire::Instance> {
        let session = self.session();
        let path = session.path(&format!("/instance/{}", encode(&id.0))).await?;
        let found = session.api.find::<wire::Instance>(operation, &path).await?;
        found.filter(|found| !found.is_gone()).ok_or_else(|| missing(operation, "server", &id.0))
    }

    pub(super) async fn read_server(&self, id: &ServerId) -> Result<Server> {
        const GET: &str = "server.get";
        let found = self.server(GET, id).await?;
        let size = match found.flavor.as_ref().and_then(|flavor| flavor.name.clone()) {
            Some(name) => name,
            None => {
                let names = self.size_names(GET, std::slice::from_ref(&found)).await?;
                let id = found.flavor_id().unwrap_or_default();
                names.get(id).cloned().unwrap_or_else(|| id.to_owned())
            }
        };
        Ok(convert::server(&found, size))
    }

    /// A server of ours.
    async fn own_server(&self, operation: &'static str, id: &ServerId) -> Result<wire::Instance> {
        let found = self.server(operation, id).await?;
        if Mark::read(found.name()).is_none() {
            return Err(foreign(operation, &id.0));
        }
        Ok(found)
    }

    pub(super) async fn servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        const LIST: &str = "server.list";
        if !filter.labels.is_empty() {
            // None is kept.
            return Ok(Vec::new());
        }
        let session = self.session();
        let query = filter.region.as_ref().map(|region| format!("?region={}", encode(&region.0)));
        let path = session.path(&format!("/instance{}", query.unwrap_or_default())).await?;
        let listed: Result<Vec<wire::Instance>> = session.api.list(LIST, &path).await;
        let all = match listed {
            // A region that is not there has none.
            Err(error)
                if filter.region.is_some()
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) =>
            {
                Vec::new()
            }
            other => other?,
        };
        let fits = |found: &wire::Instance| {
            let mark = Mark::read(found.name());
            mark.is_some_and(|mark| filter.key.as_deref().is_none_or(|key| key == mark.key))
                && !found.is_gone()
        };
        let ours: Vec<_> = all.into_iter().filter(fits).collect();
        let sizes = self.size_names(LIST, &ours).await?;
        let mut servers: Vec<_> = ours
            .iter()
            .map(|found| {
                let id = found.flavor_id().unwrap_or_default();
                convert::server(found, sizes.get(id).cloned().unwrap_or_else(|| id.to_owned()))
            })
            .filter(|server| filter.is_match(server))
            .collect();
        servers.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(servers)
    }

    /// The names of flavors by their ids, which lists do not tell.
    async fn size_names(
        &self,
        operation: &'static str,
        instances: &[wire::Instance],
    ) -> Result<BTreeMap<String, String>> {
        let session = self.session();
        let mut names = BTreeMap::new();
        for instance in instances {
            let Some(id) = instance.flavor_id().filter(|id| !names.contains_key(*id)) else { continue };
            let region = instance.region.as_deref().unwrap_or_default();
            let flavors = session.flavors(region).await?;
            for flavor in flavors.iter() {
                names.insert(flavor.id.clone(), size_name(flavor));
            }
            if names.contains_key(id) {
                continue;
            }
            // It is not offered any more.
            let path = session.path(&format!("/flavor/{}", encode(id))).await?;
            let flavor = session.api.find::<wire::Flavor>(operation, &path).await?;
            let plan = instance.plan_code.as_deref().and_then(|plan| plan.split('.').next());
            let name = flavor.as_ref().map(size_name).or_else(|| plan.map(str::to_owned));
            names.insert(id.to_owned(), name.unwrap_or_else(|| id.to_owned()));
        }
        Ok(names)
    }

    pub(super) async fn set_power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        const POWER: &str = "server.power";
        let found = self.own_server(POWER, id).await?;
        let status = found.status();
        let (verb, body) = match (action, status) {
            (PowerAction::Start, "ACTIVE")
            | (PowerAction::Stop, "SHUTOFF" | "STOPPED" | "SHELVED" | "SHELVED_OFFLOADED") => return Ok(()),
            (PowerAction::Start | PowerAction::Restart, "SHUTOFF" | "STOPPED") => ("start", None),
            (PowerAction::Start | PowerAction::Restart, "PAUSED" | "SUSPENDED") => ("resume", None),
            (PowerAction::Start | PowerAction::Restart, "SHELVED" | "SHELVED_OFFLOADED") => {
                ("unshelve", None)
            }
            (PowerAction::Stop, "ACTIVE") => ("stop", None),
            (PowerAction::Restart, "ACTIVE") => ("reboot", Some(json!({ "type": "soft" }))),
            _ => return Err(under_way(POWER, id, status)),
        };
        let session = self.session();
        let path = session.path(&format!("/instance/{}/{verb}", encode(&id.0))).await?;
        // Twice is as once, but for a restart.
        let repeat = if verb == "reboot" { Repeat::Never } else { Repeat::Keyed };
        session.api.act(POWER, &path, body.as_ref(), repeat).await
    }

    pub(super) async fn set_size(&self, id: &ServerId, size: &str) -> Result<()> {
        const RESIZE: &str = "server.resize";
        let found = self.own_server(RESIZE, id).await?;
        let server = convert::server(&found, String::new());
        let flavor = self.flavor(RESIZE, &server.region, size).await?;
        if found.flavor_id() == Some(flavor.id.as_str()) {
            return Ok(());
        }
        if !matches!(found.status(), "SHUTOFF" | "STOPPED") {
            return Err(Error::new(ErrorKind::Conflict, RESIZE, "the server must be stopped first")
                .with_context("server", id)
                .with_context("status", found.status())
                .with_remedy("stop it, wait until it is stopped, and try again"));
        }
        let disk = |flavor: Option<&wire::Flavor>| flavor.and_then(|flavor| flavor.disk).unwrap_or(0);
        if disk(Some(&flavor)) < disk(found.flavor.as_ref()) {
            return Err(Error::invalid(RESIZE, "the disk of this size is smaller than the server's")
                .with_context("size", size)
                .with_remedy("choose a size with a disk that is not smaller"));
        }
        if flavor.available == Some(false) {
            return Err(no_capacity(RESIZE).with_context("size", size));
        }
        let session = self.session();
        let path = session.path(&format!("/instance/{}/resize", encode(&id.0))).await?;
        session.api.act(RESIZE, &path, Some(&json!({ "flavorId": flavor.id })), Repeat::Keyed).await
    }

    pub(super) async fn remove_server(&self, operation: &'static str, id: &ServerId) -> Result<()> {
        let found = match self.own_server(operation, id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        if found.status() == "DELETING" {
            return Ok(());
        }
        let session = self.session();
        let path = session.path(&format!("/instance/{}", encode(&id.0))).await?;
        session.api.delete(operation, &path).await
    }

    /// Servers as things that cost money.
    pub(super) async fn server_resources(&self) -> Result<Vec<Resource>> {
        let session = self.session();
        let servers = self.servers(&ServerFilter::all()).await?;
        let prices = if servers.is_empty() {
            None
        } else {
            // What is there has to be told even when its price cannot be.
            session.prices(self.config.subsidiary).await.ok()
        };
        let mut resources = Vec::with_capacity(servers.len());
        for server in servers {
            let flavors = session.flavors(&server.region.0).await?;
            let flavor = flavors.iter().find(|flavor| flavor.name.as_deref() == Some(&server.size));
            let price = flavor.and_then(|flavor| prices.as_ref()?.of(flavor, self.config.billing));
            let mut resource = Resource::new(ResourceKind::Server, server.id.0, server.name);
            resource.key = server.key;
            resource.region = Some(server.region);
            resource.created_at = server.created_at;
            resource.monthly_price = price.map(|price| price.monthly);
            resources.push(resource);
        }
        Ok(resources)
    }
}

pub(super) fn under_way(operation: &'static str, id: &ServerId, status: &str) -> Error {
    Error::new(ErrorKind::Conflict, operation, "another action is under way")
        .with_context("server", id)
        .with_context("status", status)
        .with_remedy("wait until it is done")
}

fn size_name(flavor: &wire::Flavor) -> String {
    flavor.name.clone().unwrap_or_else(|| flavor.id.clone())
}

fn check(spec: &ServerSpec, billing: Billing) -> Result<()> {
    let bytes = spec.user_data.as_ref().map_or(0, |data| data.expose().len());
    if bytes > MAX_USER_DATA {
        return Err(Error::invalid(CREATE, "the user data is larger than the provider takes")
            .with_context("bytes", bytes)
            .with_context("limit", MAX_USER_DATA)
            .with_remedy("let the server fetch what it needs at its first start"));
    }
    if spec.ssh_keys.len() > 1 {
        return Err(Error::invalid(CREATE, "the provider gives a server one SSH key")
            .with_context("keys", spec.ssh_keys.len())
            .with_remedy("name one, and put the others into the user data"));
    }
    if spec.firewall.is_some() && billing == Billing::Monthly {
        return Err(Error::invalid(
            CREATE,
            "a server behind a security group can only be paid for by the hour",
        )
        .with_remedy("leave out the firewall, or the monthly billing"));
    }
    Ok(())
}

/// Whether a call that made something was refused because the name is taken.
pub(super) fn is_taken(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && !has_code(error, "ChecksumMismatch") && !is_unknown(error)
}
