//! Requests for support.

use serde_json::{Value, json};

use super::Engine;
use super::records::Entity;
use crate::error::Result;
use crate::id::TicketId;
use crate::model::{ClientId, Customer, Ticket, TicketFilter, TicketSpec};
use crate::store::Page;

const PAGE: u32 = 200;

impl Entity for Ticket {
    const COLLECTION: &'static str = "tickets";
    const NOUN: &'static str = "ticket";

    fn owner(&self) -> Option<&ClientId> {
        Some(&self.client)
    }
}

impl Engine {
    /// Opens a ticket. Its author is the one that the engine acts as.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound` when there is no such client, customer or app.
    pub async fn open_ticket(&self, spec: TicketSpec) -> Result<Ticket> {
        spec.validate()?;
        // A suspended client may ask why.
        self.get_client(&spec.client).await?;
        let owner = self.for_client(spec.client.clone());
        if let Some(customer) = &spec.customer {
            owner.load::<Customer>(customer.as_str()).await?;
        }
        if let Some(app) = &spec.app {
            owner.inner.load_app(&owner.scope, app).await?;
        }
        let now = self.inner.clock.now();
        let id = TicketId::random(now, self.inner.entropy.as_ref());
        let details = json!({ "priority": spec.priority });
        let ticket = Ticket::open(id, spec, self.author(), now)?;
        self.insert(ticket.id.as_str(), &ticket, details).await?;
        Ok(ticket)
    }

    /// Adds a letter. Its author is the one that the engine acts as.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound`; `Conflict` when the ticket is closed; `QuotaExceeded` when it has too many letters.
    pub async fn reply_to_ticket(&self, id: &TicketId, body: &str) -> Result<Ticket> {
        let (author, now) = (self.author(), self.inner.clock.now());
        self.change(id.as_str(), "reply", Value::Null, |ticket: &mut Ticket| {
            ticket.reply(author.as_str(), body, now)
        })
        .await
    }

    /// Says who takes care of a ticket; none: nobody.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name; `NotFound`; `Conflict` when the ticket is closed.
    pub async fn assign_ticket(&self, id: &TicketId, assignee: Option<&str>) -> Result<Ticket> {
        let now = self.inner.clock.now();
        self.change(id.as_str(), "assign", json!({ "assignee": assignee }), |ticket: &mut Ticket| {
            ticket.assign(assignee, now)
        })
        .await
    }

    /// Closes a ticket. Closed already: success.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn close_ticket(&self, id: &TicketId) -> Result<Ticket> {
        let now = self.inner.clock.now();
        self.change(id.as_str(), "close", Value::Null, |ticket: &mut Ticket| {
            ticket.close(now);
            Ok(())
        })
        .await
    }

    /// Opens a ticket again. Open already: success.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn reopen_ticket(&self, id: &TicketId) -> Result<Ticket> {
        let now = self.inner.clock.now();
        self.change(id.as_str(), "reopen", Value::Null, |ticket: &mut Ticket| {
            ticket.reopen(now);
            Ok(())
        })
        .await
    }

    /// A ticket.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_ticket(&self, id: &TicketId) -> Result<Ticket> {
        Ok(self.load(id.as_str()).await?.0)
    }

    /// Tickets, those that were opened last first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_tickets(&self, filter: &TicketFilter) -> Result<Vec<Ticket>> {
        let most = filter.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut page = Page::all().with_limit(PAGE);
        page.after = filter.before.as_ref().map(ToString::to_string);
        let mut found = Vec::new();
        loop {
            let tickets: Vec<Ticket> = self.list(&page).await?;
            let is_last = tickets.len() < PAGE as usize;
            page.after = tickets.last().map(|ticket| ticket.id.to_string());
            let fitting = tickets.into_iter().filter(|ticket| filter.matches(ticket));
            found.extend(fitting.take(most - found.len()));
            if is_last || found.len() >= most {
                return Ok(found);
            }
        }
    }

    fn author(&self) -> String {
        match (&self.actor, self.scope.client()) {
            (Some(actor), _) => actor.who.clone(),
            (None, Some(client)) => client.to_string(),
            (None, None) => "platform".into(),
        }
    }
}
