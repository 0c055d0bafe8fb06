//! Generators from PyPI: MkDocs, Sphinx and Pelican.

use super::{Recipe, Tool, folder, needs_history, setting};
use crate::error::Result;
use crate::generator::pins::Pin;
use crate::generator::view::View;
use crate::model::Diagnostic;

/// Themes and plugins of MkDocs by name, with the packages that bring them, as of November 2026.
const MKDOCS: [(&str, &str); 12] = [
    ("material", "mkdocs-material==9.8.1"),
    ("mkdocstrings", "mkdocstrings[python]==1.0.8"),
    ("awesome-pages", "mkdocs-awesome-pages-plugin==2.10.1"),
    ("minify", "mkdocs-minify-plugin==0.8.0"),
    ("redirects", "mkdocs-redirects==1.2.3"),
    ("macros", "mkdocs-macros-plugin==1.5.0"),
    ("glightbox", "mkdocs-glightbox==0.5.3"),
    ("literate-nav", "mkdocs-literate-nav==0.6.3"),
    ("section-index", "mkdocs-section-index==0.3.12"),
    ("gen-files", "mkdocs-gen-files==0.6.1"),
    ("git-revision-date-localized", "mkdocs-git-revision-date-localized-plugin==1.6.3"),
    ("mermaid2", "mkdocs-mermaid2-plugin==1.2.3"),
];

/// Themes and extensions of Sphinx.
const SPHINX: [(&str, &str); 8] = [
    ("furo", "furo==2025.12.19"),
    ("sphinx_rtd_theme", "sphinx-rtd-theme==3.1.0"),
    ("myst_parser", "myst-parser==5.2.0"),
    ("sphinx_copybutton", "sphinx-copybutton==0.5.2"),
    ("sphinx_design", "sphinx-design==0.8.0"),
    ("pydata_sphinx_theme", "pydata-sphinx-theme==0.24.0"),
    ("sphinx_book_theme", "sphinx-book-theme==1.4.0"),
    ("alabaster", ""),
];

pub(super) fn find(view: &View<'_>) -> Result<Option<Tool>> {
    Ok(mkdocs(view).or_else(|| pelican(view)).or_else(|| sphinx(view)))
}

fn mkdocs(view: &View<'_>) -> Option<Tool> {
    let file = view.first_file(&["mkdocs.yml", "mkdocs.yaml"])?;
    let text = view.glance(file)?;
    let found = packages(
        view,
        "mkdocs",
        &["requirements.txt", "docs/requirements.txt", "requirements-docs.txt", "requirements/docs.txt"],
        || {
            let mut words: Vec<&str> = Vec::new();
            for line in text.lines() {
                let word = line.trim().trim_start_matches("- ").trim_end_matches(':');
                let word = ["theme:", "name:"].iter().find_map(|key| word.strip_prefix(key)).unwrap_or(word);
                words.push(word.trim().trim_matches(['"', '\'']));
            }
            MKDOCS
                .iter()
                .filter(|(name, _)| words.contains(name))
                .map(|(_, package)| (*package).to_owned())
                .collect()
        },
    );
    let diagnostics: Vec<Diagnostic> =
        needs_history(&text, &["git-revision-date", "git-authors", "git-committers"]).into_iter().collect();
    let output = folder(setting(&text, "site_dir"), "site");
    Some(Tool { output, diagnostics, ..tool(view, "mkdocs", file, 0.95, "mkdocs build", found) })
}

fn pelican(view: &View<'_>) -> Option<Tool> {
    let text = view.glance("pelicanconf.py")?;
    let content = folder(setting(&text, "PATH"), "content");
    let settings = if view.has_file("publishconf.py") { "publishconf.py" } else { "pelicanconf.py" };
    let output = folder(setting(&text, "OUTPUT_PATH"), "output");
    let build = format!("pelican {content} --settings {settings} --output {output}");
    let found = packages(view, "pelican", &["requirements.txt"], || vec!["markdown==3.11.3".to_owned()]);
    Some(Tool { output, ..tool(view, "pelican", "pelicanconf.py", 0.95, &build, found) })
}

