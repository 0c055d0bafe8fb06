//! Gradle: build and settings files of both dialects, the wrapper and the version catalogue.

use std::collections::BTreeMap;

use super::gradle_text::{arguments, from_catalogue, level, value, without_comments};
use super::main_class;
use super::project::{Artefact, Project, Tool, likeliest};
use super::settings::properties;
use crate::error::Result;
use crate::generator::pins::Pin;
use crate::generator::version::Version;
use crate::generator::view::View;

const BUILD: [&str; 2] = ["build.gradle", "build.gradle.kts"];
const SETTINGS: [&str; 2] = ["settings.gradle", "settings.gradle.kts"];
const WRAPPER: &str = "gradle/wrapper/gradle-wrapper.properties";
const CATALOGUE: &str = "gradle/libs.versions.toml";

/// More modules than anybody has.
const MODULES: usize = 100;

/// The first Gradle that runs on a release of Java, newest first.
const NEEDED: [((u32, u32), u32); 18] = [
    ((9, 4), 26),
    ((9, 1), 25),
    ((8, 14), 24),
    ((8, 10), 23),
    ((8, 8), 22),
    ((8, 5), 21),
    ((8, 3), 20),
    ((7, 6), 19),
    ((7, 5), 18),
    ((7, 3), 17),
    ((7, 0), 16),
    ((6, 7), 15),
    ((6, 3), 14),
    ((6, 0), 13),
    ((5, 4), 12),
    ((5, 0), 11),
    ((4, 7), 10),
    ((4, 3), 9),
];

/// The releases of Java that a Gradle runs on.
pub(super) fn bounds(version: &str) -> (u32, u32) {
    let Some(version) = Version::parse(version) else { return (8, 99) };
    let this = (version.major(), version.minor().unwrap_or_default());
    let high = NEEDED.iter().find(|(first, _)| this >= *first).map_or(8, |(_, release)| *release);
    // What comes after the table runs on more than the table knows.
    let high = if this > (9, 4) { 99 } else { high };
    (if this.0 >= 9 { 17 } else { 8 }, high)
}

/// One build file and what it uses of the version catalogue.
#[derive(Debug, Default, Clone)]
struct Build {
    folder: String,
    text: String,
    /// Ids and coordinates behind the names of the catalogue.
    named: String,
}

impl Build {
    fn read(view: &View<'_>, folder: &str, catalogue: &toml::Table) -> Option<Self> {
        let path = BUILD.iter().map(|name| super::join(folder, name)).find(|path| view.has_file(path))?;
        let text = without_comments(&view.glance(&path)?);
        // What the root only prepares for its modules it does not apply itself.
        let text: String =
            text.lines().filter(|line| !line.contains("apply false")).flat_map(|line| [line, "\n"]).collect();
        let named = from_catalogue(&text, catalogue);
        Some(Self { folder: folder.to_owned(), text, named })
    }

    fn has_plugin(&self, id: &str) -> bool {
        self.text.contains(&format!("'{id}'"))
            || self.text.contains(&format!("\"{id}\""))
            || self.named.lines().any(|line| line.split(':').next() == Some(id))
    }

    /// A plugin of Gradle itself, which has a short name.
    fn has_core_plugin(&self, name: &str) -> bool {
        self.has_plugin(name)
            || self.text.lines().any(|line| {
                let line = line.trim();
                line == name || line == format!("`{name}`")
            })
            || self.text.split(['{', ';']).any(|part| part.trim().trim_end_matches('}').trim() == name)
            || self
                .text
                .lines()
                .any(|line| line.trim().strip_prefix(name).is_some_and(|rest| rest.trim() == "{"))
    }

    fn is_boot_off(&self) -> bool {
        self.text.match_indices("bootJar").any(|(at, _)| {
            let rest: String = self.text[at..].chars().take(80).filter(|c| !c.is_whitespace()).collect();
            rest.contains("enabled=false") || rest.contains("enabled.set(false)")
        })
    }

