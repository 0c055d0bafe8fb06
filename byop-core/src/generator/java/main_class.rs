//! The class that a program starts with, found in its source.

use crate::generator::view::View;

/// How many files are looked into.
const FILES: usize = 40;

/// The main class below a module's source folders, and its file; none when there is none or more than one.
pub(super) fn find(view: &View<'_>, module: &str) -> Option<(String, String)> {
    let mut found = all(view, module);
    (found.len() == 1).then(|| found.remove(0))
}

/// All main classes, those in files with a telling name first.
pub(super) fn all(view: &View<'_>, module: &str) -> Vec<(String, String)> {
    let folders: Vec<String> = ["src/main/java/", "src/main/kotlin/", "src/main/scala/", "src/", "app/"]
        .iter()
        .map(|folder| super::join(module, folder))
        .collect();
    let is_ours = |path: &&str| folders.iter().any(|folder| path.starts_with(folder.as_str()));
    let mut files: Vec<&str> =
        view.sources(&["java", "kt", "scala"], 16).into_iter().filter(is_ours).take(4_000).collect();
    files.sort_by_key(|path| !is_telling(path));
    let mut found = Vec::new();
    for path in files.into_iter().take(FILES) {
        let Some(text) = view.glance(path) else { continue };
        if let Some(class) = main_in(path, &text) {
            found.push((class, path.to_owned()));
        }
    }
    found
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn is_telling(path: &str) -> bool {
    let stem = stem(path);
    ["Main", "App", "Application", "Server", "main", "Launcher"].iter().any(|name| stem.ends_with(name))
}

/// The main class that a file defines.
fn main_in(path: &str, text: &str) -> Option<String> {
    let package = text.lines().find_map(|line| {
        let name = line.trim().strip_prefix("package ")?;
        Some(name.trim().trim_end_matches(';').trim().to_owned())
    });
    let stem = stem(path);
    let class = match path.rsplit('.').next()? {
        "java" => text
            .lines()
            .any(|line| line.contains("static void main(") && !line.trim_start().starts_with(['/', '*']))
            .then(|| stem.to_owned())?,
        "kt" => {
            let is_top = |line: &str| line.starts_with("fun main(") || line.starts_with("suspend fun main(");
            if !text.lines().any(is_top) {
                return None;
            }
            let renamed = text.lines().find_map(|line| line.trim().strip_prefix("@file:JvmName(\""));
            match renamed.and_then(|rest| rest.split('"').next()) {
                Some(name) => name.to_owned(),
                None => {
                    let mut letters = stem.chars();
                    let first = letters.next()?.to_uppercase();
                    format!("{first}{}Kt", letters.as_str())
                }
            }
        }
        _ => text.lines().map(str::trim).find_map(|line| {
            let name = line.strip_prefix("object ")?;
            let name = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
            let is_main =
                line.contains("extends App") || line.contains("IOApp") || text.contains("def main(");
            is_main.then(|| name.to_owned())
        })?,
    };
    let name = match package {
        Some(package) if !package.is_empty() => format!("{package}.{class}"),
        _ => class,
    };
    is_class(&name).then_some(name)
}

/// Whether a text can be the name of a class: what becomes part of a command line is nothing else.
pub(super) fn is_class(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 300
        && name.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_class_is_found_in_every_language() {
        for (path, text, class) in [
            (
                "src/main/java/a/App.java",
                "package a;\npublic class App {\n public static void main(String[] x) {}",
                Some("a.App"),
            ),
            ("App.java", "class App { // static void mainly\n}", None),
            ("src/main/kotlin/main.kt", "package a.b\nfun main() {}", Some("a.b.MainKt")),
            ("x.kt", "@file:JvmName(\"Start\")\nfun main(args: Array<String>) {}", Some("Start")),
            ("x.kt", "class A {\n  fun main() {}\n}", None),
            ("src/main/scala/Main.scala", "package a\nobject Main extends App", Some("a.Main")),
            ("x.java", "package a b;$(x)\nstatic void main(", None),
        ] {
            assert_eq!(main_in(path, text).as_deref(), class, "{text}");
        }
    }
}
