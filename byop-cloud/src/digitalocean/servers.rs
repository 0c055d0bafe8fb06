//! Droplets.

use byop_core::clock::Timestamp;
use byop_core::model::{PowerAction, Server, ServerFilter, ServerId, ServerSpec, ServerState};
use byop_core::{Error, ErrorKind, Result};

use super::client::encode;
use super::{DigitalOcean, convert, marks, wire};
use crate::http::Repeat;

pub(super) const MAX_USER_DATA: usize = 64 * 1024;
/// How long a guest has to stop by itself before it is switched off.
const PATIENCE_MILLIS: i64 = 60_000;

impl DigitalOcean {
    /// Look by key, adopt what is found, else ask once.
    pub(super) async fn create(&self, spec: &ServerSpec) -> Result<Server> {
        const CREATE: &str = "server.create";
        check(spec)?;
        let filter = ServerFilter::all().with_key(&spec.key);
        if let Some(known) = self.droplets(CREATE, &filter).await?.first() {
            return adopt(known, spec);
        }
        let mut tags = vec![marks::MARK.to_owned(), marks::name_tag(&spec.name), marks::key_tag(&spec.key)];
        tags.extend(spec.labels.iter().map(|(name, value)| marks::label_tag(name, value)));
        if let Some(firewall) = &spec.firewall {
            // By its tag it filters from the first moment on, and a missing one is noticed before there is a server.
            tags.push(self.tag_of_firewall(CREATE, firewall).await?);
        }
        let body = wire::NewDroplet {
            name: &spec.name,
            region: &spec.region.0,
            size: &spec.size,
            image: wire::Reference::new(&spec.image),
            ssh_keys: spec.ssh_keys.iter().map(|key| wire::Reference::new(&key.0)).collect(),
            user_data: spec.user_data.as_ref().map(|data| data.expose()),
            tags,
            ipv6: true,
            vpc_uuid: self.vpc.as_deref(),
        };
        let droplet: wire::Droplet =
            self.api.create(CREATE, "droplets", &body, "droplet", Repeat::Never).await?;
        Ok(convert::server(&droplet))
    }

    /// Droplets of ours that fit, oldest first.
    pub(super) async fn droplets(
        &self,
        operation: &'static str,
        filter: &ServerFilter,
    ) -> Result<Vec<wire::Droplet>> {
        // One tag can be asked for; the rest is looked at here.
        let tag = match (&filter.key, filter.labels.first_key_value()) {
            (Some(key), _) => marks::key_tag(key),
            (None, Some((name, value))) => marks::label_tag(name, value),
            (None, None) => marks::MARK.to_owned(),
        };
        let listed = self.api.list(operation, "droplets", &[("tag_name", &tag)], "droplets").await;
        let mut droplets: Vec<wire::Droplet> = match listed {
            // Nothing ever bore this tag.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        droplets
            .retain(|droplet| marks::is_marked(&droplet.tags) && filter.is_match(&convert::server(droplet)));
        droplets.sort_by(|a, b| (&a.created_at, a.id).cmp(&(&b.created_at, b.id)));
        // A list that changes while its pages are read may show one twice.
        droplets.dedup_by_key(|droplet| droplet.id);
        Ok(droplets)
    }

    pub(super) async fn server(&self, id: &ServerId) -> Result<Server> {
        const GET: &str = "server.get";
        let droplet = self.droplet(GET, id).await?;
        let mut server = convert::server(&droplet);
        // A droplet that cannot be made stays `new`; only its action tells.
        if droplet.status == "new"
            && self.latest_action(GET, droplet.id, "create").await?.is_some_and(is_errored)
        {
            server.state = ServerState::Failed;
            server.failure = Some(
                "DigitalOcean could not make the droplet: its action `create` ended as `errored`".into(),
            );
        }
        Ok(server)
    }

    async fn droplet(&self, operation: &'static str, id: &ServerId) -> Result<wire::Droplet> {
        let path = format!("droplets/{}", number(operation, id)?);
        self.api.get(operation, &path, "droplet").await.map_err(|error| error.with_context("server", id))
    }

    /// A droplet that bears our mark.
    pub(super) async fn our_droplet(&self, operation: &'static str, id: &ServerId) -> Result<wire::Droplet> {
        let droplet = self.droplet(operation, id).await?;
        if marks::is_marked(&droplet.tags) { Ok(droplet) } else { Err(foreign(operation, &id.0)) }
    }

    pub(super) async fn change_power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        const POWER: &str = "server.power";
        let droplet = self.our_droplet(POWER, id).await?;
        let is_off = droplet.status == "off";
        if droplet.locked || !(is_off || droplet.status == "active") {
            return Err(busy(POWER, id));
        }
        let kind = match action {
            PowerAction::Start if is_off => "power_on",
            PowerAction::Stop if is_off => return Ok(()),
            PowerAction::Stop if self.has_refused(POWER, droplet.id, "shutdown").await? => "power_off",
            PowerAction::Stop => "shutdown",
            PowerAction::Restart if is_off => "power_on",
            PowerAction::Restart if self.has_refused(POWER, droplet.id, "reboot").await? => "power_cycle",
            PowerAction::Restart => "reboot",
            _ => return Ok(()),
        };
        self.act(POWER, droplet.id, &wire::NewAction::new(kind)).await
    }

