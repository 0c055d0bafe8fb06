//! What the files of a C or C++ project say: the build system, the programs, and which of them is the app.

use super::libraries::Libraries;
use super::{SOURCES, cmake, make, meson};
use crate::error::Result;
use crate::generator::command::quote;
use crate::generator::native::file_name;
use crate::generator::view::View;

/// How a project is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Cmake,
    Meson,
    Make,
    /// One source file and nothing that says how.
    Compiler,
}

impl System {
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Cmake => Some("cmake"),
            Self::Meson => Some("meson"),
            Self::Make => Some("make"),
            Self::Compiler => None,
        }
    }

    pub(super) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Cmake => &["cmake", "make", "ninja-build", "pkg-config"],
            Self::Meson => &["meson", "ninja-build", "pkg-config"],
            Self::Make => &["make", "pkg-config"],
            Self::Compiler => &[],
        }
    }
}

/// A program that the project builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) name: String,
    /// The file that names it.
    pub(super) file: String,
    /// Where the build puts it: below `/build`, or for Make below the source.
    pub(super) built: String,
}

#[derive(Debug)]
pub(super) struct Project {
    pub(super) system: System,
    pub(super) file: String,
    pub(super) chosen: Option<Binary>,
    pub(super) candidates: Vec<Binary>,
    pub(super) libraries: Libraries,
    /// Libraries that no package is known for.
    pub(super) unknown: Vec<String>,
    pub(super) framework: Option<(&'static str, String)>,
    /// Whether the build fetches sources.
    pub(super) fetches: bool,
    has_boost: bool,
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        let (system, file) = if view.has_file("CMakeLists.txt") {
            (System::Cmake, "CMakeLists.txt".to_owned())
        } else if view.has_file("meson.build") {
            (System::Meson, "meson.build".to_owned())
        } else {
            let is_source = |path: &&str| {
                let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
                SOURCES.contains(&extension)
            };
            let makefile = view.first_file(&["Makefile", "makefile", "GNUmakefile"]);
            let main = view.first_file(&["main.c", "main.cpp", "main.cc", "main.cxx"]);
            match (makefile, main) {
                (Some(file), _) if view.sources(&SOURCES, 2).iter().any(is_source) => {
                    (System::Make, file.to_owned())
                }
                (None, Some(file)) => (System::Compiler, file.to_owned()),
                _ => return Ok(None),
            }
        };
        let text = view.read(&file)?.unwrap_or_default();
        let found = match system {
            System::Cmake => cmake::read(view, text),
            System::Meson => meson::read(view, text),
            System::Make => make::read(view, &file, &text),
            System::Compiler => Found {
                candidates: vec![Binary { name: "main".into(), file: file.clone(), built: "main".into() }],
                ..Found::default()
            },
        };
        let mut project = Self {
            system,
            file,
            chosen: None,
            has_boost: found.libraries.iter().any(|(name, _)| name.eq_ignore_ascii_case("boost")),
            libraries: Libraries::default(),
            unknown: Vec::new(),
            framework: None,
            fetches: found.fetches,
            candidates: found
                .candidates
                .into_iter()
                .filter_map(|one| Some(Binary { name: file_name(&one.name)?, ..one }))
                .collect(),
        };
        for (name, file) in &found.libraries {
            if !project.libraries.add(name) {
                project.unknown.push(name.clone());
            }
            if project.framework.is_none() {
                project.framework = Libraries::framework(name).map(|name| (name, file.clone()));
            }
        }
        project.choose(found.name.as_deref());
        Ok(Some(project))
    }

    /// The only program, else the one that is called like the project or like a server.
    fn choose(&mut self, name: Option<&str>) {
        let is_test = |one: &Binary| {
            let name = one.name.to_ascii_lowercase();
            ["test", "bench", "example", "demo"].iter().any(|word| name.contains(word))
        };
        let is_app = |one: &&Binary| !is_test(one);
        let apps: Vec<&Binary> = self.candidates.iter().filter(is_app).collect();
        let first = if apps.is_empty() { self.candidates.first() } else { apps.first().copied() };
        let is_only = apps.len() == 1 || (apps.is_empty() && self.candidates.len() == 1);
        self.chosen = if is_only {
            first.cloned()
        } else {
            name.into_iter()
                .chain(["server", "app", "web", "main"])
                .find_map(|wanted| apps.iter().find(|one| one.name == wanted))
                .map(|one| (*one).clone())
        };
    }

    /// The program that a start command line names.
    pub(super) fn choose_by(&mut self, start: &str) {
        let word = start.split_whitespace().next().unwrap_or_default();
        let name = word.rsplit('/').next().unwrap_or(word);
        if let Some(found) = self.candidates.iter().find(|one| one.name == name) {
            self.chosen = Some(found.clone());
        }
    }

    pub(super) fn build_line(&self, chosen: &Binary) -> String {
        let name = quote(&chosen.name);
        match self.system {
            System::Cmake => {
                let boost = if self.has_boost { " -DBoost_USE_STATIC_LIBS=ON" } else { "" };
                format!(
                    "cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_RUNTIME_OUTPUT_DIRECTORY=/build{boost} && cmake --build /build --target {name}"
                )
            }
            System::Meson => "meson setup /build --buildtype=release && meson compile -C /build".into(),
            System::Make => "make".into(),
            System::Compiler => {
                let compiler = if self.file.ends_with(".c") { "cc" } else { "c++" };
                format!("{compiler} -O2 -s -pthread -o {name} {}", self.file)
            }
        }
    }

    /// Where the build leaves the program.
    pub(super) fn built(&self, chosen: &Binary) -> String {
        match self.system {
            System::Cmake | System::Meson => format!("/build/{}", chosen.built),
            System::Make | System::Compiler => chosen.built.clone(),
        }
    }

    /// Where the program is in the image.
    pub(super) fn path(&self, chosen: &Binary) -> String {
        match self.system {
            System::Cmake | System::Meson => format!("/build/{}", chosen.name),
            System::Make | System::Compiler => format!("/app/{}", chosen.name),
        }
    }

    pub(super) fn start(&self, chosen: &Binary) -> String {
        let start = match self.system {
            System::Cmake | System::Meson => self.path(chosen),
            System::Make | System::Compiler => format!("./{}", chosen.name),
        };
        quote(&start)
    }

    pub(super) fn port(&self) -> u16 {
        match &self.framework {
            Some(("crow", _)) => 18_080,
            Some(("pistache", _)) => 9080,
            _ => 8080,
        }
    }
}

/// What a build system's files say.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The project's name.
    pub(super) name: Option<String>,
    pub(super) candidates: Vec<Binary>,
    /// Libraries by the name that the build system knows them by, and the file that asks for them.
    pub(super) libraries: Vec<(String, String)>,
    pub(super) fetches: bool,
}

/// A text without what stands behind `#`.
pub(super) fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The arguments of each call of a function in a text without comments, such as `add_executable`.
pub(super) fn calls<'a>(text: &'a str, function: &str) -> Vec<&'a str> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, _) in lower.match_indices(function) {
        let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let rest = text[at + function.len()..].trim_start();
        if let Some(rest) = rest.strip_prefix('(').filter(|_| is_word)
            && let Some(end) = rest.find(')')
        {
            found.push(&rest[..end]);
        }
    }
    found
}
