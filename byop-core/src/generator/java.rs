//! Java and Kotlin: Maven and Gradle projects, built to one archive or folder and run on a Java runtime.

mod gradle;
mod gradle_text;
mod health;
mod main_class;
mod maven;
mod project;
mod settings;
mod stages;

use project::{Artefact, Project};

use super::finish::{begin, end, no_start, start_of};
use super::images::BaseImages;
use super::pins::{self, Pin};
use super::view::View;
use super::{Generator, command, jvm, procfile, scan};
use crate::error::{Error, Result};
use crate::model::{AppSpec, Detection, Diagnostic, Plan, Severity};
use crate::source::SourceTree;

/// Recognises `pom.xml`, `build.gradle`, `settings.gradle` and `gradlew`.
#[derive(Debug, Clone, Default)]
pub struct JavaGenerator {
    images: BaseImages,
}

impl JavaGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }

    /// The release of Java: what tools pin, else the language level, else the newest that the build tool runs on.
    fn version(&self, view: &View<'_>, project: &Project, detection: &mut Detection) -> Result<String> {
        let (low, high) = project.bounds;
        let mut pins = jvm::tool_pins(view)?;
        if pins.is_empty() {
            if let Some(first) = project.levels.first() {
                let level = jvm::major(&first.request);
                let mut release =
                    if Some(level) == project.toolchain { level } else { jvm::lasting(level).max(low) };
                if release > high && project.toolchain.is_none() {
                    release = level;
                }
                let reason = match release == level {
                    true => first.reason.clone(),
                    false => format!("{} {level}, which this release compiles and runs", first.reason),
                };
                pins.push(Pin::new(release.to_string(), &first.file, reason));
            } else if let Some((version, file)) = &project.tool_version {
                let release = jvm::newest_within(&self.images, low, high);
                let reason = format!("no file says which; {} {version} runs on it", project.tool.name());
                pins.push(Pin::new(release.to_string(), file, reason));
            }
        }
        // Newer releases compile for older levels.
        for pin in &project.levels {
            pins.push(Pin::new(format!(">={}", pin.request), &pin.file, &pin.reason));
        }
        if pins.first().is_some_and(|pin| pin.request.starts_with('>')) {
            pins.remove(0);
        }
        Ok(pins::decide(&self.images, "java", &pins, None, detection))
    }
}

impl Generator for JavaGenerator {
    fn name(&self) -> &str {
        "java"
    }