    /// How the module is packaged, and the tasks that do it.
    fn artefact(&self) -> Option<(Artefact, &'static str)> {
        let is_war = self.has_core_plugin("war");
        let archive = |pattern: &str, task| Some((Artefact::Archive(pattern.into()), task));
        let is_renamed = ["archiveFileName", "archiveClassifier", "archiveName", "classifier"]
            .iter()
            .any(|name| self.text.contains(name));
        let fat = if is_renamed { "*.jar" } else { "*-all.jar" };
        if self.has_plugin("io.quarkus") {
            return Some((Artefact::Quarkus, "quarkusBuild"));
        }
        if self.has_plugin("org.springframework.boot") && !self.is_boot_off() {
            return if is_war { archive("*.war", "bootWar") } else { archive("*.jar", "bootJar") };
        }
        if self.has_plugin("io.ktor.plugin") {
            return archive(fat, "buildFatJar");
        }
        if ["com.github.johnrengelman.shadow", "com.gradleup.shadow", "io.github.goooler.shadow"]
            .iter()
            .any(|id| self.has_plugin(id))
        {
            return archive(fat, "shadowJar");
        }
        if self.has_core_plugin("application") || self.has_plugin("io.micronaut.application") {
            return Some((Artefact::Distribution, "installDist"));
        }
        if is_war {
            let is_jakarta = !self.text.contains("javax.servlet") && !self.named.contains("javax.servlet");
            return Some((Artefact::Servlet { is_jakarta }, "war"));
        }
        // An archive that names its main class and packs its libraries.
        if self.text.contains("Main-Class") && self.text.contains("runtimeClasspath") {
            return archive("*.jar", "jar");
        }
        None
    }

    fn main_class(&self) -> Option<String> {
        ["mainClass", "mainClassName"]
            .iter()
            .find_map(|name| value(&self.text, name))
            .or_else(|| {
                let at = self.text.find("Main-Class")? + "Main-Class".len();
                self.text[at + 1..].split(['"', '\'']).nth(1)
            })
            .filter(|name| main_class::is_class(name))
            .map(str::to_owned)
    }

    fn has_dependencies(&self) -> bool {
        ["implementation", "api", "compile", "runtimeOnly", "runtime"].iter().any(|name| {
            self.text
                .lines()
                .any(|line| line.trim().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '('])))
        })
    }
}

/// The modules that the settings include, as folders.
fn modules(view: &View<'_>) -> Vec<String> {
    let Some(text) = view.first_file(&SETTINGS).and_then(|file| view.glance(file)) else { return Vec::new() };
    let text = without_comments(&text);
    let mut found: Vec<String> = arguments(&text, "include")
        .into_iter()
        .map(|name| name.trim_start_matches(':').replace(':', "/"))
        .filter(|folder| !folder.is_empty() && !folder.contains("..") && view.has_dir(folder))
        .take(MODULES)
        .collect();
    found.dedup();
    found
}

/// Whether a folder is a Gradle project that includes `module`.
pub(super) fn has_module(view: &View<'_>, module: &str) -> bool {
    modules(view).iter().any(|folder| folder == module)
}

