//! Ports of hosts in the store: no two apps get the same one, whichever engine they ask.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Inner;
use crate::error::{Error, ErrorKind, Result};
use crate::host;
use crate::model::{AppName, AppSpec, Protocol, PublishedPort};
use crate::store::{Expected, Page, Scope};

/// Keys are `<host>/<protocol>/<port>`, values `{app, name}`.
const PORTS: &str = "ports";
const RESERVE: &str = "port.reserve";

impl Inner {
    /// Takes the ports of the host that an app asks for. Called again, it gives the same ones.
    pub(super) async fn reserve_ports(&self, scope: &Scope, spec: &AppSpec) -> Result<Vec<PublishedPort>> {
        if spec.ports.is_empty() {
            return Ok(Vec::new());
        }
        let host = self.host_of(&spec.name).await?;
        let records = self.store.list_records(&Scope::Platform, PORTS, &Page::all()).await?;
        let in_use = host::ports_in_use(self.runtime(&host)?.as_ref()).await?;
        let asked: BTreeSet<(Protocol, u16)> =
            spec.ports.iter().filter_map(|p| Some((p.protocol, p.host_port?))).collect();
        let mut ports = Vec::new();
        for port in &spec.ports {
            let prefix = format!("{host}/{}/", port.protocol);
            let claim = json!({ "app": spec.name, "name": port.name });
            let is_free = |number: u16| !in_use.contains(&(port.protocol, number));
            let host_port = if let Some(number) = port.host_port {
                self.reserve(scope, &prefix, number, &claim, is_free(number)).await?;
                number
            } else {
                let is_open = |number: u16| !asked.contains(&(port.protocol, number));
                let reserved: BTreeMap<u16, &Value> = records
                    .iter()
                    .filter_map(|record| {
                        Some((record.key.strip_prefix(&prefix)?.parse().ok()?, &record.value))
                    })
                    .collect();
                let held = reserved.iter().find(|(number, holder)| **holder == &claim && is_open(**number));
                let may_be =
                    |number: u16| is_open(number) && is_free(number) && !reserved.contains_key(&number);
                match held {
                    Some((number, _)) => *number,
                    None => self.allocate(scope, &prefix, &claim, may_be).await?,
                }
            };
            ports.push(PublishedPort {
                name: port.name.clone(),
                protocol: port.protocol,
                host_port,
                container_port: port.container_port,
            });
        }
        Ok(ports)
    }

    /// Gives up the app's ports but those in `keep`.
    pub(super) async fn release_ports(
        &self,
        scope: &Scope,
        app: &AppName,
        keep: &[PublishedPort],
    ) -> Result<()> {
        for record in self.store.list_records(scope, PORTS, &Page::all()).await? {
            let ours = record.value["app"] == app.as_str();
            let kept = |p: &PublishedPort| record.key.ends_with(&format!("/{}/{}", p.protocol, p.host_port));
            if ours && !keep.iter().any(kept) {
                self.store.delete_record(scope, PORTS, &record.key, Expected::Any).await?;
            }
        }
        Ok(())
    }

    /// Writes that an app has a port, which it has already.
    pub(super) async fn claim_port(
        &self,
        scope: &Scope,
        host: &str,
        app: &AppName,
        port: &PublishedPort,
    ) -> Result<()> {
        let claim = json!({ "app": app, "name": port.name });
        self.reserve(scope, &format!("{host}/{}/", port.protocol), port.host_port, &claim, true).await
    }

    /// Takes a certain port.
    async fn reserve(
        &self,
        scope: &Scope,
        prefix: &str,
        number: u16,
        claim: &Value,
        is_free: bool,
    ) -> Result<()> {
        let conflict = |message| {
            Error::new(ErrorKind::Conflict, RESERVE, message)
                .with_context("port", format!("{prefix}{number}"))
                .with_remedy("choose another `host_port`, or leave it out")
        };
        let key = format!("{prefix}{number}");
        match self.store.put_record(scope, PORTS, &key, claim, Expected::Absent).await {
            Ok(_) if is_free => Ok(()),
            // The reservation goes with the failed deployment.
            Ok(_) => Err(conflict("something on the host has this port already")),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Another client's is not seen, and not named.
                let holder = self.store.find_record(scope, PORTS, &key).await?;
                match holder.map(|record| record.value["app"].clone()) {
                    Some(app) if app == claim["app"] => Ok(()),
                    Some(Value::String(app)) => {
                        Err(conflict("another app has this port").with_context("app", app))
                    }
                    _ => Err(conflict("another app has this port")),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the first port of the range that may be had.
    async fn allocate(
        &self,
        scope: &Scope,
        prefix: &str,
        claim: &Value,
        may_be: impl Fn(u16) -> bool,
    ) -> Result<u16> {
        for number in self.port_range.clone().filter(|number| may_be(*number)) {
            match self
                .store
                .put_record(scope, PORTS, &format!("{prefix}{number}"), claim, Expected::Absent)
                .await
            {
                Ok(_) => return Ok(number),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let range = format!("{} to {}", self.port_range.start(), self.port_range.end());
        Err(Error::new(ErrorKind::QuotaExceeded, RESERVE, "the host has no free port left for apps")
            .with_context("range", range)
            .with_remedy("remove an app that publishes ports, or give the engine a larger range"))
    }
}
