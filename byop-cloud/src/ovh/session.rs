//! What calls share: the API, the project, and what changes too seldom to be asked for each time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use byop_core::{Error, ErrorKind, Result};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::client::{Api, encode};
use super::config::Config;
use super::prices::Prices;
use super::wire;
use crate::http::{HttpOptions, HttpTransport, Request, Response, Transport};

/// The network, reached at the first request: whoever carries requests otherwise needs no certificates.
#[derive(Debug)]
pub(super) struct Network {
    options: HttpOptions,
    made: OnceLock<HttpTransport>,
}

impl Network {
    pub(super) fn new(options: HttpOptions) -> Self {
        Self { options, made: OnceLock::new() }
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: &Request) -> Result<Response> {
        let transport = match self.made.get() {
            Some(made) => made,
            None => {
                let made = HttpTransport::new(&self.options)?;
                self.made.get_or_init(|| made)
            }
        };
        transport.send(request).await
    }
}

/// Something that is asked for again after a while, and when it was learned.
type Kept<T> = (Instant, Arc<T>);

/// How long a list of flavors is used: their stock changes.
const FLAVORS_FOR: Duration = Duration::from_secs(60);
/// The catalogue is large and changes seldom.
const PRICES_FOR: Duration = Duration::from_secs(24 * 3600);

/// The API of one account, and what was learned from it.
pub(super) struct Session {
    pub(super) api: Api,
    project: OnceCell<String>,
    flavors: Mutex<BTreeMap<String, Kept<Vec<wire::Flavor>>>>,
    prices: Mutex<Option<Kept<Prices>>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("api", &self.api).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(api: Api, config: &Config) -> Self {
        Self {
            api,
            project: OnceCell::new_with(config.project.clone()),
            flavors: Mutex::default(),
            prices: Mutex::default(),
        }
    }

    /// The project that is worked in: the one that was set, or the only one of the account.
    pub(super) async fn project(&self) -> Result<&str> {
        let find = async || {
            let mut all: Vec<String> = self.api.list("project.list", "/cloud/project").await?;
            if all.len() == 1 {
                return Ok(all.remove(0));
            }
            let error = Error::invalid("project.list", "it is not clear in which project to work");
            let remedy = if all.is_empty() {
                "create a Public Cloud project, and let the credentials see it".to_owned()
            } else {
                format!("set OVH_CLOUD_PROJECT_SERVICE to one of: {}", all.join(", "))
            };
            Err(error.with_remedy(remedy))
        };
        self.project.get_or_try_init(find).await.map(String::as_str)
    }

    /// A path in the project.
    pub(super) async fn path(&self, rest: &str) -> Result<String> {
        Ok(format!("/cloud/project/{}{rest}", encode(self.project().await?)))
    }

    /// A path in the project, in the second version of the API.
    pub(super) async fn v2_path(&self, rest: &str) -> Result<String> {
        Ok(format!("/v2/publicCloud/project/{}{rest}", encode(self.project().await?)))
    }

    /// What a region offers, to be had now or not.
    pub(super) async fn flavors(&self, region: &str) -> Result<Arc<Vec<wire::Flavor>>> {
        let mut kept = self.flavors.lock().await;
        if let Some((_, flavors)) = kept.get(region).filter(|(at, _)| at.elapsed() < FLAVORS_FOR) {
            return Ok(Arc::clone(flavors));
        }
        let path = self.path(&format!("/flavor?region={}", encode(region))).await?;
        let flavors = Arc::new(self.api.list("size.list", &path).await?);
        kept.insert(region.to_owned(), (Instant::now(), Arc::clone(&flavors)));
        Ok(flavors)
    }

    /// What things cost, as far as the provider tells.
    pub(super) async fn prices(&self, fallback: &str) -> Result<Arc<Prices>> {
        let mut kept = self.prices.lock().await;
        if let Some((_, prices)) = kept.as_ref().filter(|(at, _)| at.elapsed() < PRICES_FOR) {
            return Ok(Arc::clone(prices));
        }
        let prices = match self.read_prices(fallback).await {
            // A right that is missing, or a company without a catalogue: that will not change in a moment.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::PermissionDenied
                ) =>
            {
                tracing::debug!(%error, "there are no prices");
                Prices::default()
            }
            other => other?,
        };
        let prices = Arc::new(prices);
        *kept = Some((Instant::now(), Arc::clone(&prices)));
        Ok(prices)
    }

    async fn read_prices(&self, fallback: &str) -> Result<Prices> {
        let me: Result<wire::Me> = self.api.get("account.get", "/me").await;
        let subsidiary = match me {
            Ok(me) => me.ovh_subsidiary,
            // The rules of a key may leave this out.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
            Err(error) => return Err(error),
        };
        let subsidiary = subsidiary.as_deref().unwrap_or(fallback);
        let path = format!("/order/catalog/public/cloud?ovhSubsidiary={}", encode(subsidiary));
        let catalog: wire::Catalog = self.api.get("price.list", &path).await?;
        Ok(Prices::new(catalog))
    }
}
