//! What a source tree was found to be.

use serde::{Deserialize, Serialize};

/// The stack that was recognised in a source tree, with the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Detection {
    /// The stack, such as `node`; the name of the generator that found it.
    pub stack: String,
    /// The version of the language or runtime, such as `22` or `3.13`.
    pub version: Option<String>,
    /// The web framework, such as `fastapi`.
    pub framework: Option<String>,
    /// Whether a JavaScript front end is served as files or rendered on a server.
    pub variant: Option<Variant>,
    /// The package manager, such as `pnpm`.
    pub package_manager: Option<String>,
    /// Its version: the one that the project requires, else the default.
    #[serde(default)]
    pub package_manager_version: Option<String>,
    /// How sure the generator is, from 0 to 1. Below 0.5 the answer is "unsure".
    pub confidence: f64,
    /// The app's folder inside the tree, with `/` between its parts; empty when it is the root.
    pub root: String,
    /// Which files led to which conclusion.
    pub evidence: Vec<Evidence>,
    /// Doubts, and what would settle them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Detection {
    /// A detection without evidence yet.
    #[must_use]
    pub fn new(stack: impl Into<String>, confidence: f64) -> Self {
        Self {
            stack: stack.into(),
            version: None,
            framework: None,
            variant: None,
            package_manager: None,
            package_manager_version: None,
            confidence,
            root: String::new(),
            evidence: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Adds a piece of evidence.
    pub fn note(&mut self, fact: impl Into<String>, file: impl Into<String>, reason: impl Into<String>) {
        self.evidence.push(Evidence { fact: fact.into(), file: file.into(), reason: reason.into() });
    }
}

/// One of the programs of a repository, or a package of it that they need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ServiceFound {
    /// Its name, unlike that of any other.
    pub name: String,
    /// Its folder, with `/` between the parts: the `build.root` to deploy it with. Empty for the root.
    pub root: String,
    /// Its stack; none where that was not looked for.
    pub stack: Option<String>,
    /// Its web framework.
    pub framework: Option<String>,
    /// What it is.
    pub kind: ServiceKind,
    /// The port that it listens on, for what answers requests.
    pub port: Option<u16>,
    /// How it is started; none for files and libraries, and where its image says it.
    pub start: Option<String>,
    /// The names of the others that it needs: packages that it is built with, and for a worker the app it belongs to.
    pub depends_on: Vec<String>,
}

impl ServiceFound {
    /// A library, until more is known.
    #[must_use]
    pub fn new(name: impl Into<String>, root: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            root: root.into(),
            stack: None,
            framework: None,
            kind: ServiceKind::Library,
            port: None,
            start: None,
            depends_on: Vec::new(),
        }
    }
}

/// What a program of a repository does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceKind {
    /// Answers requests.
    Web,
    /// Works without being asked by anybody.
    Worker,
    /// Files that a web server serves.
    Static,
    /// Runs as a part of others only.
    Library,
}

impl Diagnostic {
    /// A diagnostic that no setting settles.
    #[must_use]
    pub fn new(code: impl Into<String>, severity: Severity, message: impl Into<String>) -> Self {
        Self { code: code.into(), severity, message: message.into(), setting: None, choices: Vec::new() }
    }

    /// Names the setting that would settle it, such as `build.start`.
    #[must_use]
    pub fn with_setting(mut self, setting: impl Into<String>) -> Self {
        self.setting = Some(setting.into());
        self
    }

    /// Names the values to choose from, where only a few can be right.
    #[must_use]
    pub fn with_choices<T: Into<String>>(mut self, choices: impl IntoIterator<Item = T>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }
}

/// How a JavaScript application is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variant {
    /// Built to files and served as they are.
    Spa,
    /// Rendered by a server process.
    Ssr,
}

/// A conclusion and the file that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// What was concluded, such as `framework = fastapi`.
    pub fact: String,
    /// The deciding file, relative to the root.
    pub file: String,
    /// What in the file led to it.
    pub reason: String,
}

/// A remark about a detection or plan, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// A stable code, such as `several-binaries`.
    pub code: String,
    /// How severe it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The setting that would settle it, such as `build.start`, if there is one.
    pub setting: Option<String>,
    /// The possible values of the setting, where there are only a few; else empty.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Info,
    /// Works, but perhaps not as wanted.
    Warning,
    /// Cannot be deployed without an answer.
    Error,
}
