//! What MSBuild's project files say: which project is the app, its target, its name and what it refers to.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::generator::view::View;
use crate::generator::xml::Xml;

/// The endings of project files.
pub(super) const ENDINGS: [&str; 3] = ["csproj", "fsproj", "vbproj"];

/// More projects than are read.
const PROJECTS: usize = 80;

/// What a project makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A server of the web SDK.
    Web,
    /// A program of the worker SDK.
    Worker,
    /// A program.
    Console,
    /// Files that run in a browser.
    Browser,
    Library,
    Test,
}

/// One project file with what the folders above it set for it.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// Its path.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Its target frameworks, the newest first.
    pub(super) targets: Vec<String>,
    /// The name of what it makes; none when only MSBuild can tell.
    pub(super) assembly: Option<String>,
    pub(super) packages: Vec<String>,
    /// The project files that it refers to.
    pub(super) references: Vec<String>,
    /// Whether it is written for the .NET Framework of Windows.
    pub(super) is_legacy: bool,
    /// Whether it names other files of MSBuild.
    pub(super) has_imports: bool,
    /// Publish settings that make another artefact than an assembly for the shared runtime.
    pub(super) undone: Vec<&'static str>,
    pub(super) runs_npm: bool,
}

impl Project {
    fn read(view: &View<'_>, path: &str) -> Result<Option<Self>> {
        let Some(xml) = Xml::read(view, path, "Project")? else { return Ok(None) };
        let sdk = xml
            .attribute(0, "Sdk")
            .or_else(|| xml.child(0, "Sdk").and_then(|at| xml.attribute(at, "Name")))
            .or_else(|| xml.inside(0, "Import").find_map(|at| xml.attribute(at, "Sdk")))
            .map(|sdk| sdk.split('/').next().unwrap_or(sdk).to_owned());
        let mut properties = BTreeMap::new();
        for file in above(view, path, "Directory.Build.props") {
            if let Ok(Some(xml)) = Xml::read(view, &file, "Project") {
                collect(&xml, &mut properties);
            }
        }
        collect(&xml, &mut properties);
        let get = |name: &str| resolve(&properties, properties.get(name)?);
        let is = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let included = |name: &'static str| -> Vec<String> {
            xml.inside(0, name)
                .filter_map(|at| xml.attribute(at, "Include"))
                .flat_map(|list| list.split(';').map(|item| item.trim().to_owned()))
                .filter(|item| !item.is_empty())
                .collect()
        };
        let packages = included("PackageReference");
        let stem = stem(path).to_owned();
        let is_test = is("IsTestProject")
            || packages.iter().any(|name| name.eq_ignore_ascii_case("Microsoft.NET.Test.Sdk"))
            || ["Tests", ".Test", "Specs"].iter().any(|end| stem.ends_with(end));
        let is_program = get("OutputType").is_some_and(|kind| kind.to_ascii_lowercase().ends_with("exe"));
        let kind = match sdk.as_deref().unwrap_or_default() {
            _ if is_test => Kind::Test,
            _ if is("IsAspireHost") => Kind::Library,
            sdk if sdk.starts_with("Aspire.AppHost") => Kind::Library,
            "Microsoft.NET.Sdk.Web" if get("OutputType").is_none_or(|kind| kind != "Library") => Kind::Web,
            "Microsoft.NET.Sdk.Worker" => Kind::Worker,
            "Microsoft.NET.Sdk.BlazorWebAssembly" => Kind::Browser,
            _ if is_program => Kind::Console,
            _ => Kind::Library,
        };
        let mut targets: Vec<String> = get("TargetFrameworks")
            .or_else(|| get("TargetFramework"))
            .unwrap_or_default()
            .split(';')
            .map(|target| target.trim().to_ascii_lowercase())
            .filter(|target| !target.is_empty())
            .collect();
        targets.sort_by_key(|target| std::cmp::Reverse(release_of(target)));
        let is_legacy = sdk.is_none()
            || (!targets.is_empty() && targets.iter().all(|target| release_of(target).is_none()));
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let references =
            included("ProjectReference").iter().filter_map(|path| resolved(folder, path)).collect();
        let undone = ["PublishAot", "PublishSingleFile", "SelfContained", "PublishTrimmed"]
            .into_iter()
            .filter(|name| is(name))
            .collect();
        let assembly = match properties.get("AssemblyName") {
            None => Some(stem),
            Some(name) => resolve(&properties, &name.replace("$(MSBuildProjectName)", &stem)),
        };
        Ok(Some(Self {
            path: path.to_owned(),
            kind,
            assembly: assembly.filter(|name| is_name(name)),
            packages,
            references,
            is_legacy: is_legacy && kind != Kind::Library,
            has_imports: xml
                .inside(0, "Import")
                .any(|at| xml.attribute(at, "Project").is_some() && xml.attribute(at, "Sdk").is_none()),
            undone,
            runs_npm: xml.inside(0, "Exec").any(|at| {
                xml.attribute(at, "Command")
                    .is_some_and(|line| line.contains("npm ") || line.contains("yarn "))
            }),
            targets,
        }))
    }

    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The release of .NET that it runs on.
    pub(super) fn release(&self) -> Option<String> {
        self.targets
            .iter()
            .find_map(|target| release_of(target))
            .map(|(major, minor)| format!("{major}.{minor}"))
    }
}

