//! A Dockerfile read back as BuildKit reads it, and compared with the plan that it was written from.

use std::collections::BTreeMap;

use byop_core::model::{BuildStep, Builder, Plan};

/// An instruction with its continued lines joined.
#[derive(Debug)]
struct Instruction {
    name: String,
    rest: String,
}

/// All that is not as the plan has it.
pub(super) fn differences(text: &str, plan: &Plan, builder: Builder) -> Vec<String> {
    let mut found = Found { problems: Vec::new() };
    let instructions = match parse(text) {
        Ok(instructions) => instructions,
        Err(problem) => return vec![problem],
    };
    let mut rest = instructions.iter();
    for (number, stage) in plan.stages.iter().enumerate() {
        let is_last = number + 1 == plan.stages.len();
        let from = if is_last { stage.image.clone() } else { format!("{} AS {}", stage.image, stage.name) };
        found.same("FROM", rest.next(), &[from]);
        for step in &stage.steps {
            found.step(step, &mut rest, builder);
        }
    }
    let label = rest.next();
    found.named("LABEL", label);
    let mut env = plan.env.clone();
    env.insert("PORT".into(), plan.port.to_string());
    found.pairs("ENV", rest.next(), &env);
    found.same("EXPOSE", rest.next(), &[plan.port.to_string()]);
    if let Some(user) = plan.user {
        found.same("USER", rest.next(), &[format!("{}:{}", user.uid, user.gid)]);
    }
    if let Some(command) = &plan.health.command {
        let check = rest.next();
        found.named("HEALTHCHECK", check);
        let list = check.and_then(|check| check.rest.split_once(" CMD ")).map(|(_, list)| list.to_owned());
        found.list("HEALTHCHECK", list.as_deref(), command);
    }
    if let Some(signal) = &plan.stop_signal {
        found.same("STOPSIGNAL", rest.next(), std::slice::from_ref(signal));
    }
    if let Some(command) = &plan.command {
        let cmd = rest.next();
        found.named("CMD", cmd);
        found.list("CMD", cmd.map(|cmd| cmd.rest.as_str()), command);
    }
    found.problems.extend(rest.map(|extra| format!("one too many: {extra:?}")));
    found.problems
}

struct Found {
    problems: Vec<String>,
}

impl Found {
    fn named(&mut self, name: &str, found: Option<&Instruction>) {
        if found.is_none_or(|found| found.name != name) {
            self.problems.push(format!("{name} was to come, not {found:?}"));
        }
    }

    fn same(&mut self, name: &str, found: Option<&Instruction>, wanted: &[String]) {
        self.named(name, found);
        let wanted = wanted.join(" ");
        if found.is_some_and(|found| found.rest != wanted) {
            self.problems.push(format!("{name} {wanted:?} became {found:?}"));
        }
    }

    fn list(&mut self, name: &str, found: Option<&str>, wanted: &[String]) {
        let read = found.and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
        if read.as_deref() != Some(wanted) {
            self.problems.push(format!("{name} {wanted:?} became {found:?}"));
        }
    }

    fn pairs(&mut self, name: &str, found: Option<&Instruction>, wanted: &BTreeMap<String, String>) {
        self.named(name, found);
        let read = found.map(|found| pairs(&found.rest));
        if read.as_ref() != Some(wanted) {
            self.problems.push(format!("{name} {wanted:?} became {read:?}"));
        }
    }

