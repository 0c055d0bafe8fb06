//! Clojure: Leiningen projects and those of the Clojure tools, built to one archive.

use super::finish::{begin, copy, copy_from, copy_source, end, no_start, run, start_of};
use super::images::BaseImages;
use super::pins;
use super::scan::{self, Sources};
use super::view::View;
use super::{Generator, command, jvm, procfile};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, CacheMount, Detection, Plan, Stage};
use crate::source::SourceTree;

/// Frameworks by the name of their library.
const FRAMEWORKS: [(&str, &str); 6] = [
    ("io.pedestal", "pedestal"),
    ("luminus", "luminus"),
    ("metosin/reitit", "reitit"),
    ("compojure", "compojure"),
    ("http-kit", "http-kit"),
    ("ring/ring", "ring"),
];

/// Recognises `project.clj` and `deps.edn`.
#[derive(Debug, Clone, Default)]
pub struct ClojureGenerator {
    images: BaseImages,
}

#[derive(Debug)]
struct Project {
    is_lein: bool,
    manifest: &'static str,
    text: String,
    /// Whether there is something to start, and what says so.
    runs: Option<&'static str>,
    /// The command line that makes the archive.
    build: Option<String>,
    /// The name of the archive, as a pattern.
    archive: String,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        if let Some(text) = view.read("project.clj")? {
            let text = without_comments(&text);
            let own = keyword(&text, ":uberjar-name").filter(|name| is_plain_name(name));
            return Ok(Some(Self {
                is_lein: true,
                manifest: "project.clj",
                runs: (text.contains(":main ") || text.contains(":main\n"))
                    .then_some("`:main` names the namespace"),
                build: Some("lein uberjar".into()),
                archive: own.unwrap_or_else(|| "*-standalone.jar".into()),
                text,
            }));
        }
        let Some(text) = view.read("deps.edn")? else { return Ok(None) };
        let text = without_comments(&text);
        let script = view.glance("build.clj").map(|text| without_comments(&text)).unwrap_or_default();
        let task = ["uber", "uberjar", "ci"].into_iter().find(|name| {
            script.lines().any(|line| {
                line.trim().strip_prefix("(defn ").is_some_and(|rest| {
                    rest.split(|c: char| c.is_whitespace() || c == '[').next() == Some(*name)
                })
            })
        });
        let has_alias = text.contains(":build");
        Ok(Some(Self {
            is_lein: false,
            manifest: "deps.edn",
            text,
            runs: (script.contains(":main") || script.contains("b/uber"))
                .then_some("`build.clj` packs a program"),
            build: task.filter(|_| has_alias).map(|task| format!("clojure -T:build {task}")),
            archive: "*.jar".into(),
        }))
    }

    fn framework(&self) -> Option<&'static str> {
        FRAMEWORKS.iter().find(|(name, _)| self.text.contains(name)).map(|(_, framework)| *framework)
    }

    fn starts(&self) -> bool {
        self.runs.is_some() && self.build.is_some()
    }
}

/// A text without comments of one line; semicolons in texts are rare in build files.
fn without_comments(text: &str) -> String {
    text.lines().flat_map(|line| [line.split(';').next().unwrap_or_default(), "\n"]).collect()
}

/// The text in quotes that follows a keyword.
fn keyword(text: &str, name: &str) -> Option<String> {
    let rest = text.split_once(name)?.1.trim_start();
    rest.strip_prefix('"')?.split('"').next().map(str::to_owned)
}

