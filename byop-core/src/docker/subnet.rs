//! Addresses for networks beyond those that an engine has of its own.
//!
//! An engine as it comes has addresses for about 30 networks, and each app has a network of its own. Once they are
//! used up, byop names a small range itself.

use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Addresses in one network of an app: 64 are a few releases, the proxy and what an app needs beside it.
const LENGTH: u8 = 26;

/// A range of addresses, such as `10.210.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subnet {
    first: u32,
    length: u8,
}

impl Subnet {
    /// The range that small ones are taken from unless told otherwise.
    pub(super) const DEFAULT: Self = Self { first: 0x0AD2_0000, length: 16 };

    fn last(self) -> u32 {
        self.first | u32::MAX.checked_shr(self.length.into()).unwrap_or(0)
    }

    fn overlaps(self, other: Self) -> bool {
        self.first <= other.last() && other.first <= self.last()
    }

    /// The first small range in this one that overlaps with none of `taken`.
    pub(super) fn free(self, taken: &[Self]) -> Option<Self> {
        self.free_of(LENGTH, taken)
    }

    /// The first range of this length, or all of this one if it is smaller, that overlaps with none of `taken`.
    pub(super) fn free_of(self, length: u8, taken: &[Self]) -> Option<Self> {
        let length = length.max(self.length);
        let step = 1_usize << (32 - length);
        let mut all = (self.first..=self.last()).step_by(step).map(|first| Self { first, length });
        all.find(|one| !taken.iter().any(|other| other.overlaps(*one)))
    }

    /// Its addresses, without the first and the last, which mean all of it.
    pub(super) fn hosts(self) -> impl Iterator<Item = Ipv4Addr> {
        (self.first.saturating_add(1)..self.last()).map(Ipv4Addr::from_bits)
    }
}

impl FromStr for Subnet {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (address, length) = text.split_once('/')?;
            let (address, length): (Ipv4Addr, u8) = (address.parse().ok()?, length.parse().ok()?);
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(length.into())?).unwrap_or(0);
            Some(Self { first: address.to_bits() & mask, length })
        };
        parse().ok_or_else(|| {
            Error::invalid("network.range", "this is not a range of addresses")
                .with_context(
                    "range",
                    text.chars().take(40).flat_map(char::escape_default).collect::<String>(),
                )
                .with_remedy("give an IPv4 range such as 10.210.0.0/16")
        })
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.first), self.length)
    }
}

/// Checks a range from which small ones are to be taken.
pub(super) fn range(text: &str) -> Result<Subnet> {
    let range: Subnet = text.parse()?;
    if (8..=LENGTH).contains(&range.length) {
        return Ok(range);
    }
    Err(Error::invalid("network.range", "the range is too large or too small for networks of apps")
        .with_context("range", range)
        .with_remedy("give a range of a length between /8 and /26, such as 10.210.0.0/16"))
}

/// Where this machine sends packets by its table of routes; the way to everywhere else is left out.
pub(super) fn routes(table: &str) -> Vec<Subnet> {
    let hex = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::swap_bytes);
    let line = |line: &str| {
        let parts: Vec<_> = line.split_whitespace().collect();
        let (first, mask) = (hex(parts.get(1)?)?, hex(parts.get(7)?)?);
        let length = u8::try_from(mask.count_ones()).ok()?;
        (length > 0).then_some(Subnet { first, length })
    };
    table.lines().skip(1).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_range_that_is_free_is_taken() {
        let range = range("10.210.0.0/24").unwrap();
        let mut taken = vec![subnet("10.210.0.0/26"), subnet("172.17.0.0/16")];
        for free in ["10.210.0.64/26", "10.210.0.128/26", "10.210.0.192/26"] {
            let found = range.free(&taken).unwrap();
            assert_eq!(found.to_string(), free);
            taken.push(found);
        }
        assert_eq!(range.free(&taken), None);
        assert_eq!(range.free(&[subnet("10.0.0.0/8")]), None);
        assert_eq!(Subnet::DEFAULT, subnet("10.210.0.0/16"));
    }

    #[test]
    fn a_longer_range_is_found_beside_small_ones() {
        let taken = [subnet("10.210.0.64/26")];
        let found = Subnet::DEFAULT.free_of(24, &taken).unwrap();
        assert_eq!(found, subnet("10.210.1.0/24"));
        let hosts: Vec<_> = found.hosts().collect();
        assert_eq!((hosts.len(), hosts[0].to_string()), (254, "10.210.1.1".to_owned()));
        assert_eq!(subnet("10.0.0.0/26").free_of(24, &[]), Some(subnet("10.0.0.0/26")));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "a/8", "10.0.0.0/27", "0.0.0.0/0", "::/64"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_table_of_routes_is_read() {
        let table = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
            eth0 00000000 0100000A 0003 0 0 0 00000000 0 0 0\n\
            eth0 0000D20A 00000000 0001 0 0 0 00C0FFFF 0 0 0\n";
        assert_eq!(routes(table), [subnet("10.210.0.0/18")]);
    }
}
