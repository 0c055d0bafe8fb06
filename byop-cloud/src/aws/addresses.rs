//! Reserved addresses: Elastic IPs.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use byop_core::cloud::ReservedIps;
use byop_core::model::{ReservedIp, ReservedIpId, ServerId};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::{Age, Form};
use super::convert::{self, KEY, MARKED, is_ours};
use super::error::has_code;
use super::locate::{foreign, hollow, missing};
use super::wire::{Address, Instance};
use super::xml::{Node, text};
use crate::http::Repeat;

const RESERVE: &str = "reserved_ip.reserve";

#[async_trait]
impl ReservedIps for Aws {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        // Before anything is made: whether it can be led there.
        let instance = self.our_instance(RESERVE, server).await?;
        check_leadable(RESERVE, server, &instance)?;
        let (region, _) = self.locate(RESERVE, &server.0)?;
        let known = self.address_of(region, key, &instance.id).await?;
        let address = match known {
            Some(address) => address,
            None => self.allocate(region, key, &instance).await?,
        };
        if address.instance.as_ref() != Some(&instance.id) {
            self.associate(RESERVE, region, &address.id, &instance.id).await?;
        }
        self.allocated.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        let led = Address { instance: Some(instance.id), ..address };
        convert::reserved_ip(region, &led).ok_or_else(|| hollow(RESERVE, "AllocateAddress"))
    }

    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        const GET: &str = "reserved_ip.get";
        let (region, name) = self.locate(GET, &id.0)?;
        let found = self.address(GET, region, name).await?;
        let found = found.ok_or_else(|| missing(GET, "reserved_ip", &id.0))?;
        convert::reserved_ip(region, &found).ok_or_else(|| hollow(GET, "DescribeAddresses"))
    }

    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()> {
        const ASSIGN: &str = "reserved_ip.assign";
        let (region, name) = self.locate(ASSIGN, &id.0)?;
        let found = self.address(ASSIGN, region, name).await?;
        let address = found.ok_or_else(|| missing(ASSIGN, "reserved_ip", &id.0))?;
        if !is_ours(&address.tags) {
            return Err(foreign(ASSIGN, &id.0));
        }
        if self.locate(ASSIGN, &server.0)?.0 != region {
            return Err(Error::invalid(ASSIGN, "the address and the server are in different regions")
                .with_context("reserved_ip", id)
                .with_context("server", server)
                .with_remedy("reserve an address in the server's region"));
        }
        let instance = self.our_instance(ASSIGN, server).await?;
        if address.instance.as_ref() == Some(&instance.id) {
            return Ok(());
        }
        check_leadable(ASSIGN, server, &instance)?;
        self.associate(ASSIGN, region, name, &instance.id).await
    }
}

impl Aws {
    async fn address(&self, operation: &'static str, region: &str, id: &str) -> Result<Option<Address>> {
        let form = Form::new("DescribeAddresses").with("AllocationId.1", id);
        match self.api.ec2(operation, region, form, Address::list).await {
            Ok(found) => Ok(found.into_iter().find(|address| address.id == id)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if has_code(&error, "InvalidAllocationID.Malformed") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The address of this key, or one of ours that leads to the server already.
    async fn address_of(&self, region: &str, key: &str, instance: &str) -> Result<Option<Address>> {
        let known = self.allocated.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(id) = known
            && let Some(address) = self.address(RESERVE, region, &id).await?
        {
            return Ok(Some(address));
        }
        // All of ours: a filter by the key would miss one that leads there and has another.
        let form = Form::new("DescribeAddresses").with_filter(MARKED, ["1"]);
        let found = self.api.ec2(RESERVE, region, form, Address::list).await?;
        let has_key = |address: &&Address| address.tags.get(KEY).is_some_and(|found| found == key);
        let leads = |address: &&Address| address.instance.as_deref() == Some(instance);
        Ok(found.iter().find(has_key).or_else(|| found.iter().find(leads)).cloned())
    }

    /// Called once: the vendor knows no key for it.
    async fn allocate(&self, region: &str, key: &str, instance: &Instance) -> Result<Address> {
        let name = instance.tags.get("Name").unwrap_or(&instance.id);
        let tags = convert::tags(name, Some(key), &BTreeMap::new());
        let form = Form::new("AllocateAddress").with("Domain", "vpc").with_tags(&["elastic-ip"], &tags);
        let read = |root: Node<'_, '_>| (text(root, "allocationId"), text(root, "publicIp"));
        let how = (Repeat::Never, Age::Settled);
        let (id, address) = self.api.ec2_as(RESERVE, region, form, how, read).await?;
        let id = id.ok_or_else(|| hollow(RESERVE, "AllocateAddress"))?;
        let mut allocated = self.allocated.lock().unwrap_or_else(PoisonError::into_inner);
        allocated.insert(key.to_owned(), id.clone());
        Ok(Address { id, address, association: None, instance: None, tags: tags.into_iter().collect() })
    }

    async fn associate(&self, operation: &'static str, region: &str, id: &str, instance: &str) -> Result<()> {
        let form = Form::new("AssociateAddress")
            .with("AllocationId", id)
            .with("InstanceId", instance)
            .with("AllowReassociation", "true");
        self.api.ec2_as(operation, region, form, (Repeat::Safe, Age::Fresh), |_| ()).await
    }

    pub(super) async fn delete_reserved_ip(&self, operation: &'static str, id: &str) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        let Some(address) = self.address(operation, region, name).await? else { return Ok(()) };
        if !is_ours(&address.tags) {
            return Err(foreign(operation, id));
        }
        let gone = |result: Result<()>| match result {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        };
        if let Some(association) = &address.association {
            let form = Form::new("DisassociateAddress").with("AssociationId", association);
            gone(self.api.ec2(operation, region, form, |_| ()).await)?;
        }
        let form = Form::new("ReleaseAddress").with("AllocationId", name);
        gone(self.api.ec2(operation, region, form, |_| ()).await)
    }
}

fn check_leadable(operation: &'static str, server: &ServerId, instance: &Instance) -> Result<()> {
    if matches!(instance.state.as_str(), "running" | "stopped" | "stopping") {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        operation,
        "no address can be led to the server in its present state",
    )
    .with_context("server", server)
    .with_context("state", &instance.state)
    .with_remedy("wait until it runs"))
}
