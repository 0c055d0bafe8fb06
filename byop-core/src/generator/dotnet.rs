//! .NET: projects in C#, F# and Visual Basic, published for the shared runtime.

mod project;
mod sdk;
mod web;

use project::{Kind, Project, above, choose, closure, read_all};
use sdk::Sdk;

use super::command::quote;
use super::finish::{
    begin, cache, copy, copy_from, copy_source, end, no_start, probe, run, serve_static, start_of,
};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::view::View;
use super::{Generator, command, procfile, scan, version};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage, Variant};
use crate::source::SourceTree;

/// Recognises `.csproj`, `.fsproj` and `.vbproj` files, in the root or below it.
#[derive(Debug, Clone, Default)]
pub struct DotnetGenerator {
    images: BaseImages,
}

impl DotnetGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for DotnetGenerator {
    fn name(&self) -> &str {
        "dotnet"
    }

    fn looks_for(&self) -> Vec<String> {
        ["*.csproj", "*.fsproj", "*.vbproj"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let (view, folder) = around(source);
        let projects = read_all(&view)?;
        let Some(first) = projects.iter().find(|project| project.path.starts_with(&folder)) else {
            return Ok(None);
        };
        let chosen = choose(&projects, &folder);
        let depth = first.path.bytes().filter(|b| *b == b'/').count();
        let has_solution = view.entries_here().any(|(name, is_file)| {
            is_file && [".sln", ".slnx", ".slnf"].iter().any(|end| name.ends_with(end))
        });
        let is_sure = matches!(&chosen, Ok(app) if app.assembly.is_some() && !app.is_legacy);
        let confidence = match (is_sure, depth, has_solution) {
            (true, 0, _) | (true, _, true) => 0.97,
            (true, 1, false) => 0.9,
            // Deeper, only the folder where sources usually are speaks for it: it may be a part of something else.
            (true, 2, false) if first.path.starts_with("src/") => 0.9,
            (true, ..) => 0.45,
            (false, 0, _) | (false, _, true) => 0.7,
            (false, ..) => 0.5,
        };
        let mut detection = Detection::new("dotnet", confidence);
        view.base().clone_into(&mut detection.root);
        let file = chosen.as_ref().map_or(first.path.as_str(), |app| app.path.as_str()).to_owned();
        detection.note("stack = dotnet", &file, "a project file of .NET");
        detection.package_manager = Some("nuget".into());
        let app = chosen.as_ref().copied().unwrap_or(first);
        let mut pins: Vec<Pin> = Vec::new();
        pins.extend(app.release().map(|release| Pin::new(release, &file, "the target framework")));
        let sdk = Sdk::read(&view);
        if let (true, Some(sdk)) = (pins.is_empty(), &sdk) {
            let line = sdk.line().map(|(major, minor)| format!("{major}.{minor}"));
            pins.extend(line.map(|line| Pin::new(line, "global.json", "sdk.version")));
        }
        let release = pins::decide(&self.images, "dotnet", &pins, None, &mut detection);
        if let Some(sdk) = sdk {
            let version = &sdk.version;
            detection.note(
                format!("sdk = {}", sdk.image_version(&release)),
                "global.json",
                format!("sdk.version {version}: an SDK builds for its own release and older ones"),
            );
            if !sdk.builds(&release) {
                let message = format!(
                    "global.json asks for SDK {version}, which cannot build for {release} as {file} wants"
                );
                detection.diagnostics.push(Diagnostic::new(
                    "contradicting-versions",
                    Severity::Warning,
                    message,
                ));
            }
        }
        detection.version = Some(release);
        match &chosen {
            Ok(app) => self.describe(&view, app, &projects, &mut detection),
            Err(several) if several.is_empty() => {
                detection
                    .diagnostics
                    .push(no_start("none of the projects is a program: they are libraries or tests"));
            }
            Err(several) => detection.diagnostics.push(
                Diagnostic::new(
                    "several-projects",
                    Severity::Error,
                    format!("which of these projects is the app? {}", several.join(", ")),
                )
                .with_setting("build.root"),
            ),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let (view, folder) = around(source);
        let projects = read_all(&view)?;
        if projects.is_empty() {
            return Err(Error::invalid("app.plan", "the .NET project is gone").with_remedy("detect again"));
        }
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("dotnet", version).version);
        }
        let procfile = procfile::read(&view)?;
        let app = choose(&projects, &folder).ok().filter(|app| !app.is_legacy);
        let is_browser = app.is_some_and(|app| app.kind == Kind::Browser);
        let found = app
            .filter(|_| !is_browser)
            .and_then(|app| app.assembly.as_deref())
            .map(|name| format!("dotnet {}", quote(&format!("{name}.dll"))));
        // A Procfile of a build pack names the place of its own output.
        let mut others = procfile.clone();
        others.web = procfile.web.clone().filter(|_| found.is_none());
        let start = start_of(spec, &others, found);
        let sources = app.map(|app| web::sources(&view, app)).unwrap_or_default();
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| app.and_then(|app| web::port(&view, app, &sources)))
            .unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.entry = app.map(|app| app.path.clone());
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), web::health(&sources));
        plan.diagnostics.extend(web::loopback(&sources));
        plan.install = spec.build.install.clone().or_else(|| {
            let app = app?;
            let is_locked = view.has_file(&join(app.folder(), "packages.lock.json"));
            let mode = if is_locked { " --locked-mode" } else { "" };
            Some(format!("dotnet restore {}{mode}", quote(&app.path)))
        });
        plan.build = spec.build.build.clone().or_else(|| app.map(publish));
        plan.ignore = ["bin", "**/bin", "obj", "**/obj", "**/*.user", ".vs", "TestResults", "**/TestResults"]
            .map(String::from)
            .to_vec();
        if let (Some(app), true) = (app, start.is_some() || is_browser) {
            self.stages(&mut plan, &view, &projects, app, start.as_deref());
        }
        plan.start = start;
        end(plan, &view, spec)
    }
}