/// Reads a Gradle project; `wanted` is the module that the caller chose.
pub(super) fn read(view: &View<'_>, wanted: Option<&str>) -> Result<Option<Project>> {
    let names = [BUILD[0], BUILD[1], SETTINGS[0], SETTINGS[1], "gradlew"];
    let Some(manifest) = view.first_file(&names) else { return Ok(None) };
    let catalogue = view.toml(CATALOGUE).ok().flatten().unwrap_or_default();
    let root = Build::read(view, "", &catalogue).unwrap_or_default();
    let modules = modules(view);
    let mut builds: Vec<Build> = vec![root.clone()];
    // What the root sets for all of its modules holds for each of them.
    let is_shared = root.text.contains("subprojects") || root.text.contains("allprojects");
    for folder in &modules {
        let mut build = Build::read(view, folder, &catalogue).unwrap_or_default();
        folder.clone_into(&mut build.folder);
        if is_shared && build.artefact().is_none() {
            build.text = format!("{}\n{}", build.text, root.text);
            build.named.push_str(&root.named);
        }
        builds.push(build);
    }
    let with_source = |build: &&Build| {
        modules.is_empty() || !build.folder.is_empty() || view.has_dir("src/main") || view.has_dir("app")
    };
    let mut candidates: Vec<String> = builds
        .iter()
        .filter(with_source)
        .filter(|build| build.artefact().is_some())
        .map(|build| build.folder.clone())
        .collect();
    if !modules.is_empty() && candidates.len() != 1 {
        let pool = builds.iter().filter(|build| candidates.is_empty() || candidates.contains(&build.folder));
        let with_main: Vec<String> = pool
            .filter(|build| build.main_class().is_some() || !main_class::all(view, &build.folder).is_empty())
            .map(|build| build.folder.clone())
            .collect();
        if !with_main.is_empty() {
            candidates = with_main;
        }
    }
    let chosen = match wanted {
        Some(wanted) => Some(wanted.to_owned()),
        None if modules.is_empty() => Some(String::new()),
        None => likeliest(&candidates).cloned(),
    };
    let module = chosen.clone().unwrap_or_default();
    let own = builds.iter().find(|build| build.folder == module).cloned().unwrap_or_default();
    let plain = || {
        let has_libraries = own.has_dependencies();
        (Artefact::Classes { has_libraries }, if has_libraries { "jar libraries" } else { "jar" })
    };
    let (artefact, task) = own.artefact().unwrap_or_else(plain);
    let needs_main = matches!(artefact, Artefact::Classes { .. } | Artefact::Distribution);
    let own_file = BUILD.iter().map(|name| super::join(&module, name)).find(|path| view.has_file(path));
    let main = own
        .main_class()
        .map(|class| (class, own_file.clone().unwrap_or_else(|| manifest.to_owned())))
        .or_else(|| needs_main.then(|| main_class::find(view, &module)).flatten());
    let conventions = conventions(view);
    let (levels, toolchain) =
        levels(view, &own, &root, &conventions, own_file.as_deref().unwrap_or(manifest), &catalogue);
    let tool_version = wrapper_version(view).map(|version| (version, WRAPPER.to_owned()));
    let bounds = tool_version.as_ref().map_or((8, 99), |(version, _)| bounds(version));
    let path = if module.is_empty() { String::new() } else { format!(":{}:", module.replace('/', ":")) };
    Ok(Some(Project {
        tool: Tool::Gradle,
        // Without its archive the wrapper is only a script.
        has_wrapper: view.has_file("gradlew")
            && view.has_file(WRAPPER)
            && view.has_file("gradle/wrapper/gradle-wrapper.jar"),
        tool_version,
        manifest: manifest.to_owned(),
        is_ambiguous: chosen.is_none(),
        module,
        candidates,
        output: [".gradle".to_owned()]
            .into_iter()
            .chain(builds.iter().map(|build| super::join(&build.folder, "build")))
            .collect(),
        manifests: manifests(view, &modules, &builds),
        artefact,
        goals: task.split(' ').map(|task| format!("{path}{task}")).collect(),
        main_class: main,
        levels,
        toolchain,
        bounds,
        facts: format!("{}\n{}\n{conventions}", own.text, own.named),
    }))
}

fn wrapper_version(view: &View<'_>) -> Option<String> {
    let text = view.glance(WRAPPER)?;
    let (_, url) = properties(&text).into_iter().find(|(name, _)| name == "distributionUrl")?;
    let rest = &url[url.rfind("gradle-")? + "gradle-".len()..];
    let version = rest.split("-bin").next()?.split("-all").next()?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    is_version.then(|| version.to_owned())
}

