//! How things of ours are told from others: tags, and names where a thing cannot bear tags.
//!
//! | thing | mark | key |
//! |---|---|---|
//! | droplet, volume | tag `byop` | tag `byop-req:<key>` |
//! | firewall | name `byop-<key>` together with the tag `byop-firewall:<key>`, by which it finds its droplets | in both |
//! | SSH key | name `byop-<16 hex digits>` | none |
//! | snapshot | name `byop-snapshot-<key>` | in the name |
//! | reserved address | leads to a droplet of ours; once it leads nowhere, the tag `byop-ip:<address>:<key>` of the account | that of the droplet, or in the tag |
//!
//! DigitalOcean makes tags as they are used and keeps them when nothing bears them any more. They cost nothing.

use std::net::Ipv4Addr;

/// The tag of every droplet and volume of ours.
pub(super) const MARK: &str = "byop";

pub(super) fn name_tag(name: &str) -> String {
    format!("byop-id:{name}")
}

pub(super) fn key_tag(key: &str) -> String {
    format!("byop-req:{key}")
}

/// Names and values of labels have no colons.
pub(super) fn label_tag(name: &str, value: &str) -> String {
    format!("byop-label:{name}:{value}")
}

pub(super) fn firewall_tag(key: &str) -> String {
    format!("byop-firewall:{key}")
}

pub(super) fn firewall_name(key: &str) -> String {
    format!("byop-{key}")
}

pub(super) fn snapshot_name(key: &str) -> String {
    format!("byop-snapshot-{key}")
}

/// Tags have no dots.
pub(super) fn address_tag(address: Ipv4Addr, key: &str) -> String {
    format!("{}{key}", address_tag_start(address))
}

pub(super) fn address_tag_start(address: Ipv4Addr) -> String {
    format!("byop-ip:{}:", address.to_string().replace('.', "-"))
}

/// The address and the key in a tag of an address.
pub(super) fn parse_address_tag(tag: &str) -> Option<(Ipv4Addr, &str)> {
    let (address, key) = tag.strip_prefix("byop-ip:")?.split_once(':')?;
    Some((address.replace('-', ".").parse().ok()?, key))
}

pub(super) fn is_marked(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == MARK)
}

pub(super) fn key_in(tags: &[String]) -> Option<&str> {
    tags.iter().find_map(|tag| tag.strip_prefix("byop-req:"))
}

pub(super) fn labels_in(tags: &[String]) -> impl Iterator<Item = (String, String)> {
    tags.iter().filter_map(|tag| {
        let (name, value) = tag.strip_prefix("byop-label:")?.split_once(':')?;
        Some((name.to_owned(), value.to_owned()))
    })
}

/// The key of a firewall of ours.
pub(super) fn firewall_key<'a>(name: &str, tags: &'a [String]) -> Option<&'a str> {
    let keys = tags.iter().filter_map(|tag| tag.strip_prefix("byop-firewall:"));
    keys.into_iter().find(|key| firewall_name(key) == name)
}

/// The key of a snapshot of ours.
pub(super) fn snapshot_key(name: &str) -> Option<&str> {
    name.strip_prefix("byop-snapshot-").filter(|key| is_key(key))
}

/// Whether an SSH key has a name that only byop gives.
pub(super) fn is_our_ssh_key(name: &str) -> bool {
    let digits = name.strip_prefix("byop-").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

pub(super) fn is_key(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=20).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_an_address_is_read_back() {
        let address = Ipv4Addr::new(203, 0, 113, 7);
        assert_eq!(parse_address_tag(&address_tag(address, "k1")), Some((address, "k1")));
        for other in ["byop-ip:203-0-113-7", "byop-ip:203-0-113:k1", "byop-req:k1", "byop"] {
            assert_eq!(parse_address_tag(other), None, "{other}");
        }
    }

    #[test]
    fn names_that_people_give_are_no_marks() {
        for name in ["byop-laptop", "byop-0123456789ABCDEF", "0123456789abcdef", "byop-0123456789abcdef0"] {
            assert!(!is_our_ssh_key(name), "{name}");
        }
        assert!(is_our_ssh_key("byop-0123456789abcdef"));
        assert_eq!(snapshot_key("byop-snapshot-of Friday"), None);
        assert_eq!(firewall_key("byop-k1", &["byop-firewall:k2".into(), "web".into()]), None);
        assert_eq!(firewall_key("byop-k1", &["byop-firewall:k1".into()]), Some("k1"));
    }

    #[test]
    fn labels_are_read_from_tags() {
        let tags = [label_tag("role", "web"), label_tag("empty", ""), "role:db".to_owned()];
        let labels: Vec<_> = labels_in(&tags).collect();
        assert_eq!(labels, [("role".into(), "web".into()), ("empty".into(), String::new())]);
    }
}
