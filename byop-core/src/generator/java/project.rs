//! What Maven's and Gradle's files come to: the module that is the app, and how it is packaged and started.

use super::settings::Settings;
use super::{gradle, maven};
use crate::error::Result;
use crate::generator::pins::Pin;
use crate::generator::view::View;
use crate::source::SourceTree;

/// The build tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Maven,
    Gradle,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Maven => "maven",
            Self::Gradle => "gradle",
        }
    }

    /// Where a module's archives end up.
    pub(super) fn archives(self, module: &str) -> String {
        super::join(module, if self == Self::Maven { "target" } else { "build/libs" })
    }
}

/// What the build of the app's module leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Artefact {
    /// One archive that holds everything; the pattern of its name.
    Archive(String),
    /// Quarkus' folder of a small archive and its libraries.
    Quarkus,
    /// An archive whose libraries, if any, are put beside it, and which a main class starts.
    Classes { has_libraries: bool },
    /// Gradle's folder of all archives that the program needs.
    Distribution,
    /// An archive for a servlet container, with the package of its API.
    Servlet { is_jakarta: bool },
}

/// A Maven or Gradle project.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) tool: Tool,
    /// The build tool's version and the file that pins it.
    pub(super) tool_version: Option<(String, String)>,
    /// Whether the tree brings a wrapper that fetches the build tool.
    pub(super) has_wrapper: bool,
    /// The file that decides.
    pub(super) manifest: String,
    /// The folder of the app's module; empty for the root.
    pub(super) module: String,
    /// All modules that could be the app.
    pub(super) candidates: Vec<String>,
    /// Whether nobody can tell which of the candidates is the app.
    pub(super) is_ambiguous: bool,
    /// Folders that builds make.
    pub(super) output: Vec<String>,
    /// Manifests to copy before the source; none when they cannot be read without the source.
    pub(super) manifests: Vec<String>,
    pub(super) artefact: Artefact,
    /// Goals or tasks that package the app's module.
    pub(super) goals: Vec<String>,
    pub(super) main_class: Option<(String, String)>,
    /// Language levels, the deciding one first.
    pub(super) levels: Vec<Pin>,
    /// The release that Gradle insists on for compiling.
    pub(super) toolchain: Option<u32>,
    /// Releases that the build tool itself runs on.
    pub(super) bounds: (u32, u32),
    /// Coordinates and plugins, one to a line, to look for names in.
    pub(super) facts: String,
}

/// Frameworks by the beginning of a coordinate or plugin.
const FRAMEWORKS: [(&str, &str); 12] = [
    ("io.quarkus", "quarkus"),
    ("org.springframework.boot", "spring-boot"),
    ("io.micronaut", "micronaut"),
    ("io.ktor", "ktor"),
    ("io.helidon", "helidon"),
    ("io.dropwizard", "dropwizard"),
    ("io.javalin", "javalin"),
    ("io.vertx", "vertx"),
    ("org.http4k", "http4k"),
    ("com.sparkjava", "spark"),
    ("com.linecorp.armeria", "armeria"),
    ("org.jooby", "jooby"),
];

