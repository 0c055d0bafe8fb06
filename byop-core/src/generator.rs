//! Technology stacks: each recognises itself in a source tree and turns the tree into files.
//!
//! [`preview`] does it all at once: it asks every generator, takes the surest answer, plans and renders.

mod choice;
mod clojure;
mod cloud_init;
mod cobol;
mod command;
mod compose;
mod compose_file;
mod cpp;
mod crystal;
mod dart;
mod deno;
mod dockerfile;
mod dotnet;
mod elixir;
mod finish;
mod flutter;
mod gleam;
mod go;
mod haskell;
mod images;
mod java;
mod jvm;
mod lua;
mod native;
mod needs;
mod node;
mod overrides;
mod packages;
mod php;
mod pins;
mod process;
mod procfile;
mod project_file;
mod python;
mod render;
mod ruby;
mod rust;
mod scala;
mod scan;
mod scheme;
mod script;
mod services;
mod shell;
mod static_site;
mod swift;
mod template;
mod version;
mod view;
mod xml;
mod yaml;
mod zig;

use std::fmt::Debug;
use std::sync::Arc;

pub(crate) use choice::preview_aside;
pub use choice::{SURE, choose, detect_all, not_recognised, preview};
pub use clojure::ClojureGenerator;
pub use cloud_init::cloud_init;
pub use cobol::CobolGenerator;
pub use compose_file::{ComposeGenerator, compose_file};
pub use cpp::CppGenerator;
pub use crystal::CrystalGenerator;
pub use dart::DartGenerator;
pub use deno::DenoGenerator;
pub use dockerfile::DockerfileGenerator;
pub use dotnet::DotnetGenerator;
pub use elixir::ElixirGenerator;
pub use flutter::FlutterGenerator;
pub use gleam::GleamGenerator;
pub use go::GoGenerator;
pub use haskell::HaskellGenerator;
pub use images::BaseImages;
pub use java::JavaGenerator;
pub use lua::LuaGenerator;
pub use node::{BunGenerator, NodeGenerator};
pub use php::PhpGenerator;
pub use process::ProcfileGenerator;
pub use python::PythonGenerator;
pub use render::render;
pub use ruby::RubyGenerator;
pub use rust::RustGenerator;
pub use scala::ScalaGenerator;
pub use scheme::SchemeGenerator;
pub use services::services;
pub use shell::ShellGenerator;
pub use static_site::StaticGenerator;
pub use swift::SwiftGenerator;
pub use zig::ZigGenerator;

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
        Arc::new(PhpGenerator::new(images.clone())),
        Arc::new(RubyGenerator::new(images.clone())),
        Arc::new(ElixirGenerator::new(images.clone())),
        Arc::new(GleamGenerator::new(images.clone())),
        Arc::new(JavaGenerator::new(images.clone())),
        Arc::new(ScalaGenerator::new(images.clone())),
        Arc::new(ClojureGenerator::new(images.clone())),
        Arc::new(DotnetGenerator::new(images.clone())),
        Arc::new(StaticGenerator::new(images.clone())),
        Arc::new(DenoGenerator::new(images.clone())),
        Arc::new(HaskellGenerator::new(images.clone())),
        Arc::new(SwiftGenerator::new(images.clone())),
        Arc::new(DartGenerator::new(images.clone())),
        Arc::new(FlutterGenerator::new(images.clone())),
        Arc::new(ZigGenerator::new(images.clone())),
        Arc::new(CrystalGenerator::new(images.clone())),
        Arc::new(CppGenerator::new(images.clone())),
        Arc::new(LuaGenerator::new(images.clone())),
        Arc::new(CobolGenerator::new(images.clone())),
        Arc::new(ShellGenerator::new(images.clone())),
        Arc::new(ProcfileGenerator::new(images.clone())),
        Arc::new(SchemeGenerator::new()),
        Arc::new(BunGenerator::new(images.clone())),
        Arc::new(ComposeGenerator::new()),
    ]
}
