//! Keeps a user's address from reaching into the network that the embedding program runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use super::OPERATION;
use super::address::Address;
use crate::error::{Error, ErrorKind, Result};
use crate::source::blocking;

/// The addresses of a repository's host, all of them public: git must use these and not look again. Empty when there is
/// nothing to check.
pub(super) async fn check(address: &Address, allow_private_hosts: bool) -> Result<Vec<IpAddr>> {
    let (Address::Https { host, port, .. } | Address::Ssh { host, port, .. }) = address else {
        return Ok(Vec::new());
    };
    if allow_private_hosts {
        return Ok(Vec::new());
    }
    let (name, port) = (host.clone(), *port);
    let found = blocking(move |_| {
        let found = (name.as_str(), port).to_socket_addrs().map_err(|error| {
            Error::new(ErrorKind::Unavailable, OPERATION, "the host of the repository is not known")
                .with_context("host", &name)
                .with_remedy("check the address, and that names can be resolved on this machine")
                .with_source(error)
        })?;
        Ok(found.map(|address| address.ip()).collect::<Vec<_>>())
    });
    let found = found.await?;
    if found.is_empty() || !found.iter().all(|address| is_public(*address)) {
        return Err(Error::invalid(OPERATION, "the host of the repository has a private address")
            .with_context("host", host)
            .with_remedy("set `allow_private_hosts` of the source limits if its users are trusted"));
    }
    Ok(found)
}

/// Whether an address is one of the public network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || a >= 224
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Tunnels, and documentation.
        [0x2001, 0 | 0xdb8, ..] => false,
        // Only this range is given out for the public network.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_in_every_disguise_are_not_public() {
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:1::",
            "fec0::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for text in
            ["1.1.1.1", "140.82.121.4", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[tokio::test]
    async fn hosts_that_mean_this_machine_are_refused_unless_allowed() {
        for url in [
            "https://localhost/a",
            "https://127.0.0.1/a",
            "https://127.1/a",
            "https://2130706433/a",
            "https://0x7f.0.0.1/a",
            "https://[::1]/a",
            "https://[::ffff:169.254.169.254]/a",
            "git@localhost:a",
            "ssh://git@10.0.0.1/a",
        ] {
            let address = Address::parse(url).unwrap();
            let error = check(&address, false).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}: {error:?}");
            assert!(check(&address, true).await.unwrap().is_empty());
        }
    }
}
