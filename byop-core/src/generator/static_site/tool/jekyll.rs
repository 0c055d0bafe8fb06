//! Jekyll.

use super::{Recipe, Tool, folder, setting};
use crate::generator::pins;
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// Plugins and themes that the distribution has.
const PACKAGED: [(&str, &str); 12] = [
    ("jekyll-feed", "ruby-jekyll-feed"),
    ("jekyll-seo-tag", "ruby-jekyll-seo-tag"),
    ("jekyll-sitemap", "ruby-jekyll-sitemap"),
    ("jekyll-paginate", "ruby-jekyll-paginate"),
    ("jekyll-gist", "ruby-jekyll-gist"),
    ("jekyll-redirect-from", "ruby-jekyll-redirect-from"),
    ("jekyll-archives", "ruby-jekyll-archives"),
    ("jekyll-include-cache", "ruby-jekyll-include-cache"),
    ("jekyll-remote-theme", "ruby-jekyll-remote-theme"),
    ("jekyll-toc", "ruby-jekyll-toc"),
    ("jekyll-data", "ruby-jekyll-data"),
    ("minima", "jekyll-theme-minima"),
];

pub(super) fn find(view: &View<'_>) -> Option<Tool> {
    let file = view.first_file(&["_config.yml", "_config.yaml", "_config.toml"])?;
    let text = view.glance(file)?;
    let gems = view.glance("Gemfile").unwrap_or_default();
    let has_gem = ["jekyll", "github-pages"].iter().any(|gem| {
        gems.lines().any(|line| {
            let line = line.trim();
            line.starts_with(&format!("gem \"{gem}")) || line.starts_with(&format!("gem '{gem}"))
        })
    });
    let is_hexo = view.glance("package.json").is_some_and(|text| text.contains("\"hexo"));
    let looks_so =
        ["_posts", "_layouts", "_includes", "_pages", "_data"].iter().any(|folder| view.has_dir(folder))
            || ["theme", "remote_theme", "markdown", "plugins", "permalink"].iter().any(|key| {
                text.lines()
                    .any(|line| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':')))
            });
    if is_hexo || view.has_file("_toc.yml") || !(has_gem || looks_so) {
        return None;
    }
    let mut diagnostics = Vec::new();
    let pin = pins::from_file(view, ".ruby-version").ok().flatten();
    let pin = pin.or_else(|| pins::from_tools(view, &["ruby"]).ok().flatten());
    let (recipe, build) = if has_gem {
        (Recipe::Bundler, "bundle exec jekyll build")
    } else {
        let (names, missing) = packaged(&text);
        if !missing.is_empty() {
            diagnostics.push(Diagnostic::new(
                "missing-extension",
                Severity::Warning,
                format!("the site wants {}: add a Gemfile that names them", missing.join(", ")),
            ));
        }
        (Recipe::Distribution(names), "jekyll build")
    };
    Some(Tool {
        name: "jekyll",
        file: file.to_owned(),
        confidence: super::confidence(view, if has_gem { 0.97 } else { 0.9 }),
        manager: has_gem.then_some("bundler"),
        pin,
        output: folder(setting(&text, "destination"), "_site"),
        build: build.into(),
        recipe,
        diagnostics,
    })
}

/// The distribution's packages of a site without a Gemfile, and what they lack.
fn packaged(text: &str) -> (Vec<String>, Vec<String>) {
    let mut wanted: Vec<String> = setting(text, "theme").into_iter().collect();
    let mut in_plugins = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("plugins:").or_else(|| line.strip_prefix("gems:")) {
            in_plugins = true;
            let inline = rest.trim().trim_matches(['[', ']']).split(',');
            wanted.extend(inline.map(|name| name.trim().trim_matches(['"', '\'']).to_owned()));
        } else if let (true, Some(name)) = (in_plugins, line.trim().strip_prefix("- ")) {
            wanted.push(name.trim().trim_matches(['"', '\'']).to_owned());
        } else if !line.trim().is_empty() {
            in_plugins = false;
        }
    }
    wanted.retain(|name| !name.is_empty());
    let mut names = vec!["jekyll".to_owned()];
    let mut missing = Vec::new();
    for name in wanted {
        match PACKAGED.iter().find(|(gem, _)| *gem == name) {
            Some((_, package)) => names.push((*package).to_owned()),
            None => missing.push(name.chars().take(60).filter(|c| !c.is_control()).collect()),
        }
    }
    names.sort();
    names.dedup();
    (names, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_come_from_the_distribution_where_it_has_them() {
        let (names, missing) =
            packaged("theme: minima\nplugins:\n  - jekyll-feed\n  - 'jekyll-x'\ntitle: a\n");
        assert_eq!(names, ["jekyll", "jekyll-theme-minima", "ruby-jekyll-feed"]);
        assert_eq!(missing, ["jekyll-x"]);
        assert_eq!(packaged("plugins: [jekyll-sitemap]\n").0, ["jekyll", "ruby-jekyll-sitemap"]);
    }
}
