//! Orders of VPSes. They spend money, and no key keeps them from being made twice; so an order keeps to one cart.

use byop_core::model::Price;
use byop_core::{Error, ErrorKind, Result, Retry};
use serde::Deserialize;
use serde_json::json;

use super::client::{Api, encode, is_unknown};
use super::vps::Vps;
use super::wire;
use crate::http::{Method, Repeat};

const ORDER: &str = "vps.order";

/// What to order, and what it may cost: without an agreed price nothing is ordered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OrderOptions {
    /// Chosen by the caller before the first try: the same key is the same order, as long as the provider keeps its
    /// cart.
    pub key: String,
    /// The plan, such as `vps-2025-model1`.
    pub plan: String,
    /// Where, such as `GRA`.
    pub datacenter: String,
    /// What is installed, such as `Debian 12`.
    pub system: String,
    /// The most that the first month may cost, with tax. It is paid at once, by the account's usual means, and without
    /// the right to withdraw.
    pub agreed: Price,
}

impl OrderOptions {
    /// An order for one month at a price that its caller agrees to.
    pub fn new(
        key: impl Into<String>,
        plan: impl Into<String>,
        datacenter: impl Into<String>,
        system: impl Into<String>,
        agreed: Price,
    ) -> Self {
        Self {
            key: key.into(),
            plan: plan.into(),
            datacenter: datacenter.into(),
            system: system.into(),
            agreed,
        }
    }
}

/// An order, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VpsOrder {
    /// The provider's number.
    pub id: u64,
    /// In the provider's words: `notPaid`, `checking`, `delivering`, `delivered`, `cancelled` and others.
    pub status: String,
    /// The service names of what was delivered.
    pub services: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    cart_id: String,
    /// It was ordered.
    read_only: Option<bool>,
    items: Option<Vec<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item_id: u64,
}

