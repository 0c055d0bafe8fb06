//! Name servers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use super::answer::{Fault, tag, xml};
use super::state::State;
use crate::http::{Method, Request, Response};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

pub(super) struct Zone {
    id: String,
    /// With the dot at the end.
    name: String,
    /// By the labels of the name from behind, and the kind.
    sets: BTreeMap<(Vec<String>, String), Set>,
}

#[derive(Clone)]
struct Set {
    name: String,
    kind: String,
    ttl: String,
    values: Vec<String>,
}

impl Zone {
    pub(super) fn new(id: &str, name: &str) -> Self {
        let mut zone = Self { id: id.to_owned(), name: format!("{name}."), sets: BTreeMap::new() };
        for (kind, value) in [
            ("NS", "ns-1.awsdns-01.org."),
            ("SOA", "ns-1.awsdns-01.org. hostmaster. 1 7200 900 1209600 86400"),
        ] {
            let values = vec![value.to_owned()];
            let set = Set { name: zone.name.clone(), kind: kind.into(), ttl: "900".into(), values };
            zone.sets.insert(place(&set.name, kind), set);
        }
        zone
    }

    fn shown(&self) -> String {
        format!(
            "<HostedZone>{}{}<CallerReference>x</CallerReference><Config><PrivateZone>false</PrivateZone></Config>\
             <ResourceRecordSetCount>{}</ResourceRecordSetCount></HostedZone>",
            tag("Id", format!("/hostedzone/{}", self.id)),
            tag("Name", &self.name),
            self.sets.len()
        )
    }
}

/// Where a set stands in the order of the vendor.
fn place(name: &str, kind: &str) -> (Vec<String>, String) {
    let labels = name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect();
    (labels, kind.to_owned())
}

fn shown_name(name: &str) -> String {
    name.replace('*', "\\052")
}

fn plain_name(name: &str) -> String {
    let name = name.replace("\\052", "*").to_lowercase();
    if name.ends_with('.') { name } else { name + "." }
}

fn part(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.children().find(|child| child.has_tag_name((NAMESPACE, name)))?;
    Some(found.text().unwrap_or_default().to_owned())
}

fn parts<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Vec<Node<'a, 'i>> {
    node.descendants().filter(move |child| child.has_tag_name((NAMESPACE, name))).collect()
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::new(400, "InvalidChangeBatch", message)
}

