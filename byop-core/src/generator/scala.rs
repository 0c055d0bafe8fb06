//! Scala: sbt projects, packaged by the plugin that they use, or by one that byop adds.

use super::finish::{begin, copy, copy_from, copy_source, end, no_start, run, start_of};
use super::images::BaseImages;
use super::pins;
use super::scan::{self, Sources};
use super::view::View;
use super::{Generator, command, jvm, procfile};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, CacheMount, Detection, Plan, Stage};
use crate::source::SourceTree;

/// The plugin that packs a program with its libraries, for projects that have none; it needs no setting.
const ASSEMBLY: &str = "// Written by byop: packs the program with its libraries into one archive.\naddSbtPlugin(\"com.eed3si9n\" % \"sbt-assembly\" % \"2.3.1\")\n";
const ASSEMBLY_FILE: &str = ".byop/assembly.sbt";

/// Frameworks by the name of their library or plugin, with their own default port.
const FRAMEWORKS: [(&str, &str, u16); 8] = [
    ("PlayScala", "play", 9000),
    ("PlayJava", "play", 9000),
    ("akka-http", "akka-http", 8080),
    ("pekko-http", "pekko-http", 8080),
    ("http4s", "http4s", 8080),
    ("zio-http", "zio-http", 8080),
    ("scalatra", "scalatra", 8080),
    ("cask", "cask", 8080),
];

/// Recognises `build.sbt`.
#[derive(Debug, Clone, Default)]
pub struct ScalaGenerator {
    images: BaseImages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packaging {
    /// A folder of a start script and libraries, by sbt-native-packager.
    Stage,
    /// One archive.
    Assembly,
    /// One archive, by the plugin that byop adds.
    Added,
}

#[derive(Debug)]
struct Project {
    text: String,
    packaging: Packaging,
    framework: Option<(&'static str, u16)>,
    sbt: Option<String>,
    has_sources: bool,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let Some(text) = view.read("build.sbt")? else { return Ok(None) };
        let text = without_comments(&text);
        let mut plugins = String::new();
        for path in view.sources(&["sbt"], 1).into_iter().filter(|path| path.starts_with("project/")) {
            plugins.push_str(&without_comments(&view.glance(path).unwrap_or_default()));
        }
        let framework =
            FRAMEWORKS.iter().find(|(name, ..)| text.contains(name)).map(|(_, name, port)| (*name, *port));
        let is_staged = plugins.contains("sbt-native-packager")
            || text.contains("JavaAppPackaging")
            || framework.is_some_and(|(name, _)| name == "play");
        let packaging = match (is_staged, plugins.contains("sbt-assembly")) {
            (true, _) => Packaging::Stage,
            (false, true) => Packaging::Assembly,
            (false, false) => Packaging::Added,
        };
        let sbt = view.glance("project/build.properties").and_then(|text| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix("sbt.version"))?;
            Some(line.trim_start_matches([' ', '=']).trim().to_owned())
        });
        let has_sources = !view.sources(&["scala", "java"], 16).is_empty();
        Ok(Some(Self { text, packaging, framework, sbt, has_sources }))
    }

    /// The name of the archive: the project's own, else the plugin's.
    fn archive_name(&self) -> String {
        let own = self.text.split_once("assemblyJarName").and_then(|(_, rest)| {
            let rest = rest.lines().next()?;
            rest.split('"').nth(1).filter(|name| {
                name.ends_with(".jar")
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
            })
        });
        own.unwrap_or("*-assembly*.jar").to_owned()
    }

    fn task(&self) -> &'static str {
        if self.packaging == Packaging::Stage { "stage" } else { "assembly" }
    }
}

/// Scala's comments of one line; those of several are rare in build files.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

impl ScalaGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for ScalaGenerator {
    fn name(&self) -> &str {
        "scala"
    }

