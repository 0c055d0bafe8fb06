//! Understands the source and writes the files: detection, plan and generation in one pure step.

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext};
use crate::error::{Error, Result};
use crate::generator;
use crate::model::{AppSpec, Builder, Diagnostic, EventBody, FetchedSource, Preview, Severity, Target};
use crate::source::SourceTree;

/// Understands the source and writes the files.
#[derive(Debug)]
pub struct Prepare;

/// The input of [`Prepare`].
#[derive(Debug, Serialize)]
pub struct PrepareInput {
    /// The source on this machine.
    pub source: FetchedSource,
    /// What its owner wants.
    pub spec: AppSpec,
    /// Which builder reads the Dockerfile.
    pub builder: Builder,
}

/// What must be known before anything can be built.
fn unanswered(diagnostic: &Diagnostic) -> Error {
    let error =
        Error::invalid("source.plan", diagnostic.message.clone()).with_context("code", &diagnostic.code);
    match &diagnostic.setting {
        Some(setting) => error.with_remedy(format!("set `{setting}`")),
        None => error,
    }
}

#[async_trait]
impl Stage for Prepare {
    type Input = PrepareInput;
    type Output = Preview;
    const NAME: &'static str = "prepare";

    fn describe(&self, _: &PrepareInput) -> String {
        "recognise the stack and write the build files".into()
    }

    async fn run(&self, cx: &StageContext, input: &PrepareInput) -> Result<Preview> {
        let tree = SourceTree::open(&input.source.root, &cx.limits)?;
        let preview =
            generator::preview(&cx.generators, &tree, &input.spec, &Target::of(&input.spec, input.builder))?;
        cx.events
            .emit(EventBody::Detected {
                detection: Box::new(preview.detection.clone()),
                plan: Box::new(preview.plan.clone()),
            })
            .await;
        for diagnostic in &preview.plan.diagnostics {
            match diagnostic.severity {
                Severity::Info => {}
                Severity::Warning => cx.warn(diagnostic.message.clone()).await,
                Severity::Error => return Err(unanswered(diagnostic)),
            }
        }
        Ok(preview)
    }
}
