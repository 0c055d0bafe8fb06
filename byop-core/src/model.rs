//! Plain data, in the order in which it flows through the pipeline. No logic beyond validation.

mod app;
mod audit;
mod build;
mod build_report;
mod census;
mod client;
mod component;
mod compose;
mod container;
mod customer;
mod deployment_report;
mod detection;
mod dns;
mod domain;
mod drift;
mod event;
mod files;
mod host;
mod image;
mod job;
mod name;
mod plan;
mod port;
mod preview;
mod preview_app;
mod price;
mod project_file;
mod proposal;
mod provision;
mod question;
mod release;
mod release_config;
mod resource;
mod retention;
mod route;
mod routing;
mod schedule;
mod server;
mod setup;
mod source;
mod spelling;
mod subject;
mod sweep;
mod text;
mod ticket;

pub use app::{AppSpec, HealthSpec, ResourceLimits, UserSpec, VolumeSpec};
pub use audit::{Actor, AuditEntry, AuditFilter, AuditRecord, AuditReport};
pub use build::{BuildSpec, PackagesSpec};
pub use build_report::{BuildReport, BuildState};
pub use census::{Census, CensusObject, ObjectKind, Rebuilt, RebuiltApp, Unrecovered};
pub use client::{Client, ClientLimits, ClientSpec, ClientState};
pub use component::{Component, ComponentKind};
pub use compose::{ComposeApp, ComposeBuild, ComposePolicy, ComposePort, ComposeService, ComposeVolume};
pub use container::{
    ContainerFilter, ContainerHealth, ContainerInfo, ContainerSpec, ContainerState, ContainerStats,
    ContainerSummary, ExecOutput, ExecSpec, LogCursor, LogLine, LogOptions, LogStream, MountSpec,
    NetworkInfo, NetworkSpec, PortBinding, RestartPolicy, RuntimeEvent, RuntimeInfo, VolumeInfo,
};
pub use customer::{Customer, CustomerSpec};
pub use deployment_report::DeploymentReport;
pub use detection::{Detection, Diagnostic, Evidence, ServiceFound, ServiceKind, Severity, Variant};
pub use dns::{DnsName, DnsRecord, DnsRecordKind};
pub use domain::Domain;
pub use drift::{Drift, DriftFilter, DriftKind, DriftReport, RepairReport, RepairStep};
pub use event::{Event, EventBody, Progress};
pub use files::{FileSet, GeneratedFile};
pub use host::{AddressPool, HostKey, HostSpec};
pub use image::{BuildEvent, BuildImageSpec, Builder, ImageDefaults, ImageInfo, ImageRef};
pub use job::{Job, JobFilter, JobKind, JobState, StepPolicy, StepRecord, StepState};
pub use name::{AppName, ClientId, DomainName, EmailAddress, EnvName};
pub use plan::{
    AddonNeed, BuildStep, CacheMount, CopySpec, EnvNeed, HealthCheck, Plan, RunSpec, Stage, Target,
};
pub use port::{PortSpec, Protocol, PublishedPort};
pub use preview::Preview;
pub use preview_app::{PreviewApp, PreviewAppSpec};
pub use price::{Price, ServerPrice};
pub use project_file::{ProjectFile, ResourceRequest};
pub use proposal::{Change, ChangeAction, ChangedPart, Proposal};
pub use provision::{ProvisionState, ServerPlan, ServerRecord, ServerReport, ServerRequest};
pub use question::Question;
pub use release::{App, AppReport, AppState, Deployment, DeploymentState, Release, ReleaseRecord};
pub use release_config::ReleaseConfig;
pub use resource::{FirewallSpec, ReservedIp, Resource, ResourceKind, Snapshot};
pub use retention::{AppRetention, Pruned, Retention};
pub(crate) use route::rule;
pub use route::{Backend, Route, RouteInfo};
pub use routing::{BackendProtocol, Middleware, RateLimit, RoutingSpec};
pub use schedule::{
    ClaimedRuns, MissedRuns, RunOutcome, Schedule, ScheduleSpec, ScheduledAction, ScheduledRun,
};
pub use server::{
    CloudCapabilities, FirewallId, FirewallRule, PowerAction, Region, RegionId, ReservedIpId, Server,
    ServerFilter, ServerId, ServerImage, ServerSize, ServerSpec, ServerState, SnapshotId, SshKeyId,
};
pub use setup::ContainerSetup;
#[cfg(feature = "docker")]
pub(crate) use setup::sort_ports;
pub use source::{Archive, FetchedSource, GitSource, Source, SourceLimits};
pub(crate) use spelling::{closest, unknown_field};
pub use subject::Subject;
pub use sweep::{SweepFinding, SweepOptions, SweepReason, SweepReport};
pub use ticket::{Ticket, TicketFilter, TicketPriority, TicketReply, TicketSpec, TicketState};
