//! Differences between what the store says and what there is.

use serde::{Deserialize, Serialize};

use super::detection::Severity;
use super::name::AppName;
use crate::clock::Timestamp;

/// Which apps to compare with what there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DriftFilter {
    /// Only these; empty is all.
    pub apps: Vec<AppName>,
}

impl DriftFilter {
    /// Every app.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only this app, and those that were named before.
    #[must_use]
    pub fn with_app(mut self, app: AppName) -> Self {
        self.apps.push(app);
        self
    }
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DriftReport {
    /// When it began.
    pub checked_at: Timestamp,
    /// The apps that were compared, in order of name.
    pub apps: Vec<AppName>,
    /// Apps that were left out because a job works on them.
    pub busy: Vec<AppName>,
    /// The differences, in order of app and kind; those of hosts and their proxies come first.
    pub findings: Vec<Drift>,
}

impl DriftReport {
    pub(crate) fn new(checked_at: Timestamp) -> Self {
        Self { checked_at, apps: Vec::new(), busy: Vec::new(), findings: Vec::new() }
    }

    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// The findings about one app.
    pub fn of_app<'a>(&'a self, app: &'a AppName) -> impl Iterator<Item = &'a Drift> {
        self.findings.iter().filter(move |drift| drift.app.as_ref() == Some(app))
    }

    /// What a repair of the app does, in order: the steps of its findings and of its host's proxy, each once.
    #[must_use]
    pub fn plan(&self, app: &AppName) -> Vec<RepairStep> {
        let hosts: Vec<_> = self.of_app(app).map(|drift| &drift.host).collect();
        let concerns = |drift: &&Drift| match &drift.app {
            Some(name) => name == app,
            None => hosts.is_empty() || hosts.contains(&&drift.host),
        };
        let mut steps: Vec<_> = self.findings.iter().filter(concerns).map(|drift| drift.repair).collect();
        steps.sort_unstable();
        steps.dedup();
        if steps.contains(&RepairStep::Replace) {
            // A new container joins its network, is routed to, and what is not it is removed.
            let done =
                [RepairStep::JoinProxy, RepairStep::Start, RepairStep::ApplyRoute, RepairStep::RemoveCopies];
            steps.retain(|step| !done.contains(step));
        }
        steps
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Drift {
    /// The host.
    pub host: String,
    /// The app; none for a host and its proxy.
    pub app: Option<AppName>,
    /// What kind of difference it is.
    pub kind: DriftKind,
    /// What differs: the name of a container, network, volume, image or route.
    pub object: String,
    /// What should be. Values of environment variables are never shown.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How much it matters.
    pub severity: Severity,
    /// What corrects it.
    pub repair: RepairStep,
}

/// What corrects a difference, in the order in which a repair does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepairStep {
    /// The proxy is made anew; requests to its host fail for a moment.
    ReplaceProxy,
    /// The proxy is started and told all routes.
    StartProxy,
    /// The image gets its name again.
    NameImage,
    /// The release gets a new container beside what is there, is judged by the gate, and takes over.
    Replace,
    /// The container is started and judged by the gate.
    Start,
    /// The container is stopped.
    Stop,
    /// The proxy joins the network of the app again.
    JoinProxy,
    /// The route is written again.
    ApplyRoute,
    /// Containers that carry the app's label and are not its own are removed.
    RemoveCopies,
    /// The app has to be deployed again: what is there cannot be made again from what is known.
    Deploy,
    /// A person has to decide: what is in the way is not byop's.
    Decide,
}

/// What a repair did: the output of its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepairReport {
    /// The steps, in order.
    pub done: Vec<RepairStep>,
    /// Differences that are left: they need a deployment or a person.
    pub left: Vec<Drift>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $severity:ident, $repair:ident;)*) => {
        /// The kinds of difference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum DriftKind {
            $($(#[$doc])* $name,)*
        }

        impl DriftKind {
            /// Every kind, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// How much it matters, as a rule.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)*
                }
            }

            /// What makes it right again, as a rule.
            #[must_use]
            pub const fn repair(self) -> RepairStep {
                match self {
                    $(Self::$name => RepairStep::$repair,)*
                }
            }
        }
    };
}

