//! The `byop.yaml` of a tree: what an app says about itself, laid under what its owner says.

use super::view::View;
use super::yaml::{self, Dialect, Document, Fault};
use crate::error::{Error, Result};
use crate::model::{
    AppSpec, BuildSpec, Diagnostic, Evidence, ProjectFile, Severity, Source, closest, unknown_field,
};
use crate::source::{SourceEntry, SourceTree};

/// The names of the file, the one that counts first.
const NAMES: [&str; 2] = ["byop.yaml", "byop.yml"];

const OPERATION: &str = "project_file.read";

/// The spec that counts for a tree, and where it comes from.
#[derive(Debug)]
pub(crate) struct Effective {
    /// The owner's spec with what the app's own files add.
    pub(crate) spec: AppSpec,
    /// What the files say and nobody overrides.
    pub(crate) evidence: Vec<Evidence>,
    /// What is wrong with the files, or asked for by them.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Effective {
    /// Whether a setting comes from a file of the tree, and which.
    pub(crate) fn file_of(&self, setting: &str) -> Option<&str> {
        let of = |evidence: &&Evidence| evidence.fact.split(" = ").next() == Some(setting);
        self.evidence.iter().find(of).map(|evidence| evidence.file.as_str())
    }

    fn read(&mut self, source: &SourceTree, spec: &AppSpec) -> Result<()> {
        let root = read(&View::at(source, ""), &mut self.diagnostics)?;
        let says = root.as_ref().and_then(|read| read.file.build.root.as_deref());
        let folder =
            match spec.build.root.as_deref().or_else(|| Some(source.focus()).filter(|f| !f.is_empty())) {
                Some(folder) => clean(folder),
                None => says.map_or_else(|| View::of(source).base().to_owned(), clean),
            };
        let is_another = says.is_some_and(|says| clean(says) != folder);
        let inner =
            if folder.is_empty() { None } else { read(&View::at(source, &folder), &mut self.diagnostics)? };
        if let Some(inner) = &inner
            && inner.file.build.root.is_some()
        {
            return Err(Error::invalid(
                OPERATION,
                "only the file in the root of the tree names the app's folder",
            )
            .with_context("file", &inner.path)
            .with_context("key", "build.root")
            .with_remedy("leave `build.root` out here"));
        }
        for read in inner.into_iter().chain(root.filter(|_| !is_another)) {
            let taken = read.file.lay_under(&mut self.spec);
            self.evidence.extend(taken.facts.into_iter().map(|fact| Evidence {
                fact,
                file: read.path.clone(),
                reason: "the app says so itself".into(),
            }));
            self.diagnostics.extend(taken.beyond.into_iter().map(|(key, wish, limit)| {
                Diagnostic::new(
                    "resources-beyond-limit",
                    Severity::Warning,
                    format!("{} asks for {wish} as `{key}`; its owner allows {limit}", read.path),
                )
                .with_setting(key)
            }));
        }
        Ok(())
    }
}

/// A file that was read.
struct Read {
    path: String,
    file: ProjectFile,
}

/// Reads the files of a tree and lays them under a spec.
///
/// The root's file counts for the app's folder as well, unless it says that the app is in another one.
pub(crate) fn effective(source: &SourceTree, spec: &AppSpec) -> Result<Effective> {
    let mut all = Effective { spec: spec.clone(), evidence: Vec::new(), diagnostics: Vec::new() };
    // Two ways to say the same; the files are laid under the one that is left.
    if let Some(line) = all.spec.processes.remove("web") {
        all.spec.build.start.get_or_insert(line);
    }
    // Most trees have none, and detection is to be quick.
    let may_be = |entry: &SourceEntry| NAMES.iter().any(|name| entry.path.ends_with(name));
    if source.entries().iter().any(may_be) {
        all.read(source, spec)?;
    }
    Ok(all)
}

