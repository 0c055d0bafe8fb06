//! What the proxy does with the requests of an app.

use super::{Findings, World};
use crate::engine::route::{route, serving_backend};
use crate::model::{App, DriftKind, RouteInfo};

impl World<'_> {
    pub(super) fn judge_route(&self, findings: &mut Findings<'_>, app: &App) {
        // A proxy that does not run is a finding of its own.
        let Some(routes) = &self.view.routes else { return };
        let of_app = || routes.iter().filter(|route| route.app.as_ref() == Some(&app.name));
        let candidate = of_app().find(|route| route.is_candidate);
        let found = of_app().find(|route| !route.is_candidate);
        let wanted = self.inner.ingress.describe_route(&route(&app.spec, serving_backend(app), None));
        match (&wanted, found) {
            (None, None) => {}
            (Some(wanted), None) => {
                findings.add(DriftKind::RouteMissing, &wanted.name, shown(wanted), "no rule");
            }
            (None, Some(found)) => {
                findings.add(DriftKind::RouteUnwanted, &found.name, "no rule", shown(found));
            }
            (Some(wanted), Some(found)) if !is_same(wanted, found, candidate.is_some()) => {
                let (mut expected, mut actual) = (shown(wanted), shown(found));
                if expected == actual {
                    expected.push_str(" as its owner wants it");
                    actual.push_str(" with other settings");
                }
                findings.add(DriftKind::RouteChanged, &wanted.name, expected, actual);
            }
            _ => {}
        }
        if let Some(candidate) = candidate {
            let expected = "no candidate while nothing is deployed";
            findings.add(DriftKind::CandidateLeft, &candidate.name, expected, shown(candidate));
        }
        if wanted.is_none() {
            return;
        }
        for foreign in routes.iter().filter(|route| !route.is_candidate) {
            let is_known = foreign.app.as_ref().is_some_and(|app| self.known.contains(app));
            let claims = foreign.domains.is_empty()
                || foreign.domains.iter().any(|domain| app.spec.domains.contains(domain));
            if !is_known && claims {
                let expected = "only byop's rule for the host names of the app";
                let found = shown(foreign);
                findings.add(DriftKind::RouteForeign, self.told(&foreign.name), expected, self.told(&found));
            }
        }
    }
}

/// A candidate is written beside what serves, so only without one everything can be compared.
fn is_same(wanted: &RouteInfo, found: &RouteInfo, has_candidate: bool) -> bool {
    (&wanted.rule, &wanted.targets) == (&found.rule, &found.targets)
        && (has_candidate || wanted.settings == found.settings)
}

fn shown(route: &RouteInfo) -> String {
    let targets = route.targets.join(", ");
    format!("{} to {}", route.rule, if targets.is_empty() { "nobody" } else { &targets })
}
