//! Which package manager a project uses, at which version, and what it is told.

use super::lockfile;
use super::manifest::Manifest;
use crate::error::Result;
use crate::generator::pins;
use crate::generator::version::{Version, is_plain, satisfies};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// The last release of each line, newest first.
const PNPM: [&str; 6] = ["10.34.8", "9.15.9", "8.15.9", "7.33.7", "6.35.1", "11.28.10"];
const YARN: [&str; 2] = ["4.18.1", "3.8.7"];
const BUN: &str = "1.4.5";
const YARN_1: &str = "1.22.22";

/// Lock files by manager, the most particular first.
const LOCKS: [(&str, &str); 6] = [
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
];

#[derive(Debug)]
pub(super) struct Manager {
    /// `npm`, `yarn`, `pnpm` or `bun`.
    pub(super) name: &'static str,
    /// The file that decided.
    pub(super) file: &'static str,
    /// Why.
    pub(super) reason: String,
    /// The version to install; none where the base image has one that will do.
    pub(super) version: Option<String>,
    /// The version or range that the project asks for.
    wanted: Option<String>,
    /// The version that the tree itself brings.
    brought: Option<String>,
    /// Yarn 2 and later.
    pub(super) is_berry: bool,
    /// Yarn without `node_modules`.
    pub(super) is_pnp: bool,
    /// The lock file, if it is there.
    pub(super) lock: Option<&'static str>,
    /// Whether the lock file is enforced.
    pub(super) is_frozen: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Manager {
    pub(super) fn of(view: &View<'_>, manifest: &Manifest, asked: Option<&str>) -> Result<Self> {
        let locks: Vec<(&'static str, &'static str)> =
            LOCKS.into_iter().filter(|(file, _)| view.has_file(file)).collect();
        let declared = manifest.text("packageManager").and_then(|text| {
            let (name, version) = text.split_once('@').unwrap_or((text, ""));
            known(name).map(|name| (name, version.split('+').next().unwrap_or_default().to_owned()))
        });
        let engine = ["pnpm", "bun", "yarn"].into_iter().find_map(|name| {
            manifest.pointer(&format!("/engines/{name}")).map(|range| (name, range.to_owned()))
        });
        let asked = asked.and_then(known).filter(|name| declared.as_ref().is_none_or(|(own, _)| own != name));
        let (name, file, reason, mut wanted) = if let Some(name) = asked {
            (name, "package.json", "the settings name it".to_owned(), None)
        } else if let Some((name, version)) = declared {
            (name, "package.json", "packageManager names it".to_owned(), Some(version))
        } else if let Some(name) = manifest.pointer("/devEngines/packageManager/name").and_then(known) {
            let version = manifest.pointer("/devEngines/packageManager/version").map(str::to_owned);
            (name, "package.json", "devEngines.packageManager names it".to_owned(), version)
        } else if let Some((file, name)) = locks.first() {
            (*name, *file, "its lock file is there".to_owned(), None)
        } else if view.has_file(".yarnrc.yml") {
            ("yarn", ".yarnrc.yml", "settings of modern Yarn".to_owned(), None)
        } else if view.has_file("pnpm-workspace.yaml") {
            ("pnpm", "pnpm-workspace.yaml", "a workspace of pnpm".to_owned(), None)
        } else if let Some((name, range)) = &engine {
            (*name, "package.json", format!("engines.{name} asks for it"), Some(range.clone()))
        } else if manifest
            .script("start")
            .is_some_and(|line| line.starts_with("bun ") || line.starts_with("bunx "))
        {
            ("bun", "package.json", "the start script runs it".to_owned(), None)
        } else {
            ("npm", "package.json", "nothing asks for another".to_owned(), None)
        };
        if wanted.is_none() {
            wanted = pins::from_tools(view, &[name])?
                .map(|pin| pin.request)
                .or_else(|| engine.filter(|(engine, _)| *engine == name).map(|(_, range)| range));
        }
        let mut manager = Self {
            name,
            file,
            reason,
            version: None,
            wanted: wanted.filter(|text| !text.is_empty()),
            brought: None,
            is_berry: false,
            is_pnp: false,
            lock: locks.iter().find(|(_, owner)| *owner == name).map(|(file, _)| *file),
            is_frozen: false,
            diagnostics: Vec::new(),
        };
        manager.is_frozen = manager.lock.is_some();
        manager.settle(view, manifest);
        let others: Vec<&str> =
            locks.iter().filter(|(_, owner)| *owner != name).map(|(file, _)| *file).collect();
        if !others.is_empty() {
            manager.diagnostics.push(Diagnostic::new(
                "several-lock-files",
                Severity::Warning,
                format!("{name} is used; {} of another package manager is passed over", others.join(" and ")),
            ));
        }
        if manager.lock.is_none() && manifest.has_dependencies() {
            manager.diagnostics.push(Diagnostic::new(
                "no-lock-file",
                Severity::Warning,
                format!("there is no lock file of {name}, so two builds of the same source may differ"),
            ));
        }
        Ok(manager)
    }

    fn settle(&mut self, view: &View<'_>, manifest: &Manifest) {
        let wanted = self.wanted.clone();
        let wanted = wanted.as_deref();
        match self.name {
            "pnpm" => {
                let lock = || view.glance("pnpm-lock.yaml").and_then(|text| lockfile_version(&text));
                self.version = Some(pick(wanted, &PNPM).unwrap_or_else(|| {
                    match lock().as_deref() {
                        Some("5.3") => "6.35.1",
                        Some("5.4") => "7.33.7",
                        Some(version) if version.starts_with('6') => "8.15.9",
                        Some(version) if version.starts_with('9') => "9.15.9",
                        _ => PNPM[0],
                    }
                    .to_owned()
                }));
            }
            "yarn" => {
                let settings = view.glance(".yarnrc.yml");
                let major = wanted.and_then(Version::parse).map(|version| version.major());
                let lock = view.glance("yarn.lock").unwrap_or_default();
                self.is_berry = match major {
                    Some(major) => major >= 2,
                    None => settings.is_some() || lock.contains("__metadata:"),
                };
                if self.is_berry {
                    let settings = settings.unwrap_or_default();
                    let says = |key: &str| {
                        settings.lines().find_map(|line| {
                            line.strip_prefix(key)?
                                .strip_prefix(':')
                                .map(|v| v.trim().trim_matches(['"', '\'']).to_owned())
                        })
                    };
                    self.is_pnp = says("nodeLinker").is_none_or(|linker| linker == "pnp");
                    // A release that the project brings is the one that runs, whatever is installed.
                    let own = says("yarnPath").filter(|path| view.has_file(path.trim_start_matches("./")));
                    if let Some(path) = own {
                        let name = path.rsplit('/').next().unwrap_or_default();
                        self.brought = name
                            .trim_start_matches("yarn-")
                            .split(".cjs")
                            .next()
                            .filter(|text| Version::parse(text).is_some())
                            .map(str::to_owned);
                    } else {
                        let usual = || berry_of(&lock).to_owned();
                        self.version = Some(pick(wanted, &YARN).unwrap_or_else(usual));
                    }
                }
            }
            "bun" => self.version = Some(pick(wanted, &[BUN]).unwrap_or_else(|| BUN.to_owned())),
            _ => {
                if let Some(name) = self
                    .lock
                    .and_then(|lock| view.glance(lock))
                    .and_then(|text| lockfile::missing(manifest, &text))
                {
                    self.is_frozen = false;
                    self.diagnostics.push(Diagnostic::new(
                        "stale-lock-file",
                        Severity::Warning,
                        format!("the lock file does not fit package.json (`{name}`), so npm may choose newer versions"),
                    ));
                }
            }
        }
    }

    /// The package that brings the manager, with its version; none where the image has one that will do.
    pub(super) fn package(&self, node_major: u32) -> Option<String> {
        if self.name == "npm" {
            let wanted =
                self.exactly_wanted().filter(|version| version.major() != bundled_npm(node_major))?;
            return Some(format!("npm@{wanted}"));
        }
        // From this line on the images bring no Yarn.
        if self.name == "yarn" && self.version.is_none() && node_major >= 26 {
            return Some(format!("yarn@{YARN_1}"));
        }
        let version = self.version.as_deref()?;
        Some(match self.name {
            "yarn" => format!("@yarnpkg/cli-dist@{version}"),
            name => format!("{name}@{version}"),
        })
    }

    fn exactly_wanted(&self) -> Option<Version> {
        self.wanted
            .as_deref()
            .filter(|text| is_plain(text))
            .and_then(Version::parse)
            .filter(Version::is_exact)
    }

    /// The version that the project asks for, where it is a single one.
    pub(super) fn exact_version(&self) -> Option<String> {
        self.exactly_wanted().map(|version| version.to_string())
    }

    /// The version to show: the one that the project asks for, else the one that is used.
    pub(super) fn shown_version(&self, node_major: u32) -> String {
        let used = || match self.name {
            "npm" => bundled_npm(node_major).to_string(),
            "yarn" => YARN_1.to_owned(),
            _ => String::new(),
        };
        self.exactly_wanted()
            .map(|version| version.to_string())
            .or_else(|| self.brought.clone())
            .or_else(|| self.version.clone())
            .unwrap_or_else(used)
    }

    /// The major version of Yarn 2 and later; 0 when it is not known.
    fn berry_major(&self) -> u32 {
        let text = self.version.as_deref().or(self.brought.as_deref());
        text.and_then(Version::parse).map_or(0, |version| version.major())
    }

    /// Runs a script of the manifest.
    pub(super) fn run(&self, script: &str) -> String {
        format!("{} run {script}", self.name)
    }

    /// Runs a program of a dependency.
    pub(super) fn exec(&self, line: &str) -> String {
        match self.name {
            "npm" => format!("npx {line}"),
            "pnpm" => format!("pnpm exec {line}"),
            "bun" => format!("bunx {line}"),
            _ => format!("yarn {line}"),
        }
    }

    /// Installs all dependencies.
    pub(super) fn install(&self) -> String {
        match (self.name, self.is_frozen) {
            ("npm", true) => "npm ci",
            ("npm", false) => "npm install",
            ("pnpm", true) => "pnpm install --frozen-lockfile",
            ("pnpm", false) => "pnpm install --no-frozen-lockfile",
            ("bun", true) => "bun install --frozen-lockfile",
            ("bun", false) => "bun install",
            (_, true) if self.is_berry => "yarn install --immutable",
            (_, true) => "yarn install --frozen-lockfile",
            _ => "yarn install",
        }
        .to_owned()
    }

    /// Installs what is needed to run, and nothing else; none where the manager has no such way.
    pub(super) fn install_production(&self, node_major: u32) -> Option<String> {
        let flag = match self.name {
            "npm" if node_major < 16 => "--only=production",
            "npm" => "--omit=dev",
            "pnpm" => "--prod",
            _ if self.is_berry => return None,
            _ => "--production",
        };
        Some(format!("{} {flag}", self.install()))
    }

    /// Takes what is needed to build only out of an installation.
    pub(super) fn prune(&self, node_major: u32, is_workspace: bool) -> Option<String> {
        Some(match self.name {
            "npm" if node_major < 16 => "npm prune --production".into(),
            "npm" => "npm prune --omit=dev".into(),
            "pnpm" if is_workspace => format!("CI=1 {} --prod --prefer-offline", self.install()),
            "pnpm" => "CI=1 pnpm prune --prod".into(),
            "bun" => format!("rm -rf node_modules && {} --production", self.install()),
            _ if self.is_berry => {
                return (self.berry_major() >= 4).then(|| "yarn workspaces focus --all --production".into());
            }
            _ => format!("{} --production --ignore-scripts --prefer-offline", self.install()),
        })
    }

    /// Where the manager keeps what it has downloaded.
    pub(super) fn cache(&self) -> Option<(&'static str, &'static str)> {
        match self.name {
            "npm" => Some(("npm", "/root/.npm")),
            "pnpm" => Some(("pnpm", "/root/.local/share/pnpm/store")),
            "bun" => Some(("bun", "/root/.bun/install/cache")),
            // Without node_modules the packages themselves are in the cache, which belongs to the app then.
            _ if self.is_pnp => None,
            _ if self.is_berry => Some(("yarn", "/root/.yarn/berry/cache")),
            _ => Some(("yarn", "/usr/local/share/.cache/yarn")),
        }
    }
}

/// The package that brings Bun to an image of Node.js.
pub(super) fn bun_package() -> String {
    format!("bun@{BUN}")
}

/// The npm that comes with a line of Node.js.
fn bundled_npm(node_major: u32) -> u32 {
    match node_major {
        0..=14 => 6,
        15 => 7,
        16..=17 => 8,
        19 => 9,
        18..=23 => 10,
        _ => 11,
    }
}

/// The line of modern Yarn that writes lock files like this one.
fn berry_of(lock: &str) -> &'static str {
    let metadata = lock.lines().skip_while(|line| !line.starts_with("__metadata:")).take(4);
    let format = metadata.filter_map(|line| line.trim().strip_prefix("version:")).next();
    match format.and_then(|text| text.trim().parse::<u32>().ok()) {
        Some(..=7) => YARN[1],
        _ => YARN[0],
    }
}

fn known(name: &str) -> Option<&'static str> {
    ["npm", "yarn", "pnpm", "bun"].into_iter().find(|known| *known == name)
}

/// The version to install for a wish: itself when it is exact, else the first of the lines that fits.
fn pick(wanted: Option<&str>, lines: &[&str]) -> Option<String> {
    let wanted = wanted?.trim();
    if is_plain(wanted) && Version::parse(wanted).is_some_and(|version| version.is_exact()) {
        return Some(wanted.trim_start_matches('v').to_owned());
    }
    if wanted == "latest" {
        let newest = lines.iter().max_by_key(|line| Version::parse(line).map_or(0, |v| v.major()));
        return newest.map(|line| (*line).to_owned());
    }
    if matches!(wanted, "*" | "") {
        return None;
    }
    lines
        .iter()
        .find(|line| Version::parse(line).is_some_and(|version| satisfies(wanted, &version)))
        .map(|line| (*line).to_owned())
}

fn lockfile_version(text: &str) -> Option<String> {
    let line = text.lines().take(5).find_map(|line| line.strip_prefix("lockfileVersion:"))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned())
}
