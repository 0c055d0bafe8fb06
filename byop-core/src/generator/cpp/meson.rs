//! `meson.build`: programs, dependencies and folders.

use super::project::{Binary, Found, calls, without_comments};
use crate::generator::view::View;

/// How many files are read at most.
const FILES: usize = 24;

pub(super) fn read(view: &View<'_>, text: String) -> Found {
    let mut found = Found { fetches: view.has_dir("subprojects"), ..Found::default() };
    let mut queue = vec![(String::new(), without_comments(&text))];
    found.name = calls(&queue[0].1, "project").first().and_then(|arguments| literal(arguments));
    let name = found.name.clone();
    let mut next = 0;
    while let Some((folder, text)) = queue.get(next).cloned() {
        next += 1;
        let file = join(&folder, "meson.build");
        for arguments in calls(&text, "executable") {
            let is_name = arguments.trim_start().starts_with("meson.project_name");
            if let Some(binary) = if is_name { name.clone() } else { literal(arguments) } {
                found.candidates.push(Binary {
                    built: join(&folder, &binary),
                    name: binary,
                    file: file.clone(),
                });
            }
        }
        let names = calls(&text, "dependency").into_iter().filter_map(literal);
        found.libraries.extend(names.map(|name| (name, file.clone())));
        for below in calls(&text, "subdir").into_iter().filter_map(literal) {
            let folder = join(&folder, &below);
            let is_app =
                !folder.split('/').any(|part| matches!(part, "test" | "tests" | "examples" | "bench" | ".."));
            if is_app
                && queue.len() < FILES
                && let Some(text) = view.glance(&join(&folder, "meson.build"))
            {
                queue.push((folder, without_comments(&text)));
            }
        }
    }
    found
}

/// The first argument, when it is a text.
fn literal(arguments: &str) -> Option<String> {
    let rest = arguments.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let body = &rest[1..];
    body.find(quote).map(|end| body[..end].to_owned()).filter(|text| !text.is_empty())
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn programs_are_found_in_all_folders() {
        let top = "project('shop', 'cpp')\nsubdir('src')\nsubdir('tests')\nthreads = dependency('threads')\n";
        let below = "executable('shop-server', 'main.cpp', dependencies: [dependency('libpq')])\n";
        let tree = SourceTree::from_files([
            ("meson.build", top),
            ("src/meson.build", below),
            ("tests/meson.build", "executable('unit', 'a.cpp')"),
        ])
        .unwrap();
        let found = read(&View::at(&tree, ""), top.into());
        assert_eq!(found.name.as_deref(), Some("shop"));
        assert_eq!(found.candidates.len(), 1);
        assert_eq!(found.candidates[0].built, "src/shop-server");
        let libraries: Vec<&str> = found.libraries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(libraries, ["threads", "libpq"]);
    }
}