    /// Whether the guest was asked last to do this, and did not.
    async fn has_refused(&self, operation: &'static str, droplet: u64, kind: &str) -> Result<bool> {
        let Some(action) = self.latest_action(operation, droplet, "").await? else { return Ok(false) };
        let Timestamp(now) = self.clock.now();
        let is_late = action.status == "in-progress"
            && convert::time(&action.started_at).is_some_and(|start| now - start.0 > PATIENCE_MILLIS);
        Ok(action.kind == kind && (is_late || is_errored(action)))
    }

    /// The latest action of a droplet, of this kind unless that is empty.
    async fn latest_action(
        &self,
        operation: &'static str,
        droplet: u64,
        kind: &str,
    ) -> Result<Option<wire::Action>> {
        let path = format!("droplets/{droplet}/actions");
        let listed: Result<Vec<wire::Action>> = self.api.list(operation, &path, &[], "actions").await;
        let mut actions = match listed {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        actions.retain(|action| kind.is_empty() || action.kind == kind);
        // The newest stands first; those of one second stay in this order.
        actions.sort_by(|a, b| b.started_at.cmp(&a.started_at));
        Ok(actions.into_iter().next())
    }

    pub(super) async fn act(
        &self,
        operation: &'static str,
        droplet: u64,
        action: &wire::NewAction<'_>,
    ) -> Result<()> {
        let path = format!("droplets/{droplet}/actions");
        self.api.post(operation, &path, action, Repeat::Never).await.map(drop)
    }

    /// The disk keeps its size: a larger one could never be made smaller again.
    pub(super) async fn resize(&self, id: &ServerId, size: &str) -> Result<()> {
        const RESIZE: &str = "server.resize";
        let droplet = self.our_droplet(RESIZE, id).await?;
        if droplet.size_slug == size {
            return Ok(());
        }
        if droplet.locked {
            return Err(busy(RESIZE, id));
        }
        if droplet.status != "off" {
            return Err(Error::new(ErrorKind::Conflict, RESIZE, "the server must be stopped first")
                .with_context("server", id)
                .with_remedy("stop it, wait until it is stopped, and try again"));
        }
        check_size(RESIZE, size)?;
        let mut action = wire::NewAction::new("resize");
        action.size = Some(size);
        action.disk = Some(false);
        self.act(RESIZE, droplet.id, &action).await
    }

    pub(super) async fn delete(&self, id: &ServerId) -> Result<()> {
        const DELETE: &str = "server.delete";
        let droplet = match self.our_droplet(DELETE, id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        self.api.delete(DELETE, &format!("droplets/{}", droplet.id)).await
    }
}

fn is_errored(action: wire::Action) -> bool {
    action.status == "errored"
}

/// Ids are numbers; anything else is the id of nothing.
fn number(operation: &'static str, id: &ServerId) -> Result<u64> {
    id.0.parse().map_err(|_| {
        Error::not_found(operation, "there is no such server")
            .with_context("server", encode(&id.0))
            .with_remedy("use an id that a list of servers shows")
    })
}

pub(super) fn foreign(operation: &'static str, id: &str) -> Error {
    Error::new(ErrorKind::PermissionDenied, operation, "this was not made by byop")
        .with_context("id", encode(id))
        .with_remedy("change it where it was made")
}

pub(super) fn busy(operation: &'static str, id: &ServerId) -> Error {
    Error::new(ErrorKind::Conflict, operation, "another action is under way")
        .with_context("server", id)
        .with_remedy("wait until it is done, then try again")
}

fn check(spec: &ServerSpec) -> Result<()> {
    const CREATE: &str = "server.create";
    let bytes = spec.user_data.as_ref().map_or(0, |data| data.expose().len());
    if bytes > MAX_USER_DATA {
        return Err(Error::invalid(CREATE, "the user data is larger than DigitalOcean takes")
            .with_context("bytes", bytes)
            .with_context("limit", MAX_USER_DATA)
            .with_remedy("let it fetch what it needs at the first start"));
    }
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fits = marks::is_key(&spec.key)
        && (1..=40).contains(&spec.name.len())
        && spec.name.bytes().all(is_host)
        && !spec.name.starts_with('-')
        && !spec.name.ends_with('-');
    if !fits {
        return Err(Error::invalid(CREATE, "the name or the key cannot be that of a server")
            .with_context("name", encode(&spec.name))
            .with_context("key", encode(&spec.key))
            .with_remedy("use a DNS label of at most 40 characters, and a key of at most 20 lower-case letters and digits"));
    }
    check_size(CREATE, &spec.size)
}

fn check_size(operation: &'static str, size: &str) -> Result<()> {
    if convert::is_gpu(size) {
        return Err(Error::invalid(
            operation,
            "lists of droplets do not show this size, so byop does not use it",
        )
        .with_context("size", size)
        .with_remedy("use a size without graphics processors"));
    }
    Ok(())
}

/// What is known under the key, if it is what is wanted.
fn adopt(known: &wire::Droplet, spec: &ServerSpec) -> Result<Server> {
    let server = convert::server(known);
    let image = known.image.as_ref();
    let is_image = image.is_none_or(|image| {
        image.id.to_string() == spec.image || image.slug.as_deref().is_none_or(|slug| slug == spec.image)
    });
    let is_same = server.name == spec.name
        && server.size == spec.size
        && (server.region == spec.region || server.region.0.is_empty())
        && is_image;
    if is_same {
        return Ok(server);
    }
    Err(Error::new(ErrorKind::Conflict, "server.create", "the key belongs to a server of another spec")
        .with_context("key", &spec.key)
        .with_context("server", &server.id)
        .with_context("name", &server.name)
        .with_context("size", &server.size)
        .with_context("region", &server.region)
        .with_remedy("use another key, or remove that server first"))
}
