//! `Procfile`: process types and their command lines.

use std::collections::BTreeMap;

use super::view::View;
use crate::error::Result;

/// The process types of a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Procfile {
    /// The command line of `web`.
    pub(crate) web: Option<String>,
    /// All others.
    pub(crate) others: BTreeMap<String, String>,
}

/// Reads the tree's Procfile; none is an empty one.
pub(crate) fn read(view: &View<'_>) -> Result<Procfile> {
    Ok(view.read("Procfile")?.map(|text| parse(&text)).unwrap_or_default())
}

fn parse(text: &str) -> Procfile {
    let mut found = Procfile::default();
    for line in text.lines() {
        let Some((name, command)) = line.split_once(':') else { continue };
        let (name, command) = (name.trim(), command.trim());
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !is_name || command.is_empty() {
            continue;
        }
        if name == "web" {
            found.web = Some(command.to_owned());
        } else {
            found.others.insert(name.to_owned(), command.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_is_set_apart_and_comments_are_passed_over() {
        let found = parse(
            "# web: no\nweb: gunicorn a:b --x y:z\nworker:  run it\nrelease: migrate\n\nnonsense\n: x\n",
        );
        assert_eq!(found.web.as_deref(), Some("gunicorn a:b --x y:z"));
        assert_eq!(found.others.keys().collect::<Vec<_>>(), ["release", "worker"]);
    }
}
