//! What the account has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;
use byop_core::testing::{CloudEntry, CloudTimes};

use super::answer::{Fault, set, tag};
use super::disks::{Copy, Volume};
use super::form::Form;
use super::images::Image;
use super::instances::Instance;
use super::network::{Address, Group, KeyPair};
use super::route53::Zone;

pub(super) type Tags = BTreeMap<String, String>;

/// How long the vendor shows instances that are gone.
pub(super) const SHOWN: Duration = Duration::from_secs(3600);

/// What all things have.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) tags: Tags,
    pub(super) made_at: Timestamp,
    /// From when on lists show it.
    pub(super) listed_at: Timestamp,
    /// From when on it is known by its id.
    pub(super) known_at: Timestamp,
}

pub(super) struct State {
    pub(super) times: CloudTimes,
    pub(super) page_size: usize,
    pub(super) quota: usize,
    pub(super) broken: usize,
    pub(super) sold_out: BTreeSet<String>,
    pub(super) counter: u64,
    requests: u64,
    pub(super) instances: Vec<Instance>,
    pub(super) keys: Vec<KeyPair>,
    pub(super) groups: Vec<Group>,
    pub(super) addresses: Vec<Address>,
    pub(super) images: Vec<Image>,
    pub(super) volumes: Vec<Volume>,
    pub(super) copies: Vec<Copy>,
    pub(super) zones: Vec<Zone>,
    pub(super) ledger: Vec<CloudEntry>,
    pub(super) complaints: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) last: BTreeMap<String, BTreeMap<String, String>>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            times: CloudTimes::default(),
            page_size: usize::MAX,
            quota: usize::MAX,
            broken: 0,
            sold_out: BTreeSet::new(),
            counter: 0,
            requests: 0,
            instances: Vec::new(),
            keys: Vec::new(),
            groups: Vec::new(),
            addresses: Vec::new(),
            images: super::images::catalog(),
            volumes: Vec::new(),
            copies: Vec::new(),
            zones: vec![Zone::new("Z0000000000EXAMPLE01", "example.com")],
            ledger: Vec::new(),
            complaints: Vec::new(),
            actions: Vec::new(),
            last: BTreeMap::new(),
        }
    }

    /// The number of the next request.
    pub(super) fn next(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    /// A new thing, written into the ledger.
    pub(super) fn base(&mut self, start: &str, region: &str, tags: Tags, now: Timestamp) -> Base {
        self.counter += 1;
        Base {
            id: format!("{start}-{:017x}", self.counter),
            region: region.to_owned(),
            tags,
            made_at: now,
            listed_at: now.plus(self.times.list_lag),
            known_at: now.plus(self.times.read_lag),
        }
    }

    pub(super) fn enter(&mut self, kind: ResourceKind, base: &Base, now: Timestamp) {
        self.ledger.push(CloudEntry {
            kind,
            id: format!("{}/{}", base.region, base.id),
            name: base.tags.get("Name").unwrap_or(&base.id).clone(),
            key: base.tags.get("byop-req").cloned(),
            marked: base.tags.contains_key("byop"),
            created_at: now,
            gone_at: None,
        });
    }

    pub(super) fn strike_out(&mut self, base: &Base, now: Timestamp) {
        let id = format!("{}/{}", base.region, base.id);
        if let Some(entry) = self.ledger.iter_mut().find(|entry| entry.id == id && entry.gone_at.is_none()) {
            entry.gone_at = Some(now);
        }
    }

    /// Does what has become due.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let mut gone = Vec::new();
        for instance in &mut self.instances {
            if instance.settle(now) {
                gone.push(instance.base.clone());
            }
        }
        for base in gone {
            self.strike_out(&base, now);
            for address in self.addresses.iter_mut().filter(|a| a.instance.as_ref() == Some(&base.id)) {
                address.instance = None;
                address.association = None;
            }
            self.volumes.retain(|volume| volume.instance.as_ref() != Some(&base.id));
        }
        self.instances.retain(|instance| instance.gone_at.is_none_or(|at| now < at.plus(SHOWN)));
        for image in &mut self.images {
            image.settle(now);
        }
    }

    pub(super) fn ec2(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        match form.action.as_str() {
            "DescribeRegions" => {
                let all = super::REGIONS.iter().map(|name| ((*name).to_owned(), Tags::new()));
                let mut found = Vec::new();
                for (name, tags) in all {
                    let value = |filter: &str| (filter == "region-name").then(|| name.clone());
                    if super::form::passes(form, &tags, value)? {
                        found.push(tag("regionName", &name) + &tag("optInStatus", "opt-in-not-required"));
                    }
                }
                Ok(set("regionInfo", found))
            }
            "DescribeInstanceTypes" => self.describe_types(form),
            "DescribeImages" => self.describe_images(form, region, now),
            "CreateImage" => self.create_image(form, region, now),
            "DeregisterImage" => self.deregister_image(form, region, now),
            "DescribeSnapshots" => self.describe_copies(form, region, now),
            "DeleteSnapshot" => self.delete_copy(form, region, now),
            "DescribeVolumes" => self.describe_volumes(form, region, now),
            "DeleteVolume" => self.delete_volume(form, region, now),
            "DescribeInstances" => self.describe_instances(form, region, now),
            "RunInstances" => self.run_instances(form, region, now),
            "StartInstances" | "StopInstances" | "RebootInstances" => self.switch(form, region, now),
            "TerminateInstances" => self.terminate(form, region, now),
            "ModifyInstanceAttribute" => self.modify(form, region, now),
            "ImportKeyPair" => self.import_key(form, region, now),
            "DescribeKeyPairs" => self.describe_keys(form, region, now),
            "DeleteKeyPair" => self.delete_key(form, region, now),
            "CreateSecurityGroup" => self.create_group(form, region, now),
            "DescribeSecurityGroups" => self.describe_groups(form, region, now),
            "AuthorizeSecurityGroupIngress" | "RevokeSecurityGroupIngress" => {
                self.change_group(form, region, now)
            }
            "DeleteSecurityGroup" => self.delete_group(form, region, now),
            "DescribeSubnets" => Ok(set(
                "subnetSet",
                form.list("SubnetId")
                    .into_iter()
                    .map(|id| tag("subnetId", id) + &tag("vpcId", "vpc-of-subnet")),
            )),
            "AllocateAddress" => self.allocate(form, region, now),
            "DescribeAddresses" => self.describe_addresses(form, region, now),
            "AssociateAddress" => self.associate(form, region, now),
            "DisassociateAddress" => self.disassociate(form, region),
            "ReleaseAddress" => self.release(form, region, now),
            other => Err(Fault::complaint("InvalidAction", other)),
        }
    }

    /// One page of a list, as the request wants it.
    pub(super) fn page(&self, form: &Form, name: &str, items: Vec<String>) -> Result<String, Fault> {
        let from: usize = match form.get("NextToken") {
            None => 0,
            Some(token) => token
                .strip_prefix("page+/=")
                .and_then(|rest| rest.parse().ok())
                .ok_or_else(|| Fault::complaint("InvalidNextToken", "the token is invalid"))?,
        };
        let most = match form.get("MaxResults") {
            None => self.page_size,
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|most| (5..=1000).contains(most))
                .ok_or_else(|| Fault::complaint("InvalidParameterValue", "MaxResults must be 5 to 1000"))?
                .min(self.page_size),
        };
        let (all, to) = (items.len(), from.saturating_add(most));
        let listed = set(name, items.into_iter().skip(from).take(most));
        let next = if to < all { tag("nextToken", format!("page+/={to}")) } else { String::new() };
        Ok(listed + &next)
    }
}

pub(super) fn tag_set(tags: &Tags) -> String {
    if tags.is_empty() {
        return String::new();
    }
    set("tagSet", tags.iter().map(|(name, value)| tag("key", name) + &tag("value", value)))
}

/// A time as the vendor writes it.
pub(super) fn written(time: Timestamp) -> String {
    let (days, millis) = (time.0.div_euclid(86_400_000), time.0.rem_euclid(86_400_000));
    // Counted in years that begin in March, so that the leap day is the last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year_of_era, month + 3) } else { (year_of_era + 1, month - 9) };
    let (seconds, rest) = (millis / 1000, millis % 1000);
    format!(
        "{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{rest:03}Z",
        year + era * 400,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}