    fn looks_for(&self) -> Vec<String> {
        ["pom.xml", "build.gradle", "build.gradle.kts", "gradlew"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let Some((view, project)) = Project::read(source, &View::of(source))? else { return Ok(None) };
        let start = project.start();
        let is_plain = matches!(project.artefact, Artefact::Classes { .. });
        let confidence = match &start {
            Some(_) if is_plain => 0.92,
            Some(_) => 0.97,
            None => 0.7,
        };
        let mut detection = Detection::new("java", confidence);
        view.base().clone_into(&mut detection.root);
        let tool = project.tool.name();
        detection.note("stack = java", &project.manifest, format!("a file of a project of {tool}"));
        detection.version = Some(self.version(&view, &project, &mut detection)?);
        detection.package_manager = Some(tool.into());
        detection.package_manager_version = project.tool_version.as_ref().map(|(version, _)| version.clone());
        let by = if project.has_wrapper { "the wrapper fetches it" } else { "the base image brings it" };
        match &project.tool_version {
            Some((version, file)) => detection.note(format!("package manager = {tool} {version}"), file, by),
            None => detection.note(format!("package manager = {tool}"), &project.manifest, by),
        }
        if let Some(framework) = project.framework() {
            detection.framework = Some(framework.into());
            let file = join(&project.module, project.manifest.rsplit('/').next().unwrap_or_default());
            detection.note(
                format!("framework = {framework}"),
                file,
                "it is among the plugins or dependencies",
            );
        }
        if !project.module.is_empty() {
            let reason = "of all modules it looks most like the app";
            detection.note(format!("module = {}", project.module), &project.manifest, reason);
        }
        if let (Some((class, file)), true) = (&project.main_class, start.is_some()) {
            detection.note(
                format!("main class = {class}"),
                file,
                "it has the main method, or is named for it",
            );
        }
        if project.is_ambiguous && project.candidates.len() > 1 {
            let message = format!("which of these modules is the app? {}", project.candidates.join(", "));
            detection.diagnostics.push(
                Diagnostic::new("several-modules", Severity::Error, message).with_setting("build.root"),
            );
        } else if start.is_none() {
            let message = "no main class was found, so nobody knows what to start";
            detection.diagnostics.push(no_start(message));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let Some((view, project)) = Project::read(source, &View::of(source))? else {
            return Err(Error::invalid("app.plan", "the Java project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            let release =
                jvm::release_in(version).map_or_else(|| version.clone(), |release| release.to_string());
            detection.version = Some(self.images.resolve("java", &release).version);
        }
        let procfile = procfile::read(&view)?;
        let settings = project.settings(&view);
        let sources = health::sources(&view, &project);
        let own = project.start();
        // A Procfile names the archive where the build leaves it; the image has it elsewhere.
        let named = procfile.web.clone().filter(|line| own.is_none() || !line.contains(".jar"));
        let mut others = procfile.clone();
        others.web = named;
        let start = start_of(spec, &others, own);
        let framework = project.framework();
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| settings.port(health::port_keys(framework)).map(|(port, _)| port))
            .or_else(|| health::port(framework, &sources))
            .unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.entry = Some(project.entry());
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), health::path(&project, &settings, &sources));
        plan.diagnostics.extend(sources.loopback());
        plan.install = spec.build.install.clone().or_else(|| stages::install(&project));
        plan.build =
            spec.build.build.clone().or_else(|| (!project.is_ambiguous).then(|| stages::build(&project)));
        if start.is_some() && plan.build.is_some() {
            stages::write(&mut plan, &self.images, &view, &project, start.as_deref().unwrap_or_default());
        }
        plan.start = start;
        plan.ignore = project.output.clone();
        end(plan, &view, spec)
    }
}

/// A path in a folder, which may be the root.
fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn plan(files: &[(&str, &str)], folder: &str) -> Plan {
        let tree = SourceTree::from_files(files.iter().copied()).unwrap().focused(folder).unwrap();
        let generator = JavaGenerator::default();
        let detection = generator.detect(&tree).unwrap().unwrap();
        let spec = AppSpec::new("a", Source::Directory(".".into())).unwrap();
        generator.plan(&tree, &detection, &spec).unwrap()
    }

    #[test]
    fn a_chosen_module_is_built_from_the_root_of_its_project() {
        let war = "<project><packaging>war</packaging></project>";
        let maven = plan(
            &[
                (
                    "pom.xml",
                    "<project><packaging>pom</packaging><modules><module>one</module><module>two</module></modules></project>",
                ),
                ("one/pom.xml", war),
                ("two/pom.xml", war),
            ],
            "two",
        );
        assert_eq!(maven.build.as_deref(), Some("mvn -B -DskipTests -pl two -am package"));
        assert_eq!(maven.root, "");
        let boot = "plugins { id 'org.springframework.boot' }";
        let gradle = plan(
            &[
                ("settings.gradle", "include 'x:one', 'x:two'"),
                ("x/one/build.gradle", boot),
                ("x/two/build.gradle", boot),
            ],
            "x/two",
        );
        assert_eq!(gradle.build.as_deref(), Some("gradle --no-daemon :x:two:bootJar -x test"));
        assert_eq!(gradle.entry.as_deref(), Some("x/two/build/libs/*.jar"));
    }

    #[test]
    fn hostile_names_are_refused_or_quoted() {
        let plan = plan(
            &[
                (
                    "a/pom.xml",
                    "<project><packaging>pom</packaging><modules><module>x; $(evil)</module></modules></project>",
                ),
                ("a/x; $(evil)/pom.xml", "<project><packaging>war</packaging></project>"),
            ],
            "a",
        );
        assert_eq!(plan.build.as_deref(), Some("mvn -B -DskipTests -pl 'x; $(evil)' -am package"));
        let run = plan.stages.iter().flat_map(|stage| &stage.steps).find_map(|step| match step {
            crate::model::BuildStep::Run(run) => Some(run.command.clone()),
            _ => None,
        });
        assert!(run.unwrap().contains("find 'x; $(evil)/target' -maxdepth 1"));
    }
}