/// The texts of plugins that the project writes for itself.
fn conventions(view: &View<'_>) -> String {
    let mut text = String::new();
    for folder in ["buildSrc", "build-logic", "gradle/build-logic"] {
        if !view.has_dir(folder) {
            continue;
        }
        let own = |path: &&str| {
            path.starts_with(folder) && (path.ends_with(".gradle") || path.ends_with(".gradle.kts"))
        };
        for path in view.sources(&["gradle", "kts"], 8).into_iter().filter(own).take(12) {
            text.push_str(&without_comments(&view.glance(path).unwrap_or_default()));
            text.push('\n');
        }
    }
    text
}

/// Language levels, the deciding one first, and the release of the toolchain.
fn levels(
    view: &View<'_>,
    own: &Build,
    root: &Build,
    conventions: &str,
    file: &str,
    catalogue: &toml::Table,
) -> (Vec<Pin>, Option<u32>) {
    let mut known: BTreeMap<String, String> = view
        .glance("gradle.properties")
        .map(|text| properties(&text).into_iter().collect())
        .unwrap_or_default();
    let versions = catalogue.get("versions").and_then(toml::Value::as_table);
    for (name, version) in versions.into_iter().flatten() {
        if let Some(version) = version.as_str() {
            known.insert(name.replace(['-', '_'], "."), version.to_owned());
            known.insert(name.clone(), version.to_owned());
        }
    }
    let texts = [own.text.as_str(), root.text.as_str(), conventions];
    let first = |name: &str| {
        texts.iter().find_map(|text| value(text, name).and_then(|value| level(value, text, &known)))
    };
    let toolchain = ["languageVersion", "jvmToolchain"].into_iter().find_map(first);
    let mut found: Vec<Pin> =
        toolchain.iter().map(|level| Pin::new(level.to_string(), file, "the toolchain")).collect();
    for name in ["options.release", "sourceCompatibility", "targetCompatibility", "jvmTarget"] {
        found.extend(first(name).map(|level| {
            // The compiler of Java 8 knows no `--release`.
            let level = if name == "options.release" { level.max(9) } else { level };
            Pin::new(level.to_string(), file, name)
        }));
    }
    (found, toolchain)
}

/// The files that decide about dependencies; none when they read others that may be anywhere.
fn manifests(view: &View<'_>, modules: &[String], builds: &[Build]) -> Vec<String> {
    let reads = [
        "readText",
        ".text",
        "FileInputStream",
        "newReader",
        "withInputStream",
        "apply from",
        "exec {",
        "includeBuild",
    ];
    let is_closed = !builds.iter().any(|build| reads.iter().any(|word| build.text.contains(word)));
    let has_all =
        modules.iter().all(|folder| BUILD.iter().any(|name| view.has_file(&super::join(folder, name))));
    let settings = view.first_file(&SETTINGS).and_then(|file| view.glance(file)).unwrap_or_default();
    if !is_closed || !has_all || settings.contains("includeBuild") || settings.contains("projectDir") {
        return Vec::new();
    }
    let mut found: Vec<String> = SETTINGS
        .iter()
        .chain(&BUILD)
        .chain(&["gradle.properties", "gradle.lockfile", "settings-gradle.lockfile"])
        .filter(|file| view.has_file(file))
        .map(|file| (*file).to_owned())
        .collect();
    for folder in modules {
        found.extend(
            BUILD
                .iter()
                .chain(&["gradle.properties", "gradle.lockfile"])
                .map(|name| super::join(folder, name))
                .filter(|path| view.has_file(path)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_releases_of_java_fit_the_gradle() {
        for (gradle, wanted) in [
            ("4.4.1", (8, 9)),
            ("4.2", (8, 8)),
            ("6.7.1", (8, 15)),
            ("7.5", (8, 18)),
            ("8.2.1", (8, 19)),
            ("8.14.3", (8, 24)),
            ("9.1.0", (17, 25)),
            ("9.9", (17, 99)),
            ("odd", (8, 99)),
        ] {
            assert_eq!(bounds(gradle), wanted, "{gradle}");
        }
    }
}
