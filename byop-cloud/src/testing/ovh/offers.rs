//! What the simulated provider offers: regions, flavors and images, with ids that differ from region to region.

use serde_json::{Value, json};

use super::reply::{Answer, Reply, not_found, thing};

/// Name, status.
pub(super) const REGIONS: [(&str, &str); 4] =
    [("GRA11", "UP"), ("SBG5", "UP"), ("BHS5", "UP"), ("WAW1", "MAINTENANCE")];

pub(super) struct Flavor {
    pub(super) name: &'static str,
    pub(super) vcpus: u32,
    ram: u64,
    pub(super) disk: u64,
    os: &'static str,
    available: bool,
    /// Of an hour and of a month, in hundred-millionths.
    price: (u64, u64),
}

/// `g1-last` is offered until one asks for it.
pub(super) const FLAVORS: [Flavor; 6] = [
    Flavor {
        name: "d2-2",
        vcpus: 1,
        ram: 2000,
        disk: 25,
        os: "linux",
        available: true,
        price: (1_010_000, 599_000_000),
    },
    Flavor {
        name: "b2-7",
        vcpus: 2,
        ram: 7000,
        disk: 50,
        os: "linux",
        available: true,
        price: (6_810_000, 2_400_000_000),
    },
    Flavor {
        name: "b2-15",
        vcpus: 4,
        ram: 15_000,
        disk: 100,
        os: "linux",
        available: true,
        price: (13_100_000, 4_600_000_000),
    },
    Flavor {
        name: "t2-45",
        vcpus: 15,
        ram: 45_000,
        disk: 400,
        os: "linux",
        available: false,
        price: (210_000_000, 99_000_000_000),
    },
    Flavor {
        name: "g1-last",
        vcpus: 2,
        ram: 7000,
        disk: 50,
        os: "linux",
        available: true,
        price: (6_810_000, 2_400_000_000),
    },
    Flavor {
        name: "win-b2-7",
        vcpus: 2,
        ram: 7000,
        disk: 50,
        os: "windows",
        available: true,
        price: (9_000_000, 3_000_000_000),
    },
];

/// Name, user, smallest disk, system.
const IMAGES: [(&str, &str, u64, &str); 6] = [
    ("Debian 12", "debian", 10, "linux"),
    ("Debian 12 - Docker", "debian", 10, "linux"),
    ("Debian 13", "debian", 10, "linux"),
    ("Ubuntu 24.04", "ubuntu", 10, "linux"),
    ("Huge", "root", 200, "linux"),
    ("Windows Server 2022", "administrator", 50, "windows"),
];

/// An id that says nothing, and is the same each time.
pub(super) fn uuid(kind: &str, name: &str, region: &str) -> String {
    let hash = |salt: u64| {
        let text = format!("{kind}/{name}/{region}");
        text.bytes().fold(0xCBF2_9CE4_8422_2325 ^ salt, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    };
    let (a, b) = (hash(1), hash(2));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xFFFF,
        a & 0xFFF,
        b >> 52,
        b & 0xFFFF_FFFF_FFFF
    )
}

pub(super) fn is_region(name: &str) -> bool {
    REGIONS.iter().any(|(known, _)| *known == name)
}

/// The flavor and the region of an id.
pub(super) fn find_flavor(id: &str) -> Option<(&'static Flavor, &'static str)> {
    REGIONS.iter().find_map(|(region, _)| {
        FLAVORS
            .iter()
            .find(|flavor| uuid("flavor", flavor.name, region) == id)
            .map(|flavor| (flavor, *region))
    })
}

pub(super) fn flavor_json(flavor: &Flavor, region: &str) -> Value {
    json!({
        "id": uuid("flavor", flavor.name, region), "name": flavor.name, "region": region,
        "vcpus": flavor.vcpus, "ram": flavor.ram, "disk": flavor.disk, "osType": flavor.os,
        "available": flavor.available, "quota": 20, "type": "ovh.vps-ssd", "capabilities": null,
        "inboundBandwidth": null, "outboundBandwidth": 100,
        "planCodes": {
            "hourly": format!("{}.consumption", flavor.name),
            "monthly": format!("{}.monthly.postpaid", flavor.name),
        },
    })
}

pub(super) fn flavors(region: Option<&str>) -> Answer {
    let regions = REGIONS.iter().filter(|(name, _)| region.is_none_or(|region| region == *name));
    let all = regions.flat_map(|(region, _)| FLAVORS.iter().map(move |flavor| flavor_json(flavor, region)));
    Ok(Reply::List(all.collect()))
}

pub(super) fn images(region: Option<&str>, os: Option<&str>) -> Answer {
    if region.is_some_and(|region| !is_region(region)) {
        return Err(not_found("region"));
    }
    let regions = REGIONS.iter().filter(|(name, _)| region.is_none_or(|region| region == *name));
    let of_os = |(_, _, _, known): &&(&str, &str, u64, &str)| os.is_none_or(|os| os == *known);
    let all = regions
        .flat_map(|(region, _)| IMAGES.iter().filter(of_os).map(move |image| image_json(image, region)));
    Ok(Reply::List(all.collect()))
}

fn image_json((name, user, disk, os): &(&str, &str, u64, &str), region: &str) -> Value {
    json!({
        "id": uuid("image", name, region), "name": name, "region": region, "status": "active",
        "user": user, "minDisk": disk, "minRam": 0, "size": 2.5, "type": os, "visibility": "public",
        "creationDate": "2026-10-01T08:00:00Z", "flavorType": null, "planCode": null,
    })
}

/// The image of an id in a region: what it says, and its smallest disk.
pub(super) fn find_image(id: &str, region: &str) -> Option<(Value, u64)> {
    let image = IMAGES.iter().find(|(name, ..)| uuid("image", name, region) == id)?;
    Some((image_json(image, region), image.2))
}

pub(super) fn region(name: &str) -> Answer {
    let Some((name, status)) = REGIONS.iter().find(|(known, _)| *known == name) else {
        return Err(not_found("region"));
    };
    thing(json!({
        "name": name, "status": status, "continentCode": "EU", "type": "region", "ipCountries": [],
        "datacenterLocation": name.trim_end_matches(|c: char| c.is_ascii_digit()),
        "services": [
            { "name": "instance", "status": "UP", "endpoint": "" },
            { "name": "volume", "status": "UP", "endpoint": "" },
        ],
    }))
}

/// The part of the catalogue that is about flavors.
pub(super) fn catalog() -> Answer {
    let plan = |code: String, unit: &str, price: u64| {
        json!({ "planCode": code, "invoiceName": "", "product": "", "pricings": [
            { "price": price, "intervalUnit": unit, "interval": 1, "commitment": 0, "mode": "default", "tax": 0 },
        ] })
    };
    let addons: Vec<_> = FLAVORS
        .iter()
        .flat_map(|flavor| {
            [
                plan(format!("{}.consumption", flavor.name), "hour", flavor.price.0),
                plan(format!("{}.monthly.postpaid", flavor.name), "month", flavor.price.1),
            ]
        })
        .collect();
    thing(json!({
        "catalogId": 1,
        "locale": { "currencyCode": "EUR", "subsidiary": "FR", "taxRate": 20 },
        "plans": [], "products": [], "planFamilies": [],
        "addons": addons,
    }))
}
