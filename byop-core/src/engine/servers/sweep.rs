//! Finds what is paid for and in nobody's books.

use serde_json::json;

use super::super::Inner;
use super::ledger::ID_LENGTH;
use crate::clock::Timestamp;
use crate::cloud::{CloudProvider, DnsProvider, DnsProviderExt};
use crate::error::{Error, Result};
use crate::model::{
    Actor, AppName, AuditEntry, ProvisionState, Resource, ResourceKind, ServerId, ServerRecord, SweepFinding,
    SweepOptions, SweepReason, SweepReport,
};
use crate::store::Scope;

/// Looks at all clouds.
pub(super) async fn sweep(
    inner: &Inner,
    options: &SweepOptions,
    actor: Option<&Actor>,
) -> Result<SweepReport> {
    let installation = inner.installation().await?;
    let (mut findings, mut errors) = (Vec::new(), Vec::new());
    for (name, provider) in &inner.clouds {
        // The cloud first, the books after: what a job makes meanwhile was written down before it was made.
        let resources = match provider.list_resources().await {
            Ok(resources) => resources,
            Err(error) => {
                errors.push((name.clone(), error.report()));
                continue;
            }
        };
        let records = inner.all_servers(&Scope::Platform).await?;
        let books = Books::new(&installation, name, &records);
        findings
            .extend(resources.into_iter().filter_map(|resource| books.finding(inner.clock.now(), resource)));
        if let Some(dns) = provider.dns() {
            match records_of_nobody(inner, &installation, name, dns).await {
                Ok(found) => findings.extend(found),
                Err(error) => errors.push((name.clone(), error.report())),
            }
        }
    }
    if options.remove {
        // Servers first: what they use can go only after them. What is still used stays for the next sweep.
        findings.sort_by_key(|finding| finding.resource.kind);
        for finding in &mut findings {
            let is_named = |id: &String| options.installations.contains(id);
            if finding.reason != SweepReason::Elsewhere || finding.installation.as_ref().is_some_and(is_named)
            {
                remove(inner, finding, actor).await;
            }
        }
    }
    Ok(SweepReport::new(installation, findings, errors))
}

/// What the store knows of one cloud.
struct Books<'a> {
    installation: &'a str,
    provider: &'a str,
    records: Vec<&'a ServerRecord>,
}

impl<'a> Books<'a> {
    fn new(installation: &'a str, provider: &'a str, records: &'a [ServerRecord]) -> Self {
        let records = records.iter().filter(|record| record.provider == provider).collect();
        Self { installation, provider, records }
    }

    fn finding(&self, now: Timestamp, resource: Resource) -> Option<SweepFinding> {
        let reason = self.reason(&resource)?;
        let installation = resource.key.as_deref().and_then(installation_of).map(str::to_owned);
        let age = resource.created_at.map(|made| u64::try_from((now.0 - made.0) / 1000).unwrap_or(0));
        let mut finding = SweepFinding::new(self.provider, resource, reason);
        finding.age_seconds = age;
        finding.installation = installation;
        Some(finding)
    }

    /// Why a thing should not be there; none when it should.
    fn reason(&self, resource: &Resource) -> Option<SweepReason> {
        if self.records.iter().any(|record| has(record, resource)) {
            return None;
        }
        let Some(key) = &resource.key else { return Some(SweepReason::Unknown) };
        let owner = self.records.iter().find(|record| record.keys.contains(key));
        match owner {
            // A job is at work on it, or will be: what it makes is its own to take back.
            Some(record) if record.state != ProvisionState::Ready => None,
            Some(_) => Some(SweepReason::Duplicate),
            None if installation_of(key).is_some_and(|id| id != self.installation) => {
                Some(SweepReason::Elsewhere)
            }
            None => Some(SweepReason::Unknown),
        }
    }
}

