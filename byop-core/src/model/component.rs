//! The parts of an app.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::AppSpec;
use super::name::AppName;
use super::plan::Plan;
use super::release::{AppReport, AppState};

/// A part of an app: the process that answers requests, one beside it, or an add-on that it needs.
///
/// Parts are not stored by themselves: they follow from the app's spec and from the plan of its release. To add, change
/// or remove one, deploy a spec with other `processes` or `addons`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Component {
    /// The app.
    pub app: AppName,
    /// Its name, unique within the app for its kind.
    pub name: String,
    /// What it is.
    pub kind: ComponentKind,
    /// The image, where the app's own is used.
    pub image: Option<String>,
    /// The command line, where it is known.
    pub command: Option<String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// Whether requests from outside reach it.
    pub is_public: bool,
    /// Its state; `None` for a part that the engine does not run, such as a worker or an add-on.
    pub state: Option<AppState>,
}

/// What a part of an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ComponentKind {
    /// It answers requests.
    Web,
    /// It works beside the web process, from the same image.
    Worker,
    /// A database or the like.
    Addon,
}

impl Component {
    /// The parts of an app, the web process first.
    #[must_use]
    pub fn all(report: &AppReport) -> Vec<Self> {
        let (app, spec) = (&report.app, &report.app.spec);
        let release = app.current.as_ref();
        let plan = release.and_then(|release| release.plan.as_ref());
        let part = |name: &str, kind| Self {
            app: app.name.clone(),
            name: name.to_owned(),
            kind,
            image: None,
            command: None,
            port: None,
            is_public: false,
            state: None,
        };
        let image = release.map(|release| release.image.clone());
        let mut parts = vec![Self {
            image: image.clone(),
            command: spec.processes.get("web").or_else(|| plan?.start.as_ref()).cloned(),
            port: release.map(|release| release.port),
            is_public: !spec.domains.is_empty(),
            state: Some(report.state),
            ..part("web", ComponentKind::Web)
        }];
        parts.extend(Self::workers(spec, plan).into_iter().map(|(name, line)| Self {
            image: image.clone(),
            command: Some(line),
            ..part(&name, ComponentKind::Worker)
        }));
        parts.extend(Self::addons(spec, plan).iter().map(|kind| part(kind, ComponentKind::Addon)));
        parts
    }

    /// The processes of an app beside the web process: names and command lines.
    pub(crate) fn workers(spec: &AppSpec, plan: Option<&Plan>) -> BTreeMap<String, String> {
        let mut processes = plan.map(|plan| plan.processes.clone()).unwrap_or_default();
        processes.extend(spec.processes.clone());
        // An empty line takes a process away.
        processes.retain(|name, line| name != "web" && !line.trim().is_empty());
        processes
    }

    /// The kinds of an app's add-ons: those of the spec, else those that were found.
    pub(crate) fn addons(spec: &AppSpec, plan: Option<&Plan>) -> Vec<String> {
        let found = || plan.map(|plan| plan.addons.iter().map(|need| need.kind.clone()).collect());
        spec.addons.clone().or_else(found).unwrap_or_default()
    }
}
