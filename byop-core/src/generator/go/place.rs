//! Where a Go app is built: in its own folder, or in that of the workspace or module around it.

use super::project::{join, uses};
use crate::generator::view::View;
use crate::source::SourceTree;

/// The folder to build in, and the app's place in it.
pub(super) struct Place<'a> {
    pub(super) home: View<'a>,
    /// The app's folder below `home`.
    pub(super) within: String,
    /// Whether the app's module is in `within` and takes others from beside it.
    pub(super) is_nested: bool,
    /// The folders of those modules, and of its own.
    pub(super) modules: Vec<String>,
}

pub(super) fn find<'a>(source: &'a SourceTree, app: &View<'a>) -> Place<'a> {
    let alone = || Place { home: app.clone(), within: String::new(), is_nested: false, modules: Vec::new() };
    let base = app.base();
    if base.is_empty() || app.has_file("go.work") {
        return alone();
    }
    let has_module = app.has_file("go.mod");
    let mut above = base;
    while !above.is_empty() {
        above = above.rsplit_once('/').map_or("", |(parent, _)| parent);
        let home = View::at(source, above);
        let within = if above.is_empty() { base } else { base[above.len()..].trim_start_matches('/') };
        let is_used = home.glance("go.work").is_some_and(|text| {
            uses(&text).iter().any(|folder| {
                folder == "."
                    || within == folder
                    || within.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
        });
        if is_used || (!has_module && home.has_file("go.mod")) {
            return Place { home, within: within.to_owned(), is_nested: false, modules: Vec::new() };
        }
    }
    let text = app.glance("go.mod").unwrap_or_default();
    let beside: Vec<String> = text.lines().filter_map(|line| replaced(line, base)).collect();
    if beside.is_empty() {
        return alone();
    }
    let modules = std::iter::once(base.to_owned()).chain(beside).collect();
    Place { home: View::at(source, ""), within: base.to_owned(), is_nested: true, modules }
}

/// The folder outside the app's own that a line of `go.mod` takes a module from.
fn replaced(line: &str, base: &str) -> Option<String> {
    let (_, target) = line.split("//").next()?.split_once("=>")?;
    let mut rest = target.trim();
    let mut folder = base;
    while let Some(next) = rest.strip_prefix("../").or_else(|| (rest == "..").then_some("")) {
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        rest = next;
    }
    let is_outside = folder.len() < base.len() && !rest.contains("..") && !rest.contains(' ');
    is_outside.then(|| if folder.is_empty() { rest.to_owned() } else { join(folder, rest) })
}
