//! What Haskell's manifests say: the tool, the compiler, the programs.

use crate::error::Result;
use crate::generator::command::quote;
use crate::generator::native::file_name;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::generator::yaml::Outline;

/// Web frameworks by package, the most particular first, with their own default port.
const FRAMEWORKS: [(&str, &str, u16); 6] = [
    ("yesod", "yesod", 3000),
    ("ihp", "ihp", 8000),
    ("scotty", "scotty", 3000),
    ("servant-server", "servant", 8080),
    ("spock", "spock", 3000),
    ("warp", "warp", 3000),
];

/// Packages that come with the compiler: with these alone nothing is fetched.
const BOOT: [&str; 24] = [
    "array",
    "base",
    "binary",
    "bytestring",
    "containers",
    "deepseq",
    "directory",
    "exceptions",
    "filepath",
    "ghc-prim",
    "haskeline",
    "mtl",
    "parsec",
    "pretty",
    "process",
    "stm",
    "template-haskell",
    "terminfo",
    "text",
    "time",
    "transformers",
    "unix",
    "xhtml",
    "ghc-bignum",
];

/// Packages that link to a library: what they are built with and what they run with.
const NATIVE: [(&str, &str, &str); 5] = [
    ("postgresql-libpq", "libpq-dev", "libpq5"),
    ("postgresql-simple", "libpq-dev", "libpq5"),
    ("persistent-postgresql", "libpq-dev", "libpq5"),
    ("hasql", "libpq-dev", "libpq5"),
    ("mysql", "default-libmysqlclient-dev", "libmariadb3"),
];

/// Stackage's long-term series with the release line of the compiler that each has.
const SERIES: [(u32, &str); 11] = [
    (24, "9.10"),
    (23, "9.8"),
    (22, "9.6"),
    (21, "9.4"),
    (20, "9.2"),
    (19, "9.0"),
    (18, "8.10"),
    (17, "8.10"),
    (16, "8.8"),
    (15, "8.8"),
    (14, "8.6"),
];

/// As many packages of a project as are looked at.
const PACKAGES: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Stack,
    Cabal,
}

impl Tool {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Cabal => "cabal",
        }
    }
}

#[derive(Debug)]
pub(super) struct Project {
    pub(super) tool: Tool,
    /// The file that chooses the tool.
    pub(super) file: String,
    /// The file that names the programs.
    pub(super) manifest: String,
    /// All files that decide what dependencies are compiled.
    pub(super) manifests: Vec<String>,
    pub(super) programs: Vec<String>,
    pub(super) chosen: Option<String>,
    pub(super) framework: Option<(&'static str, u16)>,
    pub(super) pins: Vec<Pin>,
    dependencies: Vec<String>,
    packages: Vec<Package>,
    /// Whether the manifests that were found are all that the project has.
    is_whole: bool,
}

/// A package of the project.
#[derive(Debug, Default)]
struct Package {
    name: String,
    /// Its manifest.
    file: String,
    programs: Vec<String>,
    dependencies: Vec<String>,
    has_library: bool,
}

impl Package {
    fn read(file: &str, text: &str) -> Self {
        let (name, programs, dependencies, has_library) =
            if file.ends_with(".yaml") { from_hpack(text) } else { from_cabal(text) };
        Self { name, file: file.to_owned(), programs, dependencies, has_library }
    }

    fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        let cabal = view
            .entries_here()
            .filter(|(name, is_file)| *is_file && name.ends_with(".cabal"))
            .map(|(name, _)| name)
            .min();
        let stack = view.has_file("stack.yaml");
        let hpack = view.has_file("package.yaml");
        let file = match (stack, hpack, cabal, view.has_file("cabal.project")) {
            (true, ..) => "stack.yaml",
            (.., true) => "cabal.project",
            (_, _, Some(file), _) => file,
            // Only Stack reads it without help. Other tools have a file of this name too.
            (_, true, ..) if view.has_dir("src") || view.has_dir("app") => "package.yaml",
            _ => return Ok(None),
        };
        let tool = if stack || (file == "package.yaml") { Tool::Stack } else { Tool::Cabal };
        let mut files: Vec<String> = Vec::new();
        files.extend(hpack.then(|| "package.yaml".to_owned()));
        files.extend(cabal.map(str::to_owned));
        // Packages of a project in folders of their own.
        let below: Vec<&str> = view
            .sources(&["cabal", "yaml"], 2)
            .into_iter()
            .filter(|path| {
                path.contains('/') && (path.ends_with(".cabal") || path.ends_with("/package.yaml"))
            })
            .take(PACKAGES)
            .collect();
        files.extend(below.iter().map(|path| (*path).to_owned()));
        let mut pins = Vec::new();
        pins.extend(pins::from_file(view, ".ghc-version")?);
        pins.extend(pins::from_tools(view, &["ghc", "haskell"])?);
        if let Some(text) = view.read("stack.yaml")? {
            let outline = Outline::parse(&text);
            let resolver = outline.text(&["snapshot"]).or(outline.text(&["resolver"])).unwrap_or_default();
            if let Some(request) = compiler_of(resolver).or(outline.text(&["compiler"]).and_then(compiler_of))
            {
                pins.push(Pin::new(request, "stack.yaml", format!("the compiler of {resolver}")));
            }
        }
        let mut is_whole = false;
        if let Some(text) = view.glance("cabal.project") {
            is_whole = tool == Tool::Cabal && below.len() < PACKAGES && are_known(&text, &files);
            let line = text.lines().find_map(|line| line.trim().strip_prefix("with-compiler:"));
            if let Some(request) = line.and_then(|line| line.trim().rsplit('/').next()).and_then(compiler_of)
            {
                pins.push(Pin::new(request, "cabal.project", "with-compiler"));
            }
        }
        let packages: Vec<Package> = files
            .iter()
            .filter_map(|path| view.glance(path).map(|text| Package::read(path, &text)))
            .collect();
        let manifest = packages.iter().find(|package| !package.programs.is_empty());
        let manifest = manifest.map_or_else(|| file.to_owned(), |package| package.file.clone());
        let mut programs: Vec<String> =
            packages.iter().flat_map(|package| package.programs.iter().cloned()).collect();
        let is_own = |name: &str| packages.iter().any(|package| package.name == name);
        let dependencies = packages.iter().flat_map(|package| package.dependencies.iter());
        let dependencies: Vec<String> = dependencies.filter(|name| !is_own(name)).cloned().collect();
        let mut seen: Vec<String> = Vec::new();
        programs.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        });
        let programs: Vec<String> = programs.iter().filter_map(|name| file_name(name)).collect();
        let package = cabal.map(|name| name.trim_end_matches(".cabal").to_owned());
        let chosen = match programs.as_slice() {
            [only] => Some(only.clone()),
            several => package
                .iter()
                .flat_map(|name| [name.clone(), format!("{name}-exe"), format!("{name}-server")])
                .chain(["server", "app", "web", "main"].map(String::from))
                .find(|name| several.contains(name)),
        };
        let mut manifests: Vec<String> =
            ["stack.yaml", "stack.yaml.lock", "package.yaml", "cabal.project", "cabal.project.freeze"]
                .into_iter()
                .filter(|file| view.has_file(file))
                .map(str::to_owned)
                .collect();
        manifests.extend(cabal.map(str::to_owned));
        Ok(Some(Self {
            framework: FRAMEWORKS
                .iter()
                .find(|(package, ..)| dependencies.iter().any(|name| name == package))
                .map(|(_, name, port)| (*name, *port)),
            tool,
            file: file.to_owned(),
            manifest,
            manifests,
            programs,
            chosen,
            pins,
            dependencies,
            packages,
            is_whole,
        }))
    }

    /// Whether all comes with the compiler.
    pub(super) fn is_offline(&self) -> bool {
        self.dependencies.iter().all(|name| BOOT.contains(&name.as_str()))
    }

    /// The manifests of packages in folders of their own.
    fn below(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.file.contains('/'))
    }

    /// The manifests below the root, where the manifests are all that it takes to find dependencies.
    pub(super) fn manifests_below(&self) -> impl Iterator<Item = &str> {
        self.below().filter(|_| self.is_whole).map(|package| package.file.as_str())
    }

    /// Compiles the dependencies that are fetched.
    pub(super) fn install_line(&self, name: &str) -> Option<String> {
        let is_one = self.below().next().is_none();
        match self.tool {
            Tool::Stack if is_one => {
                Some("stack build --system-ghc --install-ghc --only-dependencies".into())
            }
            Tool::Cabal if self.is_offline() => None,
            Tool::Cabal if is_one => Some(format!(
                "cabal update && cabal build --only-dependencies {}",
                quote(&format!("exe:{name}"))
            )),
            // Of a package whose source is not there yet only the manifest may be asked for.
            Tool::Cabal if self.is_whole => {
                Some("cabal update && cabal build --only-dependencies all".into())
            }
            _ => None,
        }
    }

    /// The project's own libraries that the program is built on: their folders, and the command line that compiles
    /// them alone.
    pub(super) fn libraries(&self, name: &str) -> Option<(Vec<&str>, String)> {
        if !self.is_whole {
            return None;
        }
        let of_program = |package: &&Package| package.programs.iter().any(|program| program == name);
        let mut wanted: Vec<&Package> = self.packages.iter().filter(of_program).take(1).collect();
        let mut next = 0;
        while let Some(package) = wanted.get(next) {
            let more = self.below().filter(|other| {
                other.has_library
                    && package.dependencies.contains(&other.name)
                    && !wanted.iter().any(|known| known.name == other.name)
            });
            let more: Vec<&Package> = more.collect();
            wanted.extend(more);
            next += 1;
        }
        let libraries = wanted.get(1..).filter(|libraries| !libraries.is_empty())?;
        let targets: Vec<String> =
            libraries.iter().map(|package| quote(&format!("lib:{}", package.name))).collect();
        let offline = if self.is_offline() { " --offline" } else { "" };
        let folders = libraries.iter().map(|package| package.folder()).collect();
        Some((folders, format!("cabal build{offline} {}", targets.join(" "))))
    }

    pub(super) fn build_line(&self, name: &str) -> String {
        match self.tool {
            // Stack fetches the compiler that the snapshot wants when the image has another patch release.
            Tool::Stack => "stack build --system-ghc --install-ghc --copy-bins --local-bin-path /out".into(),
            Tool::Cabal => {
                let is_known = self.is_offline() || self.install_line(name).is_some();
                let update = if is_known { "" } else { "cabal update && " };
                let offline = if self.is_offline() { " --offline" } else { "" };
                format!("{update}cabal build{offline} {}", quote(&format!("exe:{name}")))
            }
        }
    }

    /// What the program loads: arbitrary precision, and the libraries of its dependencies.
    pub(super) fn packages(&self) -> Vec<String> {
        // Compilers differ in what of this they link into the program themselves.
        let mut found = ["libffi8", "libgmp10", "libnuma1"].map(String::from).to_vec();
        let native = NATIVE.iter().filter(|(name, ..)| self.dependencies.iter().any(|known| known == name));
        found.extend(native.map(|(.., run)| (*run).to_owned()));
        found.sort();
        found.dedup();
        found
    }

    pub(super) fn build_packages(&self) -> Vec<String> {
        let native = NATIVE.iter().filter(|(name, ..)| self.dependencies.iter().any(|known| known == name));
        let mut found: Vec<String> = native.map(|(_, build, _)| (*build).to_owned()).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Whether a `cabal.project` names nothing but the packages with these manifests.
fn are_known(text: &str, files: &[String]) -> bool {
    let (mut is_list, mut is_known) = (false, files.iter().all(|file| file.ends_with(".cabal")));
    for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
        let mut rest = line.trim();
        if !line.starts_with([' ', '\t']) {
            is_list = line.starts_with("packages:");
            is_known &= !line.starts_with("import");
            rest = rest.split_once(':').map_or("", |(_, rest)| rest);
        }
        for word in rest.split([' ', '\t', ',']).filter(|word| is_list && !word.is_empty()) {
            let path = word.trim_start_matches("./").trim_end_matches('/');
            let start = path.split('*').next().unwrap_or_default();
            is_known &= path == "."
                || files.iter().any(|file| match start.len() == path.len() {
                    true => file == path || file.rsplit_once('/').is_some_and(|(folder, _)| folder == path),
                    false => file.starts_with(start),
                });
        }
    }
    is_known
}

