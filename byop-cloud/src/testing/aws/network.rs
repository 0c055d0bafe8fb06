//! Key pairs, security groups and addresses.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use byop_core::clock::Timestamp;
use byop_core::model::ResourceKind;

use super::answer::{Fault, set, tag};
use super::form::{Form, passes};
use super::state::{Base, State, tag_set, written};

/// Its id is its name.
pub(super) struct KeyPair {
    pub(super) base: Base,
    pub(super) text: String,
}

pub(super) struct Group {
    pub(super) base: Base,
    pub(super) name: String,
    pub(super) network: String,
    /// Protocol, ports, network.
    pub(super) rules: BTreeSet<(String, String, String, String)>,
}

pub(super) struct Address {
    pub(super) base: Base,
    pub(super) ip: String,
    pub(super) instance: Option<String>,
    pub(super) association: Option<String>,
}

/// The rules that the vendor lets a group have.
const MOST_RULES: usize = 60;
const MOST_ADDRESSES: usize = 500;

impl State {
    pub(super) fn import_key(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let name = form.need("KeyName");
        if self.keys.iter().any(|key| key.base.id == name && key.base.region == region) {
            let message = format!("The keypair already exists: {name}");
            return Err(Fault::new(400, "InvalidKeyPair.Duplicate", message));
        }
        let text = STANDARD
            .decode(form.need("PublicKeyMaterial"))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.filter(|text| text.starts_with("ssh-ed25519 ") || text.starts_with("ssh-rsa "));
        let text =
            text.ok_or_else(|| Fault::complaint("InvalidKey.Format", "Key is not in valid OpenSSH format"))?;
        let mut base = self.base("key", region, form.tags("key-pair"), now);
        base.id = name.to_owned();
        self.enter(ResourceKind::SshKey, &base, now);
        self.keys.push(KeyPair { base, text });
        Ok(tag("keyName", name))
    }

    pub(super) fn describe_keys(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let names = form.list("KeyName");
        for name in &names {
            if !self.keys.iter().any(|key| key.base.id == *name && key.base.region == region) {
                return Err(Fault::missing("InvalidKeyPair", name));
            }
        }
        let mut found = Vec::new();
        for key in self.keys.iter().filter(|key| key.base.region == region) {
            let wanted = if names.is_empty() {
                key.base.listed_at <= now
            } else {
                names.contains(&key.base.id.as_str())
            };
            if wanted && passes(form, &key.base.tags, |_| None)? {
                let text =
                    form.get("IncludePublicKey").map(|_| tag("publicKey", &key.text)).unwrap_or_default();
                let shown = tag("keyName", &key.base.id) + &tag("createTime", written(key.base.made_at));
                found.push(shown + &text + &tag_set(&key.base.tags));
            }
        }
        Ok(set("keySet", found))
    }

    pub(super) fn delete_key(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let name = form.need("KeyName");
        let is_it = |key: &KeyPair| key.base.id == name && key.base.region == region;
        if let Some(at) = self.keys.iter().position(is_it) {
            let key = self.keys.remove(at);
            self.strike_out(&key.base, now);
        }
        Ok(tag("return", true))
    }