/// All projects of a tree that are no tests, those nearest to the root first.
pub(super) fn read_all(view: &View<'_>) -> Result<Vec<Project>> {
    let (mut found, mut broken) = (Vec::new(), None);
    for path in view.sources(&ENDINGS, 5).into_iter().take(PROJECTS) {
        match Project::read(view, path) {
            Ok(project) => found.extend(project),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    match broken {
        Some(error) if found.is_empty() => Err::<_, Error>(error),
        _ => Ok(found),
    }
}

/// The project below `folder` that is the app, or all that could be.
pub(super) fn choose<'p>(
    projects: &'p [Project],
    folder: &str,
) -> std::result::Result<&'p Project, Vec<String>> {
    for kinds in [&[Kind::Web][..], &[Kind::Worker, Kind::Console], &[Kind::Browser]] {
        let pool: Vec<&Project> = projects
            .iter()
            .filter(|project| kinds.contains(&project.kind) && project.path.starts_with(folder))
            .collect();
        match pool.as_slice() {
            [] => {}
            [only] => return Ok(only),
            several => {
                return likeliest(several).ok_or_else(|| several.iter().map(|p| p.path.clone()).collect());
            }
        }
    }
    Err(Vec::new())
}

/// The app among several: alone at the root, alone with the name of an app, or alone in not being referred to.
fn likeliest<'p>(several: &[&'p Project]) -> Option<&'p Project> {
    const NAMES: [&str; 8] = ["web", "api", "webapi", "server", "app", "host", "site", "webapp"];
    let only = |mut found: Vec<&'p Project>| if found.len() == 1 { found.pop() } else { None };
    let at_root = several.iter().copied().filter(|project| !project.path.contains('/')).collect();
    let last = |project: &Project| {
        let name = stem(&project.path).to_ascii_lowercase();
        name.rsplit('.').next().map(str::to_owned).unwrap_or(name)
    };
    only(at_root)
        .or_else(|| {
            NAMES
                .iter()
                .find_map(|name| {
                    let named: Vec<_> =
                        several.iter().copied().filter(|project| last(project) == *name).collect();
                    (!named.is_empty()).then_some(named)
                })
                .and_then(only)
        })
        .or_else(|| {
            let is_used =
                |path: &str| several.iter().any(|other| other.references.iter().any(|used| used == path));
            only(several.iter().copied().filter(|project| !is_used(&project.path)).collect())
        })
}

