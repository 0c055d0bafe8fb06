//! `CMakeLists.txt`: programs, libraries and folders.

use super::project::{Binary, Found, calls, without_comments};
use crate::generator::view::View;

/// How many files are read at most.
const FILES: usize = 24;

pub(super) fn read(view: &View<'_>, text: String) -> Found {
    let mut found = Found::default();
    let mut queue = vec![(String::new(), without_comments(&text))];
    found.name = calls(&queue[0].1, "project").first().and_then(|arguments| word(arguments, 0, ""));
    let name = found.name.clone().unwrap_or_default();
    let output = runtime_folder(&queue[0].1);
    let mut next = 0;
    while let Some((folder, text)) = queue.get(next).cloned() {
        next += 1;
        let file = join(&folder, "CMakeLists.txt");
        for arguments in calls(&text, "add_executable") {
            let kind = word(arguments, 1, &name).unwrap_or_default();
            if let Some(binary) = word(arguments, 0, &name)
                && !matches!(kind.as_str(), "IMPORTED" | "ALIAS")
                && !binary.contains('$')
            {
                let built = output.as_ref().map_or_else(|| binary.clone(), |folder| join(folder, &binary));
                found.candidates.push(Binary { name: binary, file: file.clone(), built });
            }
        }
        for arguments in calls(&text, "find_package") {
            let Some(library) = word(arguments, 0, &name) else { continue };
            found.libraries.push((library.clone(), file.clone()));
            if library.eq_ignore_ascii_case("boost") {
                let parts = arguments.split_whitespace().skip_while(|part| *part != "COMPONENTS").skip(1);
                found.libraries.extend(
                    parts
                        .take_while(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
                        .map(|part| (format!("boost_{part}"), file.clone())),
                );
            }
        }
        for function in ["pkg_check_modules", "pkg_search_module"] {
            for arguments in calls(&text, function) {
                let modules = arguments.split_whitespace().skip(1).filter(|part| {
                    !part.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') && !part.contains('$')
                });
                found.libraries.extend(modules.map(|part| {
                    let end = part.find(['<', '>', '=']).unwrap_or(part.len());
                    (part[..end].to_owned(), file.clone())
                }));
            }
        }
        found.fetches |= text.contains("FetchContent_")
            || text.contains("ExternalProject_Add")
            || text.contains("CPMAddPackage");
        for arguments in calls(&text, "add_subdirectory") {
            let Some(below) = word(arguments, 0, &name) else { continue };
            let folder = join(&folder, below.trim_end_matches('/'));
            let is_app = !folder.split('/').any(|part| {
                matches!(
                    part,
                    "test"
                        | "tests"
                        | "examples"
                        | "bench"
                        | "benchmarks"
                        | "third_party"
                        | "external"
                        | "vendor"
                        | ".."
                )
            });
            if is_app
                && queue.len() < FILES
                && let Some(text) = view.glance(&join(&folder, "CMakeLists.txt"))
            {
                queue.push((folder, without_comments(&text)));
            }
        }
    }
    found
}

/// The folder below the build folder that a project puts its programs into.
fn runtime_folder(text: &str) -> Option<String> {
    calls(text, "set").into_iter().find_map(|arguments| {
        let mut words = arguments.split_whitespace();
        if words.next() != Some("CMAKE_RUNTIME_OUTPUT_DIRECTORY") {
            return None;
        }
        let path = words.next()?.trim_matches('"');
        let below = ["${CMAKE_BINARY_DIR}", "${PROJECT_BINARY_DIR}", "${CMAKE_CURRENT_BINARY_DIR}"]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix))?;
        let below = below.trim_matches('/');
        (!below.is_empty() && !below.contains('$')).then(|| below.to_owned())
    })
}

fn word(arguments: &str, index: usize, project: &str) -> Option<String> {
    let word = arguments.split_whitespace().nth(index)?.trim_matches('"');
    let word = word.replace("${PROJECT_NAME}", project).replace("${CMAKE_PROJECT_NAME}", project);
    (!word.is_empty()).then_some(word)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    fn found(files: &[(&str, &str)]) -> Found {
        let tree = SourceTree::from_files(files.iter().copied()).unwrap();
        let view = View::at(&tree, "");
        read(&view, view.glance("CMakeLists.txt").unwrap())
    }

    #[test]
    fn programs_and_libraries_are_found_in_all_folders() {
        let found = found(&[
            (
                "CMakeLists.txt",
                "cmake_minimum_required(VERSION 3.20)\nproject(shop LANGUAGES CXX) # project(no)\nfind_package(Boost REQUIRED COMPONENTS system json)\nset(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)\nadd_subdirectory(src)\nadd_subdirectory(tests)\n",
            ),
            (
                "src/CMakeLists.txt",
                "add_executable(${PROJECT_NAME}\n  main.cpp)\nadd_executable(x::y ALIAS shop)\npkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq>=15)\n",
            ),
            ("tests/CMakeLists.txt", "add_executable(unit a.cpp)\n"),
        ]);
        assert_eq!(found.name.as_deref(), Some("shop"));
        let names: Vec<&str> = found.candidates.iter().map(|one| one.built.as_str()).collect();
        assert_eq!(names, ["bin/shop"]);
        let libraries: Vec<&str> = found.libraries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(libraries, ["Boost", "boost_system", "boost_json", "libpq"]);
    }

    #[test]
    fn a_broken_file_names_nothing() {
        assert!(found(&[("CMakeLists.txt", "add_executable(\nproject(")]).candidates.is_empty());
        assert!(
            found(&[("CMakeLists.txt", "add_subdirectory(.)\nadd_subdirectory(..)")]).candidates.is_empty()
        );
    }
}
