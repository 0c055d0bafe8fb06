//! What all plans have in common: overrides, the Procfile, kept files, replaced images.

use super::command::{self, exec_form};
use super::images::BaseImages;
use super::needs;
use super::overrides;
use super::procfile::Procfile;
use super::static_site;
use super::view::View;
use crate::error::Result;
use crate::model::{
    AppSpec, BuildStep, CacheMount, CopySpec, Detection, Diagnostic, Plan, RunSpec, Severity, Stage,
};

/// The compose files that a tree may have, in the order in which compose looks for them.
pub(crate) const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// A plan with what the detection already knows.
pub(crate) fn begin(detection: &Detection, port: u16) -> Plan {
    let mut plan = Plan::new(&detection.stack, port);
    plan.version.clone_from(&detection.version);
    plan.framework.clone_from(&detection.framework);
    plan.variant = detection.variant;
    plan.package_manager.clone_from(&detection.package_manager);
    plan.package_manager_version.clone_from(&detection.package_manager_version);
    plan.root.clone_from(&detection.root);
    plan.diagnostics.clone_from(&detection.diagnostics);
    plan
}

/// The start command line: the spec's, else the Procfile's, else what was detected.
pub(crate) fn start_of(spec: &AppSpec, procfile: &Procfile, found: Option<String>) -> Option<String> {
    spec.build.start.clone().or_else(|| procfile.web.clone()).or(found)
}

/// Keeps what the tree has, takes over the spec's user and images, and says what is missing.
pub(crate) fn end(mut plan: Plan, view: &View<'_>, spec: &AppSpec) -> Result<Plan> {
    if let Some(user) = spec.user {
        plan.user = Some(user);
    }
    if let Some(text) = View::root_of(view).read(".dockerignore")? {
        plan.kept.insert(".dockerignore".into(), text);
    }
    let root = View::root_of(view);
    if let Some(own) = root.first_file(&COMPOSE_FILES) {
        plan.compose_file = "compose.byop.yaml".into();
        plan.diagnostics.push(Diagnostic::new(
            "own-compose-file",
            Severity::Info,
            format!("{own} stays as it is; byop's own file is {}", plan.compose_file),
        ));
    }
    if !plan.health.is_known && plan.command.is_some() {
        plan.diagnostics.push(
            Diagnostic::new(
                "unknown-health-path",
                Severity::Info,
                "no path that answers health checks was found, so the root page is asked for",
            )
            .with_setting("health.path"),
        );
    }
    needs::add(&mut plan, view, spec);
    overrides::serve(&mut plan, &spec.build);
    static_site::configure(&mut plan, view, spec)?;
    for stage in &mut plan.stages {
        replace_image(&mut stage.image, spec);
        for step in &mut stage.steps {
            if let BuildStep::Copy(CopySpec { from: Some(from), .. }) = step {
                replace_image(from, spec);
            }
        }
    }
    Ok(plan)
}

fn replace_image(image: &mut String, spec: &AppSpec) {
    if let Some(other) = spec.build.images.get(image) {
        image.clone_from(other);
    }
}

/// Says that nobody knows how the app is started.
pub(crate) fn no_start(message: impl Into<String>) -> Diagnostic {
    Diagnostic::new("no-start-command", Severity::Error, message).with_setting("build.start")
}

/// Whether an image is built on a Debian that gets no fixes any more, and whose packages were moved.
fn is_archived(image: &str) -> bool {
    ["jessie", "stretch", "buster"].iter().any(|release| image.ends_with(&format!("-{release}")))
}

/// Tells the package manager of an old image where its packages went.
pub(crate) fn archived_packages(image: &str) -> Option<BuildStep> {
    is_archived(image).then(|| {
        run(
            "sed -i -E -e 's#//[a-z.]+/debian#//archive.debian.org/debian#' -e '/-updates/d' /etc/apt/sources.list && echo 'Acquire::Check-Valid-Until \"false\";' > /etc/apt/apt.conf.d/99archive",
            Vec::new(),
            "The packages of this old system were moved to an archive.",
        )
    })
}

/// Says that a version is only to be had on a system without fixes.
pub(crate) fn archived_base(image: &str) -> Option<Diagnostic> {
    is_archived(image).then(|| {
        Diagnostic::new(
            "end-of-life",
            Severity::Warning,
            format!(
                "{image} is the last image of this version; neither it nor its Debian gets security fixes"
            ),
        )
        .with_setting("build.version")
    })
}