/// Whether a thing is in this record.
fn has(record: &ServerRecord, resource: &Resource) -> bool {
    let id = resource.id.as_str();
    match resource.kind {
        ResourceKind::Server => record.servers.iter().any(|server| server.0 == id),
        ResourceKind::Firewall => record.firewall.as_ref().is_some_and(|firewall| firewall.0 == id),
        ResourceKind::ReservedIp => {
            let is_new =
                || record.reserved_ip.is_none() && record.request.reserved_ip && uses(record, resource);
            record.reserved_ip.as_ref().is_some_and(|ip| ip.id.0 == id) || is_new()
        }
        ResourceKind::SshKey => {
            // Which key it is, is known only once it was brought.
            let wants = record.request.ssh_keys.iter().any(|key| !record.ssh_keys.contains_key(key));
            wants || record.ssh_keys.values().any(|key| key.0 == id)
        }
        // A disk belongs to its server.
        ResourceKind::Volume => uses(record, resource),
        _ => false,
    }
}

fn uses(record: &ServerRecord, resource: &Resource) -> bool {
    resource.server.as_ref().is_some_and(|server: &ServerId| record.servers.contains(server))
}

/// The installation that a key of a server names.
fn installation_of(key: &str) -> Option<&str> {
    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    key.get(..ID_LENGTH).filter(|_| plain && key.len() == ID_LENGTH + 14)
}

/// Records of name servers that bear the marker of something that is not in the store.
async fn records_of_nobody(
    inner: &Inner,
    installation: &str,
    provider: &str,
    dns: &dyn DnsProvider,
) -> Result<Vec<SweepFinding>> {
    let mut findings = Vec::new();
    for zone in dns.list_zones().await? {
        for owned in dns.list_owned_records(&zone).await? {
            let (made_by, subject) = owned.owner.split_once('/').unwrap_or(("", &owned.owner));
            let reason = if made_by != installation {
                SweepReason::Elsewhere
            } else if is_known(inner, subject).await? {
                continue;
            } else {
                SweepReason::Unknown
            };
            let id = format!("{}/{}", owned.record.name, owned.record.kind);
            let resource = Resource::new(ResourceKind::DnsRecord, id, owned.record.name.as_str());
            let mut finding = SweepFinding::new(provider, resource.with_key(&owned.owner), reason);
            finding.zone = Some(zone.clone());
            finding.installation = Some(made_by.to_owned()).filter(|id| !id.is_empty());
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// Whether an owner of records, such as `app/shop`, is in the store.
async fn is_known(inner: &Inner, subject: &str) -> Result<bool> {
    let Some((kind, name)) = subject.split_once('/') else { return Ok(false) };
    let Ok(name) = AppName::new(name) else { return Ok(false) };
    match kind {
        "app" => Ok(inner.find_app(&Scope::Platform, &name).await?.is_some()),
        "server" => Ok(inner.find_server(&Scope::Platform, &name).await?.is_some()),
        _ => Ok(false),
    }
}

async fn remove(inner: &Inner, finding: &mut SweepFinding, actor: Option<&Actor>) {
    let Some(provider) = inner.clouds.get(&finding.provider) else { return };
    let removed = match &finding.zone {
        Some(zone) => remove_record(provider.as_ref(), zone, &finding.resource).await,
        None => provider.delete_resource(finding.resource.kind, &finding.resource.id).await,
    };
    let mut entry = AuditEntry::new("sweep.remove", format!("cloud/{}", finding.provider));
    entry.actor = actor.cloned();
    entry.details = json!({ "kind": finding.resource.kind, "id": finding.resource.id });
    entry.result = Some(if removed.is_ok() { "succeeded".into() } else { "failed".into() });
    if let Err(error) = inner.store.append_audit(&Scope::Platform, entry).await {
        tracing::warn!(%error, "the audit of a sweep could not be written");
    }
    match removed {
        Ok(()) => finding.removed = true,
        Err(error) => finding.error = Some(error.report()),
    }
}

async fn remove_record(
    provider: &dyn CloudProvider,
    zone: &crate::model::DomainName,
    resource: &Resource,
) -> Result<()> {
    let gone = || Error::not_found("sweep.remove", "the provider has no name servers any more");
    let dns = provider.dns().ok_or_else(gone)?;
    let owner = resource.key.as_deref().unwrap_or_default();
    let owned = dns.list_owned_records(zone).await?;
    let is_it = |name: &str, kind: &str| resource.id == format!("{name}/{kind}");
    for found in owned {
        if is_it(found.record.name.as_str(), found.record.kind.as_str()) && found.owner == owner {
            dns.delete_owned_record(zone, &found.record.name, &found.record.kind, owner).await?;
        }
    }
    Ok(())
}