kinds! {
    /// The engine was given no runtime of the host's name.
    HostUnknown: Error, Decide;
    /// The host does not answer.
    HostUnreachable: Error, Decide;
    /// The proxy has no container.
    ProxyMissing: Error, StartProxy;
    /// The proxy does not run, or does not answer.
    ProxyStopped: Error, StartProxy;
    /// The proxy was set up in another way.
    ProxyChanged: Error, ReplaceProxy;

    /// The serving release has no container.
    ContainerMissing: Error, Replace;
    /// The release's container has another name.
    ContainerRenamed: Error, Replace;
    /// The container has ended or was stopped.
    ContainerStopped: Error, Start;
    /// The container is frozen.
    ContainerPaused: Error, Replace;
    /// The container ends again and again.
    ContainerRestarting: Error, Replace;
    /// The container's own check fails.
    ContainerUnhealthy: Error, Replace;
    /// The container runs, though its owner stopped the app.
    ContainerRunning: Warning, Stop;
    /// The container runs another image than that of its release.
    ImageChanged: Error, Replace;
    /// The release's image is gone: the container cannot be made again.
    ImageMissing: Warning, Deploy;
    /// The image's name leads to another image, or nowhere.
    ImageRetagged: Warning, Deploy;
    /// Environment variables were added, changed or taken away.
    EnvChanged: Error, Replace;
    /// Labels of byop were changed or taken away.
    LabelsChanged: Warning, Replace;
    /// The container runs another command.
    CommandChanged: Error, Replace;
    /// The container has another entry point.
    EntrypointChanged: Error, Replace;
    /// The container runs as another user.
    UserChanged: Error, Replace;
    /// Ports are published in another way.
    PortsChanged: Error, Replace;
    /// Other volumes are mounted, or elsewhere.
    MountsChanged: Error, Replace;
    /// Other folders are in memory, or of another size.
    TmpfsChanged: Warning, Replace;
    /// The limits of memory, processors or processes are others.
    LimitsChanged: Warning, Replace;
    /// The root file system can be written to, or no longer.
    RootChanged: Warning, Replace;
    /// The container has other capabilities.
    CapabilitiesChanged: Error, Replace;
    /// Something lets the container out of its box: privileges, namespaces or folders of the host, devices.
    BoxOpened: Error, Replace;
    /// What happens when the container ends is other.
    RestartPolicyChanged: Warning, Replace;
    /// The container's own health check is another.
    HealthCheckChanged: Warning, Replace;
    /// The container's first process is another.
    InitChanged: Info, Replace;
    /// A secret of the app cannot be had, so its variable could not be compared.
    SecretUnknown: Warning, Decide;

    /// The app's network is gone.
    NetworkMissing: Error, Replace;
    /// A network that is not byop's has the name of the app's network.
    NetworkForeign: Error, Decide;
    /// The app's network was made anew in another way.
    NetworkChanged: Error, Decide;
    /// The container is not in the app's network.
    ContainerDisconnected: Error, Replace;
    /// The container is in further networks.
    NetworkAdded: Warning, Replace;
    /// The proxy is not in the app's network.
    ProxyDisconnected: Error, JoinProxy;
    /// A container that is not the app's is in its network.
    NetworkIntruder: Error, Decide;

    /// A volume is gone, with all that was in it.
    VolumeMissing: Error, Replace;
    /// A volume of the name is there, but not the one that byop made.
    VolumeReplaced: Error, Decide;
    /// A container that is not the app's mounts its volume.
    VolumeShared: Warning, Decide;

    /// The proxy sends the app's requests nowhere.
    RouteMissing: Error, ApplyRoute;
    /// The proxy sends the app's requests elsewhere, or does something else to them.
    RouteChanged: Error, ApplyRoute;
    /// The proxy serves the app, though its owner stopped it.
    RouteUnwanted: Warning, ApplyRoute;
    /// A rule that is not byop's is for a host name of the app.
    RouteForeign: Error, Decide;
    /// A release that is not being deployed is still reachable by probes.
    CandidateLeft: Info, ApplyRoute;

    /// A further container carries the app's label.
    SecondCopy: Warning, RemoveCopies;
    /// A container carries a release of the app that the store does not know.
    ReleaseUnknown: Warning, RemoveCopies;
    /// A container without labels runs the app's own image.
    ForeignCopy: Info, Decide;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_each_step_once_and_in_order() {
        let app = AppName::new("shop").unwrap();
        let mut report = DriftReport::new(Timestamp(0));
        let kinds = [DriftKind::RouteMissing, DriftKind::ContainerStopped, DriftKind::RouteChanged];
        let finding = |kind: DriftKind, app: Option<AppName>| Drift {
            host: "local".into(),
            app,
            kind,
            object: String::new(),
            expected: String::new(),
            found: String::new(),
            severity: kind.severity(),
            repair: kind.repair(),
        };
        report.findings = kinds.into_iter().map(|kind| finding(kind, Some(app.clone()))).collect();
        report.findings.push(finding(DriftKind::ProxyStopped, None));
        assert_eq!(report.plan(&app), [RepairStep::StartProxy, RepairStep::Start, RepairStep::ApplyRoute]);
        report.findings.push(finding(DriftKind::EnvChanged, Some(app.clone())));
        assert_eq!(report.plan(&app), [RepairStep::StartProxy, RepairStep::Replace]);
    }
}
