//! The proxy of a host.

use std::collections::BTreeSet;

use super::container::judge_setup;
use super::{Findings, World};
use crate::model::{ContainerSetup, ContainerState, Drift, DriftKind, RepairStep, Severity};

impl World<'_> {
    pub(super) fn judge_proxy(&self) -> Vec<Drift> {
        let ingress = &self.inner.ingress;
        let name = ingress.container();
        let mut findings = Findings { host: &self.view.host, app: None, list: Vec::new() };
        let Some(summary) = self.view.container(&name) else {
            findings.add(DriftKind::ProxyMissing, name, "running", "no container");
            return findings.list;
        };
        let Some(container) = self.details.get(&summary.id) else { return findings.list };
        if container.state != ContainerState::Running {
            let found = format!("{:?}", container.state).to_lowercase();
            findings.add(DriftKind::ProxyStopped, &name, "running", found);
            if container.state == ContainerState::Paused {
                findings.with(RepairStep::ReplaceProxy, Severity::Error);
            }
        } else if self.view.routes.is_none() {
            findings.add(DriftKind::ProxyStopped, &name, "running", "it does not answer");
            findings.with(RepairStep::ReplaceProxy, Severity::Error);
        }
        let spec = ingress.container_spec();
        let image = self.image_for(&spec.image, container, &spec.env);
        let wanted = ContainerSetup::of(&spec, &image);
        let mut setup = Findings { host: &self.view.host, app: None, list: Vec::new() };
        judge_setup(&mut setup, &name, &wanted, &container.setup, &BTreeSet::new());
        let labels = spec.labels.iter().filter(|(label, value)| container.labels.get(*label) != Some(*value));
        let labels: Vec<_> = labels.map(|(label, _)| label.as_str()).collect();
        let differences =
            setup.list.iter().map(|drift| format!("{} instead of {}", drift.found, drift.expected));
        let mut differences: Vec<_> = differences.collect();
        if !labels.is_empty() {
            differences.push(format!("other labels: {}", labels.join(", ")));
        }
        if !differences.is_empty() {
            findings.add(DriftKind::ProxyChanged, &name, "as byop sets it up", differences.join("; "));
        }
        findings.list
    }
}
