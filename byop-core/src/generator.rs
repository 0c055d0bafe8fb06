//! Technology stacks: each recognises itself in a source tree and turns the tree into files.

use std::fmt::Debug;

use crate::error::Result;
use crate::model::{AppSpec, Detection, FileSet, Plan, Target};
use crate::source::SourceTree;

/// One technology stack: recognises it and turns it into files.
///
/// All three are pure: the same tree and spec give the same bytes, whatever the order of files, the time or the
/// machine. They read nothing but the tree.
pub trait Generator: Debug + Send + Sync {
    /// A short name in lower case, such as `node`.
    fn name(&self) -> &str;

    /// Whether the tree is of this stack, with evidence and confidence.
    ///
    /// # Errors
    /// `InvalidInput` when a file that decides cannot be read, with file and line. A tree of another stack is
    /// `Ok(None)`.
    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>>;

    /// How the app is built and started; what `spec` says wins over what was detected.
    ///
    /// # Errors
    /// `InvalidInput` when the tree contradicts itself or the spec.
    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan>;

    /// The files: Dockerfile, `.dockerignore`, `compose.yaml`. The provided form renders them from the plan.
    ///
    /// # Errors
    /// `InvalidInput` when a value cannot be written safely.
    fn generate(&self, plan: &Plan, target: &Target) -> Result<FileSet>;
}
