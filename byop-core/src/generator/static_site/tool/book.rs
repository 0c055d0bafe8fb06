//! mdBook.

use super::{Recipe, Tool, folder};
use crate::generator::pins;
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// Preprocessors and renderers that are part of it.
const BUILT_IN: [&str; 4] = ["links", "index", "html", "markdown"];

pub(super) fn find(view: &View<'_>) -> Option<Tool> {
    let table = view.glance("book.toml")?.parse::<toml::Table>().ok()?;
    let pin = pins::from_tools(view, &["mdbook", "cargo:mdbook"]).ok().flatten();
    let output = table.get("build").and_then(|build| build.get("build-dir")).and_then(toml::Value::as_str);
    let mut output = folder(output.map(str::to_owned), "book");
    let outputs = table.get("output").and_then(toml::Value::as_table);
    // With several renderers each has a folder of its own.
    if outputs.is_some_and(|table| table.len() > 1) {
        output.push_str("/html");
    }
    let extra: Vec<&str> = [table.get("preprocessor").and_then(toml::Value::as_table), outputs]
        .into_iter()
        .flatten()
        .flat_map(|table| table.keys().map(String::as_str))
        .filter(|name| !BUILT_IN.contains(name))
        .collect();
    let diagnostics = if extra.is_empty() {
        Vec::new()
    } else {
        let message = format!("the book also wants {}, which the build does not have", extra.join(", "));
        vec![Diagnostic::new("missing-extension", Severity::Warning, message)]
    };
    let recipe = match &pin {
        Some(_) => Recipe::Cargo("mdbook@{version}".into()),
        // Compiling it takes minutes, and which release it is matters little.
        None => Recipe::Distribution(vec!["mdbook".into()]),
    };
    Some(Tool {
        name: "mdbook",
        file: "book.toml".into(),
        confidence: super::confidence(view, 0.95),
        manager: None,
        pin,
        output,
        build: "mdbook build".into(),
        recipe,
        diagnostics,
    })
}
