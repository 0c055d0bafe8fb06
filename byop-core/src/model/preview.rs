//! What a deployment would use, before anything is touched.

use serde::{Deserialize, Serialize};

use super::app::AppSpec;
use super::detection::Detection;
use super::files::FileSet;
use super::plan::Plan;
use super::question::Question;

/// A detection, the plan that follows from it and the files that the plan is written to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Preview {
    /// What the tree was found to be.
    pub detection: Detection,
    /// How it is built and started.
    pub plan: Plan,
    /// Dockerfile, `.dockerignore`, compose file and what these need.
    pub files: FileSet,
    /// The spec together with the `byop.yaml` of the tree, as a deployment would use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<AppSpec>,
    /// Open questions, first those without whose answer a deployment fails.
    #[serde(default)]
    pub questions: Vec<Question>,
}

impl Preview {
    /// Puts the three together.
    #[must_use]
    pub fn new(detection: Detection, plan: Plan, files: FileSet) -> Self {
        Self { detection, plan, files, spec: None, questions: Vec::new() }
    }

    /// Adds the spec that counts, and the questions that it leaves open.
    #[must_use]
    pub fn with_spec(mut self, spec: AppSpec) -> Self {
        self.questions = Question::of(&self.plan, &spec);
        self.spec = Some(spec);
        self
    }
}
