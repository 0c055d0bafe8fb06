//! Maven: `pom.xml` with its modules, properties and plugins.

use std::collections::BTreeMap;

use super::main_class;
use super::project::{Artefact, Project, Tool, likeliest};
use crate::error::Result;
use crate::generator::jvm::release_in;
use crate::generator::pins::Pin;
use crate::generator::view::View;
use crate::generator::xml::Xml;

/// The names that Maven's own file may have, the usual one first.
const NAMES: [&str; 7] = ["pom.xml", "pom.yaml", "pom.yml", "pom.groovy", "pom.scala", "pom.rb", "pom.clj"];

/// More modules than anybody has.
const MODULES: usize = 100;

/// One `pom.xml`.
#[derive(Debug)]
struct Pom {
    folder: String,
    xml: Xml,
}

impl Pom {
    fn read(view: &View<'_>, folder: &str) -> Result<Option<Self>> {
        let xml = Xml::read(view, &super::join(folder, "pom.xml"), "project")?;
        Ok(xml.map(|xml| Self { folder: folder.to_owned(), xml }))
    }

    fn modules(&self) -> Vec<String> {
        let Some(list) = self.xml.child(0, "modules") else { return Vec::new() };
        self.xml
            .children(list)
            .map(|at| {
                self.xml.text(at).trim_start_matches("./").trim_end_matches("/pom.xml").trim_end_matches('/')
            })
            .filter(|name| !name.is_empty() && !name.contains("..") && !name.starts_with('/'))
            .map(|name| super::join(&self.folder, name))
            .collect()
    }

    /// A plugin that the build uses.
    fn plugin(&self, artifact: &str) -> Option<usize> {
        let plugins = self.xml.find(0, &["build", "plugins"])?;
        self.xml.children(plugins).find(|at| self.xml.text_at(*at, &["artifactId"]) == Some(artifact))
    }

    fn has_parent(&self, artifact: &str) -> bool {
        self.xml.text_at(0, &["parent", "artifactId"]) == Some(artifact)
    }

    /// `group:artifact` of plugins, parent and dependencies, one to a line, but not those of tests.
    fn facts(&self, facts: &mut String) {
        let mut lists = vec![self.xml.child(0, "parent")];
        for path in [&["dependencies"][..], &["build", "plugins"]] {
            let list = self.xml.find(0, path);
            lists.extend(list.into_iter().flat_map(|list| self.xml.children(list).map(Some)));
        }
        for at in lists.into_iter().flatten() {
            if self.xml.text_at(at, &["scope"]) == Some("test") {
                continue;
            }
            let text = |name: &str| self.xml.text_at(at, &[name]).unwrap_or_default();
            facts.push_str(&format!("{}:{}\n", text("groupId"), text("artifactId")));
        }
    }

    fn has_dependencies(&self) -> bool {
        self.xml.child(0, "dependencies").is_some_and(|list| {
            self.xml
                .children(list)
                .any(|at| !matches!(self.xml.text_at(at, &["scope"]), Some("test" | "provided")))
        })
    }
}

/// The poms that a module's build is made of: its own, then the root's.
struct Chain<'p> {
    poms: Vec<&'p Pom>,
    properties: BTreeMap<String, String>,
}

impl<'p> Chain<'p> {
    fn new(poms: Vec<&'p Pom>) -> Self {
        let mut properties = BTreeMap::new();
        for pom in &poms {
            let list = pom.xml.child(0, "properties");
            for at in list.into_iter().flat_map(|list| pom.xml.children(list)) {
                properties.entry(pom.xml.name(at).to_owned()).or_insert_with(|| pom.xml.text(at).to_owned());
            }
        }
        Self { poms, properties }
    }

    /// A value with the properties that it names put in.
    fn resolve(&self, value: &str) -> Option<String> {
        let mut value = value.trim().to_owned();
        // A bound, because properties may name each other.
        for _ in 0..5 {
            let Some(name) = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else { break };
            value = self.properties.get(name)?.clone();
        }
        (!value.is_empty() && !value.contains("${")).then_some(value)
    }

    fn property(&self, name: &str) -> Option<String> {
        self.resolve(self.properties.get(name)?)
    }

    fn plugin(&self, artifact: &str) -> Option<(&'p Pom, usize)> {
        self.poms.iter().find_map(|pom| pom.plugin(artifact).map(|at| (*pom, at)))
    }

    /// The first text of an element anywhere in a plugin's configuration.
    fn configured(&self, artifact: &str, name: &str) -> Option<String> {
        self.poms.iter().find_map(|pom| {
            let at = pom.plugin(artifact)?;
            pom.xml.inside(at, name).find_map(|at| self.resolve(pom.xml.text(at)))
        })
    }

    fn has_goal(&self, artifact: &str, goal: &str) -> bool {
        self.plugin(artifact)
            .is_some_and(|(pom, at)| pom.xml.inside(at, "goal").any(|at| pom.xml.text(at) == goal))
    }

    fn packaging(&self) -> String {
        let own = self.poms.first().and_then(|pom| pom.xml.text_at(0, &["packaging"]));
        own.and_then(|text| self.resolve(text)).unwrap_or_else(|| "jar".into())
    }

