//! Writes the Dockerfile, `.dockerignore` and compose file of an application.
//!
//! ```text
//! cargo run --example generate -- ./my-app --out ./my-app
//! cargo run --example generate -- ./my-app --out /tmp/preview --json
//! ```
//!
//! The same call as in a program that embeds byop: a tree, a spec, a target, one function. Nothing is run and nothing
//! is fetched; a tree that is not recognised is an answer, not a failure.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use byop_core::generator::{builtin, preview, services};
use byop_core::model::{AppSpec, Builder, FileSet, Preview, Severity, Source, SourceLimits, Target};
use byop_core::source::SourceTree;
use byop_core::{Error, ErrorKind, Result};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

/// Detects the technology stack of a folder and writes the files to build and run it.
#[derive(Debug, Parser)]
struct Options {
    /// The folder of the application.
    dir: PathBuf,
    /// Where the files go; nothing is written without it.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Prints one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
    /// Replaces files that are there already.
    #[arg(long)]
    force: bool,
    /// The builder that will read the Dockerfile.
    #[arg(long, value_enum, default_value = "buildkit")]
    builder: BuilderName,
    /// The name of the app; by default that of the folder.
    #[arg(long)]
    name: Option<String>,
    /// A host name at which the app answers. May be repeated.
    #[arg(long)]
    domain: Vec<String>,
    /// The port that the app listens on.
    #[arg(long)]
    port: Option<u16>,
    /// The folder of the application, where the repository has several.
    #[arg(long)]
    root: Option<String>,
    /// The stack, where detection has it wrong.
    #[arg(long)]
    stack: Option<String>,
    /// The start command, where detection has it wrong.
    #[arg(long)]
    start: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum BuilderName {
    Buildkit,
    Classic,
}

#[allow(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String> {
    let tree = SourceTree::open(&options.dir, &SourceLimits::default())?;
    let mut spec = AppSpec::new(app_name(options), Source::Directory(options.dir.clone()))?;
    for domain in &options.domain {
        spec = spec.with_domain(domain)?;
    }
    spec.port = options.port;
    spec.build.root.clone_from(&options.root);
    spec.build.stack.clone_from(&options.stack);
    spec.build.start.clone_from(&options.start);
    spec.validate()?;
    let builder = match options.builder {
        BuilderName::Buildkit => Builder::BuildKit,
        BuilderName::Classic => Builder::Classic,
    };
    let preview = match preview(&builtin(), &tree, &spec, &Target::of(&spec, builder)) {
        Ok(preview) => preview,
        Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(refusal(&error, options.json)),
        Err(error) => return Err(error),
    };
    let written = match &options.out {
        Some(out) => write(&preview.files, out, options.force)?,
        None => Vec::new(),
    };
    if !options.json {
        return Ok(summary(&preview, &written));
    }
    let mut value = facts(&preview, &written);
    value["services"] = json!(services(&builtin(), &tree)?);
    Ok(pretty(&value))
}

/// The folder's name, made into the name of an app.
fn app_name(options: &Options) -> String {
    if let Some(name) = &options.name {
        return name.clone();
    }
    let folder = options.dir.canonicalize().unwrap_or_else(|_| options.dir.clone());
    let name = folder.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let parts: Vec<&str> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(40).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() { "app".into() } else { name }
}

/// Writes what byop generated. Nothing that is there is replaced without `--force`.
fn write(files: &FileSet, out: &Path, force: bool) -> Result<Vec<String>> {
    let failed = |path: &Path, error: std::io::Error| {
        Error::new(ErrorKind::PermissionDenied, "files.write", "the file cannot be written")
            .with_context("file", path.display())
            .with_source(error)
    };
    let existing: Vec<&str> = files
        .generated()
        .filter(|(path, text)| std::fs::read_to_string(out.join(path)).is_ok_and(|old| old != *text))
        .map(|(path, _)| path)
        .collect();
    if !existing.is_empty() && !force {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            "files.write",
            "there are files already that would be replaced",
        )
        .with_context("files", existing.join(", "))
        .with_remedy("give another folder with --out, or --force to replace them"));
    }
    let mut written = Vec::new();
    for (path, text) in files.generated() {
        let target = out.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        std::fs::write(&target, text).map_err(|error| failed(&target, error))?;
        written.push(path.to_owned());
    }
    Ok(written)
}

/// The facts at the top, the whole detection and plan below.
fn facts(preview: &Preview, written: &[String]) -> Value {
    let plan = &preview.plan;
    json!({
        "stack": plan.stack,
        "version": plan.version,
        "framework": plan.framework,
        "variant": plan.variant,
        "package_manager": plan.package_manager,
        "package_manager_version": plan.package_manager_version,
        "install": plan.install,
        "build": plan.build,
        "start": plan.start,
        "entry": plan.entry,
        "static_dir": plan.static_dir,
        "index_fallback": plan.index_fallback,
        "document_root": plan.document_root,
        "port": plan.port,
        "confidence": preview.detection.confidence,
        "files": written,
        "detection": preview.detection,
        "plan": plan,
    })
}

fn refusal(error: &Error, as_json: bool) -> String {
    if !as_json {
        return format!("{error:?}");
    }
    let keys = [
        "version",
        "framework",
        "variant",
        "package_manager",
        "package_manager_version",
        "install",
        "build",
        "start",
        "entry",
        "static_dir",
        "document_root",
        "port",
        "detection",
        "plan",
    ];
    let mut value: Value =
        keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
    value["stack"] = Value::Null;
    value["index_fallback"] = false.into();
    value["confidence"] = 0.0.into();
    value["files"] = json!([]);
    value["services"] = json!([]);
    value["error"] = json!(error.report());
    pretty(&value)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn summary(preview: &Preview, written: &[String]) -> String {
    let plan = &preview.plan;
    let mut lines = vec![format!("{} ({:.0} % sure)", plan.stack, preview.detection.confidence * 100.0)];
    let facts = [
        ("version", &plan.version),
        ("framework", &plan.framework),
        ("packages", &plan.package_manager),
        ("install", &plan.install),
        ("build", &plan.build),
        ("start", &plan.start),
        ("serves", &plan.static_dir),
    ];
    for (name, value) in facts {
        lines.extend(value.as_ref().map(|value| format!("  {name:<10} {value}")));
    }
    lines.push(format!("  {:<10} {} (health: {})", "port", plan.port, plan.health.path));
    lines.push("because".into());
    for evidence in &preview.detection.evidence {
        let file = if evidence.file.is_empty() { String::new() } else { format!(" [{}]", evidence.file) };
        lines.push(format!("  {}{file}: {}", evidence.fact, evidence.reason));
    }
    for diagnostic in &plan.diagnostics {
        let level = match diagnostic.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            _ => "question",
        };
        let setting =
            diagnostic.setting.as_ref().map(|setting| format!(" (set {setting})")).unwrap_or_default();
        lines.push(format!("{level}: {}{setting}", diagnostic.message));
    }
    for (path, file) in &preview.files.0 {
        let state = if file.kept {
            "kept"
        } else if written.contains(path) {
            "written"
        } else {
            "would be written"
        };
        lines.push(format!("{path}: {state}"));
    }
    lines.join("\n")
}
