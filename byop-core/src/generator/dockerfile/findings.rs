//! What a careful reader would say about an own Dockerfile. It is used all the same: these are data, not errors.

use super::parse::{Instruction, instructions};
use super::secrets::{is_secret_file, secret_values};
use crate::model::{Diagnostic, Severity};

/// A list is cut here: a file that is all wrong needs no more to say so.
const MOST: usize = 50;

/// The findings of a Dockerfile, in the order of its lines. Who runs as what user the caller knows better.
pub(super) fn findings(text: &str) -> Vec<Diagnostic> {
    let list = instructions(text);
    let stages = stages(&list);
    let mut found = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut globals = Vec::new();
    let before = list.iter().take_while(|one| one.name != "FROM");
    for argument in before.filter(|one| one.name == "ARG") {
        secret_values(argument, &mut found);
        argument.define(&mut globals);
    }
    for (index, stage) in stages.iter().enumerate() {
        if let [from, ..] = stage {
            image(from, from.expanded(&globals).to_ascii_lowercase(), &names, &mut found);
            names.push(from.stage_name().unwrap_or_else(|| index.to_string()));
        }
        install_after_source(stage, &mut found);
        repeated(stage, &mut found);
        for one in *stage {
            copied(one, &names, &mut found);
            secret_values(one, &mut found);
            downloads(one, &mut found);
        }
    }
    last(&stages, &mut found);
    found.sort_by_key(|(line, one)| (*line, one.code.clone()));
    found.truncate(MOST);
    found.into_iter().map(|(_, one)| one).collect()
}

pub(super) type Found = Vec<(usize, Diagnostic)>;

pub(super) fn note(found: &mut Found, line: usize, code: &str, severity: Severity, message: impl AsRef<str>) {
    let message: String = message
        .as_ref()
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect();
    found.push((line, Diagnostic::new(code, severity, format!("line {line}: {message}"))));
}

/// Each stage with its FROM.
fn stages(list: &[Instruction]) -> Vec<&[Instruction]> {
    let starts: Vec<usize> = (0..list.len()).filter(|i| list[*i].name == "FROM").collect();
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    starts.iter().zip(ends).map(|(start, end)| &list[*start..end]).collect()
}

/// The stages that the last one is built upon, from it back to the one that begins with an image.
fn chain<'s, 'l>(stages: &'s [&'l [Instruction]]) -> Vec<&'s &'l [Instruction]> {
    let mut chain = Vec::new();
    let mut at = stages.len().checked_sub(1);
    while let Some(index) = at {
        chain.push(&stages[index]);
        let base = stages[index].first().and_then(Instruction::base);
        at = (0..index)
            .rev()
            .find(|i| base.is_some() && stages[*i].first().and_then(Instruction::stage_name) == base);
    }
    chain
}

fn image(from: &Instruction, text: String, names: &[String], found: &mut Found) {
    let Some(name) = text.split_whitespace().find(|word| !word.starts_with("--")) else { return };
    floating(from.line, name, names, found);
}

fn floating(line: usize, name: &str, names: &[String], found: &mut Found) {
    let is_number = name.bytes().all(|b| b.is_ascii_digit());
    if name == "scratch" || name.is_empty() || is_number || names.iter().any(|stage| stage == name) {
        return;
    }
    if name.contains(['@', '$']) {
        return;
    }
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    match tag {
        None | Some("") => {
            let message = format!("the image {name} has no tag, so each build may get another one");
            note(found, line, "image-without-tag", Severity::Warning, message);
        }
        Some("latest") => {
            let message = format!("{name} is another image every now and then: name a version");
            note(found, line, "image-latest", Severity::Warning, message);
        }
        Some(_) => {}
    }
}

fn copied(one: &Instruction, names: &[String], found: &mut Found) {
    if !matches!(one.name.as_str(), "COPY" | "ADD") {
        return;
    }
    let words = one.arguments();
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    match one.flag("from") {
        // The system's own certificates are no secret, and those of another image are its affair.
        Some(from) => floating(one.line, &from.to_ascii_lowercase(), names, found),
        None => {
            for source in sources.iter().filter(|source| is_secret_file(source)) {
                let message = format!(
                    "{source} looks like a secret, and who has the image has it too: mount it while building (--mount=type=secret), or give it at run time"
                );
                note(found, one.line, "secret-copied", Severity::Warning, message);
            }
        }
    }
    let is_url = |source: &&String| {
        ["http://", "https://", "git@", "git://"].iter().any(|start| source.starts_with(start))
    };
    if one.name == "ADD" && one.flag("checksum").is_none() {
        for source in sources.iter().filter(is_url) {
            let shown = source.split(['?', '@']).next().unwrap_or_default();
            let message = format!("ADD fetches {shown} without a checksum: what is there may change");
            note(found, one.line, "add-from-url", Severity::Warning, message);
        }
    }
}

