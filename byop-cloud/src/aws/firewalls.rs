//! Firewalls: security groups of EC2. They let everything out by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use async_trait::async_trait;
use byop_core::cloud::Firewalls;
use byop_core::model::{FirewallId, FirewallRule, FirewallSpec};
use byop_core::{Error, ErrorKind, Result};

use super::Aws;
use super::client::{Age, Form};
use super::convert::{self, is_ours};
use super::error::has_code;
use super::locate::{foreign, hollow, not_yet};
use super::wire::Group;
use super::xml::{Node, text};
use crate::http::Repeat;

const APPLY: &str = "firewall.apply";

/// Protocol, first port, last port, network.
type Rule = (String, u32, u32, String);

#[async_trait]
impl Firewalls for Aws {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        self.check_region(APPLY, &spec.region).await?;
        let wanted = rules(&spec.rules)?;
        let region = spec.region.0.as_str();
        let network = self.network(region).await?;
        let name = format!("byop-{}", spec.key);
        let tags = convert::tags(&spec.name, Some(&spec.key), &BTreeMap::new());
        let mut form = Form::new("CreateSecurityGroup")
            .with("GroupName", &name)
            .with("GroupDescription", format!("byop {}", spec.name));
        if let Some(network) = &network {
            form = form.with("VpcId", network);
        }
        let form = form.with_tags(&["security-group"], &tags);
        let how = (Repeat::Keyed, Age::Settled);
        let (id, present) =
            match self.api.ec2_as(APPLY, region, form, how, |root| text(root, "groupId")).await {
                Ok(id) => (id.ok_or_else(|| hollow(APPLY, "CreateSecurityGroup"))?, BTreeSet::new()),
                Err(error) if has_code(&error, "InvalidGroup.Duplicate") => {
                    let group = self.group_of(region, &name, network.as_deref()).await?;
                    let group = group.ok_or_else(|| not_yet(APPLY, error))?;
                    if !is_ours(&group.tags) {
                        return Err(foreign(APPLY, &group.id).with_context("name", name));
                    }
                    (group.id, group.rules.into_iter().collect())
                }
                Err(error) => return Err(error),
            };
        // What is added first leaves no moment in which less is let in than before.
        let added: Vec<_> = wanted.difference(&present).collect();
        let removed: Vec<_> = present.difference(&wanted).collect();
        self.change_rules("AuthorizeSecurityGroupIngress", region, &id, &added).await?;
        self.change_rules("RevokeSecurityGroupIngress", region, &id, &removed).await?;
        Ok(FirewallId(convert::id(region, &id)))
    }
}

impl Aws {
    /// The network of the subnet that servers are made in; `None` is the default one.
    async fn network(&self, region: &str) -> Result<Option<String>> {
        let Some(subnet) = &self.api.config.subnet else { return Ok(None) };
        let form = Form::new("DescribeSubnets").with("SubnetId.1", subnet);
        let read = |root: Node<'_, '_>| {
            super::xml::items(root, "subnetSet").into_iter().find_map(|item| text(item, "vpcId"))
        };
        self.api.ec2(APPLY, region, form, read).await
    }

    async fn group_of(&self, region: &str, name: &str, network: Option<&str>) -> Result<Option<Group>> {
        let mut form = Form::new("DescribeSecurityGroups").with_filter("group-name", [name]);
        if let Some(network) = network {
            form = form.with_filter("vpc-id", [network]);
        }
        let found = self.api.ec2_list(APPLY, region, form, Group::list).await?;
        let mut found: Vec<_> = found.into_iter().filter(|group| group.name == name).collect();
        found.sort_by_key(|group| !is_ours(&group.tags));
        Ok(found.into_iter().next())
    }

