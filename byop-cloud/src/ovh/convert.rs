//! From the API's words to the model's, and how our things are told from others.

use std::net::IpAddr;

use byop_core::clock::Timestamp;
use byop_core::model::{Price, RegionId, Server, ServerId, ServerImage, ServerSize, ServerState};
use byop_core::{Error, Result};

use super::wire;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// What stands in the name of a thing of ours, since there are neither tags nor labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a str,
}

impl<'a> Mark<'a> {
    /// The mark that a name bears.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (name, key) = text.strip_prefix("byop-")?.rsplit_once("--")?;
        (is_name(name) && is_key(key)).then_some(Self { name, key })
    }

    /// A mark to give.
    pub(super) fn new(operation: &'static str, name: &'a str, key: &'a str) -> Result<Self> {
        if is_name(name) && is_key(key) {
            return Ok(Self { name, key });
        }
        Err(Error::invalid(operation, "this name or this key cannot be part of a server's name")
            .with_context("name", name.escape_default())
            .with_context("key", key.escape_default())
            .with_remedy(
                "use a DNS label of at most 40 characters, and at most 20 lower-case letters and digits",
            ))
    }

    pub(super) fn text(&self) -> String {
        format!("byop-{}--{}", self.name, self.key)
    }
}

fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_key(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A server; `size` is the name of its flavor.
pub(super) fn server(instance: &wire::Instance, size: String) -> Server {
    let mark = Mark::read(instance.name());
    let name = mark.map_or(instance.name(), |mark| mark.name);
    let region = RegionId(instance.region.clone().unwrap_or_default());
    let mut server = Server::new(ServerId(instance.id.clone()), name, region, size);
    server.key = mark.map(|mark| mark.key.to_owned());
    server.state = state(instance.status());
    if server.state == ServerState::Failed {
        server.failure =
            Some(format!("the provider says {}; mostly no host had room for it", instance.status()));
    }
    server.addresses = addresses(instance.ip_addresses.as_deref().unwrap_or_default());
    server.created_at = instance.created.as_deref().and_then(timestamp);
    server
}

/// Public addresses, version 4 first. One of version 6 may be listed long before; without its sister it would be
/// taken for the whole.
fn addresses(listed: &[wire::Address]) -> Vec<IpAddr> {
    let public = listed.iter().filter(|address| address.kind.as_deref() == Some("public"));
    let mut all: Vec<IpAddr> =
        public.filter_map(|address| address.ip.as_deref()?.split('/').next()?.parse().ok()).collect();
    all.sort_by_key(IpAddr::is_ipv6);
    if !all.iter().any(IpAddr::is_ipv4) {
        all.clear();
    }
    all
}

fn state(status: &str) -> ServerState {
    match status {
        "ACTIVE" | "PASSWORD" | "RESCUE" | "RESCUED" | "SNAPSHOTTING" => ServerState::Running,
        "SHUTOFF" | "STOPPED" | "PAUSED" | "SUSPENDED" | "SHELVED" | "SHELVED_OFFLOADED" => {
            ServerState::Stopped
        }
        "SHELVING" => ServerState::Stopping,
        "DELETING" | "DELETED" | "SOFT_DELETED" => ServerState::Deleting,
        "ERROR" => ServerState::Failed,
        // Also what nobody has heard of: it is waited for rather than given up.
        _ => ServerState::Starting,
    }
}

/// A size, if it can be had at all.
pub(super) fn size(flavor: &wire::Flavor) -> Option<ServerSize> {
    let name = flavor.name.as_deref()?;
    let memory = flavor.ram?.saturating_mul(MIB);
    Some(ServerSize::new(name, flavor.vcpus?, memory, flavor.disk.unwrap_or(0).saturating_mul(GIB)))
}

pub(super) fn image(image: &wire::Image) -> ServerImage {
    let made = ServerImage::new(&image.id, image.name())
        .with_min_disk(image.min_disk.unwrap_or(0).saturating_mul(GIB));
    match &image.user {
        Some(user) if !user.is_empty() => made.with_user(user.as_str()),
        _ => made,
    }
}

/// The name of an image as an alias has it: `Debian 12` is `debian-12`.
pub(super) fn alias(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace(' ', "-")
}

/// From hundred-millionths of a currency.
pub(super) fn price(hundred_millionths: u64, currency: &str) -> Price {
    Price::new((hundred_millionths + 50) / 100, currency)
}

/// A moment such as `2026-11-21T10:00:00Z` or `2026-11-21T11:00:00.25+01:00`.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let marks: Vec<_> = [4, 7, 10, 13, 16].iter().filter_map(|at| text.as_bytes().get(*at)).collect();
    let fits = matches!(marks[..], [b'-', b'-', b'T' | b't' | b' ', b':', b':'])
        && (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..=23).contains(&hour)
        && (0..=59).contains(&minute)
        && (0..=60).contains(&second);
    if !fits {
        return None;
    }
    let rest = &text[19..];
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let digits: String =
        rest[..rest.len() - zone.len()].chars().skip(1).chain("000".chars()).take(3).collect();
    let millis: i64 = digits.parse().unwrap_or(0);
    let offset = match zone {
        "" | "Z" | "z" => 0,
        zone => {
            let (sign, zone) = zone.split_at_checked(1)?;
            let (hours, minutes) = zone.split_once(':').or_else(|| zone.split_at_checked(2))?;
            let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            if sign == "-" { -seconds } else { seconds }
        }
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp(seconds * 1000 + millis))
}