/// A project with all that it refers to, itself first.
pub(super) fn closure<'p>(projects: &'p [Project], app: &'p Project) -> Vec<&'p Project> {
    let mut found = vec![app];
    let mut at = 0;
    while let Some(project) = found.get(at).copied() {
        for path in &project.references {
            if let Some(other) = projects.iter().find(|other| other.path == *path)
                && !found.iter().any(|known| known.path == other.path)
            {
                found.push(other);
            }
        }
        at += 1;
    }
    found
}

/// The files of one name in the folders of a path, the root first.
pub(super) fn above(view: &View<'_>, path: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut folder = "";
    for _ in 0..32 {
        let file = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if view.has_file(&file) {
            found.push(file);
        }
        let Some(at) = path[from..].find('/').map(|at| from + at) else { break };
        folder = &path[..at];
        from = at + 1;
    }
    found
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Properties that are set without a condition; the last one wins, as in MSBuild.
fn collect(xml: &Xml, properties: &mut BTreeMap<String, String>) {
    for group in xml.children(0).filter(|at| xml.name(*at) == "PropertyGroup") {
        if xml.attribute(group, "Condition").is_some() {
            continue;
        }
        for at in xml.children(group).filter(|at| xml.attribute(*at, "Condition").is_none()) {
            properties.insert(xml.name(at).to_owned(), xml.text(at).to_owned());
        }
    }
}

/// A value with the properties that it names put in; none when one is not known.
fn resolve(properties: &BTreeMap<String, String>, value: &str) -> Option<String> {
    let mut value = value.trim().to_owned();
    // Bounds, because properties may name each other and grow.
    for _ in 0..8 {
        let Some(start) = value.find("$(") else { break };
        let end = start + value[start..].find(')')?;
        let known = properties.get(&value[start + 2..end])?.clone();
        value.replace_range(start..=end, &known);
        if value.len() > 1_000 {
            return None;
        }
    }
    (!value.is_empty() && !value.contains("$(")).then_some(value)
}

/// The release behind `net8.0`, `netcoreapp3.1` or `net9.0-linux`; none for those of Windows and for libraries.
fn release_of(target: &str) -> Option<(u32, u32)> {
    let (name, platform) = target.split_once('-').unwrap_or((target, ""));
    if platform.starts_with("windows") {
        return None;
    }
    let number = name.strip_prefix("netcoreapp").or_else(|| name.strip_prefix("net"))?;
    let (major, minor) = number.split_once('.')?;
    let release = (major.parse().ok()?, minor.parse().ok()?);
    // `net4.8` is the .NET Framework.
    (name.starts_with("netcoreapp") || release.0 >= 5).then_some(release)
}

/// A path beside a folder, with its `..` applied; none when it leaves the tree or needs MSBuild.
fn resolved(folder: &str, path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.contains("$(") || path.contains('*') || path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a text can be the name of an assembly: it becomes part of a command line.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 200
        && !name.starts_with(['-', '.'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_to_releases() {
        for (target, release) in [
            ("net8.0", Some((8, 0))),
            ("netcoreapp3.1", Some((3, 1))),
            ("net9.0-linux", Some((9, 0))),
            ("net8.0-windows", None),
            ("net48", None),
            ("net4.8", None),
            ("netstandard2.0", None),
        ] {
            assert_eq!(release_of(target), release, "{target}");
        }
    }

    #[test]
    fn references_stay_in_the_tree() {
        assert_eq!(resolved("src/Web", r"..\Core\Core.csproj").as_deref(), Some("src/Core/Core.csproj"));
        assert_eq!(resolved("", "../x.csproj"), None);
        assert_eq!(resolved("a", "$(Root)/x.csproj"), None);
    }

    #[test]
    fn properties_that_name_each_other_end() {
        let properties = BTreeMap::from([
            ("A".to_owned(), "$(B)$(B)".to_owned()),
            ("B".to_owned(), "$(A)$(A)".to_owned()),
        ]);
        assert_eq!(resolve(&properties, "$(A)"), None);
        assert!(!is_name("a\nb") && !is_name("a;b") && !is_name("-x") && is_name("My App"));
    }
}