#[derive(Debug, Deserialize)]
struct Requirement {
    label: Option<String>,
    required: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checkout {
    order_id: Option<u64>,
    prices: Option<Prices>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prices {
    with_tax: Option<Amount>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amount {
    currency_code: Option<String>,
    /// Hundred-millionths.
    price_in_ucents: Option<u64>,
    value: Option<f64>,
}

impl Amount {
    fn price(&self) -> Option<Price> {
        let micros = match self.price_in_ucents {
            Some(price) => price.div_ceil(100),
            None => (self.value.filter(|value| (0.0..1e9).contains(value))? * 1e6).ceil() as u64,
        };
        Some(Price::new(micros, self.currency_code.clone()?))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderHead {
    price_with_tax: Option<Amount>,
}

#[derive(Debug, Deserialize)]
struct OrderDetail {
    domain: Option<String>,
    description: Option<String>,
}

impl Vps<'_> {
    /// Orders a VPS for a month. **This spends money**, at most what the options agree to; it needs the account's usual
    /// means of payment. With the key of an order that was made already it gives that one. Delivery takes minutes to
    /// hours: ask [`get_order`](Self::get_order).
    ///
    /// # Errors
    /// `InvalidInput` when the price is above what was agreed, or for a plan, place or system that cannot be ordered;
    /// `Conflict` when it was ordered but the number of the order cannot be told. `Unavailable` and `Timeout` may be
    /// tried again with the same key: the cart is looked at first.
    pub async fn order(&self, options: &OrderOptions) -> Result<VpsOrder> {
        let api = self.api();
        let cart = match self.find_cart(&options.key).await? {
            Some(cart) => cart,
            None => self.open_cart(&options.key).await?,
        };
        let at = format!("/order/cart/{}", encode(&cart.cart_id));
        if cart.read_only == Some(true) {
            return self.find_order(options).await;
        }
        api.act(ORDER, &format!("{at}/assign"), None, Repeat::Safe).await?;
        fill(api, &at, &cart, options).await?;
        let offer: Checkout = api.get(ORDER, &format!("{at}/checkout")).await?;
        check_price(options, &offer)?;
        let body = json!({ "autoPayWithPreferredPaymentMethod": true, "waiveRetractationPeriod": true });
        let made: Result<Checkout> =
            api.send(ORDER, Method::Post, &format!("{at}/checkout"), &body, Repeat::Never).await;
        match made {
            Ok(Checkout { order_id: Some(id), .. }) => self.get_order(id).await,
            Ok(_) => self.find_order(options).await,
            Err(error) if is_unknown(&error) => {
                let cart: Cart = api.get(ORDER, &at).await?;
                if cart.read_only == Some(true) { self.find_order(options).await } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// An order as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_order(&self, id: u64) -> Result<VpsOrder> {
        const GET: &str = "vps.get_order";
        let status: String = self.api().get(GET, &format!("/me/order/{id}/status")).await?;
        let details = self.order_details(GET, id).await?;
        let mut services: Vec<_> = details
            .into_iter()
            .filter_map(|detail| detail.domain.filter(|domain| !domain.is_empty() && domain != "*"))
            .collect();
        services.sort();
        services.dedup();
        Ok(VpsOrder { id, status, services })
    }

    async fn order_details(&self, operation: &'static str, id: u64) -> Result<Vec<OrderDetail>> {
        let at = format!("/me/order/{id}/details");
        let ids: Vec<u64> = self.api().list(operation, &at).await?;
        let mut details = Vec::new();
        for detail in ids {
            details.extend(self.api().find(operation, &format!("{at}/{detail}")).await?);
        }
        Ok(details)
    }

    async fn find_cart(&self, key: &str) -> Result<Option<Cart>> {
        let query = format!("/order/cart?description={}", encode(&description(key)));
        let ids: Vec<String> = self.api().list(ORDER, &query).await?;
        let mut found: Option<Cart> = None;
        for id in ids {
            let path = format!("/order/cart/{}", encode(&id));
            let Some(cart) = self.api().find::<Cart>(ORDER, &path).await? else { continue };
            // One that was ordered counts above all others.
            if found.is_none() || cart.read_only == Some(true) {
                found = Some(cart);
            }
        }
        Ok(found)
    }

    async fn open_cart(&self, key: &str) -> Result<Cart> {
        let me: wire::Me = self.api().get("account.get", "/me").await?;
        let subsidiary = me.ovh_subsidiary.unwrap_or_else(|| self.fallback_subsidiary().to_owned());
        let body = json!({ "ovhSubsidiary": subsidiary, "description": description(key) });
        // One too many costs nothing and expires.
        self.api().send(ORDER, Method::Post, "/order/cart", &body, Repeat::Keyed).await
    }

    /// The newest order that has the plan and costs what was agreed, at most: a cart does not tell its order.
    async fn find_order(&self, options: &OrderOptions) -> Result<VpsOrder> {
        const MOST: usize = 20;
        let mut ids: Vec<u64> = self.api().list(ORDER, "/me/order").await?;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        for id in ids.into_iter().take(MOST) {
            let head: Option<OrderHead> = self.api().find(ORDER, &format!("/me/order/{id}")).await?;
            let price = head.and_then(|head| head.price_with_tax?.price());
            let fits = price.is_some_and(|price| {
                price.currency == options.agreed.currency && price.micros <= options.agreed.micros
            });
            let details = if fits { self.order_details(ORDER, id).await? } else { Vec::new() };
            let names_plan = |detail: &OrderDetail| {
                detail.description.as_deref().is_some_and(|text| text.contains(&options.plan))
            };
            if details.iter().any(names_plan) {
                return self.get_order(id).await;
            }
        }
        Err(Error::new(
            ErrorKind::Conflict,
            ORDER,
            "it was ordered, but the number of the order is not known",
        )
        .with_context("key", &options.key)
        .with_retry(Retry::Never)
        .with_remedy("look at the orders of the account; do not order again with another key before that"))
    }
}

fn description(key: &str) -> String {
    format!("byop-{key}")
}

/// Puts the plan into the cart with what has to be said about it, as far as that was not done yet.
async fn fill(api: &Api, at: &str, cart: &Cart, options: &OrderOptions) -> Result<()> {
    let item = match cart.items.as_deref().unwrap_or_default() {
        [] => {
            let body = json!({
                "planCode": options.plan, "duration": "P1M", "pricingMode": "default", "quantity": 1,
            });
            let made: Item =
                api.send(ORDER, Method::Post, &format!("{at}/vps"), &body, Repeat::Never).await?;
            made.item_id
        }
        [item] => *item,
        items => {
            // Two would be paid for.
            let error =
                Error::new(ErrorKind::Conflict, ORDER, "there is more in the cart than was put there");
            return Err(error
                .with_context("items", items.len())
                .with_remedy("order again with another key; the cart was not ordered, and expires"));
        }
    };
    let at = format!("{at}/item/{item}");
    let wanted: Vec<Requirement> = api.list(ORDER, &format!("{at}/requiredConfiguration")).await?;
    for label in wanted.iter().filter(|r| r.required == Some(true)).filter_map(|r| r.label.as_deref()) {
        let value = match label {
            "vps_datacenter" => &options.datacenter,
            "vps_os" => &options.system,
            other => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    ORDER,
                    "the plan asks for more than byop knows",
                )
                .with_context("label", other.escape_default())
                .with_remedy("order this plan by hand"));
            }
        };
        let known: Vec<u64> = api.list(ORDER, &format!("{at}/configuration?label={}", encode(label))).await?;
        if known.is_empty() {
            let body = json!({ "label": label, "value": value });
            api.act(ORDER, &format!("{at}/configuration"), Some(&body), Repeat::Never).await?;
        }
    }
    Ok(())
}

fn check_price(options: &OrderOptions, offer: &Checkout) -> Result<()> {
    let price = offer.prices.as_ref().and_then(|prices| prices.with_tax.as_ref()?.price());
    let Some(price) = price else {
        return Err(Error::new(ErrorKind::Unavailable, ORDER, "the provider does not tell the price")
            .with_remedy("try again later; nothing was ordered"));
    };
    if price.currency == options.agreed.currency && price.micros <= options.agreed.micros {
        return Ok(());
    }
    Err(Error::invalid(ORDER, "it costs more than was agreed")
        .with_context("price", &price)
        .with_context("agreed", &options.agreed)
        .with_remedy("agree to the price, in its currency, or choose another plan; nothing was ordered"))
}