    async fn change_rules(
        &self,
        action: &'static str,
        region: &str,
        id: &str,
        rules: &[&Rule],
    ) -> Result<()> {
        // One by one, one that is so already would be the answer to all: only those of one call are all or nothing.
        if rules.is_empty() {
            return Ok(());
        }
        let all = rules
            .iter()
            .enumerate()
            .fold(Form::new(action).with("GroupId", id), |form, (n, rule)| permission(form, n + 1, rule));
        match self.allow(region, all).await {
            Err(error) if is_so_already(&error) && rules.len() > 1 => {}
            Err(error) if is_so_already(&error) => return Ok(()),
            other => return other,
        }
        for rule in rules {
            let form = permission(Form::new(action).with("GroupId", id), 1, rule);
            match self.allow(region, form).await {
                Err(error) if !is_so_already(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn allow(&self, region: &str, form: Form) -> Result<()> {
        let how = (Repeat::Safe, Age::Fresh);
        self.api.ec2_as(APPLY, region, form, how, |_| ()).await.map_err(|error| {
            let unknown = error.kind() == ErrorKind::NotFound && !is_so_already(&error);
            if unknown { not_yet(APPLY, error) } else { error }
        })
    }

    pub(super) async fn delete_firewall(&self, operation: &'static str, id: &str) -> Result<()> {
        let (region, name) = self.locate(operation, id)?;
        let form = Form::new("DescribeSecurityGroups").with("GroupId.1", name);
        let found = match self.api.ec2(operation, region, form, Group::list).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if has_code(&error, "InvalidGroupId.Malformed") => return Ok(()),
            other => other?,
        };
        let Some(group) = found.iter().find(|group| group.id == name) else { return Ok(()) };
        if !is_ours(&group.tags) {
            return Err(foreign(operation, id));
        }
        let form = Form::new("DeleteSecurityGroup").with("GroupId", name);
        match self.api.ec2(operation, region, form, |_| ()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

/// Adding what is there, or removing what is not.
fn is_so_already(error: &Error) -> bool {
    has_code(error, "InvalidPermission.Duplicate") || has_code(error, "InvalidPermission.NotFound")
}

fn permission(form: Form, n: usize, (protocol, from, to, network): &Rule) -> Form {
    let name = format!("IpPermissions.{n}");
    let mut form = form.with(format!("{name}.IpProtocol"), protocol);
    // Somebody may have let in all protocols, which have no ports.
    if protocol != "-1" {
        form = form
            .with(format!("{name}.FromPort"), from.to_string())
            .with(format!("{name}.ToPort"), to.to_string());
    }
    if network.contains(':') {
        form.with(format!("{name}.Ipv6Ranges.1.CidrIpv6"), network)
    } else {
        form.with(format!("{name}.IpRanges.1.CidrIp"), network)
    }
}

/// The rules as the vendor has them: one network each, as it writes networks.
fn rules(rules: &[FirewallRule]) -> Result<BTreeSet<Rule>> {
    let mut wanted = BTreeSet::new();
    for rule in rules {
        if rule.port == 0 {
            return Err(Error::invalid(APPLY, "a rule names no port")
                .with_context("protocol", rule.protocol)
                .with_remedy("give a port from 1 to 65535"));
        }
        let everyone = ["0.0.0.0/0".to_owned(), "::/0".to_owned()];
        let networks = rule.sources.iter().map(|source| network(source)).collect::<Result<Vec<_>>>()?;
        let networks = if networks.is_empty() { everyone.to_vec() } else { networks };
        let (protocol, port) = (rule.protocol.to_string(), u32::from(rule.port));
        wanted.extend(networks.into_iter().map(|network| (protocol.clone(), port, port, network)));
    }
    Ok(wanted)
}

/// A network without what does not belong to it: `203.0.113.0/24` for `203.0.113.7/24`.
fn network(text: &str) -> Result<String> {
    let refused = || {
        Error::invalid(APPLY, "this is no network")
            .with_context("source", text.chars().take(80).collect::<String>().escape_default())
            .with_remedy("give it in CIDR notation, such as 203.0.113.0/24")
    };
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().map_err(|_| refused())?;
    let most: u32 = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Ok(most), str::parse).map_err(|_| refused())?;
    if bits > most {
        return Err(refused());
    }
    let address: IpAddr = match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            std::net::Ipv4Addr::from(u32::from(four) & mask).into()
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            std::net::Ipv6Addr::from(u128::from(six) & mask).into()
        }
    };
    Ok(format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_as_the_vendor_does() {
        for (text, written) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(network(text).unwrap(), written);
        }
        for bad in ["", "here", "1.2.3.4/33", "::/129", "1.2.3.4/x", "1.2.3/24"] {
            assert_eq!(network(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }
}
