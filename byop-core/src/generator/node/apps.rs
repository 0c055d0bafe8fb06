//! Which packages of a workspace are apps, and which are libraries of theirs.

use super::Project;
use super::framework::nx_folders;
use super::manifest::Manifest;
use super::workspace::{members, patterns};
use crate::error::Result;
use crate::generator::view::View;

/// How many packages are read to find the apps.
const MOST_READ: usize = 64;

/// The folders of the apps of a workspace, in order.
pub(super) fn of(root: &View<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let mut folders = members(root, &patterns(root, manifest));
    folders.extend(nx_folders(root));
    folders.sort();
    folders.dedup();
    folders.truncate(MOST_READ);
    let mut found: Vec<(String, Project)> = Vec::new();
    let mut wanted: Vec<String> = Vec::new();
    for folder in folders {
        let view = View::of_tree(root, &root.full(&folder));
        let Some(project) = Project::read(&view)? else { continue };
        wanted.extend(
            project
                .workspace
                .iter()
                .flat_map(|workspace| workspace.needed.iter().map(|member| member.folder.clone())),
        );
        if is_app(&view, &project) {
            found.push((folder, project));
        }
    }
    Ok(found.into_iter().map(|(folder, _)| folder).filter(|folder| !wanted.contains(folder)).collect())
}

/// Whether a package is meant to run: a library's `main` is no start.
pub(super) fn is_app(view: &View<'_>, project: &Project) -> bool {
    if !project.can_run() || project.served.is_library {
        return false;
    }
    let manifest = &project.manifest;
    let has_start =
        ["start", "start:prod", "start:production"].iter().any(|name| manifest.script(name).is_some());
    let is_served = project.served.static_dir.is_some() || project.served.start.is_some();
    let is_filed = view.base().split('/').any(|part| matches!(part, "apps" | "services"));
    project.procfile.web.is_some() || has_start || is_served || is_filed
}
