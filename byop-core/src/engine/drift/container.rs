//! The container of a release, setting by setting.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::Findings;
use crate::engine::host_view::{HostView, RELEASE, is_of};
use crate::model::{
    App, ContainerInfo, ContainerSetup, ContainerState, ContainerSummary, DriftKind, EnvName, MountSpec,
    PortBinding, Release,
};
use crate::secret::Secret;
use crate::stage::{RECORD_LABEL, container_name, read_record, write_record};

/// Restarts that are a loop when the last was not long ago.
const LOOP_RESTARTS: u64 = 3;
const LOOP_MILLIS: i64 = 60_000;

/// The container that carries the release: under its name, or under another that it was given since.
pub(in crate::engine) fn serving<'a>(
    view: &'a HostView,
    app: &App,
    release: &Release,
) -> Option<&'a ContainerSummary> {
    let name = container_name(&app.name, release.number);
    let number = release.number.to_string();
    let carries = |container: &&ContainerSummary| {
        container.labels.get(RELEASE) == Some(&number)
            && release
                .job
                .as_ref()
                .is_none_or(|job| container.labels.get("byop.job").map(String::as_str) == Some(job.as_str()))
            && container.state != ContainerState::Created
    };
    let is_ours = |container: &&ContainerSummary| is_of(container, app.name.as_str());
    view.container(&name).filter(is_ours).or_else(|| view.containers_of(app.name.as_str()).find(carries))
}

/// Whether it runs as its owner wants, and does well.
pub(super) fn judge_state(
    findings: &mut Findings<'_>,
    container: &ContainerInfo,
    is_wanted: bool,
    now_millis: i64,
) {
    let name = &container.name;
    let state = container.state;
    if !is_wanted {
        if matches!(state, ContainerState::Running | ContainerState::Restarting | ContainerState::Paused) {
            findings.add(DriftKind::ContainerRunning, name, "stopped", word(&state));
        }
        return;
    }
    let is_recent = container.started_at.is_some_and(|started| now_millis - started.0 < LOOP_MILLIS);
    let loops = container.restarts >= LOOP_RESTARTS && is_recent;
    match state {
        ContainerState::Restarting => {
            let found = format!("ended with code {} and is started again", container.exit_code);
            findings.add(DriftKind::ContainerRestarting, name, "running", found);
        }
        ContainerState::Running if loops => {
            let found = format!("started again {} times, the last time a moment ago", container.restarts);
            findings.add(DriftKind::ContainerRestarting, name, "running", found);
        }
        ContainerState::Running if container.healthy == Some(false) => {
            findings.add(DriftKind::ContainerUnhealthy, name, "healthy", "its own check fails");
        }
        ContainerState::Running => {}
        ContainerState::Paused => findings.add(DriftKind::ContainerPaused, name, "running", "frozen"),
        other => {
            let found = format!("{}, with exit code {}", word(&other), container.exit_code);
            findings.add(DriftKind::ContainerStopped, name, "running", found);
        }
    }
}

/// The wire name of an enum's variant.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Whether it is set up as its release says. Variables in `unknown` are compared by their names only.
pub(super) fn judge_setup(
    findings: &mut Findings<'_>,
    name: &str,
    wanted: &ContainerSetup,
    found: &ContainerSetup,
    unknown: &BTreeSet<&EnvName>,
) {
    if let Some(differences) = env_differences(&wanted.env, &found.env, unknown) {
        findings.add(DriftKind::EnvChanged, name, "the variables of its release", differences);
    }
    let mut check = |kind: DriftKind, wanted: String, found: String| {
        if wanted != found {
            findings.add(kind, name, wanted, found);
        }
    };
    check(DriftKind::CommandChanged, shown(&wanted.command), shown(&found.command));
    check(DriftKind::EntrypointChanged, shown(&wanted.entrypoint), shown(&found.entrypoint));
    check(DriftKind::UserChanged, user(&wanted.user), user(&found.user));
    check(DriftKind::PortsChanged, ports(&wanted.ports), ports(&found.ports));
    check(DriftKind::MountsChanged, mounts(&wanted.mounts), mounts(&found.mounts));
    check(DriftKind::TmpfsChanged, shown(&wanted.tmpfs), shown(&found.tmpfs));
    check(DriftKind::LimitsChanged, limits(wanted), limits(found));
    let root = |setup: &ContainerSetup| if setup.writable_root { "writable" } else { "read-only" }.to_owned();
    check(DriftKind::RootChanged, root(wanted), root(found));
    check(DriftKind::CapabilitiesChanged, capabilities(wanted), capabilities(found));
    check(DriftKind::BoxOpened, list(&wanted.hazards), list(&found.hazards));
    check(DriftKind::RestartPolicyChanged, wanted.restart.clone(), found.restart.clone());
    check(DriftKind::HealthCheckChanged, shown(&wanted.health), shown(&found.health));
    let init = |setup: &ContainerSetup| if setup.init { "an init" } else { "the program itself" }.to_owned();
    check(DriftKind::InitChanged, init(wanted), init(found));
}

