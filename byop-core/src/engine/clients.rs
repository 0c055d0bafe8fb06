//! The businesses that use the platform.

use serde_json::{Value, json};

use super::Engine;
use super::records::{Entity, no_such};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppName, Client, ClientId, ClientSpec, ClientState, EmailAddress, JobFilter, JobKind};
use crate::store::{Expected, Page, Scope};

/// What a client must not own any more when it goes: each is something that runs or costs money.
const KEPT_FOR: [&str; 2] = ["apps", "servers"];
/// What goes with it.
const GOES_WITH: [&str; 5] = ["customers", "tickets", "schedules", "secrets", "domains"];

impl Entity for Client {
    const COLLECTION: &'static str = "clients";
    const NOUN: &'static str = "client";

    fn owner(&self) -> Option<&ClientId> {
        Some(&self.id)
    }
}

impl Engine {
    /// Makes a client. Its id is never given to another one, also not after it was deleted.
    ///
    /// # Errors
    /// `InvalidInput`; `AlreadyExists` when the id is or was taken; `PermissionDenied` for the handle of a client.
    pub async fn create_client(&self, spec: ClientSpec) -> Result<Client> {
        self.check_platform("client.create")?;
        spec.validate()?;
        let client = Client::new(spec, self.inner.clock.now());
        let id = client.id.as_str();
        self.insert(id, &client, json!({ "name": client.name })).await.map_err(|error| {
            if error.kind() != ErrorKind::AlreadyExists {
                return error;
            }
            Error::new(ErrorKind::AlreadyExists, "client.create", "this id is taken, or was before")
                .with_context("client", id)
                .with_remedy("choose another id; the id of a deleted client is not given again")
        })?;
        Ok(client)
    }

