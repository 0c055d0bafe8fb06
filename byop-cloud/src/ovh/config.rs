//! Settings, by the names that OVHcloud's own tools use.

use byop_core::{Error, Result, Secret};

use super::sign::Credentials;
use crate::http::{HttpOptions, Plaintext};
use crate::registry::ProviderOptions;

const OPEN: &str = "cloud.open";

/// How servers are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Billing {
    Hourly,
    Monthly,
}

/// What a provider is made from.
#[derive(Debug, Clone)]
pub(super) struct Config {
    /// The root of the first version of the API, without a slash at its end.
    pub(super) root: String,
    /// The root of the second version.
    pub(super) v2: String,
    pub(super) token_url: String,
    /// The company whose prices count when the account does not say which.
    pub(super) subsidiary: &'static str,
    pub(super) credentials: Credentials,
    pub(super) project: Option<String>,
    pub(super) billing: Billing,
    pub(super) networks: Vec<String>,
    pub(super) http: HttpOptions,
}

impl Config {
    pub(super) fn from_options(options: &ProviderOptions) -> Result<Self> {
        let read = |name: &str| options.get(name).map(|value| value.expose().trim().to_owned());
        let endpoint = Endpoint::parse(read("OVH_ENDPOINT").as_deref())?;
        let token_url = match read("BYOP_OVH_TOKEN_URL") {
            Some(url) => checked_url("BYOP_OVH_TOKEN_URL", &url)?,
            None => endpoint.token_url,
        };
        let mut http = options.http();
        // Only what somebody set can begin so.
        if [&endpoint.root, &token_url].iter().any(|url| url.starts_with("http:")) {
            http = http.with_plaintext(Plaintext::Allowed);
        }
        let billing = match read("BYOP_OVH_BILLING").as_deref() {
            None | Some("hourly") => Billing::Hourly,
            Some("monthly") => Billing::Monthly,
            Some(_) => {
                return Err(Error::invalid(OPEN, "servers are paid for by the hour or by the month")
                    .with_context("setting", "BYOP_OVH_BILLING")
                    .with_remedy("set it to `hourly` or `monthly`"));
            }
        };
        Ok(Self {
            v2: endpoint.v2,
            root: endpoint.root,
            token_url,
            subsidiary: endpoint.subsidiary,
            credentials: credentials(options)?,
            project: read("OVH_CLOUD_PROJECT_SERVICE"),
            billing,
            networks: read("BYOP_OVH_NETWORK").into_iter().collect(),
            http,
        })
    }
}

/// Either kind, and only one: with both it would be left to chance whose rights count.
fn credentials(options: &ProviderOptions) -> Result<Credentials> {
    const KEYS: [&str; 3] = ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"];
    let has_key = KEYS.iter().any(|name| options.get(name).is_some());
    let has_account = ["OVH_CLIENT_ID", "OVH_CLIENT_SECRET"].iter().any(|name| options.get(name).is_some());
    if has_key && has_account {
        return Err(Error::invalid(OPEN, "there are credentials of two kinds")
            .with_remedy("set OVH_CLIENT_ID and OVH_CLIENT_SECRET, or the three of the application key"));
    }
    let credential = |name: &'static str| {
        let value = options.credential(name)?.expose().trim();
        // They are sent in headers.
        if value.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Secret::new(value));
        }
        Err(Error::invalid(OPEN, "a credential holds characters that it cannot have")
            .with_context("setting", name)
            .with_remedy("set it to the value alone, without quotes and line breaks"))
    };
    if has_account {
        return Ok(Credentials::Account {
            id: credential("OVH_CLIENT_ID")?,
            secret: credential("OVH_CLIENT_SECRET")?,
        });
    }
    let [key, secret, consumer] = KEYS.map(credential);
    Ok(Credentials::Application { key: key?, secret: secret?, consumer: consumer? })
}

struct Endpoint {
    root: String,
    v2: String,
    token_url: String,
    subsidiary: &'static str,
}

impl Endpoint {
    fn parse(setting: Option<&str>) -> Result<Self> {
        let (host, token_url, subsidiary) = match setting {
            None | Some("ovh-eu") => {
                ("https://eu.api.ovh.com", "https://www.ovh.com/auth/oauth2/token", "FR")
            }
            Some("ovh-ca") => ("https://ca.api.ovh.com", "https://ca.ovh.com/auth/oauth2/token", "CA"),
            Some("ovh-us") => {
                ("https://api.us.ovhcloud.com", "https://us.ovhcloud.com/auth/oauth2/token", "US")
            }
            Some(url) if url.contains("://") => return Self::of_url(&checked_url("OVH_ENDPOINT", url)?),
            Some(_) => {
                return Err(Error::invalid(OPEN, "there is no endpoint of this name")
                    .with_context("setting", "OVH_ENDPOINT")
                    .with_remedy("set it to ovh-eu, ovh-ca, ovh-us or the URL of an API"));
            }
        };
        Ok(Self {
            root: format!("{host}/1.0"),
            v2: format!("{host}/v2"),
            token_url: token_url.to_owned(),
            subsidiary,
        })
    }

