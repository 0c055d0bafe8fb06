//! From DigitalOcean's JSON to the model.

use std::net::IpAddr;

use byop_core::clock::Timestamp;
use byop_core::model::{
    Price, Region, RegionId, Resource, ResourceKind, Server, ServerId, ServerImage, ServerPrice, ServerSize,
    ServerState,
};

use super::{marks, wire};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const CURRENCY: &str = "USD";
/// What a gigabyte of a volume and of a snapshot, and an address that leads nowhere, cost a month in millionths of a
/// dollar: the list prices of 2026. The API does not tell them.
const VOLUME_GIGABYTE: f64 = 100_000.0;
const SNAPSHOT_GIGABYTE: f64 = 60_000.0;
const IDLE_ADDRESS: u64 = 5_000_000;

pub(super) fn region(region: wire::Region) -> Region {
    let name = if region.name.is_empty() { region.slug.clone() } else { region.name };
    Region { id: RegionId(region.slug), name }
}

pub(super) fn size(size: &wire::Size) -> ServerSize {
    let made = ServerSize::new(&size.slug, size.vcpus, size.memory * MIB, size.disk * GIB);
    match price(size) {
        Some(price) => made.with_price(price),
        None => made,
    }
}

fn price(size: &wire::Size) -> Option<ServerPrice> {
    let hourly = ServerPrice::hourly(dollars(size.price_hourly?));
    Some(match size.price_monthly {
        Some(monthly) => hourly.with_monthly(dollars(monthly)),
        None => hourly,
    })
}

/// Sizes with graphics processors are left out of the lists of droplets, so that none is made that no list shows.
pub(super) fn is_offered(size: &wire::Size) -> bool {
    size.available && size.gpu_info.is_none() && !is_gpu(&size.slug)
}

pub(super) fn is_gpu(slug: &str) -> bool {
    slug.starts_with("gpu-")
}

fn dollars(amount: f64) -> Price {
    // Not above what an f64 holds exactly; negative amounts become 0.
    Price::new((amount * 1e6).round() as u64, CURRENCY)
}

pub(super) fn image(image: &wire::Image) -> ServerImage {
    let name = format!("{} {}", image.distribution, image.name);
    ServerImage::new(image.id.to_string(), name.trim())
        .with_min_disk(image.min_disk_size * GIB)
        .with_user("root")
}

pub(super) fn server(droplet: &wire::Droplet) -> Server {
    let region = droplet.region.as_ref().map(|region| region.slug.clone()).unwrap_or_default();
    let mut server =
        Server::new(ServerId(droplet.id.to_string()), &droplet.name, RegionId(region), &droplet.size_slug);
    server.state = state(&droplet.status);
    server.addresses = addresses(&droplet.networks);
    if marks::is_marked(&droplet.tags) {
        server.key = marks::key_in(&droplet.tags).map(str::to_owned);
        server.labels = marks::labels_in(&droplet.tags).collect();
    }
    server.created_at = time(&droplet.created_at);
    server
}

/// A state that nobody knows yet is taken for one that passes.
fn state(status: &str) -> ServerState {
    match status {
        "active" => ServerState::Running,
        "off" | "archive" => ServerState::Stopped,
        _ => ServerState::Starting,
    }
}

/// The public ones, wherever they stand: a private one may come first and alone.
fn addresses(networks: &wire::Networks) -> Vec<IpAddr> {
    let all = networks.v4.iter().chain(&networks.v6);
    all.filter(|network| network.kind == "public")
        .filter_map(|network| network.ip_address.parse().ok())
        .collect()
}

pub(super) fn droplet_resource(droplet: &wire::Droplet) -> Resource {
    let server = server(droplet);
    let mut resource = Resource::new(ResourceKind::Server, server.id.0, server.name);
    resource.key = server.key;
    resource.region = Some(server.region);
    resource.created_at = server.created_at;
    resource.monthly_price = droplet.size.as_ref().and_then(|size| Some(dollars(size.price_monthly?)));
    resource
}

pub(super) fn ssh_key_resource(key: &wire::SshKey) -> Resource {
    Resource::new(ResourceKind::SshKey, key.id.to_string(), &key.name)
}

pub(super) fn firewall_resource(firewall: &wire::Firewall) -> Option<Resource> {
    let key = marks::firewall_key(&firewall.name, &firewall.tags)?;
    let mut resource = Resource::new(ResourceKind::Firewall, &firewall.id, &firewall.name).with_key(key);
    resource.created_at = time(&firewall.created_at);
    Some(resource)
}