impl Project {
    /// Reads the project of a folder. Where the folder is a module of a project around it, the project is that one,
    /// and the first answer is its folder.
    pub(super) fn read<'a>(source: &'a SourceTree, view: &View<'a>) -> Result<Option<(View<'a>, Self)>> {
        let (root, module) = around(source, view);
        let module = (!module.is_empty()).then_some(module);
        let project = match maven::read(&root, module.as_deref())? {
            Some(project) => Some(project),
            None => gradle::read(&root, module.as_deref())?,
        };
        Ok(project.map(|project| (root, project)))
    }

    pub(super) fn framework(&self) -> Option<&'static str> {
        FRAMEWORKS.iter().find(|(name, _)| self.facts.contains(name)).map(|(_, framework)| *framework)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.facts.contains(name)
    }

    /// The start command, when it is certain that there is something to start.
    pub(super) fn start(&self) -> Option<String> {
        let main = self.main_class.as_ref().map(|(name, _)| name.as_str());
        if self.is_ambiguous {
            return None;
        }
        match &self.artefact {
            Artefact::Archive(pattern) if pattern.ends_with(".war") => Some("java -jar /app/app.war".into()),
            Artefact::Archive(_) => Some("java -jar /app/app.jar".into()),
            Artefact::Quarkus => Some("java -jar /app/quarkus-run.jar".into()),
            Artefact::Classes { has_libraries: true } => {
                Some(format!("java -cp '/app/app.jar:/app/lib/*' {}", main?))
            }
            Artefact::Classes { has_libraries: false } => Some(format!("java -cp /app/app.jar {}", main?)),
            Artefact::Distribution => Some(format!("java -cp '/app/lib/*' {}", main?)),
            Artefact::Servlet { .. } => Some("catalina.sh run".into()),
        }
    }

    /// What is built, for a person: the archives, or the folder.
    pub(super) fn entry(&self) -> String {
        let archives = self.tool.archives(&self.module);
        match &self.artefact {
            Artefact::Archive(pattern) => format!("{archives}/{pattern}"),
            Artefact::Classes { .. } => format!("{archives}/*.jar"),
            Artefact::Servlet { .. } => format!("{archives}/*.war"),
            Artefact::Quarkus | Artefact::Distribution => self.folder(),
        }
    }

    /// The folder that is copied whole.
    pub(super) fn folder(&self) -> String {
        let path = match (self.tool, &self.artefact) {
            (Tool::Maven, Artefact::Quarkus) => "target/quarkus-app",
            (Tool::Gradle, Artefact::Quarkus) => "build/quarkus-app",
            _ => "build/install",
        };
        super::join(&self.module, path)
    }

    pub(super) fn settings(&self, view: &View<'_>) -> Settings {
        Settings::read(view, &self.module)
    }
}

/// The project around a folder that is one of its modules, and the module's path in it.
fn around<'a>(source: &'a SourceTree, view: &View<'a>) -> (View<'a>, String) {
    let base = view.base();
    let mut at = base;
    for _ in 0..8 {
        let Some((outer, _)) = at.rsplit_once('/').or_else(|| (!at.is_empty()).then_some(("", at))) else {
            break;
        };
        let folder = View::at(source, outer);
        let module = base[outer.len()..].trim_start_matches('/').to_owned();
        if maven::has_module(&folder, &module) || gradle::has_module(&folder, &module) {
            return (folder, module);
        }
        at = outer;
    }
    (view.clone(), String::new())
}

/// The module among several that is most likely the app: by the names that people give to it.
pub(super) fn likeliest(candidates: &[String]) -> Option<&String> {
    const NAMES: [&str; 10] =
        ["app", "web", "server", "api", "application", "backend", "service", "bootstrap", "start", "main"];
    if let [only] = candidates {
        return Some(only);
    }
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let rank = |path: &str| {
        let name = last(path);
        let exact = NAMES.iter().position(|known| *known == name);
        let suffix =
            || NAMES.iter().position(|known| name.ends_with(&format!("-{known}"))).map(|at| at + 100);
        exact.or_else(suffix)
    };
    let mut ranked: Vec<(usize, &String)> =
        candidates.iter().filter_map(|path| rank(path).map(|rank| (rank, path))).collect();
    ranked.sort();
    match ranked.as_slice() {
        [(_, only)] => Some(only),
        // Two of the same rank say nothing.
        [(first, path), (second, _), ..] if first < second => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_module_has_the_name_of_an_app() {
        let pick = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            likeliest(&names).cloned()
        };
        assert_eq!(pick(&["core"]).as_deref(), Some("core"));
        assert_eq!(pick(&["worker", "api"]).as_deref(), Some("api"));
        assert_eq!(pick(&["shop-worker", "shop-api"]).as_deref(), Some("shop-api"));
        assert_eq!(pick(&["one", "two"]), None);
        assert_eq!(pick(&["a/api", "b/api"]), None);
    }
}
