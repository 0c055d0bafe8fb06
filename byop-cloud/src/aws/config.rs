//! Settings, under the names that the vendor's own tools use.

use std::collections::BTreeMap;
use std::time::Duration;

use byop_core::{Error, Result};

use super::prices::PriceTable;
use crate::http::{HttpOptions, Plaintext};
use crate::registry::ProviderOptions;

/// The interfaces that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Ec2,
    Route53,
    Ssm,
    Sts,
}

impl Service {
    const ALL: [Self; 4] = [Self::Ec2, Self::Route53, Self::Ssm, Self::Sts];

    /// The name in host names and signatures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Route53 => "route53",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Ec2 => "AWS_ENDPOINT_URL_EC2",
            Self::Route53 => "AWS_ENDPOINT_URL_ROUTE_53",
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
            Self::Sts => "AWS_ENDPOINT_URL_STS",
        }
    }
}

/// Where name servers are signed for, whatever the region.
pub(super) const HOME: &str = "us-east-1";

/// The disk that servers get unless set: more than images need, so that there is room for containers.
const DISK_GIB: u32 = 20;

/// What is set once for all calls.
#[derive(Debug, Clone)]
pub(super) struct Config {
    endpoints: BTreeMap<Service, String>,
    /// The regions to work in; none is all that the account has.
    pub(super) regions: Vec<String>,
    pub(super) subnet: Option<String>,
    pub(super) disk_gib: u32,
    pub(super) prices: PriceTable,
}

impl Config {
    pub(super) fn new(options: &ProviderOptions, profile_region: Option<String>) -> Result<Self> {
        let mut endpoints = BTreeMap::new();
        for service in Service::ALL {
            let set = [service.setting(), "AWS_ENDPOINT_URL"]
                .into_iter()
                .find_map(|name| options.get(name).map(|url| (name, url)));
            if let Some((name, url)) = set {
                endpoints.insert(service, endpoint(name, url.expose())?);
            }
        }
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| options.get(name));
        let region = region.map(|region| region.expose().to_owned()).or(profile_region);
        let several = options.get("BYOP_AWS_REGIONS").map(|list| {
            let names = list.expose().split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        let regions = several.unwrap_or_else(|| region.into_iter().collect());
        if let Some(bad) = regions.iter().find(|region| !is_region(region)) {
            return Err(Error::invalid("cloud.open", "this cannot be a region")
                .with_context("region", bad.escape_default())
                .with_remedy("set AWS_REGION to a region such as eu-west-3"));
        }
        let disk_gib = match options.get("BYOP_AWS_DISK_GIB") {
            None => DISK_GIB,
            Some(text) => {
                text.expose().parse().ok().filter(|gib| (1..=16_384).contains(gib)).ok_or_else(|| {
                    Error::invalid("cloud.open", "the size of disks must be a number of GiB, 1 to 16384")
                        .with_context("setting", "BYOP_AWS_DISK_GIB")
                        .with_remedy("set it to a whole number, such as 20")
                })?
            }
        };
        let subnet = options.get("BYOP_AWS_SUBNET").map(|subnet| subnet.expose().to_owned());
        Ok(Self { endpoints, regions, subnet, disk_gib, prices: PriceTable::built_in()? })
    }

    /// Where a service is spoken to, without a slash at the end.
    pub(super) fn url(&self, service: Service, region: &str) -> String {
        if let Some(url) = self.endpoints.get(&service) {
            return url.clone();
        }
        let name = service.name();
        match service {
            Service::Route53 => format!("https://{name}.amazonaws.com"),
            _ if region.starts_with("cn-") => format!("https://{name}.{region}.amazonaws.com.cn"),
            _ => format!("https://{name}.{region}.amazonaws.com"),
        }
    }

    /// How the network is reached: encrypted, unless an endpoint was set otherwise.
    pub(super) fn http(&self, options: &ProviderOptions) -> HttpOptions {
        let mut http = options.http();
        if self.endpoints.values().any(|url| url.starts_with("http:")) {
            http = http.with_plaintext(Plaintext::Allowed);
        }
        http
    }
}

/// How credentials are fetched from the machine's own network, which is neither encrypted nor behind a proxy.
pub(super) fn metadata_http() -> HttpOptions {
    let (connect, all) = (Duration::from_secs(1), Duration::from_secs(5));
    HttpOptions::default().with_plaintext(Plaintext::Allowed).with_timeouts(connect, all)
}

fn endpoint(setting: &'static str, url: &str) -> Result<String> {
    let url = url.trim_end_matches('/');
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '@'])) {
        return Err(Error::invalid("cloud.open", "an endpoint must be a URL without user and query")
            .with_context("setting", setting)
            .with_remedy("set it to a URL such as https://ec2.eu-west-3.amazonaws.com"));
    }
    Ok(url.to_owned())
}

/// Whether a text can stand in a host name as a region.
pub(super) fn is_region(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=40).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &[(&str, &str)]) -> Result<Config> {
        let options = settings.iter().fold(ProviderOptions::new(), |options, (name, value)| {
            options.with_setting(*name, (*value).to_owned())
        });
        Config::new(&options, None)
    }

    #[test]
    fn each_service_has_its_host() {
        let config = config(&[]).unwrap();
        for (service, region, url) in [
            (Service::Ec2, "eu-west-3", "https://ec2.eu-west-3.amazonaws.com"),
            (Service::Ssm, "cn-north-1", "https://ssm.cn-north-1.amazonaws.com.cn"),
            (Service::Route53, "eu-west-3", "https://route53.amazonaws.com"),
        ] {
            assert_eq!(config.url(service, region), url);
        }
    }

    #[test]
    fn the_endpoint_of_a_service_wins_over_that_of_all() {
        let config = config(&[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000/"),
            ("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:5001"),
        ])
        .unwrap();
        assert_eq!(config.url(Service::Ec2, "eu-west-3"), "http://127.0.0.1:5000");
        assert_eq!(config.url(Service::Route53, "eu-west-3"), "http://127.0.0.1:5001");
    }

    #[test]
    fn plain_text_is_for_endpoints_that_were_set_so() {
        let http = |settings: &[(&str, &str)]| config(settings).unwrap().http(&ProviderOptions::new());
        assert_eq!(http(&[]).plaintext, Plaintext::Refused);
        assert_eq!(http(&[("AWS_ENDPOINT_URL", "https://aws.example")]).plaintext, Plaintext::Refused);
        assert_eq!(http(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")]).plaintext, Plaintext::Allowed);
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        for (name, value) in [
            ("AWS_ENDPOINT_URL", "127.0.0.1:5000"),
            ("AWS_ENDPOINT_URL_EC2", "https://me@host"),
            ("AWS_REGION", "evil.example/"),
            ("BYOP_AWS_REGIONS", "eu-west-3,EU"),
            ("BYOP_AWS_DISK_GIB", "much"),
        ] {
            assert!(config(&[(name, value)]).is_err(), "{name}={value}");
        }
    }

    #[test]
    fn regions_come_from_the_list_or_from_the_one() {
        assert_eq!(config(&[("AWS_DEFAULT_REGION", "eu-west-1")]).unwrap().regions, ["eu-west-1"]);
        let several = [("AWS_REGION", "eu-west-1"), ("BYOP_AWS_REGIONS", "eu-west-3, us-east-2")];
        assert_eq!(config(&several).unwrap().regions, ["eu-west-3", "us-east-2"]);
        assert!(config(&[]).unwrap().regions.is_empty());
    }
}