pub(super) fn volume_resource(volume: &wire::Volume) -> Resource {
    let mut resource = Resource::new(ResourceKind::Volume, &volume.id, &volume.name);
    resource.key = marks::key_in(&volume.tags).map(str::to_owned);
    resource.server = volume.droplet_ids.first().map(|id| ServerId(id.to_string()));
    resource.region = volume.region.as_ref().map(|region| RegionId(region.slug.clone()));
    resource.created_at = time(&volume.created_at);
    resource.monthly_price = Some(micros(volume.size_gigabytes * VOLUME_GIGABYTE));
    resource
}

/// `id` names the snapshot wherever byop speaks of it.
pub(super) fn snapshot_resource(snapshot: &wire::Snapshot, id: String) -> Option<Resource> {
    let key = marks::snapshot_key(&snapshot.name)?;
    let mut resource = Resource::new(ResourceKind::Snapshot, id, &snapshot.name).with_key(key);
    resource.region = snapshot.regions.first().map(|slug| RegionId(slug.clone()));
    resource.created_at = time(&snapshot.created_at);
    resource.monthly_price = Some(micros(snapshot.size_gigabytes * SNAPSHOT_GIGABYTE));
    Some(resource)
}

pub(super) fn address_resource(ip: &wire::ReservedIp, key: Option<&str>, server: Option<u64>) -> Resource {
    let mut resource = Resource::new(ResourceKind::ReservedIp, ip.ip.to_string(), ip.ip.to_string());
    resource.key = key.map(str::to_owned);
    resource.server = server.map(|id| ServerId(id.to_string()));
    resource.region = ip.region.as_ref().map(|region| RegionId(region.slug.clone()));
    let price = if server.is_some() { 0 } else { IDLE_ADDRESS };
    resource.monthly_price = Some(Price::new(price, CURRENCY));
    resource
}

fn micros(amount: f64) -> Price {
    Price::new(amount.round() as u64, CURRENCY)
}

/// A moment such as `2026-11-21T10:00:00Z`; parts of seconds may follow, and a distance from UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute): (i64, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (second, part) = parts.next().map_or(("0", ""), |text| text.split_once('.').unwrap_or((text, "")));
    let second: i64 = second.parse().ok()?;
    let millis: i64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !fits {
        return None;
    }
    // Years that begin in March end with their leap day.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset_seconds(offset)?;
    Some(Timestamp(seconds * 1000 + millis))
}

fn offset_seconds(text: &str) -> Option<i64> {
    let sign = match text.get(..1) {
        None | Some("Z" | "z") => return Some(0),
        Some("-") => -1,
        _ => 1,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2026-11-21T00:00:00.25Z", 1_795_219_200_250),
            ("2026-11-21T02:00:00+02:00", 1_795_219_200_000),
            ("2026-11-20T19:30:00-04:30", 1_795_219_200_000),
        ] {
            assert_eq!(time(text), Some(Timestamp(millis)), "{text}");
        }
        for bad in ["", "yesterday", "2026-11-21", "2026-13-21T00:00:00Z", "2026-11-21T25:00:00Z", "2026-1é-"]
        {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_private_address_is_never_taken_for_a_public_one() {
        let droplet: wire::Droplet = serde_json::from_str(
            r#"{"id": 1, "status": "active", "size_slug": "s", "created_at": null, "tags": null,
                "networks": {"v4": [{"ip_address": "10.0.0.2", "type": "private"}], "v6": null}}"#,
        )
        .unwrap();
        assert!(!server(&droplet).is_ready());
        let droplet: wire::Droplet = serde_json::from_str(
            r#"{"id": 1, "status": "active", "networks": {
                "v4": [{"ip_address": "10.0.0.2", "type": "private"}, {"ip_address": "203.0.113.4", "type": "public"}],
                "v6": [{"ip_address": "2001:db8::4", "type": "public"}]}}"#,
        )
        .unwrap();
        let shown: Vec<_> = server(&droplet).addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["203.0.113.4", "2001:db8::4"]);
    }

    #[test]
    fn a_state_that_is_not_known_is_shown_and_not_refused() {
        let droplet: wire::Droplet =
            serde_json::from_str(r#"{"id": 1, "status": "hibernating", "region": {"slug": "mars1"}}"#)
                .unwrap();
        let server = server(&droplet);
        assert_eq!((server.state, server.region.0.as_str()), (ServerState::Starting, "mars1"));
    }

    #[test]
    fn prices_are_exact() {
        let size: wire::Size = serde_json::from_str(
            r#"{"slug": "s", "price_hourly": 0.00743999984115362, "price_monthly": 5.0}"#,
        )
        .unwrap();
        let price = super::size(&size).price.unwrap();
        assert_eq!((price.hourly.micros, price.monthly.micros), (7_440, 5_000_000));
    }
}
