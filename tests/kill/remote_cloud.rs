//! A cloud that outlives the processes that use it: the parent has it, and its children call it over a socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use byop_core::cloud::{CloudProvider, DnsProvider, Firewalls, ReservedIps, Snapshots, SshKeys};
use byop_core::model::{
    CloudCapabilities, FirewallId, FirewallSpec, PowerAction, Region, RegionId, ReservedIp, ReservedIpId,
    Resource, ResourceKind, Server, ServerFilter, ServerId, ServerImage, ServerSize, ServerSpec, SshKeyId,
};
use byop_core::testing::FakeCloud;
use byop_core::{Error, ErrorKind, ErrorReport, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::child::Parent;

/// The label of servers that the cloud refuses to make.
pub const REFUSED: &str = "refused";

/// A call, as it goes over the socket: one line there, one line back, and the connection ends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Call {
    ListRegions,
    ListSizes(RegionId),
    FindImage(RegionId, String),
    CreateServer(Box<ServerSpec>),
    GetServer(ServerId),
    ListServers(ServerFilter),
    Power(ServerId, PowerAction),
    ResizeServer(ServerId, String),
    DeleteServer(ServerId),
    ListResources,
    DeleteResource(ResourceKind, String),
    ApplySshKey(RegionId, String),
    ApplyFirewall(FirewallSpec),
    ReserveIp(String, ServerId),
    GetReservedIp(ReservedIpId),
    AssignIp(ReservedIpId, ServerId),
}

type Answer = std::result::Result<Value, ErrorReport>;

/// What the parent's cloud says of itself, and its child's client too.
pub fn capabilities() -> CloudCapabilities {
    CloudCapabilities::none().with_labels().with_list_lag(1)
}

/// Serves a cloud to children until this program ends.
pub fn serve(cloud: FakeCloud, socket: &Path) -> std::io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let cloud = cloud.clone();
            tokio::spawn(async move { answer(&cloud, BufReader::new(stream)).await });
        }
    });
    Ok(())
}

/// What came as a whole is done, also when whoever asked is dead by then.
async fn answer(cloud: &FakeCloud, mut stream: BufReader<UnixStream>) {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await;
    if read.is_err() || !line.ends_with('\n') {
        return;
    }
    let call = serde_json::from_str(&line).expect("children make calls that are known");
    let answer: Answer = carry_out(cloud, call).await.map_err(|error| error.report());
    let _ = stream.write_all(format!("{}\n", json!(answer)).as_bytes()).await;
}

async fn carry_out(cloud: &FakeCloud, call: Call) -> Result<Value> {
    Ok(match call {
        Call::ListRegions => json!(cloud.list_regions().await?),
        Call::ListSizes(region) => json!(cloud.list_sizes(&region).await?),
        Call::FindImage(region, name) => json!(cloud.find_image(&region, &name).await?),
        Call::CreateServer(spec) if spec.labels.contains_key(REFUSED) => {
            return Err(Error::new(ErrorKind::QuotaExceeded, "server.create", "this one is refused"));
        }
        Call::CreateServer(spec) => json!(cloud.create_server(&spec).await?),
        Call::GetServer(id) => json!(cloud.get_server(&id).await?),
        Call::ListServers(filter) => json!(cloud.list_servers(&filter).await?),
        Call::Power(id, action) => json!(cloud.power(&id, action).await?),
        Call::ResizeServer(id, size) => json!(cloud.resize_server(&id, &size).await?),
        Call::DeleteServer(id) => json!(cloud.delete_server(&id).await?),
        Call::ListResources => json!(cloud.list_resources().await?),
        Call::DeleteResource(kind, id) => json!(cloud.delete_resource(kind, &id).await?),
        Call::ApplySshKey(region, key) => json!(cloud.apply_ssh_key(&region, &key).await?),
        Call::ApplyFirewall(spec) => json!(cloud.apply_firewall(&spec).await?),
        Call::ReserveIp(key, server) => json!(cloud.reserve_ip(&key, &server).await?),
        Call::GetReservedIp(id) => json!(cloud.get_reserved_ip(&id).await?),
        Call::AssignIp(id, server) => json!(cloud.assign_ip(&id, &server).await?),
    })
}

/// The parent's cloud as a child sees it. It tells the parent of each change, before it and after it.
#[derive(Debug)]
pub struct RemoteCloud {
    socket: PathBuf,
    parent: Arc<Parent>,
    asks: bool,
}

