//! From the vendor's words to the model's.

use std::collections::BTreeMap;
use std::net::IpAddr;

use byop_core::clock::Timestamp;
use byop_core::model::{
    Price, RegionId, ReservedIp, ReservedIpId, Resource, ResourceKind, Server, ServerId, ServerImage,
    ServerSize, ServerState, Snapshot, SnapshotId,
};

use super::prices::PriceTable;
use super::wire::{Address, DiskCopy, Group, Image, Instance, InstanceType, KeyPair, Tags, Volume};

/// The mark, and what it is on.
pub(super) const MARK: &str = "byop";
pub(super) const MARKED: &str = "tag:byop";
pub(super) const KEY: &str = "byop-req";
const OWNER: &str = "byop-id";
const NAME: &str = "Name";

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;
const HOURS: u64 = 730;

/// What an address costs an hour, and a GiB of disk and of snapshot a month, in millionths of a dollar: what the vendor
/// asks in most regions.
const ADDRESS_HOUR: u64 = 5_000;
const DISK_GIB_MONTH: u64 = 80_000;
const SNAPSHOT_GIB_MONTH: u64 = 50_000;

/// The tags of a thing with this name.
pub(super) fn tags(
    name: &str,
    key: Option<&str>,
    labels: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let mut tags = vec![(MARK.to_owned(), "1".to_owned())];
    let mut add = |tag: &str, value: &str| tags.push((tag.to_owned(), value.to_owned()));
    add(NAME, name);
    add(OWNER, name);
    if let Some(key) = key {
        add(KEY, key);
    }
    for (label, value) in labels {
        add(label, value);
    }
    tags
}

/// Whether a label's name would hide a tag of ours.
pub(super) fn is_reserved(label: &str) -> bool {
    [MARK, KEY, OWNER].contains(&label)
}

pub(super) fn is_ours(tags: &Tags) -> bool {
    tags.contains_key(MARK)
}

/// The id of a thing, which is unique within its region only.
pub(super) fn id(region: &str, id: &str) -> String {
    format!("{region}/{id}")
}

/// A time such as `2026-11-21T11:24:18.000Z`.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.trim().split_once('T')?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute): (i64, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let second: f64 = parts.next()?.parse().ok()?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..=23).contains(&hour)
        && (0..=59).contains(&minute)
        && (0.0..61.0).contains(&second);
    if !fits {
        return None;
    }
    // In years that begin in March the leap day is the last.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let millis = (second * 1000.0).round() as i64;
    Some(Timestamp(((days * 24 + hour) * 60 + minute) * 60_000 + millis))
}

/// Whether an instance ended because it could not be started, and not because somebody ended it.
pub(super) fn is_failed(instance: &Instance) -> bool {
    let by_somebody =
        ["Client.UserInitiatedShutdown", "Client.InstanceInitiatedShutdown", "Client.UserInitiatedHibernate"];
    let ended = matches!(instance.state.as_str(), "terminated" | "shutting-down");
    ended && instance.reason_code.as_deref().is_some_and(|code| !by_somebody.contains(&code))
}

pub(super) fn is_gone(instance: &Instance) -> bool {
    instance.state == "terminated"
}

pub(super) fn server(region: &str, instance: &Instance) -> Server {
    let name = instance.tags.get(NAME).unwrap_or(&instance.id);
    let server_id = ServerId(id(region, &instance.id));
    let mut server = Server::new(server_id, name, RegionId(region.to_owned()), &instance.size);
    server.key = instance.tags.get(KEY).cloned();
    server.state = match instance.state.as_str() {
        _ if is_failed(instance) => ServerState::Failed,
        "running" => ServerState::Running,
        "stopping" => ServerState::Stopping,
        "stopped" => ServerState::Stopped,
        "shutting-down" | "terminated" => ServerState::Deleting,
        // Pending, and what comes to be one day.
        _ => ServerState::Starting,
    };
    if server.state == ServerState::Failed {
        let parts = [instance.reason_code.as_deref(), instance.reason.as_deref()];
        server.failure = Some(parts.into_iter().flatten().collect::<Vec<_>>().join(": "));
    }
    server.addresses = instance.addresses.iter().filter_map(|address| address.parse().ok()).collect();
    server.addresses.sort_by_key(IpAddr::is_ipv6);
    let hidden = |tag: &str| is_reserved(tag) || tag.contains(|c: char| c.is_ascii_uppercase() || c == ':');
    let labels = instance.tags.iter().filter(|(tag, _)| !hidden(tag));
    server.labels = labels.map(|(tag, value)| (tag.clone(), value.clone())).collect();
    // The time of launch is that of the last start; disks stay.
    let times = instance.attached.iter().chain(&instance.launched);
    server.created_at = times.filter_map(|time| timestamp(time)).min();
    server
}

pub(super) fn architecture(text: &str) -> &str {
    if text == "arm64" { "aarch64" } else { text }
}

