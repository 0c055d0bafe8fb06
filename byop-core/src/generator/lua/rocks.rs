//! Rocks: what a rockspec and the source ask for, and the distribution's packages of them.

use crate::error::Result;
use crate::generator::view::View;

/// Rocks that the distribution has for every version of Lua, with the modules that they bring.
const KNOWN: [(&str, &[&str], &str); 11] = [
    ("argparse", &["argparse"], "lua-argparse"),
    ("cqueues", &["cqueues"], "lua-cqueues"),
    ("dkjson", &["dkjson"], "lua-dkjson"),
    ("lpeg", &["lpeg", "re"], "lua-lpeg"),
    ("lua-cjson", &["cjson"], "lua-cjson"),
    ("luafilesystem", &["lfs"], "lua-filesystem"),
    ("luaossl", &["openssl"], "lua-luaossl"),
    ("luaposix", &["posix"], "lua-posix"),
    ("luasec", &["ssl"], "lua-sec"),
    ("luasocket", &["socket", "mime", "ltn12"], "lua-socket"),
    ("penlight", &["pl"], "lua-penlight"),
];

/// What a project asks for.
#[derive(Debug, Default)]
pub(super) struct Rocks {
    /// The rockspec.
    pub(super) file: Option<String>,
    /// The constraint on Lua itself.
    pub(super) lua: Option<String>,
    /// Names of rocks, in lower case.
    names: Vec<String>,
}

impl Rocks {
    pub(super) fn read(view: &View<'_>) -> Result<Self> {
        let mut files: Vec<&str> = view
            .entries_here()
            .filter(|(name, is_file)| *is_file && name.ends_with(".rockspec"))
            .map(|(name, _)| name)
            .collect();
        // The one for development comes first, as it describes this very tree.
        files.sort_by_key(|name| (!(name.contains("-dev") || name.contains("-scm")), *name));
        let mut rocks = Self::default();
        let Some(file) = files.first() else { return Ok(rocks) };
        let text = view.read(file)?.unwrap_or_default();
        rocks.file = Some((*file).to_owned());
        for entry in dependencies(&text) {
            let (name, constraint) = entry.split_once([' ', '>', '<', '=', '~']).unwrap_or((entry, ""));
            if name == "lua" {
                let constraint = entry[name.len()..].trim();
                rocks.lua = (!constraint.is_empty()).then(|| constraint.replace("~>", "~"));
            } else if !name.is_empty() {
                let _ = constraint;
                rocks.names.push(name.to_ascii_lowercase());
            }
        }
        Ok(rocks)
    }

    /// The distribution's packages that bring all of it; none where a rock is not among them.
    pub(super) fn packages(&self, view: &View<'_>) -> Option<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        for name in &self.names {
            let (.., package) = KNOWN.iter().find(|(rock, ..)| rock == name)?;
            found.push((*package).to_owned());
        }
        // A script without a rockspec says what it wants where it loads it.
        let loaded = loaded(view);
        let known = loaded.iter().filter_map(|top| {
            KNOWN.iter().find(|(_, modules, _)| modules.contains(&top.as_str())).map(|(.., package)| *package)
        });
        found.extend(known.map(str::to_owned));
        found.sort();
        found.dedup();
        Some(found)
    }
}

impl Rocks {
    /// Modules that the source loads and that nothing brings.
    pub(super) fn missing(&self, view: &View<'_>) -> Vec<String> {
        if self.file.is_some() {
            return Vec::new();
        }
        let is_known = |top: &String| KNOWN.iter().any(|(_, modules, _)| modules.contains(&top.as_str()));
        loaded(view).into_iter().filter(|top| !is_known(top)).collect()
    }
}

/// The modules, by the first part of their names, that the source loads and that are neither Lua's nor its own.
fn loaded(view: &View<'_>) -> Vec<String> {
    const LUA: [&str; 13] = [
        "bit",
        "bit32",
        "coroutine",
        "debug",
        "ffi",
        "io",
        "jit",
        "math",
        "os",
        "package",
        "string",
        "table",
        "utf8",
    ];
    let mut found: Vec<String> = Vec::new();
    for path in view.sources(&["lua"], 4).into_iter().take(40) {
        let Some(text) = view.glance(path) else { continue };
        for module in required(&text) {
            let top = module.split('.').next().unwrap_or(module);
            let file = module.replace('.', "/");
            let is_own = ["", "src/", "lib/"].iter().any(|folder| {
                view.has_file(&format!("{folder}{file}.lua")) || view.has_dir(&format!("{folder}{top}"))
            });
            if !is_own && !LUA.contains(&top) && !found.iter().any(|known| known == top) {
                found.push(top.to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The texts in the list of dependencies.
fn dependencies(text: &str) -> Vec<&str> {
    let Some(at) = text.lines().position(|line| line.trim_start().starts_with("dependencies")) else {
        return Vec::new();
    };
    let start: usize = text.lines().take(at).map(|line| line.len() + 1).sum();
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find('}').unwrap_or(rest.len());
    rest[..end].split(['"', '\'']).skip(1).step_by(2).collect()
}

/// The modules that a source loads by name.
fn required(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("require").filter_map(|(at, _)| {
        let rest = text[at + 7..].trim_start_matches([' ', '(']);
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest[1..].split(quote).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn rocks_come_to_packages_where_all_are_known() {
        let spec = "package = \"shop\"\ndependencies = {\n  \"lua >= 5.3, < 5.5\",\n  'luasocket ~> 3.1',\n  \"luasec\"\n}\n";
        let tree = SourceTree::from_files([
            ("shop-dev-1.rockspec", spec),
            ("main.lua", "local json = require \"cjson\"\nlocal own = require('http.x')"),
            ("http/x.lua", ""),
        ])
        .unwrap();
        let view = View::at(&tree, "");
        let rocks = Rocks::read(&view).unwrap();
        assert_eq!(rocks.lua.as_deref(), Some(">= 5.3, < 5.5"));
        assert_eq!(rocks.packages(&view).unwrap(), ["lua-cjson", "lua-sec", "lua-socket"]);
        let unknown = Rocks { names: vec!["lapis".into()], ..Rocks::default() };
        assert!(unknown.packages(&view).is_none());
        let tree =
            SourceTree::from_files([("main.lua", "require 'copas'\nrequire 'socket'\nrequire 'table'")])
                .unwrap();
        assert_eq!(Rocks::default().missing(&View::at(&tree, "")), ["copas"]);
    }
}
