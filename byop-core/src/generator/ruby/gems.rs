//! Reads `Gemfile` and `Gemfile.lock`: line by line, without running a word of Ruby.

use std::collections::{BTreeMap, BTreeSet};

/// What the two files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Gems {
    /// Versions by name: from the lock file, else names alone.
    names: BTreeMap<String, String>,
    /// Folders that gems are taken from.
    pub(super) folders: BTreeSet<String>,
    /// Whether the tree itself is a gem.
    pub(super) is_gem: bool,
    /// Whether gems come from Git repositories.
    pub(super) has_git: bool,
    /// Whether gems come from a registry.
    pub(super) has_remote: bool,
    /// Ruby as the Gemfile wants it: a version, a range or the name of a file.
    pub(super) ruby: Option<Wanted>,
    /// Ruby as the lock file has it.
    pub(super) locked_ruby: Option<String>,
    /// Bundler as the lock file has it.
    pub(super) bundler: Option<String>,
    /// The platforms of the lock file.
    pub(super) platforms: Vec<String>,
}

/// The `ruby` line of a Gemfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Version(String),
    File(String),
}

impl Gems {
    pub(super) fn read(gemfile: &str, lock: Option<&str>) -> Self {
        let mut gems = Self::default();
        gems.read_gemfile(gemfile);
        if let Some(lock) = lock {
            gems.read_lock(lock);
        }
        gems
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    #[cfg(test)]
    fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The locked version of a gem; empty where nothing is locked.
    pub(super) fn version(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn read_gemfile(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            let (word, rest) = line.split_once([' ', '(']).unwrap_or((line, ""));
            let texts: Vec<&str> = quoted(rest).collect();
            match word {
                "gem" => {
                    let Some(name) = texts.first() else { continue };
                    self.names.entry((*name).to_owned()).or_default();
                    match option(rest, "path") {
                        Some(folder) => self.add_folder(folder),
                        None if option(rest, "git").or(option(rest, "github")).is_some() => {
                            self.has_git = true;
                        }
                        None => self.has_remote = true,
                    }
                }
                "path" => texts.first().copied().into_iter().for_each(|folder| self.add_folder(folder)),
                "gemspec" => self.is_gem = true,
                "ruby" => {
                    self.ruby = match option(rest, "file") {
                        Some(file) => Some(Wanted::File(file.to_owned())),
                        None if texts.is_empty() => None,
                        None => {
                            let ranges: Vec<&str> = texts
                                .iter()
                                .copied()
                                .filter(|text| text.contains(|c: char| c.is_ascii_digit()))
                                .collect();
                            Some(Wanted::Version(ranges.join(", ")))
                        }
                    };
                }
                _ => {}
            }
        }
    }

    fn read_lock(&mut self, text: &str) {
        let mut section = "";
        // The lock file knows better where gems come from.
        self.has_remote = false;
        for line in text.lines() {
            if !line.starts_with(' ') {
                section = line.trim();
                continue;
            }
            let item = line.trim();
            match section {
                "GEM" | "GIT" | "PATH" => {
                    if section == "PATH"
                        && let Some(folder) = item.strip_prefix("remote:")
                    {
                        self.add_folder(folder.trim());
                    }
                    let is_gem = line.starts_with("    ") && !line.starts_with("     ");
                    if is_gem && let Some((name, version)) = item.split_once(" (") {
                        self.has_remote |= section == "GEM";
                        self.has_git |= section == "GIT";
                        let version = version.trim_end_matches(')').to_owned();
                        self.names.insert(name.to_owned(), version);
                    }
                }
                "RUBY VERSION" => {
                    let version = item.strip_prefix("ruby").unwrap_or(item).trim();
                    self.locked_ruby = Some(version.split('p').next().unwrap_or(version).to_owned());
                }
                "BUNDLED WITH" => self.bundler = Some(item.to_owned()),
                "PLATFORMS" => self.platforms.push(item.to_owned()),
                _ => {}
            }
        }
    }

    fn add_folder(&mut self, folder: &str) {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        if folder.is_empty() || folder == "." {
            self.is_gem = true;
        } else if !folder.starts_with('/') && !folder.split('/').any(|part| part == "..") {
            self.folders.insert(folder.to_owned());
        }
    }
}

/// The texts in quotes, up to a comment.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(['"', '\'', '#'])?;
        let quote = rest[start..].chars().next().filter(|c| *c != '#')?;
        let (found, after) = rest[start + 1..].split_once(quote)?;
        rest = after;
        Some(found)
    })
}

/// The text of a keyword: `path: "x"` or `:path => "x"`.
fn option<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = [format!("{name}:"), format!(":{name} =>"), format!(":{name}=>")]
        .iter()
        .filter_map(|key| text.find(key.as_str()).map(|at| at + key.len()))
        .min()?;
    quoted(&text[at..]).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEMFILE: &str = "source 'https://example.com'\nruby '3.2.1'\n# gem 'no'\ngem \"rails\", \"~> 7.1\"\ngem 'mine', path: './lib/mine' # why\ngroup :test do\n  gem 'rspec', :git => 'https://example.com/x'\nend\n";
    const LOCK: &str = "PATH\n  remote: lib/mine\n  specs:\n    mine (0.1.0)\n      rack\n\nGEM\n  remote: https://example.com/\n  specs:\n    rails (7.1.3)\n      rack (>= 2)\n    rack (3.0.9)\n\nPLATFORMS\n  x86_64-linux\n\nRUBY VERSION\n   ruby 3.2.1p31\n\nBUNDLED WITH\n   2.4.9\n";

    #[test]
    fn a_gemfile_is_read_without_ruby() {
        let gems = Gems::read(GEMFILE, None);
        assert_eq!(gems.names().collect::<Vec<_>>(), ["mine", "rails", "rspec"]);
        assert_eq!(gems.ruby, Some(Wanted::Version("3.2.1".into())));
        assert!(gems.folders.contains("lib/mine") && gems.has_git && gems.has_remote);
        let gems = Gems::read("ruby file: '.ruby-version'\ngemspec\n", None);
        assert_eq!(gems.ruby, Some(Wanted::File(".ruby-version".into())));
        assert!(gems.is_gem);
        assert_eq!(
            Gems::read("ruby '>= 3.1', '< 3.5'", None).ruby,
            Some(Wanted::Version(">= 3.1, < 3.5".into()))
        );
    }

    #[test]
    fn a_lock_file_names_versions_and_sources() {
        let gems = Gems::read(GEMFILE, Some(LOCK));
        assert_eq!(gems.version("rails"), Some("7.1.3"));
        assert_eq!(gems.locked_ruby.as_deref(), Some("3.2.1"));
        assert_eq!(gems.bundler.as_deref(), Some("2.4.9"));
        assert_eq!(gems.platforms, ["x86_64-linux"]);
        assert!(gems.has("rack") && gems.has_remote);
    }

    #[test]
    fn folders_outside_of_the_tree_are_not_taken() {
        let gems = Gems::read("gem 'a', path: '../a'\ngem 'b', path: '/b'", None);
        assert!(gems.folders.is_empty());
    }
}
