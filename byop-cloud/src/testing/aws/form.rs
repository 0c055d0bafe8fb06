//! Requests as forms, and which parameters each action has.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::answer::Fault;
use crate::http::Request;

/// An action with its parameters.
pub(super) struct Form {
    pub(super) action: String,
    pub(super) params: BTreeMap<String, String>,
}

const FILTERS: [&str; 2] = ["Filter.#.Name", "Filter.#.Value.#"];
const TAGS: [&str; 3] =
    ["TagSpecification.#.ResourceType", "TagSpecification.#.Tag.#.Key", "TagSpecification.#.Tag.#.Value"];
const PAGES: [&str; 2] = ["MaxResults", "NextToken"];
const PERMISSIONS: [&str; 6] = [
    "GroupId",
    "IpPermissions.#.IpProtocol",
    "IpPermissions.#.FromPort",
    "IpPermissions.#.ToPort",
    "IpPermissions.#.IpRanges.#.CidrIp",
    "IpPermissions.#.Ipv6Ranges.#.CidrIpv6",
];

/// The parameters of an action, with `#` for numbers; those that have to be there first, then a bar. `None` for an
/// action that is not known.
fn known(action: &str) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
    let (needed, more): (&[&str], Vec<&[&str]>) = match action {
        "GetCallerIdentity" => (&[], vec![]),
        "DescribeRegions" => (&[], vec![&["AllRegions", "RegionName.#"], &FILTERS]),
        "DescribeInstanceTypes" => (&[], vec![&["InstanceType.#"], &FILTERS, &PAGES]),
        "DescribeImages" => (&[], vec![&["ImageId.#", "Owner.#"], &FILTERS, &PAGES]),
        "DescribeSnapshots" => (&[], vec![&["SnapshotId.#", "Owner.#"], &FILTERS, &PAGES]),
        "DescribeInstances" => (&[], vec![&["InstanceId.#"], &FILTERS, &PAGES]),
        "DescribeKeyPairs" => (&[], vec![&["KeyName.#", "IncludePublicKey"], &FILTERS]),
        "DescribeSecurityGroups" => (&[], vec![&["GroupId.#"], &FILTERS, &PAGES]),
        "DescribeAddresses" => (&[], vec![&["AllocationId.#"], &FILTERS]),
        "DescribeVolumes" => (&[], vec![&["VolumeId.#"], &FILTERS, &PAGES]),
        "DescribeSubnets" => (&[], vec![&["SubnetId.#"], &FILTERS, &PAGES]),
        "RunInstances" => (
            &["ImageId", "InstanceType", "MinCount", "MaxCount"],
            vec![
                &[
                    "ClientToken",
                    "KeyName",
                    "SecurityGroupId.#",
                    "UserData",
                    "InstanceInitiatedShutdownBehavior",
                    "MetadataOptions.HttpTokens",
                    "MetadataOptions.HttpEndpoint",
                    "MetadataOptions.HttpPutResponseHopLimit",
                    "BlockDeviceMapping.#.DeviceName",
                    "BlockDeviceMapping.#.Ebs.VolumeType",
                    "BlockDeviceMapping.#.Ebs.VolumeSize",
                    "BlockDeviceMapping.#.Ebs.DeleteOnTermination",
                    "NetworkInterface.#.DeviceIndex",
                    "NetworkInterface.#.SubnetId",
                    "NetworkInterface.#.AssociatePublicIpAddress",
                    "NetworkInterface.#.DeleteOnTermination",
                    "NetworkInterface.#.SecurityGroupId.#",
                ],
                &TAGS,
            ],
        ),
        "StartInstances" | "StopInstances" | "RebootInstances" | "TerminateInstances" => {
            (&["InstanceId.1"], vec![&["InstanceId.#"]])
        }
        "ModifyInstanceAttribute" => (&["InstanceId"], vec![&["InstanceType.Value"]]),
        "ImportKeyPair" => (&["KeyName", "PublicKeyMaterial"], vec![&TAGS]),
        "DeleteKeyPair" => (&["KeyName"], vec![]),
        "CreateSecurityGroup" => (&["GroupName", "GroupDescription"], vec![&["VpcId"], &TAGS]),
        "AuthorizeSecurityGroupIngress" | "RevokeSecurityGroupIngress" => (&["GroupId"], vec![&PERMISSIONS]),
        "DeleteSecurityGroup" => (&["GroupId"], vec![]),
        "AllocateAddress" => (&[], vec![&["Domain"], &TAGS]),
        "AssociateAddress" => (&["AllocationId", "InstanceId"], vec![&["AllowReassociation"]]),
        "DisassociateAddress" => (&["AssociationId"], vec![]),
        "ReleaseAddress" => (&["AllocationId"], vec![]),
        "CreateImage" => (&["InstanceId", "Name"], vec![&["NoReboot"], &TAGS]),
        "DeregisterImage" => (&["ImageId"], vec![]),
        "DeleteSnapshot" => (&["SnapshotId"], vec![]),
        "DeleteVolume" => (&["VolumeId"], vec![]),
        _ => return None,
    };
    Some((needed.to_vec(), more.into_iter().flatten().copied().collect()))
}

