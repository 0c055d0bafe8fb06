//! What a deployment would use, before anything is touched.

use serde::{Deserialize, Serialize};

use super::detection::Detection;
use super::files::FileSet;
use super::plan::Plan;

/// A detection, the plan that follows from it and the files that the plan is written to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Preview {
    /// What the tree was found to be.
    pub detection: Detection,
    /// How it is built and started.
    pub plan: Plan,
    /// Dockerfile, `.dockerignore`, compose file and what these need.
    pub files: FileSet,
}

impl Preview {
    /// Puts the three together.
    #[must_use]
    pub fn new(detection: Detection, plan: Plan, files: FileSet) -> Self {
        Self { detection, plan, files }
    }
}
