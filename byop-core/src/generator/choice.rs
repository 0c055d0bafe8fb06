//! Asks all generators and takes the surest answer.

use std::panic::resume_unwind;
use std::sync::Arc;

use super::{Generator, overrides, project_file};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppSpec, Builder, Detection, Diagnostic, Preview, Severity, Target};
use crate::source::SourceTree;

/// Below this confidence the answer is "unsure": a question, and no deployment before it is answered.
pub const SURE: f64 = 0.5;

/// Stacks that are as near to one another as this are equals: none of them is the answer.
const EQUAL: f64 = 0.05;

/// Stacks that are as near to one another as this are worth mentioning.
const RIVAL: f64 = 0.15;

/// Every stack that fits, the surest first; of equals, the one that was asked first.
///
/// # Errors
/// `InvalidInput` when a file that decides cannot be read and no generator recognises the tree without it; errors of
/// generators of other kinds.
pub fn detect_all(generators: &[Arc<dyn Generator>], source: &SourceTree) -> Result<Vec<Detection>> {
    let (mut found, mut broken) = (Vec::new(), None);
    for generator in generators {
        match generator.detect(source) {
            Ok(detection) => found.extend(detection),
            Err(error) if error.kind() == ErrorKind::InvalidInput => broken = broken.or(Some(error)),
            // It could not be asked: another stack must not be taken because of that.
            Err(error) => return Err(error),
        }
    }
    if let (true, Some(error)) = (found.is_empty(), broken) {
        return Err(error);
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    Ok(found)
}

/// The stack of a tree: the one that the spec names, else the surest.
///
/// # Errors
/// `Unsupported` when no generator recognises the tree ([`not_recognised`]), or not as the stack that the spec
/// names; `InvalidInput` when a file that decides cannot be read.
pub fn choose(
    generators: &[Arc<dyn Generator>],
    source: &SourceTree,
    spec: &AppSpec,
) -> Result<(Arc<dyn Generator>, Detection)> {
    if let Some(name) = &spec.build.stack {
        let generator = by_name(generators, name).ok_or_else(|| {
            let known: Vec<&str> = generators.iter().map(|generator| generator.name()).collect();
            Error::new(ErrorKind::Unsupported, "source.detect", "there is no generator of this name")
                .with_context("stack", name)
                .with_remedy(format!("set `build.stack` to one of {}", known.join(", ")))
        })?;
        let detection = generator.detect(source)?.ok_or_else(|| {
            not_recognised(std::slice::from_ref(generator), source).with_context("stack", name)
        })?;
        return Ok((Arc::clone(generator), detection));
    }
    let mut found = detect_all(generators, source)?.into_iter();
    let Some(mut best) = found.next() else { return Err(not_recognised(generators, source)) };
    let generator = by_name(generators, &best.stack).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "source.detect", "a detection names a stack that no generator has")
            .with_context("stack", &best.stack)
    })?;
    let others: Vec<Detection> = found.collect();
    if best.stack == "dockerfile" {
        tell_what_is_inside(&mut best, &others);
    } else {
        doubt(&mut best, &others);
    }
    Ok((Arc::clone(generator), best))
}

/// An own Dockerfile decides how the app is built; what it builds is worth knowing all the same.
fn tell_what_is_inside(best: &mut Detection, others: &[Detection]) {
    let Some(inside) = others.iter().find(|other| other.confidence >= SURE) else { return };
    best.version.clone_from(&inside.version);
    best.framework.clone_from(&inside.framework);
    best.variant = inside.variant;
    best.package_manager.clone_from(&inside.package_manager);
    best.package_manager_version.clone_from(&inside.package_manager_version);
    best.evidence.extend(inside.evidence.iter().cloned().map(|mut evidence| {
        evidence.fact = evidence.fact.replacen("stack = ", "inside = ", 1);
        evidence
    }));
}

