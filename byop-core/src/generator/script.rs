//! What scripts have in common: the source itself runs, on a system with an interpreter and the programs it calls.

use super::command;
use super::finish::{copy_source, probe};
use super::images::BaseImages;
use super::view::View;
use crate::model::{BuildStep, Plan, Stage};

/// Adds the stage that runs the source with `packages` of the distribution; `steps` come before the source.
pub(crate) fn stage(
    plan: &mut Plan,
    view: &View<'_>,
    images: &BaseImages,
    packages: Vec<String>,
    mut steps: Vec<BuildStep>,
) {
    let Some(start) = plan.start.clone() else { return };
    let mut last = Stage {
        name: "run".into(),
        image: images.image("native.run.shell", ""),
        reason: "The source is what runs; a small system has the interpreter.".into(),
        steps: Vec::new(),
    };
    if !packages.is_empty() {
        last.steps.push(BuildStep::Packages {
            names: packages,
            reason: "The interpreter, and programs and libraries that the source calls.".into(),
        });
    }
    last.steps.push(BuildStep::Workdir("/app".into()));
    last.steps.push(probe(plan, images));
    last.steps.append(&mut steps);
    last.steps.push(copy_source(view, ""));
    plan.stages.push(last);
    plan.command = Some(command::exec_form(&start));
}

/// Distribution packages by the command that they bring.
const COMMANDS: [(&str, &str); 28] = [
    ("ash", "busybox"),
    ("busybox", "busybox"),
    ("curl", "curl"),
    ("dig", "bind9-dnsutils"),
    ("envsubst", "gettext-base"),
    ("ffmpeg", "ffmpeg"),
    ("fish", "fish"),
    ("git", "git"),
    ("jq", "jq"),
    ("ksh", "ksh"),
    ("lua", "lua5.4"),
    ("make", "make"),
    ("mysql", "default-mysql-client"),
    ("nc", "netcat-openbsd"),
    ("ncat", "ncat"),
    ("openssl", "openssl"),
    ("perl", "perl"),
    ("psql", "postgresql-client"),
    ("python3", "python3"),
    ("redis-cli", "redis-tools"),
    ("rsync", "rsync"),
    ("socat", "socat"),
    ("sqlite3", "sqlite3"),
    ("ssh", "openssh-client"),
    ("unzip", "unzip"),
    ("wget", "wget"),
    ("zip", "zip"),
    ("zsh", "zsh"),
];

/// The packages that bring the commands of a script.
pub(crate) fn packages(interpreter: &str, texts: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |word: &str| {
        let package = COMMANDS.iter().find(|(command, _)| *command == word).map(|(_, package)| *package);
        if let Some(package) = package.filter(|package| !found.iter().any(|known| known == package)) {
            found.push(package.to_owned());
        }
    };
    add(interpreter);
    for line in texts.iter().flat_map(|text| text.lines()) {
        let line = line.trim_start();
        if line.starts_with('#') {
            continue;
        }
        for part in line.split(['|', ';', '&', '(', '`']) {
            let word = part
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'', ')']))
                .find(|word| !is_passed_over(word));
            add(word.unwrap_or_default().rsplit('/').next().unwrap_or_default());
        }
    }
    if found.iter().any(|package| ["curl", "git", "wget"].contains(&package.as_str())) {
        found.push("ca-certificates".into());
    }
    found.sort();
    found
}

/// Words that stand before a command.
fn is_passed_over(word: &str) -> bool {
    command::is_assignment(word)
        || matches!(
            word,
            "" | "!"
                | "do"
                | "elif"
                | "else"
                | "exec"
                | "if"
                | "nohup"
                | "then"
                | "time"
                | "until"
                | "while"
                | "{"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_to_packages() {
        let text = "#!/bin/sh\n# git\nx=$(curl -s a | jq .b)\nif nc -z db 5432; then exec socat a b; fi\necho wget\nnot-curl\n/usr/bin/curl y\n";
        assert_eq!(
            packages("zsh", &[text.to_owned()]),
            ["ca-certificates", "curl", "jq", "netcat-openbsd", "socat", "zsh"]
        );
        assert!(packages("bash", &[]).is_empty());
    }
}
