//! An own compose file, read as a graph of services.
//!
//! | Key | What byop takes of it |
//! | --- | --- |
//! | `name` | all |
//! | `services.*.image`, `command`, `entrypoint`, `user`, `expose`, `environment`, `depends_on` | all forms |
//! | `services.*.build` | a folder of the app, or `context` and `dockerfile` |
//! | `services.*.ports` | single ports, in the short and the long form |
//! | `services.*.volumes` | named volumes, and folders of the app as such |
//! | `services.*.healthcheck` | `test` and `disable` |
//! | top-level `volumes`, `networks` | names; byop makes its own |
//! | `x-*`, anchors, `<<` | all |
//! | variables | `$X`, `${X}`, `${X:-y}`, `${X-y}`, `${X:?y}`, `${X?y}`, `${X:+y}`, `${X+y}`, `$$` |
//!
//! Keys that byop settles itself, such as `restart` or `logging`, are diagnostics of the severity `info`. All others
//! are findings with the code `compose-dangerous` where they reach beyond the app, such as `privileged`, host
//! networks, the engine's socket or folders outside of the app, and else `compose-unsupported`; with
//! [`ComposePolicy::Refuse`] the first of them is an error. Nothing is dropped in silence.

mod interpolate;
mod keys;
mod service;
mod stack;

use std::collections::BTreeMap;

use serde_json::Value;

pub use stack::ComposeGenerator;

use super::yaml::{Dialect, Document, read};
use crate::error::{Error, Result};
use crate::model::{ComposeApp, ComposePolicy, Diagnostic, Severity};

const OPERATION: &str = "compose.read";
const MAX_SERVICES: usize = 200;

/// Reads the text of a compose file called `file`, with the values of variables that are known.
///
/// # Errors
/// `InvalidInput` with file, line and, where there is one, service and key: when the text is no YAML or no compose
/// file, and with [`ComposePolicy::Refuse`] when it asks for what byop does not do.
///
/// ```
/// use byop_core::generator::compose_file;
/// use byop_core::model::ComposePolicy;
///
/// let text = "services:\n  web:\n    build: .\n    ports: [\"8000:3000\"]\n";
/// let app = compose_file("compose.yaml", text, &Default::default(), ComposePolicy::Refuse)?;
/// assert_eq!(app.services["web"].ports[0].container_port, 3000);
/// # Ok::<(), byop_core::Error>(())
/// ```
pub fn compose_file(
    file: &str,
    text: &str,
    variables: &BTreeMap<String, String>,
    policy: ComposePolicy,
) -> Result<ComposeApp> {
    let mut document = read(text, Dialect::Compose).map_err(|fault| fault.into_error(OPERATION, file))?;
    let mut missing = Vec::new();
    // The value itself is replaced; places are asked for by keys, which stay.
    let mut value = std::mem::take(&mut document.value);
    interpolate::all(&mut value, variables, &mut missing, &mut Vec::new())
        .map_err(|(path, message)| wrong(file, &document, &path, &message))?;
    let mut reader = Reader { file, document: &document, policy, app: ComposeApp::default() };
    reader.root(&value)?;
    missing.sort_unstable();
    missing.dedup();
    reader.app.missing = missing;
    Ok(reader.app)
}

fn wrong(file: &str, document: &Document, path: &[String], message: &str) -> Error {
    let error = Error::invalid(OPERATION, message)
        .with_context("file", file)
        .with_context("line", document.place(path).line)
        .with_context("key", path.join(".").escape_debug())
        .with_remedy("correct the file there");
    match path {
        [first, service, ..] if first == "services" => error.with_context("service", service.escape_debug()),
        _ => error,
    }
}

/// What is read, and what was found.
struct Reader<'r> {
    file: &'r str,
    document: &'r Document,
    policy: ComposePolicy,
    app: ComposeApp,
}

/// How a key that is not taken is spoken of.
#[derive(Clone, Copy)]
enum Finding {
    /// byop does this itself.
    Settled,
    Unsupported,
    Dangerous,
}

