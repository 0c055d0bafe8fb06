//! Node.js as a helper: the assets of an app of another stack.

use super::runtime::Runtime;
use super::{Project, pins_of, stages};
use crate::error::Result;
use crate::generator::images::BaseImages;
use crate::generator::pins;
use crate::generator::view::View;
use crate::model::{BuildStep, Detection};

/// What building the assets takes.
#[derive(Debug)]
pub(crate) struct Assets {
    /// Brings Node.js, the package manager and the packages into the stage that has the source.
    pub(crate) steps: Vec<BuildStep>,
    /// The command line of the first wanted script that the manifest has.
    pub(crate) build: Option<String>,
    /// The package manager.
    pub(crate) manager: &'static str,
}

/// The assets of the folder, if its `package.json` names packages or one of `scripts`.
pub(crate) fn assets(view: &View<'_>, images: &BaseImages, scripts: &[&str]) -> Result<Option<Assets>> {
    let Some(project) = Project::read(view)? else { return Ok(None) };
    let script = scripts.iter().find(|name| project.manifest.script(name).is_some());
    if script.is_none() && !project.manifest.has_dependencies() {
        return Ok(None);
    }
    let mut detection = Detection::new("node", 0.0);
    let version =
        pins::decide(images, "node", &pins_of(view, &project, Runtime::Node)?, None, &mut detection);
    Ok(Some(Assets {
        steps: stages::bring(view, &project, images, &version),
        build: script.map(|name| project.manager.run(name)),
        manager: project.manager.name,
    }))
}
