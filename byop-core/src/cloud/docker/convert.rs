//! From containers to servers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::catalog;
use crate::docker::machine::{Machine, MachineState};
use crate::model::{Resource, ResourceKind, Server, ServerId, ServerSpec, ServerState};

/// The mark, with the server's key.
pub(super) const KEY: &str = "byop.server";
const NAME: &str = "byop.server.name";
const SIZE: &str = "byop.server.size";
const IMAGE: &str = "byop.server.image";
/// What the names of the spec's labels begin with.
const LABEL: &str = "byop.server.label.";
/// How an init ends that was told to: by itself, to be started again, to halt, killed, or asked by a signal.
const ORDERLY: [i64; 5] = [0, 129, 130, 137, 143];

/// The labels by which a server is told from what is not ours, and found again.
pub(super) fn labels(spec: &ServerSpec) -> BTreeMap<String, String> {
    let own = [(KEY, &spec.key), (NAME, &spec.name), (SIZE, &spec.size), (IMAGE, &spec.image)];
    let mut labels: BTreeMap<_, _> =
        own.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    labels.extend(wanted_labels(&spec.labels));
    labels
}

/// Labels of a spec, as a container bears them.
pub(super) fn wanted_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (format!("{LABEL}{name}"), value.clone())).collect()
}

/// Whether a machine was made from this spec, as far as it shows.
pub(super) fn is_same(machine: &Machine, spec: &ServerSpec) -> bool {
    // The container has the labels of its image too.
    let is_own = |name: &str| [KEY, NAME, SIZE, IMAGE].contains(&name) || name.starts_with(LABEL);
    let found: BTreeMap<_, _> = machine.labels.iter().filter(|(name, _)| is_own(name)).collect();
    found == labels(spec).iter().collect()
}

/// A server without the reason of a failure.
pub(super) fn server(machine: &Machine, network: &str) -> Server {
    let label = |name: &str| machine.labels.get(name).cloned();
    let size = catalog::size_of(machine.limits).map(str::to_owned).or_else(|| label(SIZE));
    let name = label(NAME).unwrap_or_else(|| machine.name.clone());
    let id = ServerId(machine.id.clone());
    let mut server = Server::new(id, name, catalog::region(), size.unwrap_or_default());
    server.key = label(KEY);
    server.state = state(machine);
    let of_spec = machine.labels.iter().filter_map(|(name, value)| Some((name.strip_prefix(LABEL)?, value)));
    server.labels = of_spec.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    // Of somebody else's container any network's will do.
    let own: Option<&IpAddr> = machine.addresses.get(network);
    server.addresses = own.or_else(|| machine.addresses.values().next()).copied().into_iter().collect();
    server.created_at = machine.created_at;
    server
}

fn state(machine: &Machine) -> ServerState {
    let is_orderly = ORDERLY.contains(&machine.exit_code);
    match machine.state {
        MachineState::Created | MachineState::Exited if !machine.error.is_empty() => ServerState::Failed,
        MachineState::Restarting if !is_orderly => ServerState::Failed,
        MachineState::Created | MachineState::Restarting => ServerState::Starting,
        MachineState::Running => ServerState::Running,
        MachineState::Exited => ServerState::Stopped,
        MachineState::Removing => ServerState::Deleting,
        MachineState::Dead => ServerState::Failed,
    }
}

/// Why a server failed: what the engine says, and what it wrote last.
pub(super) fn failure(machine: &Machine, console: &[String]) -> String {
    let mut text = match machine.error.as_str() {
        "" => format!("its init ended with exit code {}", machine.exit_code),
        error => plain(error),
    };
    for line in console.iter().map(|line| plain(line)).filter(|line| !line.trim().is_empty()) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

/// Text without the colours and control characters of a terminal, at most 300 characters.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' && rest.next_if_eq(&'[').is_some() {
            while rest.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
        } else if !c.is_control() {
            out.push(c);
        }
    }
    out.chars().take(300).collect()
}

pub(super) fn resource(server: &Server) -> Resource {
    let mut resource = Resource::new(ResourceKind::Server, &server.id.0, &server.name);
    resource.key.clone_from(&server.key);
    resource.region = Some(server.region.clone());
    resource.created_at = server.created_at;
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::machine::MachineLimits;
    use crate::model::RegionId;

    fn machine(state: MachineState) -> Machine {
        Machine {
            id: "1".into(),
            name: "byop-server-k".into(),
            labels: labels(&spec()),
            state,
            exit_code: 0,
            error: String::new(),
            addresses: BTreeMap::new(),
            limits: MachineLimits { cpus: 2, memory_bytes: 2 << 30 },
            created_at: None,
        }
    }

    fn spec() -> ServerSpec {
        ServerSpec::new("k", "web-1", RegionId("local".into()), "small", "debian-12")
            .with_label("role", "web")
    }

    #[test]
    fn a_server_is_told_by_its_labels_and_its_size_by_its_limits() {
        let machine = machine(MachineState::Running);
        let server = server(&machine, "n");
        assert_eq!((server.name.as_str(), server.size.as_str()), ("web-1", "medium"));
        assert_eq!(server.labels, spec().labels);
        let mut machine = machine;
        machine.labels.insert("byop.server-image".into(), "0".into());
        assert!(is_same(&machine, &spec()));
        assert!(!is_same(&machine, &spec().with_label("role", "db")));
        assert!(!is_same(&machine, &spec().with_label("other", "")));
    }

    #[test]
    fn a_reboot_is_a_start_and_an_init_that_breaks_is_a_failure() {
        let mut machine = machine(MachineState::Restarting);
        machine.exit_code = 129;
        assert_eq!(state(&machine), ServerState::Starting);
        machine.exit_code = 255;
        assert_eq!(state(&machine), ServerState::Failed);
        machine.state = MachineState::Exited;
        assert_eq!(state(&machine), ServerState::Stopped);
        machine.error = "unable to apply caps".into();
        assert_eq!(state(&machine), ServerState::Failed);
    }

    #[test]
    fn a_failure_shows_the_console_without_its_colours() {
        let mut machine = machine(MachineState::Restarting);
        machine.exit_code = 255;
        let console = ["\u{1b}[0;1;31m!!!!!!\u{1b}[0m Failed to mount\u{7}".to_owned(), "  ".to_owned()];
        assert_eq!(failure(&machine, &console), "its init ended with exit code 255\n!!!!!! Failed to mount");
    }
}