    fn looks_for(&self) -> Vec<String> {
        vec!["build.sbt".into()]
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let confidence = match (project.packaging, project.has_sources) {
            (Packaging::Added, true) => 0.85,
            (_, true) => 0.93,
            (_, false) => 0.6,
        };
        let mut detection = Detection::new("scala", confidence);
        view.base().clone_into(&mut detection.root);
        detection.note("stack = scala", "build.sbt", "the build file of sbt");
        let pins = jvm::tool_pins(&view)?;
        detection.version = Some(pins::decide(&self.images, "java", &pins, None, &mut detection));
        detection.package_manager = Some("sbt".into());
        if let Some(sbt) = &project.sbt {
            detection.package_manager_version = Some(sbt.clone());
            detection.note(format!("package manager = sbt {sbt}"), "project/build.properties", "sbt.version");
        }
        if let Some((name, _)) = project.framework {
            detection.framework = Some(name.into());
            detection.note(
                format!("framework = {name}"),
                "build.sbt",
                "it is among the plugins or libraries",
            );
        }
        detection.note(
            format!("packaged by `{}`", project.task()),
            "build.sbt",
            match project.packaging {
                Packaging::Added => "no plugin of the project packs its libraries, so byop adds one",
                _ => "the project has the plugin",
            },
        );
        if !project.has_sources {
            detection
                .diagnostics
                .push(no_start("there is no source beside build.sbt, so nobody knows what to start"));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the sbt project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("java", version).version);
        }
        let procfile = procfile::read(&view)?;
        let sources = Sources::read_deep(&view, None, &["scala", "java"], 14, &|_| true);
        let is_play = project.framework.is_some_and(|(name, _)| name == "play");
        let found = project.has_sources.then(|| match project.packaging {
            // Play would write its own process id, where nothing can be written.
            Packaging::Stage if is_play => {
                "/app/bin/app -Dpidfile.path=/dev/null -Dhttp.port=$PORT".to_owned()
            }
            Packaging::Stage => "/app/bin/app".to_owned(),
            _ => "java -jar /app/app.jar".to_owned(),
        });
        // A Procfile names the program where the build leaves it; the image has it elsewhere.
        let mut others = procfile.clone();
        others.web = procfile.web.clone().filter(|_| found.is_none());
        let start = start_of(spec, &others, found);
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| sources.port().map(|(port, _)| port).filter(|port| *port >= 1024 && !is_play))
            .or(project.framework.map(|(_, port)| port))
            .unwrap_or(8080);
        let mut plan = begin(&detection, port);
        plan.entry = Some("build.sbt".into());
        plan.processes = procfile.others;
        plan.health = scan::health(spec.health.path.as_deref(), sources.health().map(|(path, _)| path));
        plan.diagnostics.extend(sources.loopback());
        plan.install = spec.build.install.clone().or_else(|| Some("sbt -batch update".into()));
        plan.build = spec.build.build.clone().or_else(|| Some(format!("sbt -batch {}", project.task())));
        plan.ignore = ["target", "project/target", "project/project", ".bsp", ".metals", ".bloop"]
            .map(String::from)
            .to_vec();
        if let Some(start) = &start {
            self.stages(&mut plan, &view, &project, start);
        }
        plan.start = start;
        end(plan, &view, spec)
    }
}

impl ScalaGenerator {
    fn stages(&self, plan: &mut Plan, view: &View<'_>, project: &Project, start: &str) {
        // What is compiled with a newer release does not run on an older one.
        let is_old = jvm::major(plan.version.as_deref().unwrap_or_default()) < 21;
        let role = if is_old { "scala.17" } else { "scala" };
        let mut build = Stage {
            name: "build".into(),
            image: self.images.image(role, ""),
            reason: "Compiles and packages the app; the compiler and sbt stay in this stage.".into(),
            steps: vec![BuildStep::Workdir("/src".into())],
        };
        let caches: Vec<CacheMount> =
            [("coursier", "/root/.cache/coursier"), ("ivy", "/root/.ivy2"), ("sbt", "/root/.sbt")]
                .into_iter()
                .map(|(id, target)| CacheMount { id: id.into(), target: target.into(), is_locked: true })
                .collect();
        if let Some(install) = plan.install.clone() {
            build.steps.push(copy(
                vec![view.full("build.sbt")],
                "./",
                "Build files first: libraries are only fetched again when these change.",
            ));
            if view.has_dir("project") {
                build.steps.push(copy(vec![view.full("project")], "./project", ""));
            }
            if project.packaging == Packaging::Added {
                plan.context_files.insert(ASSEMBLY_FILE.into(), ASSEMBLY.into());
                let reason = "The project has no plugin that packs its libraries.";
                build.steps.push(copy(vec![ASSEMBLY_FILE.into()], "./project/byop-assembly.sbt", reason));
            }
            build.steps.push(run(install, caches.clone(), ""));
        }
        build.steps.push(copy_source(view, ""));
        let line = plan.build.clone().unwrap_or_default();
        let pick = match project.packaging {
            // The script is called as the project, whose name only sbt knows for certain.
            Packaging::Stage => {
                let pick = jvm::only(
                    "target/universal/stage/bin",
                    "! -name '*.bat'",
                    "start script",
                    "/out/bin/app",
                );
                format!("mkdir /out && cp -r target/universal/stage/. /out/ && {pick}")
            }
            _ => {
                let name = project.archive_name();
                let tests = format!("-path '*/target/scala-*' -name '{name}'");
                jvm::only(".", &tests, "assembled archive", "/out/app.jar")
            }
        };
        build.steps.push(run(
            format!("{line} && {pick}"),
            caches,
            "What runs is put at a fixed place, or the build says what it found.",
        ));
        plan.stages.push(build);
        plan.command = Some(command::exec_form(start));
        jvm::run_stage(plan, &self.images, vec![copy_from("build", "/out/", "./", "")]);
    }
}