    fn step<'a>(
        &mut self,
        step: &BuildStep,
        rest: &mut impl Iterator<Item = &'a Instruction>,
        builder: Builder,
    ) {
        match step {
            BuildStep::Workdir(path) => self.same("WORKDIR", rest.next(), &[path.replace('$', "\\$")]),
            BuildStep::Env { values, .. } => self.pairs("ENV", rest.next(), values),
            BuildStep::Packages { names, .. } => {
                let run = rest.next();
                self.named("RUN", run);
                let line = run.map(|run| run.rest.as_str()).unwrap_or_default();
                if !line.contains(&format!(" {} ", names.join(" "))) {
                    self.problems.push(format!("packages {names:?} became {line}"));
                }
            }
            BuildStep::Copy(copy) => {
                let found = rest.next();
                self.named("COPY", found);
                let text = found.map(|found| found.rest.as_str()).unwrap_or_default();
                let (from, paths) = match text.strip_prefix("--from=").and_then(|t| t.split_once(' ')) {
                    Some((from, paths)) => (Some(from.to_owned()), paths),
                    None => (None, text),
                };
                let read: Vec<String> = match serde_json::from_str::<Vec<String>>(paths) {
                    Ok(list) => list.iter().map(|path| literal(path)).collect(),
                    Err(_) => paths.split(' ').map(str::to_owned).collect(),
                };
                let wanted: Vec<String> = copy.sources.iter().chain([&copy.target]).cloned().collect();
                if from != copy.from || read != wanted {
                    self.problems.push(format!("COPY {:?} {wanted:?} became {text}", copy.from));
                }
            }
            BuildStep::Run(run) => {
                let (command, is_left_out) = match (&run.classic, builder) {
                    (Some(classic), Builder::Classic) => (classic, classic.is_empty()),
                    _ => (&run.command, false),
                };
                if is_left_out {
                    return;
                }
                let found = rest.next();
                self.named("RUN", found);
                let mut text = found.map(|found| found.rest.trim()).unwrap_or_default();
                while let Some(after) = text.strip_prefix("--mount=") {
                    text = after.split_once(char::is_whitespace).map_or("", |(_, after)| after.trim());
                }
                let read = match serde_json::from_str::<Vec<String>>(text) {
                    Ok(list) if list.len() == 3 => list[2].clone(),
                    _ => text.to_owned(),
                };
                // Lines are broken for the eye; blanks in texts stay as they are, as far as this can see.
                let normal = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                if normal(&read) != normal(command) {
                    self.problems.push(format!("RUN {command:?} became {read:?}"));
                }
            }
            other => self.problems.push(format!("the test does not know {other:?}")),
        }
    }
}

/// A path of COPY with patterns and variables read.
fn literal(path: &str) -> String {
    let mut out = path.replace("\\$", "$");
    for c in ['*', '?', '['] {
        out = out.replace(&format!("[{c}]"), &c.to_string());
    }
    out
}

/// `NAME="value"` pairs with the escapes that Docker knows.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim();
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut chars = after.char_indices();
        let mut end = after.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                '"' => {
                    end = at + 1;
                    break;
                }
                '$' => value.push_str("(a variable)"),
                c => value.push(c),
            }
        }
        found.insert(name.to_owned(), value);
        rest = after[end..].trim_start();
    }
    if !rest.is_empty() {
        found.insert("the rest".into(), rest.to_owned());
    }
    found
}

const KNOWN: [&str; 11] =
    ["FROM", "WORKDIR", "ENV", "COPY", "RUN", "LABEL", "EXPOSE", "USER", "HEALTHCHECK", "STOPSIGNAL", "CMD"];

/// Whether BuildKit takes a word for the beginning of a here document.
fn is_here_document(word: &str) -> bool {
    word.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("<<")
}

fn parse(text: &str) -> Result<Vec<Instruction>, String> {
    if text.contains('\r') {
        return Err("a carriage return".into());
    }
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in text.split('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('#') {
            let directive = trimmed.trim_start_matches(['#', ' ']).to_ascii_lowercase();
            if ["syntax=", "escape=", "check="]
                .iter()
                .any(|word| directive.replace(' ', "").starts_with(word))
            {
                return Err(format!("a directive: {line}"));
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let mut joined = open.take().unwrap_or_default();
        match line.trim_end_matches([' ', '\t']).strip_suffix('\\') {
            Some(start) => {
                joined.push_str(start);
                open = Some(joined);
            }
            None => {
                joined.push_str(line);
                let (name, rest) = joined.trim().split_once(' ').unwrap_or((joined.trim(), ""));
                if !KNOWN.contains(&name) {
                    return Err(format!("an instruction that byop does not write: {joined:?}"));
                }
                if matches!(name, "RUN" | "COPY") && rest.split_whitespace().any(is_here_document) {
                    return Err(format!("a here document: {joined:?}"));
                }
                found.push(Instruction { name: name.to_owned(), rest: rest.trim().to_owned() });
            }
        }
    }
    match open {
        Some(open) => Err(format!("the last line is continued: {open:?}")),
        None => Ok(found),
    }
}