fn is_plain_name(name: &str) -> bool {
    name.ends_with(".jar")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

impl ClojureGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

impl Generator for ClojureGenerator {
    fn name(&self) -> &str {
        "clojure"
    }

    fn looks_for(&self) -> Vec<String> {
        ["project.clj", "deps.edn"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let mut detection = Detection::new("clojure", if project.starts() { 0.94 } else { 0.7 });
        view.base().clone_into(&mut detection.root);
        detection.note("stack = clojure", project.manifest, "the build file of a Clojure project");
        let pins = jvm::tool_pins(&view)?;
        detection.version = Some(pins::decide(&self.images, "java", &pins, None, &mut detection));
        detection.package_manager = Some(if project.is_lein { "leiningen" } else { "clojure tools" }.into());
        if let Some(name) = project.framework() {
            detection.framework = Some(name.into());
            detection.note(format!("framework = {name}"), project.manifest, "it is among the dependencies");
        }
        match project.runs {
            Some(reason) if project.starts() => detection.note("it is a program", project.manifest, reason),
            _ => detection.diagnostics.push(no_start(
                "no main namespace, or no task that packs it, was found, so nobody knows what to start",
            )),
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the Clojure project is gone").with_remedy("detect again"));
        };
        let mut detection = detection.clone();
        if let Some(version) = &spec.build.version {
            detection.version = Some(self.images.resolve("java", version).version);
        }
        let procfile = procfile::read(&view)?;
        let sources = Sources::read_deep(&view, None, &["clj", "cljc"], 10, &|_| true);
        let found = project.starts().then(|| "java -jar /app/app.jar".to_owned());
        // A Procfile names the archive where the build leaves it; the image has it elsewhere.
        let mut others = procfile.clone();
        others.web = procfile.web.clone().filter(|_| found.is_none());
        let start = start_of(spec, &others, found);
        let port = spec
            .port
            .or_else(|| start.as_deref().and_then(command::port_of))
            .or_else(|| sources.iter().find_map(|(_, text)| port_in(text)))
            .unwrap_or(if project.framework() == Some("luminus") { 3000 } else { 8080 });
        let mut plan = begin(&detection, port);
        plan.entry = Some(project.manifest.into());
        plan.processes = procfile.others;
        plan.health = scan::health(
            spec.health.path.as_deref(),
            sources.iter().filter_map(|(_, text)| health_in(text)).min().map(|(_, path)| path),
        );
        let install = if project.is_lein { "lein deps" } else { "clojure -P" };
        plan.install = spec.build.install.clone().or_else(|| Some(install.into()));
        plan.build = spec.build.build.clone().or_else(|| project.build.clone());
        plan.ignore =
            ["target", ".cpcache", ".nrepl-port", ".lein-*", ".clj-kondo"].map(String::from).to_vec();
        if let (Some(start), true) = (&start, plan.build.is_some()) {
            self.stages(&mut plan, &view, &project, start);
        }
        plan.start = start;
        end(plan, &view, spec)
    }
}

/// The port that a server is started on: `{:port 3000}` and `(or port 3000)`.
fn port_in(text: &str) -> Option<u16> {
    text.lines().filter(|line| !line.trim_start().starts_with(';')).find_map(|line| {
        let lower = line.to_ascii_lowercase();
        let at = lower.find(":port").or_else(|| lower.find("\"port\""))?;
        line[at..]
            .split(|c: char| !c.is_ascii_digit())
            .find_map(|part| part.parse().ok().filter(|port| *port >= 1024))
    })
}

/// The health route of a router's table: `["/health" ...]` and `(GET "/health" ...)`.
fn health_in(text: &str) -> Option<(usize, String)> {
    let is_route = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with(';') && (line.contains("GET") || line.contains("[\"/") || line.starts_with("\"/"))
    };
    text.lines()
        .filter(is_route)
        .filter_map(|line| {
            let path = line.split('"').nth(1)?;
            scan::health_rank(path).map(|rank| (rank, path.to_owned()))
        })
        .min()
}

impl ClojureGenerator {
    fn stages(&self, plan: &mut Plan, view: &View<'_>, project: &Project, start: &str) {
        let role = if project.is_lein { "clojure" } else { "clojure.tools" };
        let version = plan.version.clone().unwrap_or_default();
        let mut build = Stage {
            name: "build".into(),
            image: self.images.image(role, &version),
            reason: "Compiles and packages the app; the build tool stays in this stage.".into(),
            steps: vec![BuildStep::Workdir("/src".into())],
        };
        let maven = CacheMount { id: "maven".into(), target: "/root/.m2".into(), is_locked: false };
        if let Some(install) = plan.install.clone() {
            let files = ["project.clj", "deps.edn", "build.clj"];
            let here =
                files.into_iter().filter(|file| view.has_file(file)).map(|file| view.full(file)).collect();
            build.steps.push(copy(
                here,
                "./",
                "Build files first: libraries are only fetched again when these change.",
            ));
            build.steps.push(run(install, vec![maven.clone()], ""));
        }
        build.steps.push(copy_source(view, ""));
        let tests = format!("-name '{}' ! -name '*-sources.jar'", project.archive);
        build.steps.push(run(
            format!(
                "{} && {}",
                plan.build.clone().unwrap_or_default(),
                jvm::only("target", &tests, "archive with all libraries", "/out/app.jar")
            ),
            vec![maven],
            "What runs is put at a fixed place, or the build says what it found.",
        ));
        plan.stages.push(build);
        plan.command = Some(command::exec_form(start));
        jvm::run_stage(plan, &self.images, vec![copy_from("build", "/out/app.jar", "./app.jar", "")]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_routes_are_read() {
        assert_eq!(port_in("(run-jetty app {:port (or (env :port) 3000) :join? false})"), Some(3000));
        assert_eq!(port_in("; {:port 3000}\n(x)"), None);
        assert_eq!(
            health_in("(GET \"/health\" [] \"ok\")").map(|(_, path)| path).as_deref(),
            Some("/health")
        );
        assert_eq!(health_in("[\"/ping\" {:get f}]").map(|(_, path)| path).as_deref(), Some("/ping"));
        assert_eq!(health_in("(client/get \"x\" \"/health\")"), None);
    }
}
