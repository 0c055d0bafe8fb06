//! The customers of clients.

use serde_json::Value;

use super::Engine;
use super::records::Entity;
use crate::error::{Error, ErrorKind, Result};
use crate::id::CustomerId;
use crate::model::{ClientId, Customer, CustomerSpec, TicketFilter, TicketState};
use crate::store::Page;

impl Entity for Customer {
    const COLLECTION: &'static str = "customers";
    const NOUN: &'static str = "customer";

    fn owner(&self) -> Option<&ClientId> {
        Some(&self.client)
    }
}

impl Engine {
    /// Makes a customer of a client.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound` when there is no such client; `PermissionDenied` when it is suspended.
    pub async fn create_customer(&self, spec: CustomerSpec) -> Result<Customer> {
        spec.validate()?;
        self.check_owner(&spec.client).await?;
        let now = self.inner.clock.now();
        let id = CustomerId::random(now, self.inner.entropy.as_ref());
        let customer = Customer::new(id, spec, now);
        self.insert(customer.id.as_str(), &customer, Value::Null).await?;
        Ok(customer)
    }

    /// A customer.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_customer(&self, id: &CustomerId) -> Result<Customer> {
        Ok(self.load(id.as_str()).await?.0)
    }

    /// Customers, those made last first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_customers(&self, page: &Page) -> Result<Vec<Customer>> {
        self.list(page).await
    }

    /// Writes a customer anew.
    ///
    /// # Errors
    /// `InvalidInput`, also when it is to become another client's; `NotFound`.
    pub async fn update_customer(&self, id: &CustomerId, spec: CustomerSpec) -> Result<Customer> {
        spec.validate()?;
        let now = self.inner.clock.now();
        self.change(id.as_str(), "update", Value::Null, |customer: &mut Customer| {
            if customer.client != spec.client {
                return Err(Error::invalid("customer.update", "a customer cannot move to another client")
                    .with_context("customer", id)
                    .with_context("client", &customer.client)
                    .with_remedy("make it anew there"));
            }
            let new = Customer::new(id.clone(), spec.clone(), now);
            *customer = Customer { created_at: customer.created_at, ..new };
            Ok(())
        })
        .await
    }

    /// Deletes a customer. Gone already: success.
    ///
    /// # Errors
    /// `Conflict` while one of its tickets is open.
    pub async fn delete_customer(&self, id: &CustomerId) -> Result<()> {
        let open = TicketFilter::all().with_customer(id.clone()).with_state(TicketState::Open);
        if let Some(ticket) = self.list_tickets(&open.with_page(None, 1)).await?.first() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "customer.delete",
                "the customer has an open ticket",
            )
            .with_context("customer", id)
            .with_context("ticket", &ticket.id)
            .with_remedy("close it first"));
        }
        self.discard::<Customer>(id.as_str()).await
    }
}