impl DotnetGenerator {
    /// The facts of the app's project.
    fn describe(&self, view: &View<'_>, app: &Project, projects: &[Project], detection: &mut Detection) {
        let framework = framework(view, app);
        if let Some((name, reason)) = framework {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), &app.path, reason);
        }
        if projects.len() > 1 {
            detection.note(format!("project = {}", app.path), &app.path, "of all projects it is the program");
        }
        let warning = |code: &str, message: String| Diagnostic::new(code, Severity::Warning, message);
        if app.is_legacy {
            let message =
                format!("{} is for the .NET Framework or for Windows, which no Linux image has", app.path);
            detection.diagnostics.push(
                Diagnostic::new("unsupported-target", Severity::Error, message).with_setting("build.start"),
            );
        } else if app.kind == Kind::Browser {
            detection.variant = Some(Variant::Spa);
        } else if app.assembly.is_none() {
            detection.diagnostics.push(no_start(format!(
                "{} names its assembly in a way that only MSBuild can read",
                app.path
            )));
        }
        if matches!(app.kind, Kind::Worker | Kind::Console) {
            let message = format!("{} may answer no requests: it is no project of the web SDK", app.path);
            detection.diagnostics.push(warning("no-listener", message).with_setting("port"));
        }
        if app.runs_npm {
            let message = format!("{} runs npm, which the image of the SDK does not have", app.path);
            detection.diagnostics.push(warning("missing-build-tool", message).with_setting("build.images"));
        }
    }

    fn stages(
        &self,
        plan: &mut Plan,
        view: &View<'_>,
        projects: &[Project],
        app: &Project,
        start: Option<&str>,
    ) {
        let release = plan.version.clone().unwrap_or_default();
        let sdk = Sdk::read(view).map_or_else(|| release.clone(), |sdk| sdk.image_version(&release));
        let mut build = Stage {
            name: "build".into(),
            image: self.images.image("dotnet", &sdk),
            reason: "Compiles and publishes the app; the SDK and the source stay in this stage.".into(),
            steps: vec![BuildStep::Workdir("/src".into())],
        };
        let packages = cache("nuget", "/root/.nuget/packages");
        let used = closure(projects, app);
        if let Some(install) =
            plan.install.clone().filter(|_| !used.iter().any(|project| project.has_imports))
        {
            manifests(&mut build, view, &used);
            build.steps.push(run(install, vec![packages.clone()], ""));
        }
        build.steps.push(copy_source(view, ""));
        if let Some(line) = plan.build.clone() {
            build.steps.push(run(line, vec![packages], ""));
        }
        plan.stages.push(build);
        let Some(start) = start else {
            plan.static_dir = Some("wwwroot".into());
            plan.index_fallback = true;
            serve_static(plan, &self.images, Some("build"), "/out/wwwroot");
            return;
        };
        let is_web = app.kind == Kind::Web;
        let role = if is_web { "dotnet.run" } else { "dotnet.run.console" };
        let steps = vec![
            BuildStep::Workdir("/app".into()),
            probe(plan, &self.images),
            copy_from("build", "/out/", "./", "The published app, for the runtime that the image has."),
        ];
        plan.stages.push(Stage {
            name: "run".into(),
            image: self.images.image(role, &release),
            reason: "What runs: the shared runtime without the SDK.".into(),
            steps,
        });
        plan.command = Some(command::exec_form(start));
        plan.env.insert("HOME".into(), "/tmp".into());
        if is_web {
            let is_new = version::Version::parse(&release).is_some_and(|version| version.major() >= 8);
            if is_new {
                plan.env.insert("ASPNETCORE_HTTP_PORTS".into(), plan.port.to_string());
            } else {
                plan.env.insert("ASPNETCORE_URLS".into(), format!("http://0.0.0.0:{}", plan.port));
            }
        }
    }
}

