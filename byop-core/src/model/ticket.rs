//! Requests for support.

use serde::{Deserialize, Serialize};

use super::name::{AppName, ClientId};
use super::text;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CustomerId, TicketId};

/// The most characters of a subject.
const MOST_SUBJECT: usize = 200;
/// The most bytes of one letter.
const MOST_BODY: usize = 16 << 10;
/// The most bytes of all letters of one ticket: it is read and written as a whole.
const MOST_LETTERS: usize = 512 << 10;
const MOST_REPLIES: usize = 500;

/// A ticket to open.
///
/// ```
/// use byop_core::model::{ClientId, TicketPriority, TicketSpec};
///
/// let spec = TicketSpec::new(ClientId::new("acme")?, "The shop is slow", "Since this morning.")?
///     .with_priority(TicketPriority::High);
/// # Ok::<(), byop_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TicketSpec {
    /// The client whose ticket it is.
    pub client: ClientId,
    /// One line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// How urgent it is.
    #[serde(default)]
    pub priority: TicketPriority,
    /// The client's customer who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The app that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
}

impl TicketSpec {
    /// A ticket of normal priority.
    ///
    /// # Errors
    /// `InvalidInput` for a bad subject or body.
    pub fn new(client: ClientId, subject: impl Into<String>, body: impl Into<String>) -> Result<Self> {
        let spec = Self {
            client,
            subject: subject.into(),
            body: body.into(),
            priority: TicketPriority::Normal,
            customer: None,
            app: None,
        };
        spec.validate()?;
        Ok(spec)
    }

    /// Sets how urgent it is.
    #[must_use]
    pub fn with_priority(mut self, priority: TicketPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the client's customer who asks.
    #[must_use]
    pub fn with_customer(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// Sets the app that it is about.
    #[must_use]
    pub fn with_app(mut self, app: AppName) -> Self {
        self.app = Some(app);
        self
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn validate(&self) -> Result<()> {
        text::check_line("ticket.validate", "subject", &self.subject, MOST_SUBJECT)?;
        text::check_text("ticket.validate", "body", &text::lines(&self.body), MOST_BODY)
    }
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TicketPriority {
    /// It can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Something does not work as it should.
    High,
    /// Something does not work at all.
    Urgent,
}

/// Whether a ticket is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TicketState {
    /// Somebody has to do something.
    Open,
    /// It is done with.
    Closed,
}

/// A ticket as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Ticket {
    /// Its id. Those of later tickets come first in order.
    pub id: TicketId,
    /// The client whose ticket it is.
    pub client: ClientId,
    /// One line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// How urgent it is.
    pub priority: TicketPriority,
    /// Whether it is open.
    pub state: TicketState,
    /// To whom it is assigned.
    pub assignee: Option<String>,
    /// The client's customer who asks.
    pub customer: Option<CustomerId>,
    /// The app that it is about.
    pub app: Option<AppName>,
    /// The replies, in order.
    pub replies: Vec<TicketReply>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was closed, if it is.
    pub closed_at: Option<Timestamp>,
}

/// A reply to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TicketReply {
    /// Who wrote it.
    pub author: String,
    /// What.
    pub body: String,
    /// When.
    pub time: Timestamp,
}

impl Ticket {
    /// A ticket that is opened now.
    ///
    /// # Errors
    /// `InvalidInput`, naming the key.
    pub fn open(id: TicketId, spec: TicketSpec, author: impl Into<String>, now: Timestamp) -> Result<Self> {
        spec.validate()?;
        let TicketSpec { client, subject, body, priority, customer, app } = spec;
        Ok(Self {
            id,
            client,
            subject,
            body: text::lines(&body),
            author: author.into(),
            priority,
            state: TicketState::Open,
            assignee: None,
            customer,
            app,
            replies: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
        })
    }

    /// Adds a letter.
    ///
    /// # Errors
    /// `InvalidInput` for a bad text; `Conflict` when the ticket is closed; `QuotaExceeded` when it has too many
    /// letters.
    pub fn reply(&mut self, author: impl Into<String>, body: &str, now: Timestamp) -> Result<()> {
        let body = text::lines(body);
        text::check_text("ticket.reply", "body", &body, MOST_BODY)?;
        self.check_open("ticket.reply")?;
        let written: usize = self.replies.iter().map(|reply| reply.body.len()).sum();
        if self.replies.len() >= MOST_REPLIES || written + body.len() > MOST_LETTERS {
            return Err(Error::new(
                ErrorKind::QuotaExceeded,
                "ticket.reply",
                "the ticket has too many letters",
            )
            .with_context("ticket", &self.id)
            .with_remedy("close it and open a new one"));
        }
        self.replies.push(TicketReply { author: author.into(), body, time: now });
        self.updated_at = now;
        Ok(())
    }

    /// Says who takes care of it; none: nobody.
    ///
    /// # Errors
    /// `InvalidInput` for a bad name; `Conflict` when the ticket is closed.
    pub fn assign(&mut self, assignee: Option<&str>, now: Timestamp) -> Result<()> {
        if let Some(name) = assignee {
            text::check_line("ticket.assign", "assignee", name, 200)?;
        }
        self.check_open("ticket.assign")?;
        self.assignee = assignee.map(str::to_owned);
        self.updated_at = now;
        Ok(())
    }