/// Says how sure the answer is. What is not sure is a question: a deployment waits for its answer, a preview shows the
/// best guess.
fn doubt(best: &mut Detection, others: &[Detection]) {
    let confidence = best.confidence;
    let within = |distance: f64| {
        let near = others.iter().filter(|other| confidence - other.confidence <= distance);
        near.map(|other| other.stack.clone()).collect::<Vec<_>>()
    };
    let (equals, rivals) = (within(EQUAL), within(RIVAL));
    let all = |others: Vec<String>| std::iter::once(best.stack.clone()).chain(others).collect::<Vec<_>>();
    let doubt = if best.confidence < SURE {
        let message = format!("the tree may be of the stack {}, but not enough speaks for it", best.stack);
        let choices = all(others.iter().map(|other| other.stack.clone()).collect());
        Diagnostic::new("unsure", Severity::Error, message).with_choices(choices)
    } else if !equals.is_empty() {
        let message = format!(
            "the tree is as much of the stack {} as of {}: which is it?",
            best.stack,
            equals.join(" and ")
        );
        Diagnostic::new("unsure", Severity::Error, message).with_choices(all(rivals))
    } else if !rivals.is_empty() {
        let message =
            format!("the tree also looks like {}; it is taken as {}", rivals.join(", "), best.stack);
        Diagnostic::new("several-stacks", Severity::Warning, message).with_choices(all(rivals))
    } else {
        return;
    };
    best.diagnostics.push(doubt.with_setting("build.stack"));
}

/// Detection, plan and files of a tree, in one go. It reads the tree and nothing else.
///
/// What the spec says wins over the `byop.yaml` of the tree ([`ProjectFile`](crate::model::ProjectFile)), and that over
/// what is detected. The spec that results is in [`Preview::spec`]; it is what a deployment has to run by.
///
/// # Errors
/// `InvalidInput` for a `byop.yaml` that cannot be taken, with file, line, column and key; `Unsupported` when build
/// secrets are asked for and the builder has none; those of [`choose`], [`Generator::plan`] and [`Generator::generate`].
///
/// ```
/// use byop_core::generator::{builtin, preview};
/// use byop_core::model::{AppSpec, Builder, Source, Target};
/// use byop_core::source::SourceTree;
///
/// let tree = SourceTree::from_files([("index.html", "<h1>Hello</h1>")])?;
/// let spec = AppSpec::new("hello", Source::Directory(".".into()))?;
/// let preview = preview(&builtin(), &tree, &spec, &Target::of(&spec, Builder::BuildKit))?;
/// assert_eq!(preview.plan.stack, "static");
/// # Ok::<(), byop_core::Error>(())
/// ```
pub fn preview(
    generators: &[Arc<dyn Generator>],
    source: &SourceTree,
    spec: &AppSpec,
    target: &Target,
) -> Result<Preview> {
    let said = project_file::effective(source, spec)?;
    overrides::check_builder(&said.spec, target.builder)?;
    let focused;
    let source = match &said.spec.build.root {
        Some(folder) => {
            focused = source.focused(folder)?;
            &focused
        }
        None => source,
    };
    let (generator, mut detection) = choose(generators, source, &said.spec)?;
    overrides::on_detection(&mut detection, &said);
    let mut plan = generator.plan(source, &detection, &said.spec)?;
    overrides::on_plan(&mut plan, &detection, &said);
    let files = generator.generate(&plan, &overrides::on_target(target, spec, &said.spec))?;
    Ok(Preview::new(detection, plan, files).with_spec(said.spec))
}

/// As [`preview`], on a thread for work that blocks: trees are read there, and generators of the embedding program run.
pub(crate) async fn preview_aside(
    generators: &Arc<[Arc<dyn Generator>]>,
    source: impl FnOnce() -> Result<SourceTree> + Send + 'static,
    spec: &AppSpec,
    builder: Builder,
) -> Result<Preview> {
    let (generators, spec) = (Arc::clone(generators), spec.clone());
    let work = move || preview(&generators, &source()?, &spec, &Target::of(&spec, builder));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, "source.detect", "the work ended without a result")
                .with_source(error))
        }
    })
}

/// The answer to a tree that nobody recognises: what was looked for, what is there instead, and what to do.
#[must_use]
pub fn not_recognised(generators: &[Arc<dyn Generator>], source: &SourceTree) -> Error {
    let looked: Vec<String> = generators.iter().flat_map(|generator| generator.looks_for()).collect();
    let mut present: Vec<&str> = source
        .entries()
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| !path.contains('/'))
        .take(21)
        .collect();
    let is_more = present.len() > 20;
    present.truncate(20);
    let mut present = present.join(", ");
    if is_more {
        present.push_str(", ...");
    }
    if present.is_empty() {
        "nothing".clone_into(&mut present);
    }
    Error::new(ErrorKind::Unsupported, "source.detect", "no technology stack was recognised")
        .with_context("looked_for", looked.join(", "))
        .with_context("found", present)
        .with_remedy("add a Dockerfile to the tree, or give the folder that holds the application")
}

fn by_name<'a>(generators: &'a [Arc<dyn Generator>], name: &str) -> Option<&'a Arc<dyn Generator>> {
    generators.iter().find(|generator| generator.name() == name)
}
