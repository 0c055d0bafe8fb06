//! Asks all generators and takes the surest answer.

use std::sync::Arc;

use super::Generator;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{AppSpec, Detection, Diagnostic, Preview, Severity, Target};
use crate::source::SourceTree;

/// Every stack that fits, the surest first; of equals, the one that was asked first.
///
/// # Errors
/// `InvalidInput` when a file that decides cannot be read and no generator recognises the tree without it.
pub fn detect_all(generators: &[Arc<dyn Generator>], source: &SourceTree) -> Result<Vec<Detection>> {
    let (mut found, mut broken) = (Vec::new(), None);
    for generator in generators {
        match generator.detect(source) {
            Ok(detection) => found.extend(detection),
            Err(error) => broken = broken.or(Some(error)),
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
    let rivals: Vec<String> = found
        .filter(|other| best.stack != "dockerfile" && best.confidence - other.confidence < 0.15)
        .map(|other| other.stack)
        .collect();
    if !rivals.is_empty() {
        best.diagnostics.push(
            Diagnostic::new(
                "several-stacks",
                Severity::Warning,
                format!("the tree also looks like {}; it is taken as {}", rivals.join(", "), best.stack),
            )
            .with_setting("build.stack"),
        );
    }
    if best.confidence < 0.5 {
        best.diagnostics.push(
            Diagnostic::new(
                "unsure",
                Severity::Warning,
                format!("the tree may be of the stack {}, but not enough speaks for it", best.stack),
            )
            .with_setting("build.stack"),
        );
    }
    Ok((Arc::clone(generator), best))
}

/// Detection, plan and files of a tree, in one go. It reads the tree and nothing else.
///
/// # Errors
/// Those of [`choose`], [`Generator::plan`] and [`Generator::generate`].
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
    let focused;
    let source = match &spec.build.root {
        Some(folder) => {
            focused = source.focused(folder)?;
            &focused
        }
        None => source,
    };
    let (generator, detection) = choose(generators, source, spec)?;
    let plan = generator.plan(source, &detection, spec)?;
    let files = generator.generate(&plan, target)?;
    Ok(Preview::new(detection, plan, files))
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