impl Reader<'_> {
    fn root(&mut self, value: &Value) -> Result<()> {
        let Value::Object(root) = value else {
            return Err(self.wrong(&[], "a compose file is a map with the key `services`"));
        };
        for (key, value) in root {
            match key.as_str() {
                "name" => self.app.name = value.as_str().map(str::to_owned),
                "services" | "volumes" | "networks" => {}
                "version" => self.finding(&[key], Finding::Settled, "compose itself ignores it")?,
                "include" => self.finding(&[key], Finding::Dangerous, "other files are not read")?,
                key if key.starts_with("x-") => {}
                other => self.finding(&[other], Finding::Unsupported, "byop does not read it")?,
            }
        }
        for (kind, keys) in
            [("volumes", &["name", "labels"][..]), ("networks", &["name", "labels", "driver"][..])]
        {
            self.named(kind, root.get(kind), keys)?;
        }
        let Some(Value::Object(services)) = root.get("services") else {
            return Err(self.wrong(&["services"], "`services` must be a map of services"));
        };
        if services.len() > MAX_SERVICES {
            return Err(self.wrong(&["services"], &format!("more than {MAX_SERVICES} services are not read")));
        }
        for (name, value) in services {
            let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            if name.is_empty() || !name.bytes().all(fits) {
                return Err(self.wrong(
                    &["services", name],
                    "the name of a service is of letters, digits, `.`, `_` and `-`",
                ));
            }
            let service = service::read(self, name, value)?;
            self.app.services.insert(name.clone(), service);
        }
        for (name, service) in &self.app.services {
            if let Some(other) =
                service.depends_on.keys().find(|other| !self.app.services.contains_key(*other))
            {
                let message = format!("there is no service `{}` to wait for", other.escape_debug());
                return Err(self.wrong(&["services", name, "depends_on"], &message));
            }
        }
        Ok(())
    }

    /// Volumes and networks: byop makes its own, so that settings of theirs would be lost.
    fn named(&mut self, kind: &str, value: Option<&Value>, known: &[&str]) -> Result<()> {
        let Some(Value::Object(all)) = value else { return Ok(()) };
        for (name, settings) in all {
            let Value::Object(settings) = settings else { continue };
            for (key, value) in settings {
                let path = [kind, name, key];
                match key.as_str() {
                    "external" if value == true => {
                        self.finding(&path, Finding::Dangerous, "it belongs to others")?;
                    }
                    // A volume of the local driver may be any folder of the host.
                    "driver_opts" => {
                        self.finding(&path, Finding::Dangerous, "it may reach folders of the host")?
                    }
                    "external" => {}
                    key if known.contains(&key) => {
                        self.finding(&path, Finding::Settled, "byop makes its own")?;
                    }
                    _ => self.finding(&path, Finding::Unsupported, "byop makes its own")?,
                }
            }
        }
        Ok(())
    }

    fn wrong(&self, path: &[&str], message: &str) -> Error {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        wrong(self.file, self.document, &path, message)
    }

    fn finding(&mut self, path: &[&str], finding: Finding, why: &str) -> Result<()> {
        let (code, severity) = match finding {
            Finding::Settled => ("compose-settled", Severity::Info),
            Finding::Unsupported => ("compose-unsupported", Severity::Warning),
            Finding::Dangerous => ("compose-dangerous", Severity::Warning),
        };
        let shown: String = path.join(".").escape_debug().to_string();
        if severity != Severity::Info && self.policy == ComposePolicy::Refuse {
            let error = self.wrong(path, &format!("`{shown}` is not taken: {why}"));
            return Err(error.with_context("code", code).with_remedy("take the key out of the file"));
        }
        let line = self.document.place(path).line;
        let message = format!("{}, line {line}: `{shown}` has no effect here: {why}", self.file);
        self.app.diagnostics.push(Diagnostic::new(code, severity, message));
        Ok(())
    }
}
