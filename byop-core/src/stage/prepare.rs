//! Understands the source and writes the files: detection, plan and generation in one pure step.

use async_trait::async_trait;
use serde::Serialize;

use super::{Stage, StageContext};
use crate::error::{Error, ErrorKind, Result};
use crate::generator;
use crate::model::{AppSpec, Builder, Diagnostic, EventBody, FetchedSource, Preview, Severity};
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
    let Some(setting) = &diagnostic.setting else { return error };
    let place = "in the app's spec or in its byop.yaml";
    if diagnostic.choices.is_empty() {
        return error.with_remedy(format!("set `{setting}` {place}"));
    }
    let choices = diagnostic.choices.join(", ");
    error
        .with_context("choices", &choices)
        .with_remedy(format!("set `{setting}` to one of {choices}, {place}"))
}

/// The engines' builds are given no secrets.
fn check_secrets(spec: &AppSpec) -> Result<()> {
    if spec.build.secrets.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "source.plan", "a deployment cannot give secrets to a build yet")
        .with_context("key", "build.secrets")
        .with_context("secrets", spec.build.secrets.join(", "))
        .with_remedy(
            "write the files of a preview, build the image with `docker build --secret`, and deploy that image",
        ))
}

#[async_trait]
impl Stage for Prepare {
    type Context = StageContext;
    type Input = PrepareInput;
    type Output = Preview;
    const NAME: &'static str = "prepare";

    fn describe(&self, _: &PrepareInput) -> String {
        "recognise the stack and write the build files".into()
    }

    async fn run(&self, cx: &StageContext, input: &PrepareInput) -> Result<Preview> {
        let (root, limits) = (input.source.root.clone(), cx.limits.clone());
        let open = move || SourceTree::open(&root, &limits);
        let preview = generator::preview_aside(&cx.generators, open, &input.spec, input.builder).await?;
        check_secrets(preview.spec.as_ref().unwrap_or(&input.spec))?;
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
