//! The table of base images and known versions: the one place that names them.

mod table;

use std::collections::BTreeMap;

use super::version::{Version, is_plain, satisfies};
use crate::digest::Digest;

/// Images to build and run on, by role, with the versions that are known without a network.
///
/// A role is a stack (what its apps are built on, and often run on) or a stack with a word: `go.run`, `go.run.cgo`,
/// `rust.run`, `static.run`. `probe` is where the health check of an image without a shell takes its `wget` from. In a
/// pattern `{version}` is the version and `{os}` the newest Debian release that has an image of it.
///
/// ```
/// use byop_core::generator::BaseImages;
///
/// let images = BaseImages::default().with_image("node", "mirror.example/node:{version}-{os}-slim");
/// assert_eq!(images.image("node", "24.21"), "mirror.example/node:24.21-bookworm-slim");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImages {
    patterns: BTreeMap<String, String>,
    defaults: BTreeMap<String, String>,
    known: BTreeMap<String, Vec<String>>,
    mirrors: BTreeMap<String, String>,
    digests: BTreeMap<String, Digest>,
}

impl Default for BaseImages {
    /// Official images as of November 2026, each pinned to a minor version and an operating system release.
    fn default() -> Self {
        let mut images = Self {
            patterns: BTreeMap::new(),
            defaults: BTreeMap::new(),
            known: BTreeMap::new(),
            mirrors: BTreeMap::new(),
            digests: BTreeMap::new(),
        };
        for row in table::ROWS {
            images.defaults.insert(row.stack.into(), row.default.into());
            images = images.with_versions(row.stack, row.versions.iter().copied());
            for (role, pattern) in row.images {
                images = images.with_image(*role, *pattern);
            }
        }
        images
    }
}

/// A version that was chosen, and whether the table knew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) version: String,
    pub(crate) is_known: bool,
}

impl BaseImages {
    /// Uses another image for a role.
    #[must_use]
    pub fn with_image(mut self, role: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.patterns.insert(role.into(), pattern.into());
        self
    }

    /// Uses another version where the app does not say.
    #[must_use]
    pub fn with_default(mut self, stack: impl Into<String>, version: impl Into<String>) -> Self {
        self.defaults.insert(stack.into(), version.into());
        self
    }

    /// Knows these release lines of a stack, newest first.
    #[must_use]
    pub fn with_versions<V: Into<String>>(
        mut self,
        stack: impl Into<String>,
        versions: impl IntoIterator<Item = V>,
    ) -> Self {
        self.known.insert(stack.into(), versions.into_iter().map(Into::into).collect());
        self
    }

    /// Takes the images of a registry from a mirror: `with_mirror("docker.io", "mirror.example/hub")` makes
    /// `mirror.example/hub/library/node:…` of `node:…`.
    #[must_use]
    pub fn with_mirror(mut self, registry: impl Into<String>, prefix: impl Into<String>) -> Self {
        self.mirrors.insert(registry.into(), prefix.into().trim_end_matches('/').to_owned());
        self
    }

    /// Pins an image, as the table names it (`node:24.21-bookworm-slim`), to what the caller resolved it to. The tag
    /// stays, for people; the digest decides.
    #[must_use]
    pub fn with_digest(mut self, image: impl Into<String>, digest: Digest) -> Self {
        self.digests.insert(image.into(), digest);
        self
    }

    /// The image of a role at a version; a role that the table lacks is taken as an image itself.
    #[must_use]
    pub fn image(&self, role: &str, version: &str) -> String {
        let pattern = self.patterns.get(role).map_or(role, String::as_str);
        let image = pattern.replace("{version}", version).replace("{os}", release_of(role, version));
        let pinned = self.digests.get(&image).map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}{pinned}", self.mirrored(&image))
    }

    fn mirrored(&self, image: &str) -> String {
        let (registry, path) = registry_of(image);
        let Some(prefix) = self.mirrors.get(registry) else { return image.to_owned() };
        let library = if registry == HUB && !path.contains('/') { "library/" } else { "" };
        format!("{prefix}/{library}{path}")
    }

    /// The version of a stack where the app does not say.
    #[must_use]
    pub fn default_version(&self, stack: &str) -> String {
        self.defaults.get(stack).cloned().unwrap_or_default()
    }

    /// The release lines that are known of a stack, newest first.
    pub(crate) fn versions(&self, stack: &str) -> &[String] {
        self.known.get(stack).map_or(&[], Vec::as_slice)
    }

    /// What an app's request comes to: words, single versions and ranges.
    pub(crate) fn resolve(&self, stack: &str, request: &str) -> Resolved {
        let known = self.known.get(stack).map_or(&[] as &[String], Vec::as_slice);
        let yes = |version: String| Resolved { version, is_known: true };
        let request = request.trim().trim_matches(['"', '\'']);
        let lower = request.to_ascii_lowercase();
        match lower.as_str() {
            "" | "*" | "x" | "lts" | "lts/*" | "--lts" | "stable" if stack != "node" || lower != "stable" => {
                return yes(self.default_version(stack));
            }
            "latest" | "current" | "node" | "stable" => {
                return yes(known.first().cloned().unwrap_or_else(|| self.default_version(stack)));
            }
            _ => {}
        }
        if let Some(major) =
            lower.strip_prefix("lts/").or_else(|| lower.strip_prefix("lts-")).and_then(codename)
        {
            return self.resolve(stack, major);
        }
        if is_plain(request) {
            let Some(wanted) = Version::parse(request) else { return yes(self.default_version(stack)) };
            // A release line is enough where only the major is said; more is honoured to the digit.
            let wants_line = wanted.minor().is_none();
            let line = known.iter().find(|v| Version::parse(v).is_some_and(|v| v.major() == wanted.major()));
            return match line {
                Some(line) if wants_line => yes(line.clone()),
                _ => Resolved {
                    version: wanted.to_string(),
                    is_known: known.iter().filter_map(|v| Version::parse(v)).any(|v| {
                        v.major() == wanted.major() && (stack == "node" || v.minor() == wanted.minor())
                    }),
                },
            };
        }
        let fits = |text: &String| Version::parse(text).is_some_and(|version| satisfies(request, &version));
        let default = self.default_version(stack);
        if fits(&default) {
            return yes(default);
        }
        // Odd majors of Node.js are short-lived.
        let is_lasting =
            |text: &&String| stack != "node" || Version::parse(text).is_some_and(|v| v.major() % 2 == 0);
        if let Some(found) =
            known.iter().filter(is_lasting).find(|v| fits(v)).or_else(|| known.iter().find(|v| fits(v)))
        {
            return yes(found.clone());
        }
        let said = request.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(Version::parse);
        match said {
            Some(version) => Resolved { version: version.to_string(), is_known: false },
            None => Resolved { version: default, is_known: false },
        }
    }
}