impl RemoteCloud {
    pub fn new(socket: &Path, parent: Arc<Parent>, asks: bool) -> Self {
        Self { socket: socket.to_owned(), parent, asks }
    }

    async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        let Ok(line) = self.exchange(&call).await else {
            // The parent is gone, and with it the cloud.
            std::process::exit(0);
        };
        let answer: Answer = serde_json::from_str(&line).expect("the parent answers each call");
        Ok(serde_json::from_value(answer?).expect("the answer is that of the call"))
    }

    async fn exchange(&self, call: &Call) -> std::io::Result<String> {
        let mut stream = BufReader::new(UnixStream::connect(&self.socket).await?);
        stream.write_all(format!("{}\n", json!(call)).as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        Ok(line)
    }

    /// A call that changes something, between two questions.
    async fn change<T: DeserializeOwned>(&self, what: &str, call: Call) -> Result<T> {
        if !self.asks {
            return self.call(call).await;
        }
        let what = format!("cloud {what}");
        self.parent.ask("before", &what).await;
        let result = self.call(call).await;
        self.parent.ask("after", &what).await;
        result
    }
}

#[async_trait]
impl CloudProvider for RemoteCloud {
    fn name(&self) -> &str {
        "fake"
    }

    fn capabilities(&self) -> CloudCapabilities {
        capabilities()
    }

    async fn list_regions(&self) -> Result<Vec<Region>> {
        self.call(Call::ListRegions).await
    }

    async fn list_sizes(&self, region: &RegionId) -> Result<Vec<ServerSize>> {
        self.call(Call::ListSizes(region.clone())).await
    }

    async fn find_image(&self, region: &RegionId, name: &str) -> Result<Option<ServerImage>> {
        self.call(Call::FindImage(region.clone(), name.to_owned())).await
    }

    async fn create_server(&self, spec: &ServerSpec) -> Result<Server> {
        self.change("create server", Call::CreateServer(Box::new(spec.clone()))).await
    }

    async fn get_server(&self, id: &ServerId) -> Result<Server> {
        self.call(Call::GetServer(id.clone())).await
    }

    async fn list_servers(&self, filter: &ServerFilter) -> Result<Vec<Server>> {
        self.call(Call::ListServers(filter.clone())).await
    }

    async fn power(&self, id: &ServerId, action: PowerAction) -> Result<()> {
        self.change("power", Call::Power(id.clone(), action)).await
    }

    async fn resize_server(&self, id: &ServerId, size: &str) -> Result<()> {
        self.change("resize server", Call::ResizeServer(id.clone(), size.to_owned())).await
    }

    async fn delete_server(&self, id: &ServerId) -> Result<()> {
        self.change("delete server", Call::DeleteServer(id.clone())).await
    }

    async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.call(Call::ListResources).await
    }

    async fn delete_resource(&self, kind: ResourceKind, id: &str) -> Result<()> {
        let what = format!("delete {}", kind.as_str());
        self.change(&what, Call::DeleteResource(kind, id.to_owned())).await
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn firewalls(&self) -> Option<&dyn Firewalls> {
        Some(self)
    }

    fn reserved_ips(&self) -> Option<&dyn ReservedIps> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }

    fn dns(&self) -> Option<&dyn DnsProvider> {
        None
    }
}

#[async_trait]
impl SshKeys for RemoteCloud {
    async fn apply_ssh_key(&self, region: &RegionId, public_key: &str) -> Result<SshKeyId> {
        self.change("apply ssh_key", Call::ApplySshKey(region.clone(), public_key.to_owned())).await
    }
}

#[async_trait]
impl Firewalls for RemoteCloud {
    async fn apply_firewall(&self, spec: &FirewallSpec) -> Result<FirewallId> {
        self.change("apply firewall", Call::ApplyFirewall(spec.clone())).await
    }
}

#[async_trait]
impl ReservedIps for RemoteCloud {
    async fn reserve_ip(&self, key: &str, server: &ServerId) -> Result<ReservedIp> {
        self.change("reserve ip", Call::ReserveIp(key.to_owned(), server.clone())).await
    }

    async fn get_reserved_ip(&self, id: &ReservedIpId) -> Result<ReservedIp> {
        self.call(Call::GetReservedIp(id.clone())).await
    }

    async fn assign_ip(&self, id: &ReservedIpId, server: &ServerId) -> Result<()> {
        self.change("assign ip", Call::AssignIp(id.clone(), server.clone())).await
    }
}