    pub(super) fn create_group(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let (name, network) = (form.need("GroupName"), form.get("VpcId").unwrap_or("vpc-default"));
        let same =
            |group: &Group| group.name == name && group.network == network && group.base.region == region;
        if self.groups.iter().any(same) {
            let message = format!("The security group '{name}' already exists for VPC '{network}'");
            return Err(Fault::new(400, "InvalidGroup.Duplicate", message));
        }
        let plain = |text: &str| {
            text.len() <= 255
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&b))
        };
        if !plain(name) || !plain(form.need("GroupDescription")) || name.starts_with("sg-") {
            return Err(Fault::complaint("InvalidParameterValue", "the name or the description cannot be"));
        }
        let base = self.base("sg", region, form.tags("security-group"), now);
        self.enter(ResourceKind::Firewall, &base, now);
        let shown = tag("return", true) + &tag("groupId", &base.id);
        self.groups.push(Group {
            base,
            name: name.to_owned(),
            network: network.to_owned(),
            rules: BTreeSet::new(),
        });
        Ok(shown)
    }

    pub(super) fn describe_groups(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let ids = form.list("GroupId");
        for id in &ids {
            self.group(id, region, now)?;
        }
        let mut found = Vec::new();
        for group in self.groups.iter().filter(|group| group.base.region == region) {
            let wanted = if ids.is_empty() {
                group.base.listed_at <= now
            } else {
                ids.contains(&group.base.id.as_str())
            };
            let value = |name: &str| match name {
                "group-name" => Some(group.name.clone()),
                "vpc-id" => Some(group.network.clone()),
                _ => None,
            };
            if wanted && passes(form, &group.base.tags, value)? {
                let rules = group.rules.iter().map(|(protocol, from, to, network)| {
                    let range = if network.contains(':') {
                        set("ipv6Ranges", [tag("cidrIpv6", network)])
                    } else {
                        set("ipRanges", [tag("cidrIp", network)])
                    };
                    tag("ipProtocol", protocol)
                        + &tag("fromPort", from)
                        + &tag("toPort", to)
                        + "<groups/>"
                        + &range
                });
                let shown = tag("groupId", &group.base.id)
                    + &tag("groupName", &group.name)
                    + &set("ipPermissions", rules);
                found.push(shown + &tag_set(&group.base.tags));
            }
        }
        self.page(form, "securityGroupInfo", found)
    }

    fn group(&mut self, id: &str, region: &str, now: Timestamp) -> Result<&mut Group, Fault> {
        let is_it = |group: &&mut Group| {
            group.base.id == id && group.base.region == region && group.base.known_at <= now
        };
        self.groups.iter_mut().find(is_it).ok_or_else(|| Fault::missing("InvalidGroup", id))
    }

    pub(super) fn change_group(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let adds = form.action.starts_with("Authorize");
        let mut rules = BTreeSet::new();
        for n in (1..).take_while(|n| form.get(&format!("IpPermissions.{n}.IpProtocol")).is_some()) {
            let part = |name: &str| form.need(&format!("IpPermissions.{n}.{name}")).to_owned();
            let four = form.list_of(&format!("IpPermissions.{n}.IpRanges"), "CidrIp");
            let six = form.list_of(&format!("IpPermissions.{n}.Ipv6Ranges"), "CidrIpv6");
            for network in four.into_iter().chain(six) {
                rules.insert((part("IpProtocol"), part("FromPort"), part("ToPort"), network));
            }
        }
        if rules.is_empty() {
            return Err(Fault::complaint("MissingParameter", "there are no rules"));
        }
        let group = self.group(form.need("GroupId"), region, now)?;
        for rule in &rules {
            let is_there = group.rules.contains(rule);
            if adds && is_there {
                return Err(Fault::new(
                    400,
                    "InvalidPermission.Duplicate",
                    "the specified rule already exists",
                ));
            }
            if !adds && !is_there {
                return Err(Fault::new(
                    400,
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist",
                ));
            }
        }
        if adds && group.rules.len() + rules.len() > MOST_RULES {
            return Err(Fault::new(
                400,
                "RulesPerSecurityGroupLimitExceeded",
                "The maximum number of rules has been reached",
            ));
        }
        if adds {
            group.rules.extend(rules);
        } else {
            group.rules.retain(|rule| !rules.contains(rule));
        }
        Ok(tag("return", true))
    }

    pub(super) fn delete_group(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let id = form.need("GroupId");
        self.group(id, region, now)?;
        let used = |instance: &super::instances::Instance| {
            instance.gone_at.is_none() && instance.groups.iter().any(|group| group == id)
        };
        if self.instances.iter().any(used) {
            return Err(Fault::new(
                400,
                "DependencyViolation",
                format!("resource {id} has a dependent object"),
            ));
        }
        if let Some(at) = self.groups.iter().position(|group| group.base.id == id) {
            let group = self.groups.remove(at);
            self.strike_out(&group.base, now);
        }
        Ok(tag("return", true))
    }

    pub(super) fn allocate(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        if self.addresses.len() >= MOST_ADDRESSES {
            return Err(Fault::new(
                400,
                "AddressLimitExceeded",
                "The maximum number of addresses has been reached.",
            ));
        }
        let base = self.base("eipalloc", region, form.tags("elastic-ip"), now);
        self.enter(ResourceKind::ReservedIp, &base, now);
        let [.., high, low] = self.counter.to_be_bytes();
        let ip = format!("198.51.{}.{low}", 100 + u16::from(high % 100));
        let shown = tag("publicIp", &ip) + &tag("domain", "vpc") + &tag("allocationId", &base.id);
        self.addresses.push(Address { base, ip, instance: None, association: None });
        Ok(shown)
    }

    pub(super) fn describe_addresses(
        &mut self,
        form: &Form,
        region: &str,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let ids = form.list("AllocationId");
        for id in &ids {
            self.address(id, region, now)?;
        }
        let mut found = Vec::new();
        for address in self.addresses.iter().filter(|address| address.base.region == region) {
            let wanted = if ids.is_empty() {
                address.base.listed_at <= now
            } else {
                ids.contains(&address.base.id.as_str())
            };
            if wanted && passes(form, &address.base.tags, |_| None)? {
                let mut shown = tag("publicIp", &address.ip) + &tag("allocationId", &address.base.id);
                shown += &address.instance.iter().map(|id| tag("instanceId", id)).collect::<String>();
                shown += &address.association.iter().map(|id| tag("associationId", id)).collect::<String>();
                found.push(shown + &tag_set(&address.base.tags));
            }
        }
        Ok(set("addressesSet", found))
    }

    fn address(&mut self, id: &str, region: &str, now: Timestamp) -> Result<&mut Address, Fault> {
        let is_it = |found: &&mut Address| {
            found.base.id == id && found.base.region == region && found.base.known_at <= now
        };
        self.addresses.iter_mut().find(is_it).ok_or_else(|| Fault::missing("InvalidAllocationID", id))
    }

    pub(super) fn associate(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let id = form.need("InstanceId");
        let instance = self.instances.iter().find(|instance| {
            instance.base.id == id && instance.base.region == region && instance.base.known_at <= now
        });
        let state = instance.ok_or_else(|| Fault::missing("InvalidInstanceID", id))?.state;
        if !matches!(state, "running" | "stopped" | "stopping") {
            let message = format!("The {state} instance '{id}' is not in a valid state for this operation.");
            return Err(Fault::new(400, "IncorrectInstanceState", message));
        }
        self.counter += 1;
        let association = format!("eipassoc-{:017x}", self.counter);
        let address = self.address(form.need("AllocationId"), region, now)?;
        address.instance = Some(id.to_owned());
        address.association = Some(association.clone());
        let allocation = address.base.id.clone();
        // What led there before leads nowhere.
        for other in self.addresses.iter_mut().filter(|other| other.base.id != allocation) {
            if other.instance.as_deref() == Some(id) {
                other.instance = None;
                other.association = None;
            }
        }
        Ok(tag("return", true) + &tag("associationId", association))
    }

    pub(super) fn disassociate(&mut self, form: &Form, region: &str) -> Result<String, Fault> {
        let id = form.need("AssociationId");
        let is_it =
            |found: &&mut Address| found.association.as_deref() == Some(id) && found.base.region == region;
        let address = self.addresses.iter_mut().find(is_it);
        let address = address.ok_or_else(|| Fault::missing("InvalidAssociationID", id))?;
        address.instance = None;
        address.association = None;
        Ok(tag("return", true))
    }

    pub(super) fn release(&mut self, form: &Form, region: &str, now: Timestamp) -> Result<String, Fault> {
        let id = form.need("AllocationId");
        if self.address(id, region, now)?.association.is_some() {
            return Err(Fault::new(400, "InvalidIPAddress.InUse", format!("Address {id} is in use.")));
        }
        if let Some(at) = self.addresses.iter().position(|address| address.base.id == id) {
            let address = self.addresses.remove(at);
            self.strike_out(&address.base, now);
        }
        Ok(tag("return", true))
    }
}