    /// With or without the version at its end.
    fn of_url(url: &str) -> Result<Self> {
        let host = ["/1.0", "/v1"].iter().find_map(|end| url.strip_suffix(end));
        let base = host.unwrap_or(url);
        Ok(Self {
            root: if host.is_some() { url.to_owned() } else { format!("{url}/1.0") },
            v2: format!("{base}/v2"),
            token_url: format!("{base}/auth/oauth2/token"),
            subsidiary: "FR",
        })
    }
}

/// A URL in the form in which it goes over the wire, because it is signed as it is sent.
fn checked_url(setting: &'static str, url: &str) -> Result<String> {
    let wrong = || {
        // It is not shown: there may be a password in it.
        Error::invalid(OPEN, "this is not the address of an API")
            .with_context("setting", setting)
            .with_remedy("give a URL without a user and a query, such as https://eu.api.ovh.com/1.0")
    };
    let (scheme, rest) = url.trim_end_matches('/').split_once("://").ok_or_else(wrong)?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(wrong()),
    };
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '?' | '#' | '\\' | '"' | '<' | '>');
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if host.is_empty() || !rest.chars().all(plain) {
        return Err(wrong());
    }
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(default_port).unwrap_or(&host);
    Ok(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use byop_core::ErrorKind;

    use super::*;

    fn config(settings: &[(&str, &str)]) -> Result<Config> {
        let keys =
            [("OVH_APPLICATION_KEY", "ak"), ("OVH_APPLICATION_SECRET", "as"), ("OVH_CONSUMER_KEY", "ck")];
        let all = keys.iter().chain(settings);
        let options = all.fold(ProviderOptions::new(), |options, (name, value)| {
            options.with_setting(*name, (*value).to_owned())
        });
        Config::from_options(&options)
    }

    #[test]
    fn endpoints_are_known_by_name_or_given_as_a_url() {
        for (setting, root, v2, token_url) in [
            (
                "",
                "https://eu.api.ovh.com/1.0",
                "https://eu.api.ovh.com/v2",
                "https://www.ovh.com/auth/oauth2/token",
            ),
            (
                "ovh-eu",
                "https://eu.api.ovh.com/1.0",
                "https://eu.api.ovh.com/v2",
                "https://www.ovh.com/auth/oauth2/token",
            ),
            (
                "ovh-ca",
                "https://ca.api.ovh.com/1.0",
                "https://ca.api.ovh.com/v2",
                "https://ca.ovh.com/auth/oauth2/token",
            ),
            (
                "ovh-us",
                "https://api.us.ovhcloud.com/1.0",
                "https://api.us.ovhcloud.com/v2",
                "https://us.ovhcloud.com/auth/oauth2/token",
            ),
            (
                "http://LOCALHOST:80/1.0/",
                "http://localhost/1.0",
                "http://localhost/v2",
                "http://localhost/auth/oauth2/token",
            ),
            (
                "http://127.0.0.1:81",
                "http://127.0.0.1:81/1.0",
                "http://127.0.0.1:81/v2",
                "http://127.0.0.1:81/auth/oauth2/token",
            ),
            (
                "https://a.example/v1",
                "https://a.example/v1",
                "https://a.example/v2",
                "https://a.example/auth/oauth2/token",
            ),
        ] {
            let config = config(&[("OVH_ENDPOINT", setting)]).unwrap();
            assert_eq!((&*config.root, &*config.v2, &*config.token_url), (root, v2, token_url), "{setting}");
            let is_plain = config.http.plaintext == Plaintext::Allowed;
            assert_eq!(is_plain, setting.starts_with("http:"), "{setting}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_and_not_shown() {
        for bad in ["ovh-mars", "ftp://x", "https://me:canary@x", "https:///x", "https://x/?a=canary"] {
            let error = config(&[("OVH_ENDPOINT", bad)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn the_url_for_tokens_can_be_set() {
        let url = "https://tokens.example/get";
        assert_eq!(config(&[("BYOP_OVH_TOKEN_URL", url)]).unwrap().token_url, url);
    }

    #[test]
    fn credentials_are_of_one_kind_and_whole() {
        let both = config(&[("OVH_CLIENT_ID", "canary")]).unwrap_err();
        assert_eq!(both.kind(), ErrorKind::InvalidInput);
        let none = Config::from_options(&ProviderOptions::new()).unwrap_err();
        assert_eq!(
            (none.kind(), none.context("setting")),
            (ErrorKind::Unauthenticated, Some("OVH_APPLICATION_KEY"))
        );
        let half = ProviderOptions::new().with_setting("OVH_CLIENT_ID", "canary".to_owned());
        let half = Config::from_options(&half).unwrap_err();
        assert_eq!(half.context("setting"), Some("OVH_CLIENT_SECRET"));
        let odd = config(&[("OVH_CONSUMER_KEY", "can\nary")]).unwrap_err();
        assert_eq!(odd.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn servers_are_paid_for_by_the_hour_unless_one_says_otherwise() {
        assert_eq!(config(&[]).unwrap().billing, Billing::Hourly);
        assert_eq!(config(&[("BYOP_OVH_BILLING", "monthly")]).unwrap().billing, Billing::Monthly);
        assert!(config(&[("BYOP_OVH_BILLING", "yearly")]).is_err());
    }
}
