//! The vendor's XML as plain structs. Whatever is unknown is passed by, and whatever may be missing is optional.

use std::collections::BTreeMap;

use super::xml::{Node, child, children, items, text};

pub(super) type Tags = BTreeMap<String, String>;

fn tags(node: Node<'_, '_>) -> Tags {
    let tag = |item| Some((text(item, "key")?, text(item, "value").unwrap_or_default()));
    items(node, "tagSet").into_iter().filter_map(tag).collect()
}

fn flag(node: Node<'_, '_>, path: &str) -> bool {
    text(node, path).as_deref() == Some("true")
}

fn number<T: std::str::FromStr>(node: Node<'_, '_>, path: &str) -> Option<T> {
    text(node, path)?.trim().parse().ok()
}

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) reason_code: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) size: String,
    pub(super) addresses: Vec<String>,
    /// Of its last start.
    pub(super) launched: Option<String>,
    /// Of its disks.
    pub(super) attached: Vec<String>,
    pub(super) tags: Tags,
}

impl Instance {
    fn read(node: Node<'_, '_>) -> Option<Self> {
        let disks = items(node, "blockDeviceMapping");
        let cards = items(node, "networkInterfaceSet");
        let sixes = cards.iter().flat_map(|card| items(*card, "ipv6AddressesSet"));
        let mut addresses: Vec<_> = text(node, "ipAddress").into_iter().collect();
        addresses.extend(text(node, "ipv6Address"));
        for six in sixes.filter_map(|item| text(item, "ipv6Address")) {
            if !addresses.contains(&six) {
                addresses.push(six);
            }
        }
        Some(Self {
            id: text(node, "instanceId")?,
            state: text(node, "instanceState/name").unwrap_or_default(),
            reason_code: text(node, "stateReason/code"),
            reason: text(node, "stateReason/message").or_else(|| text(node, "reason")),
            size: text(node, "instanceType").unwrap_or_default(),
            addresses,
            launched: text(node, "launchTime"),
            attached: disks.into_iter().filter_map(|disk| text(disk, "ebs/attachTime")).collect(),
            tags: tags(node),
        })
    }

    /// Those of the answer to a start.
    pub(super) fn started(root: Node<'_, '_>) -> Vec<Self> {
        items(root, "instancesSet").into_iter().filter_map(Self::read).collect()
    }

    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        items(root, "reservationSet").into_iter().flat_map(Self::started).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) architecture: String,
    pub(super) created: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) root_device: Option<String>,
    pub(super) disks: Vec<Disk>,
    pub(super) tags: Tags,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) device: Option<String>,
    pub(super) snapshot: Option<String>,
    pub(super) gib: Option<u64>,
}

impl Image {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let disk = |node| Disk {
            device: text(node, "deviceName"),
            snapshot: text(node, "ebs/snapshotId"),
            gib: number(node, "ebs/volumeSize"),
        };
        let read = |node| {
            Some(Self {
                id: text(node, "imageId")?,
                name: text(node, "name").unwrap_or_default(),
                state: text(node, "imageState").unwrap_or_default(),
                reason: text(node, "stateReason/message"),
                architecture: text(node, "architecture").unwrap_or_default(),
                created: text(node, "creationDate"),
                owner: text(node, "imageOwnerId"),
                root_device: text(node, "rootDeviceName"),
                disks: items(node, "blockDeviceMapping").into_iter().map(disk).collect(),
                tags: tags(node),
            })
        };
        items(root, "imagesSet").into_iter().filter_map(read).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct InstanceType {
    pub(super) name: String,
    pub(super) cpus: Option<u32>,
    pub(super) memory_mib: Option<u64>,
    pub(super) architectures: Vec<String>,
}

impl InstanceType {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            let processor = child(node, "processorInfo");
            let architectures =
                processor.map(|node| items(node, "supportedArchitectures")).unwrap_or_default();
            Some(Self {
                name: text(node, "instanceType")?,
                cpus: number(node, "vCpuInfo/defaultVCpus"),
                memory_mib: number(node, "memoryInfo/sizeInMiB"),
                architectures: architectures
                    .into_iter()
                    .filter_map(|item| item.text().map(str::to_owned))
                    .collect(),
            })
        };
        items(root, "instanceTypeSet").into_iter().filter_map(read).collect()
    }
}

pub(super) fn regions(root: Node<'_, '_>) -> Vec<String> {
    items(root, "regionInfo").into_iter().filter_map(|node| text(node, "regionName")).collect()
}

#[derive(Debug, Clone)]
pub(super) struct KeyPair {
    pub(super) name: String,
    pub(super) public_key: Option<String>,
    pub(super) created: Option<String>,
    pub(super) tags: Tags,
}