/// A folder as the tree writes it.
fn clean(folder: &str) -> String {
    folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn read(view: &View<'_>, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Read>> {
    let Some(name) = view.first_file(&NAMES) else { return Ok(None) };
    if name == NAMES[0] && view.has_file(NAMES[1]) {
        diagnostics.push(Diagnostic::new(
            "two-project-files",
            Severity::Warning,
            format!("{} counts, {} does not", view.full(name), view.full(NAMES[1])),
        ));
    }
    let path = view.full(name);
    let text = view.read(name)?;
    let file = parse(&text.unwrap_or_default(), &path)?;
    Ok(Some(Read { path, file }))
}

/// Reads and checks one file.
pub(crate) fn parse(text: &str, path: &str) -> Result<ProjectFile> {
    let refused = |fault: Fault| fault.into_error(OPERATION, path);
    let document = yaml::read(text, Dialect::Own).map_err(refused)?;
    if document.value.is_null() {
        return Ok(ProjectFile::default());
    }
    if !document.value.is_object() {
        return Err(Error::invalid(OPERATION, "the file has to hold keys, such as `port: 8080`")
            .with_context("file", path)
            .with_context("line", 1)
            .with_remedy("write `key: value`, one on a line"));
    }
    let file: ProjectFile =
        yaml::read_as(text, Dialect::Own).map_err(|fault| not_taken(fault, &document, path))?;
    validate(&file).map_err(|error| {
        let keys: Vec<String> =
            error.context("key").unwrap_or_default().split('.').map(str::to_owned).collect();
        let place = document.place(&keys);
        error.with_context("file", path).with_context("line", place.line).with_context("column", place.column)
    })?;
    Ok(file)
}

/// The error for a value that is not of the file's types.
fn not_taken(mut fault: Fault, document: &Document, path: &str) -> Error {
    let message = std::mem::take(&mut fault.message);
    let Some((given, known)) = unknown_field(&message) else {
        fault.message = message;
        return fault.into_error(OPERATION, path);
    };
    let mut keys: Vec<&str> = fault.key.split('.').filter(|key| !key.is_empty()).collect();
    if keys.last() != Some(&given) {
        keys.push(given);
    }
    let place = document.place(&keys);
    fault.message = match owner_key(given).filter(|_| keys.len() == 1) {
        Some(why) => why.into(),
        None => format!("the key `{}` is not known", given.escape_debug()),
    };
    let key = keys.iter().map(|key| key.escape_debug().to_string()).collect::<Vec<_>>().join(".");
    (fault.line, fault.column, fault.key) = (place.line, place.column, key);
    let remedy = match closest(given, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "leave the key out, or use one of those expected".into(),
    };
    fault.into_error(OPERATION, path).with_context("expected", known.join(", ")).with_remedy(remedy)
}

/// Why a key of the spec is none of the file.
fn owner_key(key: &str) -> Option<&'static str> {
    match key {
        "name" | "domains" | "source" | "user" | "ports" | "routing" => {
            Some("this key is the owner's to set, not the app's")
        }
        "secrets" => Some("secrets do not belong into the tree: the owner sets them"),
        _ => None,
    }
}

/// Checks what the types alone cannot, in the way that specs are checked.
fn validate(file: &ProjectFile) -> Result<()> {
    let mut spec = AppSpec::new("app", Source::Directory(".".into()))?;
    file.lay_under(&mut spec);
    // A wish beyond the limit is none that is granted, but it has to be a sensible one.
    let default = spec.resources.clone();
    spec.resources.memory_bytes = file.resources.memory_bytes.unwrap_or(default.memory_bytes);
    spec.resources.cpus = file.resources.cpus.unwrap_or(default.cpus);
    spec.resources.pids = file.resources.pids.unwrap_or(default.pids);
    spec.health.clone_from(&file.health);
    spec.volumes.clone_from(&file.volumes);
    spec.processes.clone_from(&file.processes);
    spec.validate()?;
    let unset = BuildSpec::default();
    let limits = [
        ("build.memory_bytes", file.build.memory_bytes != unset.memory_bytes),
        ("build.cpus", file.build.cpus != unset.cpus),
    ];
    match limits.into_iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => {
            Err(Error::invalid(OPERATION, "the limits of a build are the owner's to set, not the app's")
                .with_context("key", key)
                .with_remedy("leave this key out"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Error {
        parse(text, "byop.yaml").unwrap_err()
    }

    #[test]
    fn plain_values_stay_the_texts_that_they_are() {
        let file =
            parse("build:\n  version: 3.10\nenv:\n  A: 007\n  B: true\n  C: 1e3\n  D: yes\n", "x").unwrap();
        assert_eq!(file.build.version.as_deref(), Some("3.10"));
        let values: Vec<&str> = file.env.values().map(String::as_str).collect();
        assert_eq!(values, ["007", "true", "1e3", "yes"]);
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "# nothing yet\n", "---\n", "{}"] {
            assert_eq!(parse(text, "x").unwrap(), ProjectFile::default(), "{text:?}");
        }
    }

    #[test]
    fn a_misspelt_key_is_placed_and_the_right_one_suggested() {
        let error = refused("port: 80\nbuild:\n  root: a\n  strat: x\n");
        let at = ["file", "line", "column", "key"].map(|name| error.context(name).unwrap_or("-"));
        assert_eq!(at, ["byop.yaml", "4", "3", "build.strat"]);
        assert_eq!(error.report().remedy.as_deref(), Some("did you mean `start`?"));
        assert!(error.context("expected").unwrap().contains("static_dir"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_placed() {
        let error = refused("env:\n  A: x\nport: eighty\n");
        assert_eq!((error.context("line"), error.context("key")), (Some("3"), Some("port")));
    }

    #[test]
    fn a_value_out_of_bounds_is_placed() {
        for (text, line, key) in [
            ("port: 0\n", "1", "port"),
            ("env: {}\nhealth:\n  path: healthz\n", "3", "health.path"),
            ("volumes:\n- name: a\n  path: ../x\n", "1", "volumes.path"),
            ("build:\n  memory_bytes: 1\n", "2", "build.memory_bytes"),
            ("build:\n  static_dir: ../..\n", "2", "build.static_dir"),
            ("resources:\n  cpus: .nan\n", "2", "resources.cpus"),
            ("processes:\n  web: ''\n", "2", "processes.web"),
        ] {
            let error = refused(text);
            assert_eq!((error.context("line"), error.context("key")), (Some(line), Some(key)), "{text}");
        }
    }

    #[test]
    fn what_is_the_owners_is_refused_with_the_reason() {
        let error = refused("name: shop\n");
        assert!(error.to_string().contains("the owner's to set"), "{error}");
        assert!(refused("secrets: {A: b}\n").to_string().contains("secrets do not belong"));
    }
}