impl Form {
    pub(super) fn read(request: &Request) -> Result<Self, Fault> {
        let body = std::str::from_utf8(&request.body)
            .map_err(|_| Fault::complaint("MalformedQueryString", "the form is not UTF-8"))?;
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " ")).decode_utf8().map(|text| text.into_owned())
        };
        let mut params = BTreeMap::new();
        for pair in body.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Ok(name), Ok(value)) = (decode(name), decode(value)) else {
                return Err(Fault::complaint("MalformedQueryString", "the form cannot be read"));
            };
            if params.insert(name.clone(), value).is_some() {
                return Err(Fault::complaint("InvalidParameterValue", format!("{name} is there twice")));
            }
        }
        let action = params.remove("Action").ok_or_else(|| Fault::complaint("MissingAction", "no action"))?;
        Ok(Self { action, params })
    }

    pub(super) fn check(&self, service: &str) -> Result<(), Fault> {
        let version = if service == "sts" { "2011-06-15" } else { "2016-11-15" };
        if self.get("Version") != Some(version) || (service == "sts") != (self.action == "GetCallerIdentity")
        {
            return Err(Fault::complaint("InvalidAction", format!("{} is not valid here", self.action)));
        }
        let (needed, more) = known(&self.action)
            .ok_or_else(|| Fault::complaint("InvalidAction", format!("{} is unknown", self.action)))?;
        for name in &needed {
            if self.get(name).is_none_or(str::is_empty) {
                return Err(Fault::complaint("MissingParameter", format!("the request must contain {name}")));
            }
        }
        for name in self.params.keys().filter(|name| *name != "Version") {
            let shape: Vec<_> =
                name.split('.').map(|part| if part.parse::<u32>().is_ok() { "#" } else { part }).collect();
            let shape = shape.join(".");
            if !needed.contains(&name.as_str()) && !more.contains(&shape.as_str()) {
                return Err(Fault::complaint(
                    "UnknownParameter",
                    format!("the parameter {name} is not recognized"),
                ));
            }
            self.check_numbers(name)?;
        }
        if self.get("MaxResults").is_some() && self.params.keys().any(|name| name.contains("Id.1")) {
            let message = "MaxResults and ids cannot be given together";
            return Err(Fault::complaint("InvalidParameterCombination", message));
        }
        Ok(())
    }

    /// Lists are counted from one, without gaps.
    fn check_numbers(&self, name: &str) -> Result<(), Fault> {
        let parts: Vec<_> = name.split('.').collect();
        for (at, part) in parts.iter().enumerate() {
            let Ok(number) = part.parse::<u32>() else { continue };
            let before = format!("{}.{}", parts[..at].join("."), number.saturating_sub(1));
            let is_there = number == 1
                || self.params.keys().any(|other| {
                    other.strip_prefix(&before).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
            if number == 0 || !is_there {
                return Err(Fault::complaint(
                    "InvalidParameterValue",
                    format!("{name} is not counted from one"),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// A parameter that the check has seen.
    pub(super) fn need(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|n| self.get(&format!("{name}.{n}"))).collect()
    }

    /// A list whose members have parts: `name.1.part`, `name.2.part`.
    pub(super) fn list_of(&self, name: &str, part: &str) -> Vec<String> {
        (1..).map_while(|n| self.get(&format!("{name}.{n}.{part}"))).map(str::to_owned).collect()
    }

    pub(super) fn filters(&self) -> Vec<(&str, Vec<&str>)> {
        (1..)
            .map_while(|n| {
                Some((self.get(&format!("Filter.{n}.Name"))?, self.list(&format!("Filter.{n}.Value"))))
            })
            .collect()
    }

    /// The tags for things of a type.
    pub(super) fn tags(&self, kind: &str) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        for n in (1..).take_while(|n| self.get(&format!("TagSpecification.{n}.ResourceType")).is_some()) {
            if self.get(&format!("TagSpecification.{n}.ResourceType")) != Some(kind) {
                continue;
            }
            let pair = |m| {
                let tag = format!("TagSpecification.{n}.Tag.{m}");
                Some((
                    self.get(&format!("{tag}.Key"))?,
                    self.get(&format!("{tag}.Value")).unwrap_or_default(),
                ))
            };
            tags.extend((1..).map_while(pair).map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        tags
    }
}

/// Whether a thing passes the filters; `value` gives what a filter other than a tag looks at.
pub(super) fn passes(
    form: &Form,
    tags: &BTreeMap<String, String>,
    value: impl Fn(&str) -> Option<String>,
) -> Result<bool, Fault> {
    for (name, wanted) in form.filters() {
        let found = match name.strip_prefix("tag:") {
            Some(tag) => tags.get(tag).cloned().unwrap_or_default(),
            None => value(name).ok_or_else(|| {
                Fault::complaint("InvalidParameterValue", format!("the filter '{name}' is invalid"))
            })?,
        };
        let has_tag = name.strip_prefix("tag:").is_none_or(|tag| tags.contains_key(tag));
        if !has_tag || !wanted.iter().any(|wanted| fits(wanted, &found)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let parts: Vec<_> = rest.split('*').collect();
    let Some((last, between)) = parts.split_last() else { return true };
    for part in between {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}
