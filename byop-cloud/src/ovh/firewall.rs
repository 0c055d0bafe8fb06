//! Security groups of the second version of the API. Where its routes are not, servers have no firewalls here.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use byop_core::cloud::Firewalls;
use byop_core::model::{FirewallId, FirewallRule, FirewallSpec, Protocol, RegionId, Resource, ResourceKind};
use byop_core::{Error, ErrorKind, Result, Retry};
use serde_json::json;

use super::client::encode;
use super::convert::{self, Mark};
use super::error::{foreign, has_code};
use super::{Ovh, wire};
use crate::http::{Method, Repeat};

const APPLY: &str = "firewall.apply";
/// How often a change is tried when somebody else changes the same.
const TRIES: u32 = 3;

type Group = wire::Envelope<wire::GroupSpec>;

#[async_trait]
impl Firewalls for Ovh {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        let mark = Mark::new(APPLY, &spec.name, &spec.key)?;
        let rules = rules(spec)?;
        let is_it = |group: &Group| {
            Mark::read(name(group)).is_some_and(|found| found.key == spec.key)
                && region(group).is_some_and(|region| region == spec.region.0)
                && !is_going(group)
        };
        let groups = self.list_groups(APPLY).await.map_err(unsupported)?;
        let Some(found) = groups.into_iter().find(is_it) else {
            return self.make_group(spec, mark, &rules).await;
        };
        self.change_group(found, &rules).await
    }
}

impl Ovh {
    async fn list_groups(&self, operation: &'static str) -> Result<Vec<Group>> {
        let session = self.session();
        session.api.pages(operation, &session.v2_path("/securityGroup").await?).await
    }

    async fn group_path(&self, id: &str) -> Result<String> {
        self.session().v2_path(&format!("/securityGroup/{}", encode(id))).await
    }

    async fn make_group(
        &self,
        spec: &FirewallSpec,
        mark: Mark<'_>,
        rules: &[wire::GroupRule],
    ) -> Result<FirewallId> {
        let session = self.session();
        let target = json!({
            "name": mark.text(),
            "location": { "region": spec.region.0 },
            "rules": rules,
        });
        let path = session.v2_path("/securityGroup").await?;
        let body = json!({ "targetSpec": target });
        let made: Group = session.api.send(APPLY, Method::Post, &path, &body, Repeat::Never).await?;
        Ok(FirewallId(made.id))
    }

