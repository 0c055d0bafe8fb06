//! Providers by name.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::sync::Arc;

use byop_core::cloud::CloudProvider;
#[cfg(feature = "docker")]
use byop_core::docker::Docker;
use byop_core::{Error, ErrorKind, Result, Secret};

use crate::digitalocean::DigitalOcean;
use crate::http::{HttpOptions, Proxy};
use crate::ovh::Ovh;

/// Makes a provider from its settings.
pub type Factory = Box<dyn Fn(&ProviderOptions) -> Result<Arc<dyn CloudProvider>> + Send + Sync>;

/// The providers that a program knows. There is no global one: a program fills its own.
///
/// ```
/// use byop_cloud::registry::{CloudRegistry, ProviderOptions};
///
/// let registry = CloudRegistry::new();
/// let error = registry.open("nimbus", &ProviderOptions::new()).unwrap_err();
/// assert_eq!(error.kind(), byop_core::ErrorKind::NotFound);
/// ```
#[derive(Default)]
pub struct CloudRegistry {
    factories: BTreeMap<String, Factory>,
}

impl fmt::Debug for CloudRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.factories.keys()).finish()
    }
}

impl CloudRegistry {
    /// No providers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The vendors that this crate was built with: `digitalocean` and `ovh`; `aws` and `docker` with their features.
    /// Each takes its settings by the names of its environment variables.
    ///
    /// ```
    /// use byop_cloud::registry::{CloudRegistry, ProviderOptions};
    ///
    /// let settings = ProviderOptions::new().with_setting("DIGITALOCEAN_TOKEN", "dop_v1_...".to_owned());
    /// let cloud = CloudRegistry::vendors().open("digitalocean", &settings)?;
    /// assert_eq!(cloud.name(), "digitalocean");
    /// # Ok::<(), byop_core::Error>(())
    /// ```
    #[must_use]
    pub fn vendors() -> Self {
        let registry = Self::new()
            .with_provider("digitalocean", |options| Ok(Arc::new(DigitalOcean::from_options(options)?)))
            .with_provider("ovh", |options| Ok(Arc::new(Ovh::from_options(options)?)));
        #[cfg(feature = "aws")]
        let registry =
            registry.with_provider("aws", |options| Ok(Arc::new(crate::aws::Aws::from_options(options)?)));
        #[cfg(feature = "docker")]
        let registry = registry.with_provider("docker", |options| {
            let engine = Docker::from_variables(|name| Some(options.get(name)?.expose().to_owned()))?;
            Ok(Arc::new(byop_core::cloud::DockerCloud::new(engine)))
        });
        registry
    }

    /// Adds a provider; one of the same name is replaced.
    #[must_use]
    pub fn with_provider(
        mut self,
        name: impl Into<String>,
        factory: impl Fn(&ProviderOptions) -> Result<Arc<dyn CloudProvider>> + Send + Sync + 'static,
    ) -> Self {
        self.factories.insert(name.into(), Box::new(factory));
        self
    }

    /// The names of all providers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.factories.keys().map(String::as_str)
    }

    /// Makes the provider of that name.
    ///
    /// # Errors
    /// `NotFound`, naming those that there are; and the errors of the provider, such as `Unauthenticated` when a
    /// credential is missing.
    pub fn open(&self, name: &str, options: &ProviderOptions) -> Result<Arc<dyn CloudProvider>> {
        let factory = self.factories.get(name).ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Error::not_found("cloud.open", "there is no cloud provider of this name")
                .with_context("name", name)
                .with_context("known", known)
                .with_remedy("use one of the known names, or add the provider to the registry")
        })?;
        factory(options)
    }
}

/// The settings of a provider, under the names that its vendor uses for environment variables.
#[derive(Debug, Clone, Default)]
pub struct ProviderOptions(BTreeMap<String, Secret>);

impl ProviderOptions {
    /// No settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the environment of this process says. Values that are not UTF-8 are left out.
    #[must_use]
    pub fn from_env() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, Secret::new(value.into_string().ok()?)))
        };
        Self(env::vars_os().filter_map(text).collect())
    }

    /// Sets one.
    #[must_use]
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// A setting; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name).filter(|value| !value.expose().is_empty())
    }

    /// How the network is reached: through the proxy of `HTTPS_PROXY` but for the hosts of `NO_PROXY` (or their
    /// lower-case forms), trusting the certificates of `BYOP_CA_FILE` besides.
    #[must_use]
    pub fn http(&self) -> HttpOptions {
        let read = |names: [&str; 2]| names.into_iter().find_map(|name| self.get(name)).cloned();
        let mut http = HttpOptions::default();
        if let Some(url) = read(["HTTPS_PROXY", "https_proxy"]) {
            let except = read(["NO_PROXY", "no_proxy"]).map(|except| except.expose().to_owned());
            http = http.with_proxy(Proxy::Url(url, except.unwrap_or_default()));
        }
        if let Some(file) = self.get("BYOP_CA_FILE") {
            http = http.with_ca_file(file.expose());
        }
        http
    }

    /// A setting without which there is no access.
    ///
    /// # Errors
    /// `Unauthenticated`, naming the setting.
    pub fn credential(&self, name: &str) -> Result<&Secret> {
        self.get(name).ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "cloud.open", "a credential is missing")
                .with_context("setting", name)
                .with_remedy(format!("set {name}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> CloudRegistry {
        let factory = |options: &ProviderOptions| -> Result<Arc<dyn CloudProvider>> {
            options.credential("NIMBUS_TOKEN")?;
            Err(Error::new(ErrorKind::Unsupported, "cloud.open", "only a test"))
        };
        CloudRegistry::new().with_provider("stratus", factory).with_provider("nimbus", factory)
    }

    #[test]
    fn an_unknown_name_lists_the_known() {
        let error = registry().open("cumulus", &ProviderOptions::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.context("known"), Some("nimbus, stratus"));
    }

    #[test]
    fn a_missing_credential_is_named() {
        let empty = ProviderOptions::new().with_setting("NIMBUS_TOKEN", String::new());
        for options in [ProviderOptions::new(), empty] {
            let error = registry().open("nimbus", &options).unwrap_err();
            assert_eq!(
                (error.kind(), error.context("setting")),
                (ErrorKind::Unauthenticated, Some("NIMBUS_TOKEN"))
            );
        }
    }

    #[test]
    fn the_factory_of_the_name_is_called() {
        let options = ProviderOptions::new().with_setting("NIMBUS_TOKEN", "t".to_owned());
        assert_eq!(registry().open("nimbus", &options).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn the_network_is_reached_as_the_environment_says() {
        let options = ProviderOptions::new()
            .with_setting("https_proxy", "http://proxy.example:3128".to_owned())
            .with_setting("NO_PROXY", "localhost".to_owned())
            .with_setting("BYOP_CA_FILE", "/etc/ca.pem".to_owned());
        let http = options.http();
        let proxy = Proxy::Url(Secret::new("http://proxy.example:3128"), "localhost".to_owned());
        assert_eq!((http.proxy, http.ca_file), (proxy, Some("/etc/ca.pem".into())));
        assert_eq!(ProviderOptions::new().http().proxy, Proxy::None);
    }

    #[test]
    fn settings_are_never_shown() {
        let options = ProviderOptions::new().with_setting("NIMBUS_TOKEN", "canary".to_owned());
        assert!(!format!("{options:?}").contains("canary"));
    }

    #[test]
    fn the_environment_gives_settings() {
        assert!(ProviderOptions::from_env().get("PATH").is_some());
    }
}