/// The commands of a RUN, with those of its here-documents.
fn script(one: &Instruction) -> String {
    let words = serde_json::from_str::<Vec<String>>(one.after_flags());
    format!("{}\n{}", words.map_or_else(|_| one.after_flags().to_owned(), |words| words.join(" ")), one.body)
}

fn downloads(one: &Instruction, found: &mut Found) {
    if one.name != "RUN" {
        return;
    }
    let script = script(one);
    for part in script.split(['\n', ';']).flat_map(|part| part.split("&&")) {
        let mut pipes = part.split('|').map(|part| part.split_whitespace().collect::<Vec<_>>());
        let fetches =
            pipes.next().is_some_and(|words| words.iter().any(|word| matches!(*word, "curl" | "wget")));
        let runs = |words: Vec<&str>| {
            let words =
                words.iter().skip_while(|word| matches!(**word, "sudo" | "env") || word.contains('='));
            let program = words.copied().next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
            matches!(program, "sh" | "bash" | "dash" | "zsh" | "ash" | "python" | "python3" | "node" | "perl")
        };
        if fetches && pipes.any(runs) {
            let message =
                "what a download says is run at once: fetch a fixed version, check its sum, then run it";
            note(found, one.line, "piped-download", Severity::Warning, message);
            return;
        }
    }
}

const INSTALLS: [&str; 16] = [
    "npm ci",
    "npm install",
    "npm i ",
    "yarn install",
    "pnpm install",
    "pnpm i ",
    "bun install",
    "pip install -r",
    "pip3 install -r",
    "pip install --no-cache-dir -r",
    "poetry install",
    "uv sync",
    "bundle install",
    "composer install",
    "go mod download",
    "mix deps.get",
];

fn install_after_source(stage: &[Instruction], found: &mut Found) {
    let mut whole = None;
    for one in stage.iter().filter(|one| !one.is_later) {
        match one.name.as_str() {
            "COPY" | "ADD" if one.flag("from").is_none() => {
                let words = one.arguments();
                if words.first().is_some_and(|source| matches!(source.as_str(), "." | "./"))
                    && words.len() == 2
                {
                    whole = whole.or(Some(one.line));
                }
            }
            "RUN" => {
                let script = script(one);
                if !INSTALLS.iter().any(|command| script.contains(command)) {
                    continue;
                }
                if let Some(line) = whole {
                    let message = "the whole source is copied before the dependencies are installed, so each change installs them again: copy the manifests first";
                    note(found, line, "source-before-install", Severity::Info, message);
                }
                return;
            }
            _ => {}
        }
    }
}

fn repeated(stage: &[Instruction], found: &mut Found) {
    for name in ["CMD", "ENTRYPOINT", "HEALTHCHECK"] {
        let all: Vec<_> = stage.iter().filter(|one| one.name == name && !one.is_later).collect();
        if let [_, .., last] = all.as_slice() {
            let message =
                format!("of the {} {name} instructions of this stage only this one counts", all.len());
            note(found, last.line, "several-commands", Severity::Warning, message);
        }
    }
}

