//! An own Dockerfile: used as it is, and read for what the platform has to know.

mod findings;
mod parse;
mod secrets;

use parse::{Instruction, instructions};

use super::finish::{begin, end};
use super::procfile;
use super::view::View;
use super::{Generator, scan};
use crate::error::{Error, Result};
use crate::model::{AppName, AppSpec, Detection, Diagnostic, Plan, Severity, UserSpec, VolumeSpec};
use crate::source::SourceTree;

/// Exact names: `Dockerfile.dev` or `DOCKERFILE` are somebody's notes.
const NAMES: [&str; 2] = ["Dockerfile", "Containerfile"];

/// Recognises a `Dockerfile` or `Containerfile` at the root; it wins over all stacks.
#[derive(Debug, Clone, Default)]
pub struct DockerfileGenerator {}

impl DockerfileGenerator {
    /// The generator; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Generator for DockerfileGenerator {
    fn name(&self) -> &str {
        "dockerfile"
    }

    fn looks_for(&self) -> Vec<String> {
        NAMES.map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::at(source, "");
        let Some(name) = view.first_file(&NAMES) else { return Ok(None) };
        let mut detection = Detection::new("dockerfile", 1.0);
        detection.note("stack = dockerfile", name, "an own Dockerfile is used as it is");
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, "");
        let name = view.first_file(&NAMES).unwrap_or(NAMES[0]);
        let mut plan = read(&view, name, detection, spec)?;
        plan.processes = procfile::read(&view)?.others;
        end(plan, &view, spec)
    }
}

/// The plan that a Dockerfile makes, not yet ended. Paths are relative to the view.
pub(super) fn read(view: &View<'_>, name: &str, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
    let gone = || {
        Error::invalid("app.plan", "the Dockerfile is not there")
            .with_context("file", view.full(name))
            .with_remedy("detect again")
    };
    let text = view.read(name)?.ok_or_else(gone)?;
    let facts = Facts::of(&instructions(&text)).map_err(|(line, message)| {
        Error::invalid("app.plan", message)
            .with_context("file", view.full(name))
            .with_context("line", line)
            .with_remedy("correct the Dockerfile")
    })?;
    let mut plan = begin(detection, spec.port.or_else(|| facts.ports.first().copied()).unwrap_or(8080));
    plan.dockerfile = Some(name.to_owned());
    plan.kept.insert(name.to_owned(), text.clone());
    plan.user = facts.user.as_deref().and_then(numeric);
    plan.start = spec.build.start.clone().or_else(|| facts.start());
    plan.volumes = volumes(&facts.volumes)?;
    plan.command = spec.build.start.as_deref().map(super::command::exec_form);
    plan.health = scan::health(spec.health.path.as_deref(), facts.health);
    if spec.port.is_none() {
        plan.diagnostics.extend(port_doubts(&facts.ports));
    }
    if spec.user.is_none() {
        plan.diagnostics.extend(user_doubt(findings::user(&text).0, facts.user.as_deref()));
    }
    plan.diagnostics.extend(findings::findings(&text));
    Ok(plan)
}

/// What the last stage says, with the stages that it is built upon.
#[derive(Debug, Default)]
struct Facts {
    ports: Vec<u16>,
    user: Option<String>,
    volumes: Vec<String>,
    health: Option<String>,
    entry: Option<String>,
    arguments: Option<String>,
}

impl Facts {
    /// The start command line.
    fn start(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.entry, &self.arguments].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    fn of(list: &[Instruction]) -> std::result::Result<Self, (usize, &'static str)> {
        let starts: Vec<usize> = (0..list.len()).filter(|i| list[*i].name == "FROM").collect();
        let Some(last) = starts.last() else {
            return Err((1, "a Dockerfile needs a FROM instruction"));
        };
        // From the last stage back to the image that it begins with.
        let (mut chain, mut at) = (vec![*last], *last);
        while let Some(parent) =
            starts.iter().rev().find(|i| **i < at && list[**i].stage_name() == list[at].base())
        {
            chain.push(*parent);
            at = *parent;
        }
        let mut facts = Self::default();
        let mut variables = Vec::new();
        for instruction in list[..starts[0]].iter().filter(|i| i.name == "ARG") {
            instruction.define(&mut variables);
        }
        for start in chain.into_iter().rev() {
            let stage = list[start + 1..].iter().take_while(|i| i.name != "FROM");
            for instruction in stage.filter(|one| !one.is_later) {
                facts.take(instruction, &mut variables);
            }
        }
        Ok(facts)
    }

    fn take(&mut self, instruction: &Instruction, variables: &mut Vec<(String, String)>) {
        let text = instruction.expanded(variables);
        match instruction.name.as_str() {
            "ARG" | "ENV" => instruction.define(variables),
            "EXPOSE" => {
                for word in text.split_whitespace().filter(|word| !word.ends_with("/udp")) {
                    let first = word.split(['/', '-']).next().and_then(|port| port.parse::<u16>().ok());
                    if let Some(port) = first.filter(|port| *port > 0 && !self.ports.contains(port)) {
                        self.ports.push(port);
                    }
                }
            }
            "USER" => self.user = Some(text.trim().to_owned()),
            "VOLUME" => {
                let folders = serde_json::from_str::<Vec<String>>(&text)
                    .unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect());
                let is_new = |folder: &String| folder.starts_with('/') && folder.len() > 1;
                self.volumes.extend(folders.into_iter().filter(is_new));
            }
            "HEALTHCHECK" => self.health = path_in(&text),
            "CMD" | "ENTRYPOINT" => {
                let line = serde_json::from_str::<Vec<String>>(&text).map_or_else(
                    |_| text.clone(),
                    |words| {
                        words.iter().map(|word| super::command::quote(word)).collect::<Vec<_>>().join(" ")
                    },
                );
                if instruction.name == "CMD" {
                    self.arguments = Some(line);
                } else {
                    // A new entry point forgets the arguments of the stage below.
                    (self.entry, self.arguments) = (Some(line), None);
                }
            }
            _ => {}
        }
    }
}

