//! What things cost, by the public catalogue: without tax.

use std::collections::BTreeMap;

use byop_core::model::{Price, ServerPrice};

use super::config::Billing;
use super::{convert, wire};

/// Prices by plan.
#[derive(Debug, Default)]
pub(super) struct Prices {
    hourly: BTreeMap<String, Price>,
    monthly: BTreeMap<String, Price>,
}

impl Prices {
    pub(super) fn new(catalog: wire::Catalog) -> Self {
        let mut prices = Self::default();
        let Some(currency) = catalog.locale.and_then(|locale| locale.currency_code) else { return prices };
        for plan in catalog.addons.unwrap_or_default() {
            let (Some(code), Some(pricings)) = (plan.plan_code, plan.pricings) else { continue };
            let free = pricings.iter().filter(|pricing| pricing.commitment.unwrap_or(0) == 0);
            for pricing in free {
                let table = match pricing.interval_unit.as_deref() {
                    Some("month") => &mut prices.monthly,
                    // What is paid for by use may be said to have no interval.
                    Some("hour" | "none") => &mut prices.hourly,
                    _ => continue,
                };
                if let Some(price) = pricing.price {
                    table.entry(code.clone()).or_insert_with(|| convert::price(price, &currency));
                }
            }
        }
        prices
    }

    /// What a flavor costs; the month as it is paid for.
    pub(super) fn of(&self, flavor: &wire::Flavor, billing: Billing) -> Option<ServerPrice> {
        let codes = flavor.plan_codes.as_ref()?;
        let price = ServerPrice::hourly(self.hourly.get(codes.hourly.as_deref()?)?.clone());
        let monthly = codes.monthly.as_deref().and_then(|code| self.monthly.get(code));
        match monthly {
            Some(monthly) if billing == Billing::Monthly => Some(price.with_monthly(monthly.clone())),
            _ => Some(price),
        }
    }
}
