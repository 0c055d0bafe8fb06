//! What instances cost, as a table that a program can replace.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use byop_core::model::{Price, ServerPrice};
use byop_core::{Error, ErrorKind, Result};
use serde::Deserialize;

/// Prices of instances by the hour, for Linux without a term: of a day, because they change, and exact only for that
/// day. Disks, public addresses and traffic are not in them.
///
/// ```
/// use byop_cloud::aws::PriceTable;
/// use byop_core::model::Price;
///
/// let table = PriceTable::new("2026-11-01").with_price("eu-west-3", "t3.micro", Price::new(11_800, "USD"));
/// assert_eq!(table.find("eu-west-3", "t3.micro").unwrap().hourly.to_string(), "0.0118 USD");
/// ```
#[derive(Debug, Clone)]
pub struct PriceTable {
    date: String,
    hourly: Arc<BTreeMap<String, BTreeMap<String, Price>>>,
}

/// Millionths of a dollar by region and type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    date: String,
    currency: String,
    hourly: BTreeMap<String, BTreeMap<String, u64>>,
}

impl PriceTable {
    /// An empty table of a day, such as `2026-11-01`.
    #[must_use]
    pub fn new(date: impl Into<String>) -> Self {
        Self { date: date.into(), hourly: Arc::default() }
    }

    /// Reads a table: `{"date": "2026-11-01", "currency": "USD", "hourly": {"eu-west-3": {"t3.micro": 11800}}}`, with
    /// prices of an hour in millionths.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn from_json(text: &str) -> Result<Self> {
        let facts: Facts = serde_json::from_str(text).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "price.read", "this is no table of prices")
                .with_remedy("give `date`, `currency` and `hourly`, with millionths by region and type")
                .with_source(error)
        })?;
        let price = |micros| Price::new(micros, facts.currency.clone());
        let of_region = |types: BTreeMap<String, u64>| {
            types.into_iter().map(|(name, micros)| (name, price(micros))).collect()
        };
        let hourly = facts.hourly.into_iter().map(|(region, types)| (region, of_region(types)));
        Ok(Self { date: facts.date, hourly: Arc::new(hourly.collect()) })
    }

    /// The table that comes with byop.
    pub(super) fn built_in() -> Result<Self> {
        static TABLE: OnceLock<PriceTable> = OnceLock::new();
        if let Some(table) = TABLE.get() {
            return Ok(table.clone());
        }
        let table = Self::from_json(include_str!("prices.json"))?;
        Ok(TABLE.get_or_init(|| table).clone())
    }

    /// Sets the price of an hour.
    #[must_use]
    pub fn with_price(mut self, region: impl Into<String>, size: impl Into<String>, hourly: Price) -> Self {
        Arc::make_mut(&mut self.hourly).entry(region.into()).or_default().insert(size.into(), hourly);
        self
    }

    /// The day of the prices.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// The price of an instance type, where the table has it.
    #[must_use]
    pub fn find(&self, region: &str, size: &str) -> Option<ServerPrice> {
        self.hourly.get(region)?.get(size).cloned().map(ServerPrice::hourly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_comes_with_byop_is_dated_and_plausible() {
        let table = PriceTable::built_in().unwrap();
        assert_eq!(table.date().len(), 10);
        for region in ["us-east-1", "eu-west-1", "eu-west-3", "eu-central-1"] {
            let price = |size| table.find(region, size).unwrap().hourly.micros;
            assert!((9_000..=20_000).contains(&price("t3.micro")), "{region}");
            assert_eq!(price("t3.large"), price("t3.medium") * 2, "{region}");
        }
        assert!(table.find("us-east-1", "x9.nothing").is_none());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for text in ["", "{}", r#"{"date": "x", "currency": "USD", "hourly": {}, "more": 1}"#] {
            assert_eq!(PriceTable::from_json(text).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