    async fn change_group(&self, mut group: Group, rules: &[wire::GroupRule]) -> Result<FirewallId> {
        let session = self.session();
        let path = self.group_path(&group.id).await?;
        for attempt in 1.. {
            if ordered(group.target_spec.as_ref().and_then(|spec| spec.rules.clone()).unwrap_or_default())
                == rules
            {
                break;
            }
            let body = json!({
                "checksum": group.checksum,
                "targetSpec": { "name": name(&group), "rules": rules },
            });
            let changed: Result<Group> =
                session.api.send(APPLY, Method::Put, &path, &body, Repeat::Safe).await;
            match changed {
                Ok(_) => break,
                Err(error) if has_code(&error, "ChecksumMismatch") && attempt < TRIES => {
                    group = session.api.get(APPLY, &path).await?;
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    // An earlier change is still under way.
                    return Err(error.with_retry(Retry::After(Duration::from_secs(2))));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(FirewallId(group.id))
    }

    pub(super) async fn firewall_resources(&self) -> Result<Vec<Resource>> {
        let groups = match self.list_groups("resource.list").await {
            // Nothing can have been made where it cannot be asked for.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::PermissionDenied
                ) =>
            {
                return Ok(Vec::new());
            }
            other => other?,
        };
        let resource = |group: Group| {
            let mark = Mark::read(name(&group))?;
            let mut resource = Resource::new(ResourceKind::Firewall, &group.id, mark.name).with_key(mark.key);
            resource.region = region(&group).map(|region| RegionId(region.to_owned()));
            resource.created_at = group.created_at.as_deref().and_then(convert::timestamp);
            Some(resource)
        };
        Ok(groups.into_iter().filter_map(resource).collect())
    }

    pub(super) async fn remove_group(&self, operation: &'static str, id: &str) -> Result<()> {
        let session = self.session();
        let path = self.group_path(id).await?;
        let Some(found) = session.api.find::<Group>(operation, &path).await? else { return Ok(()) };
        if Mark::read(name(&found)).is_none() {
            return Err(foreign(operation, id));
        }
        if is_going(&found) {
            return Ok(());
        }
        session.api.delete(operation, &path).await
    }
}

fn name(group: &Group) -> &str {
    group.target_spec.as_ref().and_then(|spec| spec.name.as_deref()).unwrap_or_default()
}

fn region(group: &Group) -> Option<&str> {
    group.target_spec.as_ref()?.location.as_ref()?.region.as_deref()
}

fn is_going(group: &Group) -> bool {
    group.resource_status.as_deref() == Some("DELETING")
}

/// The routes are not there, or not for these credentials.
fn unsupported(error: Error) -> Error {
    if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) {
        return error;
    }
    Error::new(ErrorKind::Unsupported, APPLY, "this account's API has no security groups")
        .with_remedy(
            "leave the firewall out of the request, and let the server's user data filter its traffic",
        )
        .with_source(error)
}

/// One rule for each network. What goes out is let out by rules that every group has of itself.
fn rules(spec: &FirewallSpec) -> Result<Vec<wire::GroupRule>> {
    let mut rules = Vec::new();
    for rule in &spec.rules {
        let bad = |why: &str| {
            Error::invalid(APPLY, format!("a rule cannot be: {why}"))
                .with_context(
                    "rule",
                    format!("{:?} {} from {}", rule.protocol, rule.port, rule.sources.join(", ")),
                )
                .with_remedy("name a port from 1 to 65535, and networks such as 203.0.113.0/24")
        };
        if rule.port == 0 {
            return Err(bad("it names no port"));
        }
        let anyone = ["0.0.0.0/0".to_owned(), "::/0".to_owned()];
        let sources = if rule.sources.is_empty() { &anyone[..] } else { &rule.sources[..] };
        for source in sources {
            let (family, network) = network(source).ok_or_else(|| bad("this is no network"))?;
            rules.push(group_rule(rule, family, network));
        }
    }
    Ok(ordered(rules))
}

fn group_rule(rule: &FirewallRule, family: &str, network: String) -> wire::GroupRule {
    let protocol = if rule.protocol == Protocol::Udp { "UDP" } else { "TCP" };
    wire::GroupRule {
        direction: "INGRESS".into(),
        ethernet_type: family.into(),
        protocol: Some(protocol.into()),
        port_range_min: Some(rule.port),
        port_range_max: Some(rule.port),
        remote_ip_prefix: Some(network),
    }
}

fn ordered(mut rules: Vec<wire::GroupRule>) -> Vec<wire::GroupRule> {
    rules.sort();
    rules.dedup();
    rules
}

/// The family of a network, and its usual form.
fn network(text: &str) -> Option<(&'static str, String)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let (family, most) = if address.is_ipv4() { ("IPV4", 32) } else { ("IPV6", 128) };
    let bits: u8 = bits.map_or(Some(most), |bits| bits.parse().ok())?;
    (bits <= most).then(|| (family, format!("{address}/{bits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_a_rule_of_its_family() {
        let spec = FirewallSpec::new("k", "web", RegionId("GRA11".into()))
            .with_rule(
                FirewallRule::new(Protocol::Tcp, 22).with_source("203.0.113.0/24").with_source("2001:db8::1"),
            )
            .with_rule(FirewallRule::new(Protocol::Udp, 443));
        let found: Vec<_> = rules(&spec)
            .unwrap()
            .into_iter()
            .map(|r| {
                format!(
                    "{} {:?} {:?} {:?}",
                    r.ethernet_type, r.protocol, r.port_range_min, r.remote_ip_prefix
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                r#"IPV4 Some("TCP") Some(22) Some("203.0.113.0/24")"#,
                r#"IPV4 Some("UDP") Some(443) Some("0.0.0.0/0")"#,
                r#"IPV6 Some("TCP") Some(22) Some("2001:db8::1/128")"#,
                r#"IPV6 Some("UDP") Some(443) Some("::/0")"#,
            ]
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in ["", "here", "203.0.113.0/33", "203.0.113.0/x", "::/129", "203.0.113/24"] {
            assert_eq!(network(bad), None, "{bad}");
        }
    }
}