impl State {
    pub(super) fn route53(&mut self, request: &Request) -> Result<Response, Fault> {
        let number = self.next();
        let rest = request.url.split_once("/2013-04-01/").map(|(_, rest)| rest).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query: BTreeMap<&str, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy().into_owned()))
            .collect();
        let segments: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let known = |names: &[&str]| match query.keys().find(|name| !names.contains(*name)) {
            Some(name) => Err(Fault::complaint("InvalidInput", format!("the parameter {name} is unknown"))),
            None => Ok(()),
        };
        let body = match (request.method, &segments[..]) {
            (Method::Get, ["hostedzone"]) => {
                known(&["maxitems", "marker"])?;
                self.actions.push("ListHostedZones".into());
                let from: usize = query.get("marker").and_then(|marker| marker.parse().ok()).unwrap_or(0);
                self.zone_page("ListHostedZonesResponse", self.zones.iter().skip(from), from, &query)
            }
            (Method::Get, ["hostedzonesbyname"]) => {
                known(&["maxitems", "dnsname"])?;
                self.actions.push("ListHostedZonesByName".into());
                let from = place(query.get("dnsname").map_or("", String::as_str), "").0;
                let mut zones: Vec<_> =
                    self.zones.iter().filter(|zone| place(&zone.name, "").0 >= from).collect();
                zones.sort_by_key(|zone| place(&zone.name, "").0);
                self.zone_page("ListHostedZonesByNameResponse", zones.into_iter(), 0, &query)
            }
            (Method::Get, ["hostedzone", id, "rrset"]) => {
                known(&["maxitems", "name", "type", "identifier"])?;
                self.actions.push("ListResourceRecordSets".into());
                self.list_sets(id, &query)?
            }
            (Method::Post, ["hostedzone", id, "rrset"]) => {
                self.actions.push("ChangeResourceRecordSets".into());
                self.change_sets(id, &request.body)?
            }
            _ => return Err(Fault { status: 404, ..Fault::complaint("UnknownOperation", path) }),
        };
        Ok(xml(200, &body, number))
    }

    fn zone_page<'a>(
        &self,
        root: &str,
        zones: impl Iterator<Item = &'a Zone>,
        from: usize,
        query: &BTreeMap<&str, String>,
    ) -> String {
        let most =
            query.get("maxitems").and_then(|most| most.parse().ok()).unwrap_or(100).min(self.page_size);
        let zones: Vec<_> = zones.collect();
        let shown: String = zones.iter().take(most).map(|zone| zone.shown()).collect();
        let more = zones.len() > most;
        let next = if more { tag("NextMarker", from + most) } else { String::new() };
        format!(
            "<{root} xmlns=\"{NAMESPACE}\"><HostedZones>{shown}</HostedZones><IsTruncated>{more}</IsTruncated>{next}\
             <MaxItems>{most}</MaxItems></{root}>"
        )
    }

    fn zone(&mut self, id: &str) -> Result<&mut Zone, Fault> {
        let found = self.zones.iter_mut().find(|zone| zone.id == id);
        found
            .ok_or_else(|| Fault::new(404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}")))
    }

    fn list_sets(&mut self, id: &str, query: &BTreeMap<&str, String>) -> Result<String, Fault> {
        let most: usize = query.get("maxitems").and_then(|most| most.parse().ok()).unwrap_or(300);
        let most = most.min(300).min(self.page_size);
        let from = query
            .get("name")
            .map(|name| place(&plain_name(name), query.get("type").map_or("", String::as_str)));
        let zone = self.zone(id)?;
        let all: Vec<_> =
            zone.sets.iter().filter(|(place, _)| from.as_ref().is_none_or(|from| *place >= from)).collect();
        let shown = |set: &Set| {
            let values: String = set
                .values
                .iter()
                .map(|value| format!("<ResourceRecord>{}</ResourceRecord>", tag("Value", value)))
                .collect();
            format!(
                "<ResourceRecordSet>{}{}{}<ResourceRecords>{values}</ResourceRecords></ResourceRecordSet>",
                tag("Name", shown_name(&set.name)),
                tag("Type", &set.kind),
                tag("TTL", &set.ttl)
            )
        };
        let listed: String = all.iter().take(most).map(|(_, set)| shown(set)).collect();
        let next = all
            .get(most)
            .map(|(_, set)| tag("NextRecordName", shown_name(&set.name)) + &tag("NextRecordType", &set.kind));
        Ok(format!(
            "<ListResourceRecordSetsResponse xmlns=\"{NAMESPACE}\"><ResourceRecordSets>{listed}</ResourceRecordSets>\
             <IsTruncated>{}</IsTruncated>{}<MaxItems>{most}</MaxItems></ListResourceRecordSetsResponse>",
            next.is_some(),
            next.unwrap_or_default()
        ))
    }

    fn change_sets(&mut self, id: &str, body: &[u8]) -> Result<String, Fault> {
        let malformed = |why: &str| Fault::complaint("MalformedInput", why);
        let text = std::str::from_utf8(body).map_err(|_| malformed("no UTF-8"))?;
        let document = Document::parse(text).map_err(|_| malformed("no XML"))?;
        let root = document.root_element();
        if !root.has_tag_name((NAMESPACE, "ChangeResourceRecordSetsRequest")) {
            return Err(malformed("this is no change"));
        }
        let zone = self.zone(id)?;
        // All or nothing.
        let mut sets = zone.sets.clone();
        for change in parts(root, "Change") {
            let set =
                parts(change, "ResourceRecordSet").first().copied().ok_or_else(|| malformed("no set"))?;
            let need = |name: &str| part(set, name).ok_or_else(|| malformed(name));
            let set = Set {
                name: plain_name(&need("Name")?),
                kind: need("Type")?,
                ttl: need("TTL")?,
                values: parts(set, "Value")
                    .iter()
                    .map(|value| value.text().unwrap_or_default().to_owned())
                    .collect(),
            };
            let at = place(&set.name, &set.kind);
            match part(change, "Action").as_deref() {
                Some("UPSERT") => {
                    fits(&zone.name, &set, &sets)?;
                    sets.insert(at, set);
                }
                Some("DELETE") => {
                    let mut wanted = set.values.clone();
                    wanted.sort();
                    let same = sets.get(&at).is_some_and(|found| {
                        let mut values = found.values.clone();
                        values.sort();
                        values == wanted && found.ttl == set.ttl
                    });
                    if !same {
                        return Err(bad(format!(
                            "[Tried to delete resource record set [name='{}', type='{}'] but it was not found]",
                            set.name, set.kind
                        )));
                    }
                    sets.remove(&at);
                }
                _ => return Err(malformed("unknown action")),
            }
        }
        zone.sets = sets;
        let id = self.next();
        Ok(format!(
            "<ChangeResourceRecordSetsResponse xmlns=\"{NAMESPACE}\"><ChangeInfo><Id>/change/C{id}</Id>\
             <Status>PENDING</Status><SubmittedAt>2026-11-21T00:00:00Z</SubmittedAt></ChangeInfo>\
             </ChangeResourceRecordSetsResponse>"
        ))
    }
}

/// Whether the vendor takes a set.
fn fits(zone: &str, set: &Set, sets: &BTreeMap<(Vec<String>, String), Set>) -> Result<(), Fault> {
    if set.name != zone && !set.name.ends_with(&format!(".{zone}")) {
        return Err(bad(format!("[RRSet with DNS name {} is not permitted in zone {zone}]", set.name)));
    }
    let good = |value: &String| match set.kind.as_str() {
        "A" => value.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => value.parse::<Ipv6Addr>().is_ok(),
        "TXT" => is_text(value),
        "CNAME" => !value.is_empty(),
        _ => true,
    };
    if set.values.is_empty() || !set.values.iter().all(good) || set.ttl.parse::<u32>().is_err() {
        return Err(Fault { is_complaint: true, ..bad("[Invalid Resource Record]") });
    }
    let beside = sets.values().find(|other| {
        other.name == set.name && other.kind != set.kind && (other.kind == "CNAME" || set.kind == "CNAME")
    });
    match beside {
        Some(other) => Err(bad(format!(
            "[RRSet of type {} with DNS name {} conflicts with a record of type {}]",
            set.kind, set.name, other.kind
        ))),
        None => Ok(()),
    }
}

/// Quoted strings of at most 255 bytes each.
fn is_text(value: &str) -> bool {
    let (mut inside, mut escaped, mut length) = (false, false, 0);
    for c in value.chars() {
        match c {
            '"' if !escaped => {
                inside = !inside;
                length = 0;
            }
            ' ' if !inside => {}
            _ if !inside => return false,
            _ => length += usize::from(!escaped),
        }
        escaped = c == '\\' && !escaped;
        // An escaped character may be three digits.
        if length > 255 * 4 {
            return false;
        }
    }
    !inside && !value.is_empty()
}
