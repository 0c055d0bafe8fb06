//! The VPS product: servers that were ordered by the month and are there already.

use byop_core::model::{PowerAction, RegionId, Server, ServerId, ServerImage, ServerState};
use byop_core::{Error, ErrorKind, Result, Secret};
use serde::Deserialize;
use serde_json::json;

use super::Ovh;
use super::client::{Api, encode};
use super::error::missing;
use crate::http::Repeat;

/// The VPS product of an account: servers that were ordered by the month, by a person or by
/// [`order`](Self::order). They are nothing that byop makes or removes by itself, so they bear no mark, and whoever
/// calls this says which one is meant. They take no user data; a key is installed by [`reinstall`](Self::reinstall).
///
/// Calls that change something begin it and return; [`get`](Self::get) tells how far it has come.
///
/// ```no_run
/// use byop_cloud::ovh::Ovh;
///
/// # async fn f() -> byop_core::Result<()> {
/// let ovh = Ovh::from_env()?;
/// for name in ovh.vps().list().await? {
///     let server = ovh.vps().get(&name).await?;
///     tracing::info!(%name, state = ?server.state, addresses = ?server.addresses);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Vps<'a> {
    ovh: &'a Ovh,
}

/// How the end of a VPS stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Termination {
    /// The provider has sent a token to the account's owner by mail. Until somebody hands it to
    /// [`Vps::confirm_termination`] the VPS stays and is paid for.
    NeedsConfirmation {
        /// What the provider says about it.
        message: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    name: Option<String>,
    display_name: Option<String>,
    state: Option<String>,
    zone: Option<String>,
    model: Option<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    name: Option<String>,
    offer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SystemImage {
    id: Option<String>,
    name: Option<String>,
}

impl<'a> Vps<'a> {
    pub(super) fn new(ovh: &'a Ovh) -> Self {
        Self { ovh }
    }

    pub(super) fn api(&self) -> &'a Api {
        &self.ovh.session().api
    }

    pub(super) fn fallback_subsidiary(&self) -> &'static str {
        self.ovh.config.subsidiary
    }

    /// The service names of all VPSes of the account.
    ///
    /// # Errors
    /// Those that all methods of a provider share.
    pub async fn list(&self) -> Result<Vec<String>> {
        self.api().list("vps.list", "/vps").await
    }

    /// A VPS as it is now. Its id is its service name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, name: &str) -> Result<Server> {
        const GET: &str = "vps.get";
        let found: Option<Machine> = self.api().find(GET, &path(name, "")).await?;
        let found = found.ok_or_else(|| missing(GET, "vps", name))?;
        let shown = found.display_name.or(found.name).unwrap_or_else(|| name.to_owned());
        let size = found.model.and_then(|model| model.name.or(model.offer)).unwrap_or_default();
        let zone = RegionId(found.zone.unwrap_or_default());
        let mut server = Server::new(ServerId(name.to_owned()), shown, zone, size);
        server.state = state(found.state.as_deref().unwrap_or_default());
        let listed: Vec<String> = self.api().list(GET, &path(name, "/ips")).await?;
        server.addresses = listed.iter().filter_map(|ip| ip.split('/').next()?.parse().ok()).collect();
        server.addresses.sort_by_key(std::net::IpAddr::is_ipv6);
        Ok(server)
    }

    /// Begins to change the power state. Already so: `Ok`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while something else is under way.
    pub async fn power(&self, name: &str, action: PowerAction) -> Result<()> {
        const POWER: &str = "vps.power";
        let state = self.get(name).await?.state;
        let verb = match (action, state) {
            (PowerAction::Start, ServerState::Running) | (PowerAction::Stop, ServerState::Stopped) => {
                return Ok(());
            }
            (PowerAction::Start | PowerAction::Restart, ServerState::Stopped) => "/start",
            (PowerAction::Stop, ServerState::Running) => "/stop",
            (PowerAction::Restart, ServerState::Running) => "/reboot",
            _ => {
                return Err(Error::new(ErrorKind::Conflict, POWER, "another action is under way")
                    .with_context("vps", name)
                    .with_remedy("wait until it is done"));
            }
        };
        let repeat = if verb == "/reboot" { Repeat::Never } else { Repeat::Keyed };
        self.api().act(POWER, &path(name, verb), None, repeat).await
    }

    /// What a VPS can be installed with.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_images(&self, name: &str) -> Result<Vec<ServerImage>> {
        const LIST: &str = "vps.images";
        let mut images = Vec::new();
        let ids: Vec<String> = self.api().list(LIST, &path(name, "/images/available")).await?;
        for id in ids {
            let at = path(name, &format!("/images/available/{}", encode(&id)));
            let found: Option<SystemImage> = self.api().find(LIST, &at).await?;
            if let Some(found) = found {
                let shown = found.name.unwrap_or_else(|| id.clone());
                images.push(ServerImage::new(found.id.unwrap_or(id), shown));
            }
        }
        Ok(images)
    }

    /// Begins to install a VPS anew, with one public key that may enter. **All that is on it is lost.**
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` for an unknown image; `Conflict` while something else is under way.
    pub async fn reinstall(&self, name: &str, image: &str, public_key: &str) -> Result<()> {
        let body = json!({ "imageId": image, "publicSshKey": public_key.trim(), "doNotSendPassword": true });
        self.api().act("vps.reinstall", &path(name, "/rebuild"), Some(&body), Repeat::Never).await
    }

    /// Asks for the end of a VPS, which needs a confirmation by its owner.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn terminate(&self, name: &str) -> Result<Termination> {
        let said: Option<String> = self.api().ask("vps.terminate", &path(name, "/terminate")).await?;
        let message = said.filter(|said| !said.is_empty());
        let message = message.unwrap_or_else(|| "a token was sent to the owner by mail".into());
        Ok(Termination::NeedsConfirmation { message })
    }

    /// Ends a VPS with the token that its owner was sent. It stays until the time that was paid for is over.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` for a token that is wrong or too old.
    pub async fn confirm_termination(&self, name: &str, token: &Secret) -> Result<()> {
        let body = json!({ "token": token.expose() });
        let at = path(name, "/confirmTermination");
        self.api().act("vps.terminate", &at, Some(&body), Repeat::Never).await
    }
}

fn path(name: &str, rest: &str) -> String {
    format!("/vps/{}{rest}", encode(name))
}

fn state(text: &str) -> ServerState {
    match text {
        "running" | "rescued" | "backuping" => ServerState::Running,
        "stopped" => ServerState::Stopped,
        "stopping" => ServerState::Stopping,
        _ => ServerState::Starting,
    }
}