/// The release line of the compiler behind `lts-22.43`, `ghc-9.6.6` and the like.
fn compiler_of(text: &str) -> Option<String> {
    if let Some(series) = text.strip_prefix("lts-") {
        let number: u32 = series.split('.').next()?.parse().ok()?;
        return SERIES.iter().find(|(known, _)| *known == number).map(|(_, line)| (*line).to_owned());
    }
    let version = text.strip_prefix("ghc-")?;
    // A release line gets its fixes, and images exist of lines.
    let line: Vec<&str> = version.split('.').take(2).collect();
    (line.iter().all(|part| part.parse::<u32>().is_ok())).then(|| line.join("."))
}

/// Name, programs and dependencies of a `package.yaml`, and whether it has a library.
fn from_hpack(text: &str) -> (String, Vec<String>, Vec<String>, bool) {
    let outline = Outline::parse(text);
    let mut programs: Vec<String> = outline.below(&["executables"]).into_iter().map(str::to_owned).collect();
    if outline.has(&["executable"]) {
        programs.extend(outline.text(&["name"]).map(str::to_owned));
    }
    let mut dependencies: Vec<&str> = outline.items(&["dependencies"]);
    dependencies.extend(outline.items(&["library", "dependencies"]));
    for program in &programs {
        dependencies.extend(outline.items(&["executables", program, "dependencies"]));
    }
    let own = outline.text(&["name"]).unwrap_or_default();
    let names = dependencies.iter().filter_map(|entry| entry.split_whitespace().next());
    let names = names.filter(|name| *name != own).map(str::to_owned).collect();
    (own.to_owned(), programs, names, outline.has(&["library"]))
}