    /// The main class that a plugin writes into the archive or runs.
    fn main_class(&self) -> Option<String> {
        ["maven-jar-plugin", "maven-shade-plugin", "maven-assembly-plugin", "exec-maven-plugin"]
            .iter()
            .find_map(|plugin| self.configured(plugin, "mainClass"))
            .or_else(|| {
                ["exec.mainClass", "main.class", "mainClass"].iter().find_map(|name| self.property(name))
            })
            .filter(|name| main_class::is_class(name))
    }

    /// How the module is packaged, and the goals that do it beside `package`.
    fn artefact(&self) -> (Artefact, Vec<String>) {
        let boot = "spring-boot-maven-plugin";
        let is_war = self.packaging() == "war";
        let extension = if is_war { "war" } else { "jar" };
        let any = format!("*.{extension}");
        let goals = |goal: &str| vec!["package".to_owned(), goal.to_owned()];
        let package = vec!["package".to_owned()];
        if self.plugin("quarkus-maven-plugin").is_some() {
            let kind =
                self.property("quarkus.package.jar.type").or_else(|| self.property("quarkus.package.type"));
            return match kind.as_deref() {
                Some("uber-jar") => (Artefact::Archive("*-runner.jar".into()), package),
                _ => (Artefact::Quarkus, package),
            };
        }
        if self.plugin(boot).is_some() {
            let pattern = match self.configured(boot, "classifier") {
                Some(classifier) if is_plain_name(&classifier) => format!("*-{classifier}.{extension}"),
                _ => any,
            };
            let is_bound = self.has_goal(boot, "repackage")
                || self.poms.iter().any(|pom| pom.has_parent("spring-boot-starter-parent"));
            let goals = if is_bound { package } else { goals("spring-boot:repackage") };
            return (Artefact::Archive(pattern), goals);
        }
        if is_war {
            let mut facts = String::new();
            self.poms.iter().for_each(|pom| pom.facts(&mut facts));
            return (Artefact::Servlet { is_jakarta: !facts.contains("javax.servlet") }, package);
        }
        if self.plugin("maven-shade-plugin").is_some() {
            let shade = "maven-shade-plugin";
            let is_attached = self.configured(shade, "shadedArtifactAttached").as_deref() == Some("true");
            let name = self.configured(shade, "finalName").filter(|name| is_plain_name(name));
            let classifier =
                self.configured(shade, "shadedClassifierName").filter(|name| is_plain_name(name));
            let pattern = match name {
                Some(name) => format!("{name}.jar"),
                None if is_attached => format!("*-{}.jar", classifier.as_deref().unwrap_or("shaded")),
                None => any,
            };
            let goals = if self.has_goal(shade, "shade") { package } else { goals("shade:shade") };
            return (Artefact::Archive(pattern), goals);
        }
        if self.configured("maven-assembly-plugin", "descriptorRef").as_deref()
            == Some("jar-with-dependencies")
        {
            let assembly = "maven-assembly-plugin";
            let is_bare = self.configured(assembly, "appendAssemblyId").as_deref() == Some("false");
            let pattern = if is_bare { any } else { "*-jar-with-dependencies.jar".into() };
            let goals = if self.has_goal(assembly, "single") { package } else { goals("assembly:single") };
            return (Artefact::Archive(pattern), goals);
        }
        if self.poms.iter().any(|pom| pom.has_parent("micronaut-parent")) {
            return (Artefact::Archive(any), package);
        }
        let has_libraries = self.poms.iter().any(|pom| pom.has_dependencies());
        let mut all = package;
        if has_libraries {
            all.push("dependency:copy-dependencies".into());
            all.push("-DincludeScope=runtime".into());
            all.push("-DoutputDirectory=target/lib".into());
        }
        (Artefact::Classes { has_libraries }, all)
    }

    fn is_runnable(&self) -> bool {
        let (artefact, _) = self.artefact();
        self.packaging() != "pom"
            && (!matches!(artefact, Artefact::Classes { .. }) || self.main_class().is_some())
    }