/// The registry of names that have none.
const HUB: &str = "docker.io";

/// The registry and the rest of an image's name: the first part is a host when it looks like one.
fn registry_of(image: &str) -> (&str, &str) {
    match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => (HUB, image),
    }
}

/// The major version behind a code name of Node.js.
fn codename(name: &str) -> Option<&'static str> {
    Some(match name {
        "erbium" => "12",
        "fermium" => "14",
        "gallium" => "16",
        "hydrogen" => "18",
        "iron" => "20",
        "jod" => "22",
        "krypton" => "24",
        _ => return None,
    })
}

/// The Ubuntu release of an image of Java: the newest where a release of Java is kept up.
fn ubuntu_of(version: &str) -> &'static str {
    // `8.14-jdk21`: the release of Java is the last number.
    let release = version.rsplit(|c: char| !c.is_ascii_digit()).find_map(|part| part.parse::<u32>().ok());
    match release {
        Some(16) => "focal",
        Some(18..=20) => "jammy",
        // Builds of Gradle from before Ubuntu's newest release had no image of older Java on it.
        Some(..21) if version.contains("-jdk") => "jammy",
        _ => "noble",
    }
}

/// The Debian release of an image: the newest that a version was published on.
fn release_of(role: &str, version: &str) -> &'static str {
    if role == "java" || role.starts_with("java.") {
        return ubuntu_of(version);
    }
    let Some(v) = Version::parse(version) else { return "bookworm" };
    let (major, minor) = (v.major(), v.minor().unwrap_or(u32::MAX));
    match role {
        "node" => match major {
            0..=14 => "bullseye",
            16 if minor < 20 => "bullseye",
            18 if minor < 17 => "bullseye",
            20 if minor < 4 => "bullseye",
            _ => "bookworm",
        },
        "python" => match (major, minor) {
            (2, _) => "buster",
            (3, 0..=5) => "buster",
            (3, 6) => "bullseye",
            // Patch releases from before trixie exist on bookworm only.
            (3, 13..) if !v.is_exact() => "trixie",
            _ => "bookworm",
        },
        "php" => match (major, minor) {
            (0..=6, _) | (7, 0..=1) => "stretch",
            (7, 2) => "buster",
            (7, 3..) | (8, 0) => "bullseye",
            (8, 1) if is_before(&v, "8.1.20") => "bullseye",
            (8, 2) if is_before(&v, "8.2.7") => "bullseye",
            _ => "bookworm",
        },
        "ruby" => match (major, minor) {
            (0..=1, _) | (2, 0..=5) => "buster",
            (2, _) | (3, 0) => "bullseye",
            (3, 1) if is_before(&v, "3.1.4") => "bullseye",
            (3, 2) if is_before(&v, "3.2.2") => "bullseye",
            _ => "bookworm",
        },
        // The release that the image of this Erlang is built on, so that the libraries fit.
        "elixir.run" => match major {
            0..=23 => "buster",
            24 | 25 => "bullseye",
            26 | 27 => "bookworm",
            _ => "trixie",
        },
        "dotnet" | "dotnet.run" | "dotnet.run.console" => match major {
            0..=6 => "bullseye-slim",
            7..=9 => "bookworm-slim",
            // From here on the images are made of Ubuntu.
            _ => "noble",
        },
        // The newer of what was published: slim images of older compilers stayed on older systems.
        "haskell" => match (major, minor) {
            (9, 10..) | (10.., _) => "bookworm",
            (9, 6..) => "bullseye",
            _ => "buster",
        },
        // Ubuntu's releases here. Each is older than the Debian that the programs run on, as their C library has to be.
        "swift" => match (major, minor) {
            (6.., _) => "noble",
            (5, 7..) => "jammy",
            _ => "focal",
        },
        "go" if major == 1 && minor < 21 => "bullseye",
        "rust" if major == 1 && minor < 71 => "bullseye",
        _ => "bookworm",
    }
}