/// What matters in the image that is run only.
fn last(stages: &[&[Instruction]], found: &mut Found) {
    let chain = chain(stages);
    let Some(from) = chain.first().and_then(|stage| stage.first()) else { return };
    // From the last instruction back.
    let all: Vec<&Instruction> =
        chain.iter().flat_map(|stage| stage.iter().rev()).filter(|one| !one.is_later).collect();
    let latest = |name: &str| all.iter().find(|one| one.name == name);
    match latest("HEALTHCHECK") {
        Some(check) if !check.text.eq_ignore_ascii_case("none") => {}
        other => {
            let line = other.map_or(from.line, |check| check.line);
            let message = "the image has no HEALTHCHECK: an app that hangs looks like one that runs";
            note(found, line, "no-health-check", Severity::Info, message);
        }
    }
    let start = latest("ENTRYPOINT").or_else(|| latest("CMD"));
    if let Some(start) = start.filter(|one| !one.text.starts_with('[') && !one.text.starts_with("exec ")) {
        let message = format!(
            "this {} is run by a shell, which does not pass on the signal to stop: write it as a list, [\"program\", \"argument\"]",
            start.name
        );
        note(found, start.line, "shell-form-start", Severity::Warning, message);
    }
    for one in all.iter().filter(|one| one.name == "EXPOSE") {
        for port in one.text.split_whitespace().filter_map(|word| word.split('/').next()?.parse::<u16>().ok())
        {
            if (1..1024).contains(&port) {
                let message = format!(
                    "port {port} is one that only root may open on many systems: one above 1023 needs no rights"
                );
                note(found, one.line, "privileged-port", Severity::Info, message);
            }
        }
    }
    for one in all.iter().filter(|one| one.name == "RUN") {
        let script = script(one);
        let installs = ["apt-get install", "apt install", "apt-get -y install", "apt-get update"]
            .iter()
            .any(|command| script.contains(command));
        let is_clean = script.contains("/var/lib/apt/lists")
            || one.text.contains("type=cache")
            || one.text.contains("type=tmpfs");
        if installs && !is_clean {
            let message =
                "the lists of packages stay in the image: remove /var/lib/apt/lists in the same RUN";
            note(found, one.line, "package-lists-kept", Severity::Info, message);
        }
        if script.contains("apk add")
            && !script.contains("--no-cache")
            && !script.contains("/var/cache/apk")
            && !one.text.contains("type=cache")
        {
            note(
                found,
                one.line,
                "package-lists-kept",
                Severity::Info,
                "the lists of packages stay in the image: apk add --no-cache",
            );
        }
    }
}