    /// Language levels: `release` before `java.version` before `source` and `target`.
    fn levels(&self) -> Vec<Pin> {
        let compiler = "maven-compiler-plugin";
        let mut found: Vec<(&str, Option<String>)> = vec![
            ("maven.compiler.release", self.property("maven.compiler.release")),
            ("release of the compiler", self.configured(compiler, "release")),
            ("java.version", self.property("java.version")),
            ("maven.compiler.source", self.property("maven.compiler.source")),
            ("maven.compiler.target", self.property("maven.compiler.target")),
            ("source of the compiler", self.configured(compiler, "source")),
            ("target of the compiler", self.configured(compiler, "target")),
            ("kotlin.compiler.jvmTarget", self.property("kotlin.compiler.jvmTarget")),
            ("jdk.version", self.property("jdk.version")),
        ];
        found
            .drain(..)
            .filter_map(|(reason, value)| {
                let level = release_in(&value?)?;
                // The compiler of Java 8 knows no `--release`.
                let level = if reason.contains("release") { level.max(9) } else { level };
                Some(Pin::new(level.to_string(), "pom.xml", reason))
            })
            .collect()
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether a folder is a Maven project that lists `module`.
pub(super) fn has_module(view: &View<'_>, module: &str) -> bool {
    Pom::read(view, "")
        .ok()
        .flatten()
        .is_some_and(|root| all(view, root).iter().any(|pom| pom.folder == module))
}

/// The root and all modules below it.
fn all(view: &View<'_>, root: Pom) -> Vec<Pom> {
    let mut poms = vec![root];
    let mut at = 0;
    while let Some(pom) = poms.get(at) {
        for folder in pom.modules() {
            let is_new = poms.len() < MODULES && !poms.iter().any(|pom| pom.folder == folder);
            // A module that cannot be read is left to Maven to complain about.
            if let Some(module) = is_new.then(|| Pom::read(view, &folder).ok().flatten()).flatten() {
                poms.push(module);
            }
        }
        at += 1;
    }
    poms
}

/// Reads a Maven project; `wanted` is the module that the caller chose.
pub(super) fn read(view: &View<'_>, wanted: Option<&str>) -> Result<Option<Project>> {
    let Some(manifest) = view.first_file(&NAMES) else { return Ok(None) };
    let root = Pom::read(view, "")?;
    let poms = root.map(|root| all(view, root)).unwrap_or_default();
    let chain = |pom: &'_ Pom| -> Vec<usize> {
        let own = poms.iter().position(|other| other.folder == pom.folder).unwrap_or_default();
        // Poms between the root and a module pass on theirs, the nearest first.
        let mut places: Vec<usize> = (0..poms.len())
            .filter(|at| {
                *at != own
                    && (poms[*at].folder.is_empty()
                        || pom.folder.starts_with(&format!("{}/", poms[*at].folder)))
            })
            .collect();
        places.sort_by_key(|at| std::cmp::Reverse(poms[*at].folder.len()));
        places.insert(0, own);
        places
    };
    let chain = |pom: &Pom| Chain::new(chain(pom).into_iter().filter_map(|at| poms.get(at)).collect());
    let has_modules = poms.len() > 1;
    let mut candidates: Vec<String> =
        poms.iter().filter(|pom| chain(pom).is_runnable()).map(|pom| pom.folder.clone()).collect();
    if has_modules && candidates.len() != 1 {
        // A plugin of the root reaches every module: those with a program count.
        let pool = poms.iter().filter(|pom| candidates.is_empty() || candidates.contains(&pom.folder));
        let with_main: Vec<String> = pool
            .filter(|pom| chain(pom).packaging() != "pom" && !main_class::all(view, &pom.folder).is_empty())
            .map(|pom| pom.folder.clone())
            .collect();
        if !with_main.is_empty() {
            candidates = with_main;
        }
    }
    let chosen = match wanted {
        Some(wanted) => Some(wanted.to_owned()),
        None if has_modules => likeliest(&candidates).cloned(),
        None => Some(String::new()),
    };
    let module = chosen.clone().unwrap_or_default();
    let own =
        poms.iter().find(|pom| pom.folder == module).map(&chain).unwrap_or_else(|| Chain::new(Vec::new()));
    let (artefact, goals) = own.artefact();
    let mut facts = String::new();
    own.poms.iter().for_each(|pom| pom.facts(&mut facts));
    let needs_main = matches!(artefact, Artefact::Classes { .. });
    let pom_file = super::join(&module, "pom.xml");
    let main = own
        .main_class()
        .map(|class| (class, pom_file))
        .or_else(|| needs_main.then(|| main_class::find(view, &module)).flatten());
    let (tool_version, has_wrapper) = wrapper(view);
    let mut manifests = vec![manifest.to_owned()];
    if has_modules {
        // Modules of one project need each other's archives, which only the build makes.
        manifests.clear();
    }
    Ok(Some(Project {
        tool: Tool::Maven,
        tool_version,
        has_wrapper,
        manifest: manifest.to_owned(),
        is_ambiguous: chosen.is_none(),
        module,
        candidates,
        output: poms.iter().map(|pom| super::join(&pom.folder, "target")).collect(),
        manifests,
        artefact,
        goals,
        main_class: main,
        levels: own.levels(),
        toolchain: None,
        bounds: (8, 99),
        facts,
    }))
}

/// The version that the wrapper fetches, and whether there is a wrapper.
fn wrapper(view: &View<'_>) -> (Option<(String, String)>, bool) {
    let file = ".mvn/wrapper/maven-wrapper.properties";
    let Some(text) = view.glance(file) else { return (None, false) };
    let version = text.lines().find_map(|line| {
        let url = line.trim().strip_prefix("distributionUrl")?;
        let rest = &url[url.find("apache-maven-")? + "apache-maven-".len()..];
        let version = rest.split("-bin").next()?.trim_end_matches(".zip");
        is_plain_name(version).then(|| (version.to_owned(), file.to_owned()))
    });
    (version, view.has_file("mvnw"))
}