/// Days since 1970, in years that begin in March, so that the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is_taken_for_one() {
        let mark = Mark::new("x.do", "web-1", "k7f3q2").unwrap();
        assert_eq!(mark.text(), "byop-web-1--k7f3q2");
        assert_eq!(Mark::read(&mark.text()), Some(mark));
        for foreign in [
            "web-1",
            "byop-web-1",
            "web-1--k7f3q2",
            "byop-web--K1",
            "byop---k1",
            "byop-web--",
            "byop-web--a-b",
            "",
        ] {
            assert_eq!(Mark::read(foreign), None, "{foreign}");
        }
        for (name, key) in
            [("", "k"), ("-a", "k"), ("Web", "k"), ("web", ""), ("web", "k-1"), ("web", &*"k".repeat(21))]
        {
            assert!(Mark::new("x.do", name, key).is_err(), "{name} {key}");
        }
    }

    #[test]
    fn moments_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2026-11-21T00:00:00Z", 1_795_219_200_000),
            ("2026-11-21T01:00:00.25+01:00", 1_795_219_200_250),
            ("2026-11-20T22:30:00-0130", 1_795_219_200_000),
        ] {
            assert_eq!(timestamp(text), Some(Timestamp(millis)), "{text}");
        }
        for bad in
            ["", "now", "2026-11-21", "2026-13-21T00:00:00Z", "2026-11-21T00:00:00é", "2026-11-21T00:00:00+"]
        {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_lone_address_of_version_6_is_not_the_whole() {
        let address = |ip: &str, kind: &str| wire::Address { ip: Some(ip.into()), kind: Some(kind.into()) };
        let six = address("2001:db8::1", "public");
        assert!(addresses(&[six.clone(), address("10.0.0.4", "private")]).is_empty());
        let both = addresses(&[six, address("203.0.113.4", "public")]);
        assert_eq!(both, ["203.0.113.4".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]);
    }

    #[test]
    fn an_unknown_state_is_waited_for() {
        assert_eq!(state("TELEPORTING"), ServerState::Starting);
        assert_eq!(state("ERROR"), ServerState::Failed);
    }

    #[test]
    fn prices_are_exact() {
        assert_eq!(price(5_080_000, "EUR").to_string(), "0.0508 EUR");
    }
}