/// Where the user of the last stage is set, and as what; the line of its FROM where it is not.
pub(super) fn user(text: &str) -> (usize, Option<String>) {
    let list = instructions(text);
    let stages = stages(&list);
    let chain = chain(&stages);
    let from = chain.first().and_then(|stage| stage.first()).map_or(1, |from| from.line);
    let mut all = chain.iter().flat_map(|stage| stage.iter().rev());
    match all.find(|one| one.name == "USER" && !one.is_later) {
        Some(one) => (one.line, Some(one.text.clone())),
        None => (from, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(String, String)> {
        let place = |message: &str| message.split(':').next().unwrap_or_default().to_owned();
        findings(text).into_iter().map(|one| (one.code, place(&one.message))).collect()
    }

    #[track_caller]
    fn has(text: &str, code: &str, line: usize) {
        let found = codes(text);
        assert!(
            found.contains(&(code.to_owned(), format!("line {line}"))),
            "{code} at {line}: {found:?}\n{text}"
        );
    }

    #[track_caller]
    fn has_not(text: &str, code: &str) {
        let found = codes(text);
        assert!(found.iter().all(|(known, _)| known != code), "{code}: {found:?}\n{text}");
    }

    const GOOD: &str = "# syntax=docker/dockerfile:1\nARG V=22\nFROM node:${V}-slim AS build\nWORKDIR /app\nCOPY package.json package-lock.json ./\n\
        RUN --mount=type=secret,id=npm npm ci\nCOPY . .\nRUN <<EOF\nnpm run build\nEOF\nFROM gcr.io/distroless/static@sha256:0\n\
        COPY --from=build /app /app\nCOPY --from=0 /etc/ssl/cert.pem /etc/ssl/\nCOPY .env.example /app/\nENV TOKEN_TTL=60 SECRET_FILE=/run/x SECRET_KEY_BASE_DUMMY=1\n\
        EXPOSE 8080\nUSER 1001:1001\nHEALTHCHECK CMD [\"/app/check\"]\nCMD [\"/app/server\"]\n";

    #[test]
    fn a_careful_dockerfile_has_no_findings() {
        assert_eq!(codes(GOOD), []);
        assert_eq!(user(GOOD), (17, Some("1001:1001".into())));
    }

    #[test]
    fn images_that_float_are_named() {
        has("FROM node\n", "image-without-tag", 1);
        has("FROM --platform=x registry:5000/node AS a\nFROM a\n", "image-without-tag", 1);
        has("FROM scratch\nFROM node:latest\n", "image-latest", 2);
        has("ARG TAG=latest\nFROM node:$TAG\n", "image-latest", 2);
        has("FROM a:1\nCOPY --from=nginx /a /b\n", "image-without-tag", 2);
        for fine in ["FROM scratch\n", "FROM a:1 AS b\nFROM b\nFROM B\n", "FROM a@sha256:0\n", "FROM $BASE\n"]
        {
            has_not(fine, "image-without-tag");
        }
    }

    #[test]
    fn secrets_are_named_but_not_repeated() {
        for path in
            [".env", "./config/.env.production", "id_rsa", "keys/server.pem", "tls.key", ".npmrc", ".ssh/"]
        {
            has(&format!("FROM a:1\nCOPY package.json {path} /app/\n"), "secret-copied", 2);
            has(&format!("FROM a:1\nONBUILD ADD [\"{path}\", \"/a b/\"]\n"), "secret-copied", 2);
        }
        for line in [
            "ENV DB_PASSWORD=hunter2",
            "ARG API_KEY=hunter2",
            "ENV DB_PASSWORD hunter2",
            "ENV A=b URL=postgres://u:hunter2@h/d",
            "ENV X=ghp_hunter2hunter2",
            "ENV TOKEN=$TOKEN",
        ] {
            let text = format!("FROM a:1\n{line}\n");
            has(&text, "secret-in-image", 2);
            assert!(findings(&text).iter().all(|one| !one.message.contains("hunter2")), "{line}");
        }
        has("FROM a:1\nARG NPM_TOKEN\n", "secret-argument", 2);
        has_not("FROM a:1\nENV SECRET_ENABLED=true URL=postgres://u:$PW@h/d\n", "secret-in-image");
    }

    #[test]
    fn what_is_fetched_unseen_is_named() {
        has("FROM a:1\nRUN apk add curl \\\n  && curl -fsSL https://x | FOO=1 bash -\n", "piped-download", 2);
        has("FROM a:1\nRUN <<EOF\nwget -qO- https://x | sudo sh\nEOF\n", "piped-download", 2);
        has("FROM a:1\nADD --chown=1:1 https://x/y?token=z /y\n", "add-from-url", 2);
        has_not(
            "FROM a:1\nADD --checksum=sha256:0 https://x/y /y\nRUN curl https://x | tar xz\n",
            "add-from-url",
        );
        has_not("FROM a:1\nRUN curl https://x | tar xz && bash y\n", "piped-download");
    }

    #[test]
    fn what_makes_images_slow_and_large_is_named() {
        has("FROM a:1\nCOPY . .\nRUN npm ci\n", "source-before-install", 2);
        has_not(
            "FROM a:1\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm install -g x\n",
            "source-before-install",
        );
        has("FROM a:1\nRUN apt-get update && apt-get install -y x\n", "package-lists-kept", 2);
        has("FROM a:1\nRUN apk add x\n", "package-lists-kept", 2);
        let build_stage = "FROM a:1 AS b\nRUN apt-get install x\nFROM c:1\nCOPY --from=b /x /x\n";
        has_not(build_stage, "package-lists-kept");
        has("FROM a:1 AS b\nRUN apt-get install x\nFROM b\n", "package-lists-kept", 2);
    }

    #[test]
    fn how_the_app_is_started_and_watched_is_looked_at() {
        has("FROM a:1\nCMD npm start\n", "shell-form-start", 2);
        has_not("FROM a:1\nENTRYPOINT [\"a\"]\nCMD b\n", "shell-form-start");
        has_not("FROM a:1\nCMD exec a\n", "shell-form-start");
        has("FROM a:1\nCMD [\"a\"]\nCMD [\"b\"]\n", "several-commands", 3);
        has_not("FROM a:1 AS x\nCMD [\"a\"]\nFROM x\nCMD [\"b\"]\n", "several-commands");
        has("FROM x:1\nFROM a:1\nCMD [\"a\"]\n", "no-health-check", 2);
        has("FROM a:1\nHEALTHCHECK NONE\n", "no-health-check", 2);
        has("FROM a:1\nEXPOSE 8080 443/tcp\n", "privileged-port", 2);
    }
}