    /// A client. The handle of a client sees itself and nobody else.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_client(&self, id: &ClientId) -> Result<Client> {
        let (client, _) = self.load::<Client>(id.as_str()).await?;
        if client.state == ClientState::Deleted { Err(no_such::<Client>(id.as_str())) } else { Ok(client) }
    }

    /// Clients, in order of id.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_clients(&self, page: &Page) -> Result<Vec<Client>> {
        let mut clients: Vec<Client> = self.list(page).await?;
        clients.retain(|client| client.state != ClientState::Deleted);
        Ok(clients)
    }

    /// Writes a client anew: its name, address, limits and state.
    ///
    /// # Errors
    /// `InvalidInput`; `NotFound`; `PermissionDenied` for the handle of a client.
    pub async fn update_client(&self, spec: ClientSpec) -> Result<Client> {
        self.check_platform("client.update")?;
        spec.validate()?;
        let id = spec.id.clone();
        let details = json!({ "state": spec.state, "limits": spec.limits });
        let now = self.inner.clock.now();
        self.change(id.as_str(), "update", details, |client: &mut Client| {
            if client.state == ClientState::Deleted {
                return Err(no_such::<Client>(id.as_str()));
            }
            *client = Client { created_at: client.created_at, ..Client::new(spec.clone(), now) };
            Ok(())
        })
        .await
    }

    /// Deletes a client with its customers, tickets, schedules and secrets. Gone already: success.
    ///
    /// # Errors
    /// `Conflict` while it owns apps or servers, or one of its jobs has not ended; `NotFound` for one that never was;
    /// `PermissionDenied` for the handle of a client.
    pub async fn delete_client(&self, id: &ClientId) -> Result<()> {
        self.check_platform("client.delete")?;
        let scope = Scope::Client(id.clone());
        let (client, _) = self.load::<Client>(id.as_str()).await?;
        self.check_nothing_left(id, &scope).await?;
        if client.state != ClientState::Deleted {
            let now = self.inner.clock.now();
            let email = EmailAddress::new("deleted@deleted.invalid")?;
            self.change(id.as_str(), "delete", Value::Null, |client: &mut Client| {
                client.state = ClientState::Deleted;
                (client.name, client.email, client.updated_at) = (String::new(), email.clone(), now);
                Ok(())
            })
            .await?;
        }
        // What was begun before nothing more could begin would lose its owner.
        if let Err(error) = self.check_nothing_left(id, &scope).await {
            self.change(id.as_str(), "restore", Value::Null, |found: &mut Client| {
                *found = Client { state: ClientState::Suspended, ..client.clone() };
                Ok(())
            })
            .await?;
            return Err(error);
        }
        for collection in GOES_WITH {
            for record in self.inner.store.list_records(&scope, collection, &Page::all()).await? {
                self.inner.store.delete_record(&scope, collection, &record.key, Expected::Any).await?;
            }
        }
        Ok(())
    }

    async fn check_nothing_left(&self, id: &ClientId, scope: &Scope) -> Result<()> {
        let conflict = |message: &str, remedy: &str| {
            Error::new(ErrorKind::Conflict, "client.delete", message)
                .with_context("client", id)
                .with_remedy(remedy)
        };
        for collection in KEPT_FOR {
            let first = self.inner.store.list_records(scope, collection, &Page::all().with_limit(1)).await?;
            if let Some(record) = first.first() {
                return Err(conflict("the client still owns something that runs", "remove it first")
                    .with_context("collection", collection)
                    .with_context("key", &record.key));
            }
        }
        let unfinished = JobFilter::all().with_unfinished().with_page(None, 1);
        if let Some(job) = self.inner.store.list_jobs(scope, &unfinished).await?.first() {
            return Err(conflict("a job of the client has not ended", "wait for it, or cancel it")
                .with_context("job", &job.id));
        }
        Ok(())
    }

    /// Refuses what only the platform does; of what there is it says nothing.
    pub(super) fn check_platform(&self, operation: &'static str) -> Result<()> {
        if self.scope == Scope::Platform {
            return Ok(());
        }
        Err(Error::new(ErrorKind::PermissionDenied, operation, "only the platform itself does this")
            .with_remedy("use the engine that is not limited to a client"))
    }

    /// The client that something new is for: one that is there, and not somebody else's.
    pub(super) async fn check_owner(&self, id: &ClientId) -> Result<()> {
        let client = self.get_client(id).await?;
        self.check_active(&client)
    }

    /// Whether the client of this handle may let work be done that makes or starts something. A client without a
    /// record may: the embedding program keeps its clients elsewhere. The platform may always.
    pub(super) async fn check_may(&self, kind: JobKind, app: Option<&AppName>) -> Result<()> {
        let Some(id) = self.scope.client() else { return Ok(()) };
        if matches!(kind, JobKind::Stop | JobKind::Remove | JobKind::DestroyServer) {
            return Ok(());
        }
        let Some((client, _)) = self.find::<Client>(id.as_str()).await? else { return Ok(()) };
        self.check_active(&client)?;
        let (Some(most), Some(app)) = (client.limits.apps, app) else { return Ok(()) };
        if self.inner.find_app(&self.scope, app).await?.is_some() {
            return Ok(());
        }
        let page = Page::all().with_limit(most);
        let apps = self.inner.store.list_records(&self.scope, "apps", &page).await?;
        if apps.len() < most as usize {
            return Ok(());
        }
        Err(Error::new(ErrorKind::QuotaExceeded, "app.deploy", "the client has as many apps as it may")
            .with_context("client", id)
            .with_context("limit", most)
            .with_remedy("remove an app, or ask the platform for more"))
    }

    fn check_active(&self, client: &Client) -> Result<()> {
        // The platform does as it likes.
        if client.state == ClientState::Active || self.scope == Scope::Platform {
            return Ok(());
        }
        Err(Error::new(ErrorKind::PermissionDenied, "client.check", "the client is suspended")
            .with_context("client", &client.id)
            .with_remedy("ask the platform; what runs goes on, and can be stopped and removed"))
    }
}