    /// Closes it. A closed one stays as it is.
    pub fn close(&mut self, now: Timestamp) {
        if self.state == TicketState::Open {
            self.state = TicketState::Closed;
            (self.updated_at, self.closed_at) = (now, Some(now));
        }
    }

    /// Opens it again. An open one stays as it is.
    pub fn reopen(&mut self, now: Timestamp) {
        if self.state == TicketState::Closed {
            self.state = TicketState::Open;
            (self.updated_at, self.closed_at) = (now, None);
        }
    }

    fn check_open(&self, operation: &'static str) -> Result<()> {
        if self.state == TicketState::Open {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, operation, "the ticket is closed")
            .with_context("ticket", &self.id)
            .with_remedy("reopen it first, or open a new one"))
    }
}

/// Which tickets to list, those that were opened last first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TicketFilter {
    /// Only those in this state.
    pub state: Option<TicketState>,
    /// Only those of at least this priority.
    pub priority: Option<TicketPriority>,
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
    /// Only those about this app.
    pub app: Option<AppName>,
    /// Only those that this person takes care of.
    pub assignee: Option<String>,
    /// Only those that were opened before this one: the cursor for the next page.
    pub before: Option<TicketId>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl TicketFilter {
    /// Every ticket.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only tickets in this state.
    #[must_use]
    pub fn with_state(mut self, state: TicketState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only tickets of at least this priority.
    #[must_use]
    pub fn with_priority(mut self, priority: TicketPriority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Only tickets of this customer.
    #[must_use]
    pub fn with_customer(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// Only tickets about this app.
    #[must_use]
    pub fn with_app(mut self, app: AppName) -> Self {
        self.app = Some(app);
        self
    }

    /// Only tickets that this person takes care of.
    #[must_use]
    pub fn with_assignee(mut self, assignee: impl Into<String>) -> Self {
        self.assignee = Some(assignee.into());
        self
    }

    /// At most `limit` tickets, and only those opened before `before`.
    #[must_use]
    pub fn with_page(mut self, before: Option<TicketId>, limit: u32) -> Self {
        (self.before, self.limit) = (before, Some(limit));
        self
    }

    /// Whether a ticket fits, paging apart.
    #[must_use]
    pub fn matches(&self, ticket: &Ticket) -> bool {
        self.state.is_none_or(|state| state == ticket.state)
            && self.priority.is_none_or(|priority| ticket.priority >= priority)
            && self.customer.as_ref().is_none_or(|customer| ticket.customer.as_ref() == Some(customer))
            && self.app.as_ref().is_none_or(|app| ticket.app.as_ref() == Some(app))
            && self.assignee.as_ref().is_none_or(|assignee| ticket.assignee.as_ref() == Some(assignee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        let spec = TicketSpec::new(ClientId::new("acme").unwrap(), "Slow", "Very\r\nslow").unwrap();
        Ticket::open(TicketId::from("tkt_1".to_owned()), spec, "anna", Timestamp(1)).unwrap()
    }

    #[test]
    fn a_ticket_is_opened_answered_assigned_closed_and_opened_again() {
        let mut ticket = ticket();
        assert_eq!((ticket.body.as_str(), ticket.state), ("Very\nslow", TicketState::Open));
        ticket.assign(Some("bob"), Timestamp(2)).unwrap();
        ticket.reply("bob", "Which page?", Timestamp(3)).unwrap();
        assert_eq!(ticket.replies[0].time, Timestamp(3));
        ticket.close(Timestamp(4));
        ticket.close(Timestamp(5));
        assert_eq!((ticket.state, ticket.closed_at), (TicketState::Closed, Some(Timestamp(4))));
        ticket.reopen(Timestamp(6));
        ticket.reopen(Timestamp(7));
        assert_eq!((ticket.closed_at, ticket.updated_at), (None, Timestamp(6)));
    }

    #[test]
    fn a_closed_ticket_takes_no_letters() {
        let mut ticket = ticket();
        ticket.close(Timestamp(2));
        let error = ticket.reply("anna", "Hello?", Timestamp(3)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(ticket.assign(None, Timestamp(3)).unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[test]
    fn texts_are_bounded_and_show() {
        let client = ClientId::new("acme").unwrap();
        for (subject, body, key) in [
            ("", "b", "subject"),
            ("a\nb", "b", "subject"),
            (&*"a".repeat(201), "b", "subject"),
            ("a", "", "body"),
            ("a", "\u{1b}[2J", "body"),
            ("a", &*"b".repeat(MOST_BODY + 1), "body"),
        ] {
            let error = TicketSpec::new(client.clone(), subject, body).unwrap_err();
            assert_eq!((error.kind(), error.context("key")), (ErrorKind::InvalidInput, Some(key)));
        }
        assert!(ticket().assign(Some("a\nb"), Timestamp(1)).is_err());
    }

    #[test]
    fn all_letters_together_are_bounded() {
        let mut ticket = ticket();
        let letter = "a".repeat(MOST_BODY);
        let error = (0..100).find_map(|_| ticket.reply("a", &letter, Timestamp(1)).err()).unwrap();
        assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
        assert_eq!(ticket.replies.len(), MOST_LETTERS / MOST_BODY);
    }
}