fn sphinx(view: &View<'_>) -> Option<Tool> {
    let file = [
        "conf.py",
        "source/conf.py",
        "docs/conf.py",
        "docs/source/conf.py",
        "doc/conf.py",
        "doc/source/conf.py",
    ]
    .into_iter()
    .find(|file| {
        view.glance(file).is_some_and(|text| {
            ["html_theme", "extensions"].iter().any(|name| {
                text.lines().any(|line| {
                    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
                })
            })
        })
    })?;
    let text = view.glance(file)?;
    let source = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let lists = [
        format!("{source}/requirements.txt"),
        "docs/requirements.txt".into(),
        "requirements.txt".into(),
        "requirements-docs.txt".into(),
    ];
    let lists: Vec<&str> = lists.iter().map(|list| list.trim_start_matches("./")).collect();
    let found = packages(view, "sphinx", &lists, || {
        SPHINX
            .iter()
            .filter(|(name, package)| {
                !package.is_empty()
                    && [format!("\"{name}\""), format!("'{name}'")].iter().any(|word| text.contains(word))
            })
            .map(|(_, package)| (*package).to_owned())
            .collect()
    });
    // At the root the file's name alone says little; a folder of an application is its manual.
    let uses_root =
        matches!(&found.recipe, Recipe::Pip { requirements, .. } if requirements == &["requirements.txt"]);
    let confidence = match (source, view.has_file("requirements.txt") && !uses_root) {
        (".", _) if !view.has_file("index.rst") => 0.8,
        (_, true) => 0.6,
        _ => 0.9,
    };
    let build = format!("sphinx-build -b html {source} _build/html");
    Some(Tool { output: "_build/html".into(), ..tool(view, "sphinx", file, confidence, &build, found) })
}

/// Where the packages come from, and the version that a list pins the tool to.
struct Packages {
    recipe: Recipe,
    manager: &'static str,
    pin: Option<Pin>,
}

fn packages(view: &View<'_>, tool: &str, lists: &[&str], wanted: impl Fn() -> Vec<String>) -> Packages {
    if view.has_file("uv.lock")
        && view.glance("uv.lock").is_some_and(|text| text.contains(&format!("name = \"{tool}\"")))
    {
        return Packages { recipe: Recipe::Uv, manager: "uv", pin: None };
    }
    // The list that names the tool; a list of the application's packages is left alone.
    let found = lists.iter().find_map(|list| {
        let text = view.glance(list)?;
        let line = text.lines().map(|line| line.trim().to_ascii_lowercase()).find(|line| {
            line.strip_prefix(tool).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })?;
        Some(((*list).to_owned(), line))
    });
    if let Some((list, line)) = found {
        let exact = line.strip_prefix(tool).and_then(|rest| rest.strip_prefix("=="));
        let pin = exact.map(|version| {
            let version = version.split([';', ' ', '#']).next().unwrap_or_default().trim();
            Pin::new(version, &list, format!("`{tool}` is pinned"))
        });
        // A theme's package brings the tool, in a version that fits.
        let has_version = line.contains(['=', '<', '>', '~']) || line.starts_with(&format!("{tool}-"));
        let packages = if has_version { Vec::new() } else { vec![format!("{tool}=={{version}}")] };
        return Packages {
            recipe: Recipe::Pip { requirements: vec![list], packages, system: Vec::new(), has_node: false },
            manager: "pip",
            pin,
        };
    }
    let mut packages = vec![format!("{tool}=={{version}}")];
    packages.extend(wanted());
    Packages {
        recipe: Recipe::Pip { requirements: Vec::new(), packages, system: Vec::new(), has_node: false },
        manager: "pip",
        pin: None,
    }
}

fn tool(
    view: &View<'_>,
    name: &'static str,
    file: &str,
    confidence: f64,
    build: &str,
    found: Packages,
) -> Tool {
    Tool {
        name,
        file: file.to_owned(),
        confidence: super::confidence(view, confidence),
        manager: Some(found.manager),
        pin: found.pin,
        output: String::new(),
        build: build.to_owned(),
        recipe: found.recipe,
        diagnostics: Vec::new(),
    }
}
