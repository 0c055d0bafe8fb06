//! Settings, by the names that DigitalOcean's own tools use.

use byop_core::{Error, Result, Secret};

use crate::http::{HttpOptions, Plaintext};
use crate::registry::ProviderOptions;

const PUBLIC: &str = "https://api.digitalocean.com";
const OPEN: &str = "cloud.open";

/// What a provider is made from.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) token: Secret,
    /// Scheme and host, and a path if there is one, without a slash at the end and without the version.
    pub(super) base: String,
    pub(super) http: HttpOptions,
}

impl Config {
    pub(super) fn from_options(options: &ProviderOptions) -> Result<Self> {
        let token = match options.get("DIGITALOCEAN_TOKEN") {
            Some(token) => token,
            None => match options.get("DIGITALOCEAN_ACCESS_TOKEN") {
                Some(token) => token,
                None => options.credential("DIGITALOCEAN_TOKEN")?,
            },
        };
        // It is sent in a header.
        if !token.expose().trim().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::invalid(OPEN, "the token holds characters that no token has")
                .with_context("setting", "DIGITALOCEAN_TOKEN")
                .with_remedy("set it to the token alone, without quotes and line breaks"));
        }
        let token = Secret::new(token.expose().trim());
        let mut http = options.http();
        let base = match options.get("DIGITALOCEAN_API_URL") {
            None => PUBLIC.to_owned(),
            Some(url) => {
                let base = base_of(url.expose().trim())?;
                if base.starts_with("http:") {
                    http = http.with_plaintext(Plaintext::Allowed);
                }
                base
            }
        };
        Ok(Self { token, base, http })
    }
}

fn base_of(url: &str) -> Result<String> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '?' | '#' | '\\');
    if host.is_empty() || host.starts_with('/') || !host.chars().all(plain) {
        // It is not shown: there may be a password in it.
        return Err(Error::invalid(OPEN, "this is not the address of an API")
            .with_context("setting", "DIGITALOCEAN_API_URL")
            .with_remedy(format!("give a URL without a user and a query, such as {PUBLIC}")));
    }
    let base = url.trim_end_matches('/');
    Ok(base.strip_suffix("/v2").unwrap_or(base).to_owned())
}

#[cfg(test)]
mod tests {
    use byop_core::ErrorKind;

    use super::*;

    fn options(settings: &[(&str, &str)]) -> ProviderOptions {
        settings.iter().fold(ProviderOptions::new(), |options, (name, value)| {
            options.with_setting(*name, (*value).to_owned())
        })
    }

    #[test]
    fn either_name_of_the_token_will_do_and_the_first_wins() {
        let token = |settings: &[(&str, &str)]| {
            Config::from_options(&options(settings)).map(|config| config.token.expose().to_owned())
        };
        assert_eq!(token(&[("DIGITALOCEAN_ACCESS_TOKEN", "b")]).unwrap(), "b");
        assert_eq!(token(&[("DIGITALOCEAN_ACCESS_TOKEN", "b"), ("DIGITALOCEAN_TOKEN", "a\n")]).unwrap(), "a");
        let error = token(&[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(error.context("setting"), Some("DIGITALOCEAN_TOKEN"));
        assert_eq!(token(&[("DIGITALOCEAN_TOKEN", "a b")]).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn only_a_given_endpoint_may_be_plain() {
        let config = |url: &str| {
            Config::from_options(&options(&[("DIGITALOCEAN_TOKEN", "t"), ("DIGITALOCEAN_API_URL", url)]))
        };
        for (url, base, plaintext) in [
            ("", PUBLIC, Plaintext::Refused),
            ("https://do.example/", "https://do.example", Plaintext::Refused),
            ("https://do.example/v2/", "https://do.example", Plaintext::Refused),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", Plaintext::Allowed),
        ] {
            let config = config(url).unwrap();
            assert_eq!((config.base.as_str(), config.http.plaintext), (base, plaintext), "{url}");
        }
        for bad in ["api.example", "ftp://x", "https://me:canary@x", "https:///x", "https://x/?a=canary"] {
            let error = config(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }
}
