//! `package.json`, read with care: any field may be of any type.

use serde_json::Value;

use crate::error::Result;
use crate::generator::view::View;

#[derive(Debug)]
pub(super) struct Manifest {
    root: Value,
}

impl Manifest {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        Ok(view.json("package.json")?.map(|root| Self { root }))
    }

    /// A text at the top.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.root.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// A text anywhere, by JSON pointer.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&str> {
        self.root.pointer(pointer).and_then(Value::as_str)
    }

    /// A script that does something.
    pub(super) fn script(&self, name: &str) -> Option<&str> {
        self.root.get("scripts")?.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// All scripts.
    pub(super) fn scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.section("scripts")
    }

    fn section(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.root
            .get(name)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| value.as_str().map(|value| (key.as_str(), value)))
    }

    /// Whether a package is named in either section: build tools are often under `devDependencies`.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        ["dependencies", "devDependencies"]
            .iter()
            .any(|section| self.root.get(section).is_some_and(|s| s.get(name).is_some()))
    }

    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.section("dependencies")
    }

    pub(super) fn dev_dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.section("devDependencies")
    }

    pub(super) fn has_dependencies(&self) -> bool {
        self.dependencies().next().is_some()
            || self.dev_dependencies().next().is_some()
            || self.section("optionalDependencies").next().is_some()
    }

    /// The patterns of `workspaces`, in both of its forms.
    pub(super) fn workspaces(&self) -> Vec<String> {
        let list = self.root.get("workspaces").map(|value| value.get("packages").unwrap_or(value));
        let texts = list.and_then(Value::as_array).into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(super) fn is_workspace(&self) -> bool {
        !self.workspaces().is_empty()
    }
}