/// The path of the first URL in a health check.
pub(super) fn path_in(text: &str) -> Option<String> {
    let after = text.split("://").nth(1)?;
    let end = after
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '|' | ';'))
        .unwrap_or(after.len());
    let path = &after[..end];
    Some(path.find('/').map_or_else(|| "/".to_owned(), |at| path[at..].to_owned()))
}

fn numeric(user: &str) -> Option<UserSpec> {
    let (uid, gid) = user.split_once(':').unwrap_or((user, user));
    Some(UserSpec { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

fn port_doubts(ports: &[u16]) -> Option<Diagnostic> {
    let (severity, code, message) = match ports {
        [] => (
            Severity::Warning,
            "no-port",
            "the Dockerfile has no EXPOSE instruction, so 8080 is a guess: which port does the app listen on?".to_owned(),
        ),
        [_] => return None,
        [first, ..] => (
            Severity::Info,
            "several-ports",
            format!("the Dockerfile exposes several ports; requests go to the first, {first}"),
        ),
    };
    Some(Diagnostic::new(code, severity, message).with_setting("port"))
}

fn user_doubt(line: usize, user: Option<&str>) -> Option<Diagnostic> {
    let (code, message) = match user {
        None => (
            "runs-as-root",
            format!("line {line}: the last stage has no USER instruction, so the app may run as root"),
        ),
        Some(name) if numeric(name).is_some_and(|user| user.uid == 0) || is_root(name) => {
            ("runs-as-root", format!("line {line}: the app runs as root"))
        }
        Some(name) if numeric(name).is_none() => (
            "user-by-name",
            format!(
                "line {line}: USER {} is a name: a number would let a platform see that it is not root",
                name.escape_debug()
            ),
        ),
        Some(_) => return None,
    };
    Some(Diagnostic::new(code, Severity::Warning, message).with_setting("user"))
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

/// Declared folders as named volumes: the name is made of the path.
pub(super) fn volumes(folders: &[String]) -> Result<Vec<VolumeSpec>> {
    let mut volumes: Vec<VolumeSpec> = Vec::new();
    for path in folders {
        let words: Vec<String> = path
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let mut name: String = words.join("-").chars().take(36).collect();
        name.truncate(name.trim_end_matches('-').len());
        if name.is_empty() || volumes.iter().any(|volume| volume.name.as_str() == name) {
            name = format!("{name}-{}", volumes.len() + 1).trim_start_matches('-').to_owned();
        }
        volumes.push(VolumeSpec { name: AppName::new(name)?, path: path.clone() });
    }
    Ok(volumes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn plan(text: &str) -> Plan {
        let tree = SourceTree::from_files([("Dockerfile", text), ("package.json", "{}")]).unwrap();
        let generator = DockerfileGenerator::new();
        let detection = generator.detect(&tree).unwrap().unwrap();
        let spec = AppSpec::new("a", Source::Directory(".".into())).unwrap();
        generator.plan(&tree, &detection, &spec).unwrap()
    }

    #[test]
    fn the_last_stage_and_those_below_it_count() {
        let plan = plan(
            "ARG PORT=9000\nFROM a AS base\nARG PORT=9000\nENV P=$PORT\nEXPOSE ${P}\nUSER 1001\nFROM b AS other\nEXPOSE 1\n\
             FROM base\nVOLUME [\"/data\", \"/x y\"]\nHEALTHCHECK --interval=5s \\\n # note\n  CMD curl -f http://localhost:9000/ok || exit 1\n\
             CMD [\"node\", \"a b.js\"]\n",
        );
        assert_eq!(plan.port, 9000);
        assert_eq!(plan.user, Some(UserSpec { uid: 1001, gid: 1001 }));
        let volumes: Vec<_> = plan.volumes.iter().map(|v| (v.name.as_str(), v.path.as_str())).collect();
        assert_eq!(volumes, [("data", "/data"), ("x-y", "/x y")]);
        assert_eq!((plan.health.path.as_str(), plan.health.is_known), ("/ok", true));
        assert_eq!(plan.start.as_deref(), Some("node 'a b.js'"));
        assert!(plan.stages.is_empty() && plan.kept.contains_key("Dockerfile"));
    }

    #[test]
    fn a_missing_port_is_a_question() {
        let plan = plan("from scratch\nCOPY . .\n");
        assert!(plan.diagnostics.iter().any(|d| d.code == "no-port" && d.setting.as_deref() == Some("port")));
        assert!(plan.diagnostics.iter().any(|d| d.code == "runs-as-root"));
        assert_eq!(plan.user, None);
    }

    #[test]
    fn a_file_without_from_is_refused_with_its_line() {
        let tree = SourceTree::from_files([("Containerfile", "RUN x\n")]).unwrap();
        let generator = DockerfileGenerator::new();
        let detection = generator.detect(&tree).unwrap().unwrap();
        let spec = AppSpec::new("a", Source::Directory(".".into())).unwrap();
        let error = generator.plan(&tree, &detection, &spec).unwrap_err();
        assert_eq!(error.context("file"), Some("Containerfile"));
    }

    #[test]
    fn only_exact_names_count() {
        let tree = SourceTree::from_files([("DOCKERFILE", "FROM a"), ("Dockerfile.dev", "FROM a")]).unwrap();
        assert_eq!(DockerfileGenerator::new().detect(&tree).unwrap(), None);
    }
}
