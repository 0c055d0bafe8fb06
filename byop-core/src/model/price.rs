//! What rented things cost.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The hours of a month, where a provider tells only the price of an hour.
const HOURS: u64 = 730;

/// An exact amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Price {
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// ISO 4217, such as `EUR`.
    pub currency: String,
}

impl Price {
    /// So many millionths of a currency.
    pub fn new(micros: u64, currency: impl Into<String>) -> Self {
        Self { micros, currency: currency.into() }
    }
}

/// As `12.00 EUR` or `0.00744 USD`.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let digits = format!("{rest:06}");
        let shown = digits.trim_end_matches('0');
        write!(f, "{whole}.{shown:0<2} {}", self.currency)
    }
}

/// What a server costs, running or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServerPrice {
    /// An hour.
    pub hourly: Price,
    /// A whole month.
    pub monthly: Price,
}

impl ServerPrice {
    /// A price by the hour; a month has 730.
    #[must_use]
    pub fn hourly(hourly: Price) -> Self {
        let monthly = Price::new(hourly.micros.saturating_mul(HOURS), hourly.currency.clone());
        Self { hourly, monthly }
    }

    /// Sets what a month costs at most.
    #[must_use]
    pub fn with_monthly(mut self, monthly: Price) -> Self {
        self.monthly = monthly;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_exactly() {
        for (micros, shown) in
            [(0, "0.00 EUR"), (12_000_000, "12.00 EUR"), (7_440, "0.00744 EUR"), (1_500_001, "1.500001 EUR")]
        {
            assert_eq!(Price::new(micros, "EUR").to_string(), shown);
        }
    }

    #[test]
    fn a_month_has_730_hours_unless_the_provider_says_otherwise() {
        let price = ServerPrice::hourly(Price::new(10_000, "USD"));
        assert_eq!(price.monthly, Price::new(7_300_000, "USD"));
        assert_eq!(price.with_monthly(Price::new(6_000_000, "USD")).monthly.micros, 6_000_000);
    }
}