/// Whether it carries its labels, the record among them.
pub(super) fn judge_labels(
    findings: &mut Findings<'_>,
    app: &App,
    release: &Release,
    wanted: &BTreeMap<String, String>,
    container: &ContainerInfo,
    of_image: &BTreeMap<String, String>,
) {
    let found = &container.labels;
    let mut differences = Vec::new();
    for (label, value) in wanted {
        match found.get(label) {
            Some(other) if other == value => {}
            Some(_) => differences.push(format!("{label} has another value")),
            None => differences.push(format!("{label} is missing")),
        }
    }
    let is_own = |label: &str| label.starts_with("byop.") && label != RECORD_LABEL;
    for (label, value) in found.iter().filter(|(label, _)| is_own(label) && !wanted.contains_key(*label)) {
        // An image hands on what it has.
        if of_image.get(label) != Some(value) {
            differences.push(format!("{} was added", label.escape_default()));
        }
    }
    // Of the spec in it a part may be older: a route can change without a new container.
    let expected = read_record(&write_record(&app.host, None, &app.spec, release));
    match (found.get(RECORD_LABEL).map(|label| read_record(label)), expected) {
        (None, _) => differences.push(format!("{RECORD_LABEL} is missing")),
        (Some(Ok(found)), Ok(expected)) if found.release == expected.release => {}
        (Some(Err(_)), Err(_)) => {}
        _ => differences.push(format!("{RECORD_LABEL} has another value")),
    }
    if !differences.is_empty() {
        findings.add(
            DriftKind::LabelsChanged,
            &container.name,
            "the labels of its release",
            differences.join(", "),
        );
    }
}

/// What differs, by name: values are shown to nobody.
fn env_differences(
    wanted: &BTreeMap<String, Secret>,
    found: &BTreeMap<String, Secret>,
    unknown: &BTreeSet<&EnvName>,
) -> Option<String> {
    let is_unknown = |name: &str| unknown.iter().any(|other| other.as_str() == name);
    let mut parts = Vec::new();
    for (name, value) in wanted {
        match found.get(name) {
            Some(other) if other == value => {}
            Some(_) => parts.push(format!("{name} has another value")),
            None => parts.push(format!("{name} is missing")),
        }
    }
    for name in unknown.iter().filter(|name| !found.contains_key(name.as_str())) {
        parts.push(format!("{name} is missing"));
    }
    for name in found.keys().filter(|name| !wanted.contains_key(*name) && !is_unknown(name)) {
        parts.push(format!("{} was added", name.escape_default()));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn list(parts: &[String]) -> String {
    if parts.is_empty() { "nothing".into() } else { parts.join(", ") }
}

fn user(user: &str) -> String {
    if user.is_empty() { "root".into() } else { user.into() }
}

/// Engines take names with `CAP_` before them too, and say them so.
fn capabilities(setup: &ContainerSetup) -> String {
    let mut names: Vec<_> =
        setup.capabilities.iter().map(|name| name.trim_start_matches("CAP_").to_owned()).collect();
    names.sort();
    list(&names)
}

fn ports(ports: &[PortBinding]) -> String {
    let line = |port: &PortBinding| {
        format!("{}:{} to {}/{}", port.host_ip, port.host_port, port.container_port, port.protocol)
    };
    list(&ports.iter().map(line).collect::<Vec<_>>())
}

fn mounts(mounts: &[MountSpec]) -> String {
    let line = |mount: &MountSpec| {
        let mode = if mount.read_only { ", read-only" } else { "" };
        format!("{} at {}{mode}", mount.volume, mount.path)
    };
    list(&mounts.iter().map(line).collect::<Vec<_>>())
}

fn limits(setup: &ContainerSetup) -> String {
    let ContainerSetup { memory_bytes, nano_cpus, pids, .. } = setup;
    format!("{memory_bytes} bytes, {nano_cpus} billionths of a processor, {pids} processes")
}