/// The folder that MSBuild needs to see, and the part of it that the caller chose, with a `/` behind it: what projects
/// share lies above them.
fn around(source: &SourceTree) -> (View<'_>, String) {
    let view = View::of(source);
    let base = view.base().to_owned();
    if source.focus().is_empty() {
        return (view, String::new());
    }
    // The root first: the outermost folder with something to share is the one that all of it is in.
    let outer = std::iter::once("").chain(base.match_indices('/').map(|(at, _)| &base[..at])).take(16);
    for folder in outer {
        let above = View::at(source, folder);
        let shares = above.entries_here().any(|(name, is_file)| {
            is_file
                && (["Directory.Packages.props", "Directory.Build.props", "global.json"].contains(&name)
                    || [".sln", ".slnx"].iter().any(|end| name.ends_with(end)))
        });
        if shares {
            let rest = base[folder.len()..].trim_start_matches('/');
            return (above, format!("{rest}/"));
        }
    }
    (view, String::new())
}

/// A path in a folder, which may be the root.
fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The command line that publishes for the shared runtime, whatever the project says for other targets.
fn publish(app: &Project) -> String {
    let mut line = format!("dotnet publish {} -c Release -o /out", quote(&app.path));
    if let (Some(target), true) = (app.targets.first(), app.targets.len() > 1) {
        line.push_str(&format!(" -f {}", quote(target)));
    }
    if app.kind != Kind::Browser {
        line.push_str(" -p:UseAppHost=false");
        for name in &app.undone {
            line.push_str(&format!(" -p:{name}=false"));
        }
    }
    line
}

/// Copies what `dotnet restore` reads.
fn manifests(build: &mut Stage, view: &View<'_>, used: &[&Project]) {
    const SHARED: [&str; 9] = [
        "Directory.Build.props",
        "Directory.Build.targets",
        "Directory.Packages.props",
        "Directory.Build.rsp",
        "nuget.config",
        "NuGet.config",
        "NuGet.Config",
        "global.json",
        "packages.lock.json",
    ];
    let mut files: Vec<String> = Vec::new();
    for project in used {
        let found = SHARED.iter().flat_map(|name| above(view, &project.path, name));
        files.extend(found.chain([project.path.clone()]));
    }
    files.sort();
    files.dedup();
    let folder_of = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let mut folders: Vec<String> = files.iter().map(|path| folder_of(path)).collect();
    folders.sort();
    folders.dedup();
    let mut reason = "Project files first: packages are only fetched again when these change.";
    for folder in folders {
        let here =
            files.iter().filter(|path| folder_of(path) == folder).map(|path| view.full(path)).collect();
        let target = if folder.is_empty() { "./".to_owned() } else { format!("./{folder}/") };
        build.steps.push(copy(here, &target, reason));
        reason = "";
    }
}

/// The framework of a project and what says so.
fn framework(view: &View<'_>, app: &Project) -> Option<(&'static str, &'static str)> {
    let sources = || web::sources(view, app);
    let has = |words: &[&str]| sources().iter().any(|(_, text)| words.iter().any(|word| text.contains(word)));
    match app.kind {
        Kind::Browser => Some(("blazor", "the SDK of Blazor")),
        Kind::Worker => Some(("worker", "the SDK of workers")),
        Kind::Web if has(&["AddServerSideBlazor", "AddRazorComponents", "AddInteractiveServer"]) => {
            Some(("blazor", "the web SDK, and the program adds Blazor's components"))
        }
        // The web SDK alone makes no server: a console program may use it too.
        Kind::Web
            if app.path.ends_with(".fsproj")
                && !has(&["WebApplication", "WebHost", "HostBuilder", "Giraffe", "Saturn", "Falco"]) =>
        {
            None
        }
        Kind::Web => Some(("aspnetcore", "the web SDK")),
        _ => app
            .packages
            .iter()
            .any(|name| name.starts_with("Microsoft.AspNetCore"))
            .then_some(("aspnetcore", "it is among the packages")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    #[test]
    fn a_chosen_project_is_built_from_where_its_solution_is() {
        let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>";
        let tree =
            SourceTree::from_files([("a.sln", ""), ("src/One/One.csproj", web), ("src/Two/Two.csproj", web)])
                .unwrap();
        let tree = tree.focused("src/Two").unwrap();
        let generator = DotnetGenerator::default();
        let detection = generator.detect(&tree).unwrap().unwrap();
        let spec = AppSpec::new("a", Source::Directory(".".into())).unwrap();
        let plan = generator.plan(&tree, &detection, &spec).unwrap();
        assert_eq!(plan.root, "");
        assert_eq!(plan.entry.as_deref(), Some("src/Two/Two.csproj"));
        assert_eq!(plan.start.as_deref(), Some("dotnet Two.dll"));
    }
}
