//! Credentials of package registries: settings files take them from the environment, and the build from its secrets.

use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// Settings of package managers that may name a credential.
const FILES: [&str; 4] = [".npmrc", ".yarnrc.yml", ".yarnrc", "bunfig.toml"];
/// Words in the name of a variable that make it a credential.
const TELLING: [&str; 6] = ["TOKEN", "AUTH", "PASSWORD", "SECRET", "KEY", "PAT"];
/// Settings whose value is a credential.
const SETTINGS: [&str; 4] = ["_authToken", "_password", "_auth", "npmAuthToken"];

/// What the settings say of credentials.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    /// The variables that hold them, in order.
    pub(super) names: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Credentials {
    /// Reads the settings beside the lock file.
    pub(super) fn read(view: &View<'_>) -> Self {
        let mut found = Self::default();
        for file in FILES {
            for line in view.glance(file).unwrap_or_default().lines().map(str::trim) {
                if line.starts_with(['#', ';']) {
                    continue;
                }
                found.names.extend(variables(line, file == "bunfig.toml"));
                if is_literal(line) && !found.diagnostics.iter().any(|d| d.code == "credential-in-source") {
                    found.diagnostics.push(Diagnostic::new(
                        "credential-in-source",
                        Severity::Warning,
                        format!("{} holds a credential itself; name a variable there, such as ${{NPM_TOKEN}}, and give its value as a secret", view.full(file)),
                    ));
                }
            }
        }
        found.names.sort();
        found.names.dedup();
        if !found.names.is_empty() {
            let names = found.names.join(", ");
            found.diagnostics.push(
                Diagnostic::new(
                    "build-secret",
                    Severity::Warning,
                    format!("the package registry asks for {names}: give it as a secret of the build; the classic builder has none and installs without"),
                )
                .with_setting(format!("secrets.{}", found.names[0])),
            );
        }
        found
    }

    /// A command line of a package manager with the credentials in its environment and nowhere else.
    pub(super) fn with(&self, line: &str) -> String {
        let given: String =
            self.names.iter().map(|name| format!("{name}=\"$(cat /run/secrets/{name})\" ")).collect();
        format!("{given}{line}")
    }
}

/// The names of variables in a line of settings that stand for credentials.
fn variables(line: &str, is_bare: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        let text = match rest.strip_prefix('{') {
            Some(inner) => inner,
            None if is_bare => rest,
            None => continue,
        };
        let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_')).unwrap_or(text.len());
        let name = &text[..end];
        let upper = name.to_ascii_uppercase();
        let is_name = name.bytes().next().is_some_and(|b| !b.is_ascii_digit()) && name.len() <= 64;
        if is_name && TELLING.iter().any(|word| upper.contains(word)) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Whether a line sets a credential to a value of its own.
fn is_literal(line: &str) -> bool {
    SETTINGS.iter().any(|key| {
        line.split_once(key).is_some_and(|(_, rest)| {
            let value = rest.trim_start().trim_start_matches(['=', ':']).trim().trim_matches(['"', '\'']);
            rest.trim_start().starts_with(['=', ':']) && !value.is_empty() && !value.contains('$')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    fn read(file: &str, text: &str) -> Credentials {
        let tree = SourceTree::from_files([(file, text)]).unwrap();
        Credentials::read(&View::at(&tree, ""))
    }

    #[test]
    fn a_token_from_the_environment_becomes_a_secret() {
        let found = read(".npmrc", "@a:registry=https://x/\n//x/:_authToken=${NPM_TOKEN}\ncache=${HOME}/c\n");
        assert_eq!(found.names, ["NPM_TOKEN"]);
        assert_eq!(found.with("npm ci"), "NPM_TOKEN=\"$(cat /run/secrets/NPM_TOKEN)\" npm ci");
        assert_eq!(read(".yarnrc.yml", "npmAuthToken: \"${GH_TOKEN:-}\"").names, ["GH_TOKEN"]);
        assert_eq!(read("bunfig.toml", "token = \"$BUN_AUTH\"").names, ["BUN_AUTH"]);
        assert!(read(".npmrc", "# ${NPM_TOKEN}\nsave-exact=true").names.is_empty());
    }

    #[test]
    fn a_token_in_the_tree_is_pointed_out() {
        let codes = |text| read(".npmrc", text).diagnostics.into_iter().map(|d| d.code).collect::<Vec<_>>();
        assert_eq!(codes("//x/:_authToken=npm_abc"), ["credential-in-source"]);
        assert!(codes("//x/:_authToken=").is_empty());
        assert!(codes("always-auth=true").is_empty());
    }
}