/// Copies files of the tree.
pub(crate) fn copy(sources: Vec<String>, target: &str, reason: &str) -> BuildStep {
    BuildStep::Copy(CopySpec { from: None, sources, target: target.into(), reason: reason.into() })
}

/// Copies from an earlier stage or another image.
pub(crate) fn copy_from(from: &str, source: &str, target: &str, reason: &str) -> BuildStep {
    BuildStep::Copy(CopySpec {
        from: Some(from.into()),
        sources: vec![source.into()],
        target: target.into(),
        reason: reason.into(),
    })
}

/// Copies those of these manifests that are there, for what is fetched by them.
pub(crate) fn manifests(view: &View<'_>, names: &[&str], what: &str) -> BuildStep {
    let files = names.iter().filter(|name| view.has_file(name)).map(|name| view.full(name)).collect();
    copy(files, "./", &format!("Manifests first: {what} are only fetched again when they change."))
}

/// Copies the app's folder.
pub(crate) fn copy_source(view: &View<'_>, reason: &str) -> BuildStep {
    let source = if view.base().is_empty() { ".".to_owned() } else { format!("{}/", view.base()) };
    copy(vec![source], "./", reason)
}

/// Runs a command line, the same for both builders.
pub(crate) fn run(command: impl Into<String>, caches: Vec<CacheMount>, reason: &str) -> BuildStep {
    BuildStep::Run(RunSpec {
        command: command.into(),
        classic: None,
        caches,
        secrets: Vec::new(),
        reason: reason.into(),
    })
}

/// A cache that builds may share.
pub(crate) fn cache(id: &str, target: &str) -> CacheMount {
    CacheMount { id: id.into(), target: target.into(), is_locked: false }
}

/// Adds the static web server as the last stage, serving `folder` of the stage `from`, or of the tree.
pub(crate) fn serve_static(plan: &mut Plan, images: &BaseImages, from: Option<&str>, folder: &str) {
    let html = "/usr/share/nginx/html";
    let files = match from {
        Some(stage) => copy_from(stage, folder, html, "Nothing but the built files."),
        None => copy(vec![folder.to_owned()], html, "The site itself."),
    };
    plan.stages.push(Stage {
        name: "run".into(),
        image: images.image("static.run", ""),
        reason: "A web server that needs no root and no shell to serve files.".into(),
        steps: vec![
            copy(
                vec![super::render::NGINX_CONF.into()],
                "/etc/nginx/nginx.conf",
                "Caching headers, the port, and temporary files below /tmp.",
            ),
            files,
        ],
    });
    plan.command = Some(["nginx", "-g", "daemon off;"].map(String::from).to_vec());
    plan.health.is_known = true;
    plan.health.command = Some(wget("wget", plan));
}

/// A health check by busybox's `wget`.
fn wget(program: &str, plan: &Plan) -> Vec<String> {
    let url = format!("http://127.0.0.1:{}{}", plan.port, plan.health.path);
    [program, "-q", "-T", "4", "-O", "/dev/null", &url].map(String::from).to_vec()
}

/// Gives an image without a shell the means to check itself: one small static program.
pub(crate) fn probe(plan: &mut Plan, images: &BaseImages) -> BuildStep {
    let image = images.image("probe", "");
    if plan.health.is_known {
        plan.health.command = Some(wget("/bin/wget", plan));
        return copy_from(
            &image,
            "/bin/busybox",
            "/bin/wget",
            "Under this name it is wget alone: the image has nothing of its own that the health check could ask with.",
        );
    }
    plan.health.command =
        Some(["/bin/nc", "-w", "4", "127.0.0.1", &plan.port.to_string()].map(String::from).to_vec());
    copy_from(
        &image,
        "/bin/busybox",
        "/bin/nc",
        "Under this name it is nc alone: the image has nothing of its own that the health check could connect with.",
    )
}

/// The argument list for an image without a shell, and whether it needs one after all.
pub(crate) fn shellless(line: &str, port: u16) -> (Vec<String>, bool) {
    let words = exec_form(&command::with_port(line, port));
    let needs_shell = words.first().is_some_and(|word| word == "sh" || word == "bash");
    (words, needs_shell)
}
