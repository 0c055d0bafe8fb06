//! Technology stacks: each recognises itself in a source tree and turns the tree into files.
//!
//! [`preview`] does it all at once: it asks every generator, takes the surest answer, plans and renders.

mod choice;
mod clojure;
mod command;
mod compose;
mod dockerfile;
mod dotnet;
mod finish;
mod go;
mod images;
mod java;
mod jvm;
mod needs;
mod node;
mod packages;
mod pins;
mod procfile;
mod python;
mod render;
mod rust;
mod scala;
mod scan;
mod static_site;
mod template;
mod version;
mod view;
mod xml;
mod yaml;

use std::fmt::Debug;
use std::sync::Arc;

pub use choice::{choose, detect_all, not_recognised, preview};
pub use clojure::ClojureGenerator;
pub use dockerfile::DockerfileGenerator;
pub use dotnet::DotnetGenerator;
pub use go::GoGenerator;
pub use images::BaseImages;
pub use java::JavaGenerator;
pub use node::{BunGenerator, NodeGenerator};
pub use python::PythonGenerator;
pub use render::render;
pub use rust::RustGenerator;
pub use scala::ScalaGenerator;
pub use static_site::StaticGenerator;

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
    fn generate(&self, plan: &Plan, target: &Target) -> Result<FileSet> {
        render(plan, target)
    }

    /// What it looks for, in a few words, for the answer to a tree that nobody recognises.
    fn looks_for(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The generators that byop brings, on its own table of base images. An own Dockerfile is asked about first.
#[must_use]
pub fn builtin() -> Vec<Arc<dyn Generator>> {
    builtin_with(&BaseImages::default())
}

/// The generators that byop brings, on the base images of the embedding program.
#[must_use]
pub fn builtin_with(images: &BaseImages) -> Vec<Arc<dyn Generator>> {
    vec![
        Arc::new(DockerfileGenerator::new()),
        Arc::new(NodeGenerator::new(images.clone())),
        Arc::new(PythonGenerator::new(images.clone())),
        Arc::new(GoGenerator::new(images.clone())),
        Arc::new(RustGenerator::new(images.clone())),
        Arc::new(JavaGenerator::new(images.clone())),
        Arc::new(ScalaGenerator::new(images.clone())),
        Arc::new(ClojureGenerator::new(images.clone())),
        Arc::new(DotnetGenerator::new(images.clone())),
        Arc::new(StaticGenerator::new(images.clone())),
        Arc::new(BunGenerator::new(images.clone())),
    ]
}
