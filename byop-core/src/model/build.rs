//! What an owner or an app says about its build, over what detection found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::image::ImageRef;

/// Overrides of what detection found about the build. What is absent is as detected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct BuildSpec {
    /// The folder of the application inside the source, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The stack to use, such as `node`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The version of the language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The web framework, such as `fastapi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The package manager, such as `pnpm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_manager: Option<String>,
    /// The install command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// The build command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The start command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The folder of built files that a web server serves, relative to the app's folder, such as `dist`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_dir: Option<String>,
    /// Whether unknown paths are answered with the index page, for apps that route in the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_fallback: Option<bool>,
    /// The public folder of a server-side application, relative to the app's folder, such as `public`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_root: Option<String>,
    /// Packages of the distribution, in addition to those detected.
    #[serde(skip_serializing_if = "PackagesSpec::is_empty")]
    pub packages: PackagesSpec,
    /// Names of secrets that installing and building need, each as a file `/run/secrets/<name>` that is part of no
    /// layer. For generated files only: a deployment with build secrets is refused (`Unsupported`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Base images to use in place of byop's own, such as those of a mirror: name to name.
    pub images: BTreeMap<String, String>,
    /// Memory limit of the build, in bytes; 0 is no limit.
    pub memory_bytes: u64,
    /// Processor limit of the build; 0 is no limit.
    pub cpus: f64,
}

/// Packages of the image's distribution, by their names there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PackagesSpec {
    /// Packages needed to install and build, such as `libpq-dev`.
    pub build: Vec<String>,
    /// Packages needed to run, such as `libpq5`.
    pub run: Vec<String>,
}

impl PackagesSpec {
    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.build.is_empty() && self.run.is_empty()
    }
}

/// The key that is refused, its value, and what was expected.
pub(super) type Refusal = (String, String, &'static str);

impl BuildSpec {
    pub(super) fn validate(&self) -> Result<(), Refusal> {
        let lines = [
            ("root", &self.root),
            ("stack", &self.stack),
            ("version", &self.version),
            ("framework", &self.framework),
            ("package_manager", &self.package_manager),
            ("install", &self.install),
            ("build", &self.build),
            ("start", &self.start),
        ];
        for (key, text) in lines {
            if let Some(text) = text.as_ref().filter(|text| !is_line(text)) {
                return Err((format!("build.{key}"), text.clone(), "one line of at most 8 KiB"));
            }
        }
        for (key, folder) in [("static_dir", &self.static_dir), ("document_root", &self.document_root)] {
            if let Some(folder) = folder.as_ref().filter(|folder| !is_folder(folder)) {
                let expected = "a folder inside the app's, such as `dist`, without `..`";
                return Err((format!("build.{key}"), folder.clone(), expected));
            }
        }
        for (key, names) in [("build", &self.packages.build), ("run", &self.packages.run)] {
            if let Some(name) = names.iter().find(|name| !is_package(name)) {
                let expected = "a list of package names, without versions and options";
                return Err((format!("build.packages.{key}"), name.clone(), expected));
            }
        }
        if let Some(name) = self.secrets.iter().find(|name| !is_secret_name(name)) {
            let expected = "a list of names of letters, digits, `_`, `-` and `.`";
            return Err(("build.secrets".into(), name.clone(), expected));
        }
        for (name, image) in &self.images {
            if ImageRef::new(image).is_err() {
                return Err((format!("build.images.{}", shown(name)), image.clone(), "an image reference"));
            }
        }
        Ok(())
    }
}

/// A key in a message: control characters escaped, and not too long.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

/// Whether a command line or name fits into one line of a file.
pub(super) fn is_line(text: &str) -> bool {
    text.len() <= 8_192 && !text.chars().any(|c| c.is_control() && c != '\t')
}

fn is_folder(path: &str) -> bool {
    (1..=512).contains(&path.len())
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
        && (path == "." || path.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

fn is_package(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
}

fn is_secret_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_leave_its_place_is_refused_with_its_key() {
        let refused = |change: fn(&mut BuildSpec)| {
            let mut spec = BuildSpec::default();
            change(&mut spec);
            spec.validate().unwrap_err().0
        };
        assert_eq!(refused(|s| s.static_dir = Some("../x".into())), "build.static_dir");
        assert_eq!(refused(|s| s.static_dir = Some("/x".into())), "build.static_dir");
        assert_eq!(refused(|s| s.document_root = Some("a//b".into())), "build.document_root");
        assert_eq!(refused(|s| s.packages.run = vec!["-y".into()]), "build.packages.run");
        assert_eq!(refused(|s| s.packages.build = vec!["a; rm".into()]), "build.packages.build");
        assert_eq!(refused(|s| s.secrets = vec!["a,target=/x".into()]), "build.secrets");
        assert_eq!(refused(|s| s.framework = Some("a\nb".into())), "build.framework");
    }

    #[test]
    fn usual_values_pass() {
        let spec = BuildSpec {
            static_dir: Some("packages/site/dist".into()),
            document_root: Some(".".into()),
            packages: PackagesSpec { build: vec!["g++-12".into()], run: vec!["libpq5".into()] },
            secrets: vec!["npm_token".into()],
            ..BuildSpec::default()
        };
        assert_eq!(spec.validate(), Ok(()));
    }
}
