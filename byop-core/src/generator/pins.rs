//! Version pins: the files in which a project says which version of a tool it wants.

use super::images::BaseImages;
use super::version::{Version, is_plain, satisfies};
use super::view::View;
use crate::error::Result;
use crate::model::{AppSpec, Detection, Diagnostic, Severity};

/// A wanted version and where it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    /// A version, a range or a word such as `latest`.
    pub(crate) request: String,
    /// The file that says so.
    pub(crate) file: String,
    /// What in the file says so.
    pub(crate) reason: String,
}

impl Pin {
    pub(crate) fn new(
        request: impl Into<String>,
        file: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { request: request.into(), file: file.into(), reason: reason.into() }
    }
}

/// A file that holds nothing but a version.
pub(crate) fn from_file(view: &View<'_>, path: &str) -> Result<Option<Pin>> {
    let text = view.read(path)?;
    Ok(text
        .as_deref()
        .and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')))
        .map(|line| Pin::new(line, path, "the file pins the version")))
}

/// The pins of `.tool-versions` and `mise.toml` for a tool under one of its names.
pub(crate) fn from_tools(view: &View<'_>, names: &[&str]) -> Result<Option<Pin>> {
    for file in ["mise.toml", ".mise.toml", ".config/mise.toml"] {
        let Some(table) = view.toml(file)? else { continue };
        let Some(tools) = table.get("tools").and_then(toml::Value::as_table) else { continue };
        for name in names {
            let value = tools.get(*name).and_then(|value| match value {
                toml::Value::Array(list) => list.first(),
                toml::Value::Table(table) => table.get("version"),
                other => Some(other),
            });
            let request = value.and_then(|value| match value {
                toml::Value::String(text) => Some(text.clone()),
                toml::Value::Integer(number) => Some(number.to_string()),
                toml::Value::Float(number) => Some(number.to_string()),
                _ => None,
            });
            if let Some(request) = request {
                return Ok(Some(Pin::new(request, file, format!("tools.{name}"))));
            }
        }
    }
    let Some(text) = view.read(".tool-versions")? else { return Ok(None) };
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        if let (Some(name), Some(request)) = (words.next(), words.next())
            && names.contains(&name)
        {
            return Ok(Some(Pin::new(request, ".tool-versions", format!("`{name}` is pinned"))));
        }
    }
    Ok(None)
}

/// Chooses the version of a stack: what the spec says, else the first pin, else the default. The decision and any
/// contradiction go into `detection`.
pub(crate) fn decide(
    images: &BaseImages,
    stack: &str,
    pins: &[Pin],
    spec: Option<&AppSpec>,
    detection: &mut Detection,
) -> String {
    if let Some(version) = spec.and_then(|spec| spec.build.version.as_deref()) {
        return images.resolve(stack, version).version;
    }
    let Some(first) = pins.first() else {
        let version = images.default_version(stack);
        detection.note(format!("version = {version}"), "", "no file says which, so it is the default");
        return version;
    };
    let resolved = images.resolve(stack, &first.request);
    detection.note(
        format!("version = {}", resolved.version),
        &first.file,
        format!("{}: {}", first.reason, first.request),
    );
    if !resolved.is_known {
        detection.diagnostics.push(
            Diagnostic::new(
                "unknown-version",
                Severity::Warning,
                format!(
                    "`{}` in {} names a version of {stack} that byop does not know",
                    first.request, first.file
                ),
            )
            .with_setting("build.version"),
        );
    }
    if let Some(chosen) = Version::parse(&resolved.version) {
        for other in &pins[1..] {
            let fits = if is_plain(&other.request) {
                images.resolve(stack, &other.request).version == resolved.version
                    || satisfies(&other.request, &chosen)
            } else {
                satisfies(&other.request, &chosen)
                    || Version::parse(&images.resolve(stack, &other.request).version).is_none()
            };
            let is_range = other.request.contains(|c: char| c.is_ascii_digit());
            if is_range && !fits {
                detection.diagnostics.push(
                    Diagnostic::new(
                        "contradicting-versions",
                        Severity::Warning,
                        format!(
                            "{} asks for {stack} {}, {} for {}: the former is used",
                            first.file, first.request, other.file, other.request
                        ),
                    )
                    .with_setting("build.version"),
                );
            }
        }
    }
    resolved.version
}
