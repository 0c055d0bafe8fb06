//! What a Java application's own settings say: `application.properties`, `application.yml` and `application.conf`.

use std::collections::BTreeMap;

use crate::generator::view::View;

/// Settings by their dotted names, and the files that they come from.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<String, (String, String)>,
}

impl Settings {
    /// Reads the settings of a module; the first file that has a name decides.
    pub(super) fn read(view: &View<'_>, module: &str) -> Self {
        let mut settings = Self::default();
        for folder in ["config", "src/main/resources/config", "src/main/resources"] {
            for name in ["application.properties", "application.yml", "application.yaml", "application.conf"]
            {
                let path = super::join(module, &format!("{folder}/{name}"));
                let Some(text) = view.has_file(&path).then(|| view.glance(&path)).flatten() else { continue };
                let found = match name.rsplit('.').next() {
                    Some("properties") => properties(&text),
                    Some("conf") => hocon(&text),
                    _ => yaml(&text),
                };
                for (key, value) in found {
                    settings.values.entry(key).or_insert((value, path.clone()));
                }
            }
        }
        settings
    }

    /// A value; of `${NAME:default}` the default.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let (value, _) = self.values.get(key)?;
        let value = match value.strip_prefix("${") {
            Some(rest) => rest.strip_suffix('}')?.split_once(':')?.1,
            None => value,
        };
        (!value.is_empty()).then_some(value)
    }

    /// A port that is above those of the system, and its file.
    pub(super) fn port(&self, keys: &[&str]) -> Option<(u16, &str)> {
        keys.iter().find_map(|key| {
            let port = self.get(key)?.parse::<u16>().ok().filter(|port| *port > 0)?;
            Some((port, self.values.get(*key).map_or("", |(_, file)| file.as_str())))
        })
    }
}

/// `name = value` and `name: value` lines.
pub(super) fn properties(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| {
            let at = line.find(['=', ':'])?;
            Some((line[..at].trim().to_owned(), line[at + 1..].trim().to_owned()))
        })
        .collect()
}

/// The scalars of the first document of block-style YAML; lists and flow style are passed over.
fn yaml(text: &str) -> Vec<(String, String)> {
    let (mut found, mut path) = (Vec::new(), Vec::<(usize, String)>::new());
    for (number, line) in text.lines().enumerate() {
        if number > 0 && line.starts_with("---") {
            break;
        }
        let body = line.trim_start();
        let Some((key, value)) = body.split_once(':').filter(|_| !body.starts_with(['#', '-'])) else {
            continue;
        };
        if !value.is_empty() && !value.starts_with([' ', '\t']) {
            continue;
        }
        let indent = line.len() - body.len();
        while path.last().is_some_and(|(other, _)| *other >= indent) {
            path.pop();
        }
        // Deeper than any setting that is asked for.
        if path.len() > 12 {
            continue;
        }
        path.push((indent, key.trim().trim_matches(['"', '\'']).to_owned()));
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        if !value.is_empty() {
            let names: Vec<&str> = path.iter().map(|(_, name)| name.as_str()).collect();
            found.push((names.join("."), value.to_owned()));
        }
    }
    found
}

/// The scalars of HOCON in its usual form: blocks in braces, `name = value`; a later `${?PORT}` is only an override.
fn hocon(text: &str) -> Vec<(String, String)> {
    let (mut found, mut path) = (Vec::new(), Vec::<String>::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '/'])) {
        if let Some(name) = line.strip_suffix('{') {
            if path.len() > 64 {
                break;
            }
            path.push(name.trim().trim_end_matches(['=', ':']).trim().to_owned());
        } else if line.starts_with('}') {
            path.pop();
        } else if let Some((name, value)) = line.split_once(['=', ':']) {
            let value = value.trim().trim_matches('"');
            if !value.starts_with("${") {
                let mut names: Vec<&str> = path.iter().map(String::as_str).collect();
                names.push(name.trim());
                found.push((names.join("."), value.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    fn settings(name: &str, text: &str) -> Settings {
        let path = format!("src/main/resources/{name}");
        let tree = SourceTree::from_files([(path.as_str(), text)]).unwrap();
        Settings::read(&View::at(&tree, ""), "")
    }

    #[test]
    fn ports_are_found_in_every_form() {
        for (name, text) in [
            ("application.properties", "# server.port=1\nserver.port = 9090\n"),
            ("application.properties", "server.port=${PORT:9090}"),
            ("application.yml", "server:\n  # x\n  port: ${PORT:9090} # y\n---\nserver:\n  port: 1\n"),
            (
                "application.yaml",
                "other:\n    port: 1\nserver:\n    ssl:\n        port: 2\n    port: '9090'\n",
            ),
            ("application.yml", "server.port: 9090\n"),
            ("application.conf", "server {\n  port = 9090\n  port = ${?PORT}\n}\n"),
        ] {
            let found = settings(name, text);
            assert_eq!(found.port(&["server.port"]).map(|(port, _)| port), Some(9090), "{text}");
        }
        assert_eq!(settings("application.properties", "server.port=${PORT}").port(&["server.port"]), None);
    }
}