impl KeyPair {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            Some(Self {
                name: text(node, "keyName")?,
                public_key: text(node, "publicKey"),
                created: text(node, "createTime"),
                tags: tags(node),
            })
        };
        items(root, "keySet").into_iter().filter_map(read).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    /// Protocol, first port, last port, network.
    pub(super) rules: Vec<(String, u32, u32, String)>,
    pub(super) tags: Tags,
}

impl Group {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            let mut rules = Vec::new();
            for rule in items(node, "ipPermissions") {
                let protocol = text(rule, "ipProtocol").unwrap_or_default();
                let (from, to) = (number(rule, "fromPort").unwrap_or(0), number(rule, "toPort").unwrap_or(0));
                let four = items(rule, "ipRanges").into_iter().filter_map(|item| text(item, "cidrIp"));
                let six = items(rule, "ipv6Ranges").into_iter().filter_map(|item| text(item, "cidrIpv6"));
                rules.extend(four.chain(six).map(|network| (protocol.clone(), from, to, network)));
            }
            Some(Self {
                id: text(node, "groupId")?,
                name: text(node, "groupName").unwrap_or_default(),
                rules,
                tags: tags(node),
            })
        };
        items(root, "securityGroupInfo").into_iter().filter_map(read).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) id: String,
    pub(super) address: Option<String>,
    pub(super) association: Option<String>,
    pub(super) instance: Option<String>,
    pub(super) tags: Tags,
}

impl Address {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            Some(Self {
                id: text(node, "allocationId")?,
                address: text(node, "publicIp"),
                association: text(node, "associationId"),
                instance: text(node, "instanceId"),
                tags: tags(node),
            })
        };
        items(root, "addressesSet").into_iter().filter_map(read).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) gib: Option<u64>,
    pub(super) created: Option<String>,
    pub(super) instance: Option<String>,
    pub(super) tags: Tags,
}

impl Volume {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            let attached = items(node, "attachmentSet");
            Some(Self {
                id: text(node, "volumeId")?,
                gib: number(node, "size"),
                created: text(node, "createTime"),
                instance: attached.into_iter().find_map(|item| text(item, "instanceId")),
                tags: tags(node),
            })
        };
        items(root, "volumeSet").into_iter().filter_map(read).collect()
    }
}

/// A copy of a disk: a part of an image.
#[derive(Debug, Clone)]
pub(super) struct DiskCopy {
    pub(super) id: String,
    pub(super) gib: Option<u64>,
    pub(super) created: Option<String>,
    pub(super) tags: Tags,
}

impl DiskCopy {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            Some(Self {
                id: text(node, "snapshotId")?,
                gib: number(node, "volumeSize"),
                created: text(node, "startTime"),
                tags: tags(node),
            })
        };
        items(root, "snapshotSet").into_iter().filter_map(read).collect()
    }
}

/// A zone of the name servers.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) private: bool,
}

impl Zone {
    pub(super) fn list(root: Node<'_, '_>) -> Vec<Self> {
        let read = |node| {
            Some(Self {
                id: text(node, "Id")?.trim_start_matches("/hostedzone/").to_owned(),
                name: text(node, "Name")?,
                private: flag(node, "Config/PrivateZone"),
            })
        };
        let zones = child(root, "HostedZones");
        zones.into_iter().flat_map(|zones| children(zones, "HostedZone")).filter_map(read).collect()
    }
}

/// A set of records as the name servers have it.
#[derive(Debug, Clone)]
pub(super) struct RecordSet {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) identifier: Option<String>,
    pub(super) ttl: Option<u32>,
    pub(super) values: Vec<String>,
    /// What it stands for, of one that follows another thing of the vendor.
    pub(super) alias: Option<String>,
}

/// Where the next page of a list of records begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RecordCursor {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) identifier: Option<String>,
}

impl RecordSet {
    pub(super) fn page(root: Node<'_, '_>) -> (Vec<Self>, Option<RecordCursor>) {
        let values = |node| {
            let values = child(node, "ResourceRecords");
            let values = values.into_iter().flat_map(|values| children(values, "ResourceRecord"));
            values.filter_map(|value| text(value, "Value")).collect()
        };
        let read = |node| {
            Some(Self {
                name: text(node, "Name")?,
                kind: text(node, "Type")?,
                identifier: text(node, "SetIdentifier"),
                ttl: number(node, "TTL"),
                values: values(node),
                alias: text(node, "AliasTarget/DNSName"),
            })
        };
        let sets = child(root, "ResourceRecordSets");
        let sets = sets.into_iter().flat_map(|sets| children(sets, "ResourceRecordSet"));
        let next = flag(root, "IsTruncated").then(|| text(root, "NextRecordName")).flatten();
        let next = next.map(|name| RecordCursor {
            name,
            kind: text(root, "NextRecordType"),
            identifier: text(root, "NextRecordIdentifier"),
        });
        (sets.filter_map(read).collect(), next)
    }
}

/// The answer of the parameter store.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ParameterAnswer {
    pub(super) parameter: Option<Parameter>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    pub(super) value: Option<String>,
}