/// Whether `version` is one release, and from before `other`.
fn is_before(version: &Version, other: &str) -> bool {
    version.is_exact() && Version::parse(other).is_some_and(|other| version.compare(&other).is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_to_one_version() {
        let images = BaseImages::default();
        for (stack, request, version) in [
            ("node", "lts/iron", "20.20"),
            ("node", "lts", "24.21"),
            ("node", "*", "24.21"),
            ("node", "latest", "26.10"),
            ("node", "22.x", "22.23"),
            ("node", "14.x", "14.21"),
            ("node", "22", "22.23"),
            ("node", "v22.12.0", "22.12.0"),
            ("node", "23.5.0", "23.5.0"),
            ("node", ">=18", "24.21"),
            ("node", "^26.0.0", "26.10"),
            ("node", ">=25", "26.10"),
            ("node", "^18 || ^20", "20.20"),
            ("node", ">=28", "28"),
            ("python", "^3.10", "3.13"),
            ("python", ">=3.8,<3.12", "3.11"),
            ("python", "python-2.7", "2.7"),
            ("python", "3.12.3", "3.12.3"),
            ("python", "latest", "3.14"),
            ("go", "1.25.3", "1.25.3"),
            ("rust", "stable", "1.95"),
            ("rust", "latest", "1.95"),
            ("rust", "1.80", "1.80"),
        ] {
            assert_eq!(images.resolve(stack, request).version, version, "{stack} {request}");
        }
        assert!(!images.resolve("node", ">=28").is_known);
    }

    #[test]
    fn mirrors_and_digests_are_for_the_images_that_they_name() {
        let digest = Digest::of(b"image");
        let images = BaseImages::default()
            .with_mirror("docker.io", "mirror.example/hub/")
            .with_mirror("gcr.io", "mirror.example/g")
            .with_digest("node:24.21-bookworm-slim", digest.clone());
        let node = format!("mirror.example/hub/library/node:24.21-bookworm-slim@{digest}");
        assert_eq!(images.image("node", "24.21"), node);
        let server = "mirror.example/hub/nginxinc/nginx-unprivileged:1.28-alpine-slim";
        assert_eq!(images.image("static.run", ""), server);
        assert_eq!(images.image("go.run", ""), "mirror.example/g/distroless/static-debian12:nonroot");
    }

    #[test]
    fn images_are_those_that_were_published() {
        let images = BaseImages::default();
        for (role, version, image) in [
            ("node", "24.21", "node:24.21-bookworm-slim"),
            ("node", "14.21", "node:14.21-bullseye-slim"),
            ("python", "3.13", "python:3.13-slim-trixie"),
            ("python", "3.13.3", "python:3.13.3-slim-bookworm"),
            ("python", "3.11", "python:3.11-slim-bookworm"),
            ("python", "2.7", "python:2.7-slim-buster"),
            ("php", "8.4", "php:8.4-apache-bookworm"),
            ("php", "7.4", "php:7.4-apache-bullseye"),
            ("php", "5.6", "php:5.6-apache-stretch"),
            ("ruby", "3.4", "ruby:3.4-slim-bookworm"),
            ("ruby", "3.2.1", "ruby:3.2.1-slim-bullseye"),
            ("elixir", "1.18-otp-27", "elixir:1.18-otp-27-slim"),
            ("elixir.run", "27", "debian:bookworm-slim"),
            ("elixir.run", "24", "debian:bullseye-slim"),
            ("go", "1.18", "golang:1.18-bullseye"),
            ("rust", "1.95", "rust:1.95-slim-bookworm"),
            ("dotnet", "8.0.100", "mcr.microsoft.com/dotnet/sdk:8.0.100-bookworm-slim"),
            ("dotnet.run", "6.0", "mcr.microsoft.com/dotnet/aspnet:6.0-bullseye-slim"),
            ("dotnet.run.console", "10.0", "mcr.microsoft.com/dotnet/runtime:10.0-noble"),
            ("java", "21", "eclipse-temurin:21-jdk-noble"),
            ("java.run", "8", "eclipse-temurin:8-jre-noble"),
            ("java.run", "19", "eclipse-temurin:19-jre-jammy"),
            ("java.maven", "17", "maven:3.9-eclipse-temurin-17-noble"),
            ("java.gradle", "8.14-jdk21", "gradle:8.14-jdk21-noble"),
            ("java.gradle", "8.2.1-jdk17", "gradle:8.2.1-jdk17-jammy"),
            ("java.tomcat", "10.1-jre21", "tomcat:10.1-jre21-temurin-noble"),
        ] {
            assert_eq!(images.image(role, version), image);
        }
    }
}
