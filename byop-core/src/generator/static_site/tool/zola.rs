//! Zola.

use super::{Recipe, Tool, folder, setting};
use crate::generator::pins;
use crate::generator::view::View;

pub(super) fn find(view: &View<'_>) -> Option<Tool> {
    let file = view.first_file(&["config.toml", "zola.toml"])?;
    let text = view.glance(file)?;
    setting(&text, "base_url")?;
    let folders = ["content", "templates", "sass", "themes"];
    if !folders.iter().any(|folder| view.has_dir(folder)) {
        return None;
    }
    Some(Tool {
        name: "zola",
        file: file.to_owned(),
        confidence: super::confidence(view, 0.95),
        manager: None,
        pin: pins::from_tools(view, &["zola"]).ok().flatten(),
        output: folder(setting(&text, "output_dir"), "public"),
        build: "zola build".into(),
        recipe: Recipe::Program { role: "static.zola", path: "/bin/zola" },
        diagnostics: Vec::new(),
    })
}