/// Name, programs and dependencies of a `.cabal` file, and whether it has a library.
fn from_cabal(text: &str) -> (String, Vec<String>, Vec<String>, bool) {
    let (mut programs, mut dependencies, mut has_library) = (Vec::new(), Vec::new(), false);
    let (mut own, mut in_list, mut is_counted) = (String::new(), None, true);
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with("--") || bare.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let lower = bare.to_ascii_lowercase();
        if indent == 0 {
            is_counted = !(lower.starts_with("test-suite") || lower.starts_with("benchmark"));
            in_list = None;
            has_library |= lower == "library";
            if lower.starts_with("executable ") {
                programs.push(bare["executable ".len()..].trim().to_owned());
            }
        }
        if lower.starts_with("name:") && indent == 0 {
            own = bare["name:".len()..].trim().to_owned();
        }
        let mut rest = bare;
        if lower.starts_with("build-depends:") {
            in_list = Some(indent);
            rest = &bare["build-depends:".len()..];
        } else if in_list.is_some_and(|at| indent <= at) || (in_list.is_some() && lower.contains(": ")) {
            in_list = None;
        }
        if in_list.is_some() && is_counted {
            let names = rest.split(',').filter_map(|part| {
                let part = part.trim();
                let end = part.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(part.len());
                (end > 0).then(|| part[..end].to_owned())
            });
            dependencies.extend(names);
        }
    }
    dependencies.retain(|name| *name != own);
    (own, programs, dependencies, has_library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cabal_file_names_programs_and_dependencies() {
        let text = "cabal-version: 2.4\nname: shop\n\ncommon all\n    build-depends: base >=4 && <5\n                 , bytestring\n    default-language: Haskell2010\n\nexecutable shop-server\n    main-is: Main.hs\n    build-depends:\n        shop,\n        scotty ^>=0.20\n\ntest-suite t\n    build-depends: hspec\n";
        let (name, programs, dependencies, has_library) = from_cabal(text);
        assert_eq!((name.as_str(), has_library), ("shop", false));
        assert_eq!(programs, ["shop-server"]);
        assert_eq!(dependencies, ["base", "bytestring", "scotty"]);
    }

    #[test]
    fn a_package_yaml_names_programs_and_dependencies() {
        let text = "name: shop\ndependencies:\n- base >= 4.7 && < 5\nexecutables:\n  shop-exe:\n    main: Main.hs\n    dependencies:\n    - shop\n    - warp\n";
        let (name, programs, dependencies, has_library) = from_hpack(text);
        assert_eq!((name.as_str(), has_library), ("shop", false));
        assert_eq!(programs, ["shop-exe"]);
        assert_eq!(dependencies, ["base", "warp"]);
    }

    #[test]
    fn a_project_is_whole_when_all_its_packages_were_found() {
        let files = ["shop.cabal", "libs/web/web.cabal"].map(String::from);
        for (text, is_whole) in [
            ("packages: .\n          ./libs/web/\n", true),
            ("packages: ., libs/*/*.cabal\nwith-compiler: ghc-9.8.4\n", true),
            ("packages:\n  .\n  libs/deep/down\n", false),
            ("packages: . other/*.cabal\n", false),
            ("import: common.project\npackages: .\n", false),
            ("packages: .\nsource-repository-package\n  type: git\n", true),
        ] {
            assert_eq!(are_known(text, &files), is_whole, "{text}");
        }
        assert!(!are_known("packages: .", &["package.yaml".into()]));
    }

    #[test]
    fn snapshots_have_a_compiler() {
        for (text, line) in [
            ("lts-22.43", Some("9.6")),
            ("ghc-9.4.7", Some("9.4")),
            ("nightly-2025-01-01", None),
            ("ghc-x", None),
        ] {
            assert_eq!(compiler_of(text).as_deref(), line, "{text}");
        }
    }
}