pub(super) fn size(
    region: &str,
    disk_gib: u32,
    prices: &PriceTable,
    found: &InstanceType,
) -> Option<ServerSize> {
    let has = |name: &str| found.architectures.iter().any(|found| found == name);
    let architecture = if has("x86_64") {
        "x86_64"
    } else if has("arm64") {
        "aarch64"
    } else {
        return None;
    };
    let memory = found.memory_mib?.saturating_mul(MIB);
    let size = ServerSize::new(&found.name, found.cpus?, memory, u64::from(disk_gib) * GIB);
    let size = size.with_architecture(architecture);
    Some(match prices.find(region, &found.name) {
        Some(price) => size.with_price(price),
        None => size,
    })
}

/// Disks grow with their image, so that any will do.
pub(super) fn image(found: &Image) -> ServerImage {
    let image = ServerImage::new(&found.id, &found.name).with_architecture(architecture(&found.architecture));
    match login(found) {
        Some(user) => image.with_user(user),
        None => image,
    }
}

/// Whom the makers of well-known images let in.
fn login(image: &Image) -> Option<&'static str> {
    match image.owner.as_deref()? {
        "136693071363" => Some("admin"),
        "099720109477" => Some("ubuntu"),
        "137112412989" => Some("ec2-user"),
        _ => None,
    }
}

fn resource(kind: ResourceKind, region: &str, found: &str, tags: &Tags) -> Resource {
    let name = tags.get(NAME).map_or(found, String::as_str);
    let mut resource = Resource::new(kind, id(region, found), name);
    resource.key = tags.get(KEY).cloned();
    resource.region = Some(RegionId(region.to_owned()));
    resource
}

fn dollars(micros: u64) -> Option<Price> {
    Some(Price::new(micros, "USD"))
}

pub(super) fn server_resource(region: &str, prices: &PriceTable, instance: &Instance) -> Resource {
    let mut resource = resource(ResourceKind::Server, region, &instance.id, &instance.tags);
    resource.created_at = server(region, instance).created_at;
    resource.monthly_price = prices.find(region, &instance.size).map(|price| price.monthly);
    resource
}

pub(super) fn key_resource(region: &str, key: &KeyPair) -> Resource {
    let mut resource = resource(ResourceKind::SshKey, region, &key.name, &key.tags);
    resource.created_at = key.created.as_deref().and_then(timestamp);
    resource
}

pub(super) fn group_resource(region: &str, group: &Group) -> Resource {
    resource(ResourceKind::Firewall, region, &group.id, &group.tags)
}

pub(super) fn address_resource(region: &str, address: &Address) -> Resource {
    let mut resource = resource(ResourceKind::ReservedIp, region, &address.id, &address.tags);
    resource.server = address.instance.as_ref().map(|instance| ServerId(id(region, instance)));
    resource.monthly_price = dollars(ADDRESS_HOUR * HOURS);
    resource
}

pub(super) fn volume_resource(region: &str, volume: &Volume) -> Resource {
    let mut resource = resource(ResourceKind::Volume, region, &volume.id, &volume.tags);
    resource.server = volume.instance.as_ref().map(|instance| ServerId(id(region, instance)));
    resource.created_at = volume.created.as_deref().and_then(timestamp);
    resource.monthly_price = volume.gib.and_then(|gib| dollars(gib.saturating_mul(DISK_GIB_MONTH)));
    resource
}

pub(super) fn image_resource(region: &str, image: &Image) -> Resource {
    let mut resource = resource(ResourceKind::Snapshot, region, &image.id, &image.tags);
    resource.created_at = image.created.as_deref().and_then(timestamp);
    let gib: u64 = image.disks.iter().filter_map(|disk| disk.gib).sum();
    resource.monthly_price = dollars(gib.saturating_mul(SNAPSHOT_GIB_MONTH));
    resource
}

pub(super) fn copy_resource(region: &str, copy: &DiskCopy) -> Resource {
    let mut resource = resource(ResourceKind::Snapshot, region, &copy.id, &copy.tags);
    resource.created_at = copy.created.as_deref().and_then(timestamp);
    resource.monthly_price = copy.gib.and_then(|gib| dollars(gib.saturating_mul(SNAPSHOT_GIB_MONTH)));
    resource
}

pub(super) fn reserved_ip(region: &str, found: &Address) -> Option<ReservedIp> {
    let address = found.address.as_deref()?.parse().ok()?;
    let ip = ReservedIp::new(ReservedIpId(id(region, &found.id)), address);
    Some(match &found.instance {
        Some(instance) => ip.with_server(ServerId(id(region, instance))),
        None => ip,
    })
}

pub(super) fn snapshot(region: &str, image: &Image) -> Snapshot {
    let mut snapshot = Snapshot::new(SnapshotId(id(region, &image.id)));
    snapshot.created_at = image.created.as_deref().and_then(timestamp);
    if image.state == "available" { snapshot.with_image(&image.id) } else { snapshot }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00.000Z", 951_782_400),
            ("2026-11-21T00:00:30+00:00", 1_795_219_230),
        ] {
            assert_eq!(timestamp(text), Some(Timestamp(seconds * 1000)), "{text}");
        }
        assert_eq!(timestamp("2026-11-21T00:00:00.250Z"), Some(Timestamp(1_795_219_200_250)));
        for text in
            ["", "soon", "2026-13-01T00:00:00Z", "2026-11-21", "2026-11-21T25:00:00Z", "2026-11-21T00:00:00"]
        {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }
}
