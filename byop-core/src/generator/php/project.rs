//! What the files of a PHP project say: Composer's manifest and lock, the framework, the folder that is served.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::Result;
use crate::generator::images::BaseImages;
use crate::generator::pins::{self, Pin};
use crate::generator::version::{Version, satisfies};
use crate::generator::view::View;

/// Frameworks by the package that brings them, the most particular first.
const FRAMEWORKS: [(&str, &str); 14] = [
    ("laravel/framework", "laravel"),
    ("laravel/lumen-framework", "lumen"),
    ("roots/wordpress", "wordpress"),
    ("johnpbloch/wordpress", "wordpress"),
    ("drupal/core-recommended", "drupal"),
    ("drupal/core", "drupal"),
    ("symfony/framework-bundle", "symfony"),
    ("slim/slim", "slim"),
    ("cakephp/cakephp", "cakephp"),
    ("codeigniter4/framework", "codeigniter"),
    ("yiisoft/yii2", "yii"),
    ("laminas/laminas-mvc", "laminas"),
    ("mezzio/mezzio", "mezzio"),
    ("flightphp/core", "flight"),
];

/// Folders that web servers serve, in the order in which they are looked for.
const ROOTS: [&str; 8] = ["public", "web", "webroot", "htdocs", "www", "public_html", "docroot", "html"];

#[derive(Debug)]
pub(super) struct Project {
    composer: Option<Value>,
    pub(super) has_lock: bool,
    pub(super) framework: Option<&'static str>,
    /// The folder that is served; `.` is the app's own.
    pub(super) document_root: Option<String>,
    /// Whether requests for what is no file go to `index.php`.
    pub(super) has_front_page: bool,
    /// The names of the extensions that the app and its packages ask for, without `ext-`.
    pub(super) extensions: BTreeSet<String>,
    /// What the packages in the lock file ask of PHP.
    pub(super) limits: BTreeSet<String>,
    pub(super) pins: Vec<Pin>,
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        let composer = view.json("composer.json")?;
        let is_wordpress = view.has_file("wp-login.php") || view.has_file("wp-config.php");
        if composer.is_none()
            && !is_wordpress
            && view.first_file(&["index.php", "public/index.php", "web/index.php"]).is_none()
        {
            return Ok(None);
        }
        let mut project = Self {
            has_lock: composer.is_some() && view.has_file("composer.lock"),
            composer,
            framework: None,
            document_root: None,
            has_front_page: false,
            extensions: BTreeSet::new(),
            limits: BTreeSet::new(),
            pins: Vec::new(),
        };
        project.framework = FRAMEWORKS
            .iter()
            .find(|(package, _)| project.requires(package))
            .map(|(_, name)| *name)
            .or_else(|| (view.has_file("artisan") && project.composer.is_some()).then_some("laravel"))
            .or_else(|| is_wordpress.then_some("wordpress"));
        project.document_root = project.root_folder(view);
        if let Some(root) = &project.document_root {
            project.has_front_page = view.has_file(&inside(root, "index.php"));
        }
        project.read_lock(view);
        project.read_extensions(view);
        project.read_pins(view)?;
        Ok(Some(project))
    }

    pub(super) fn has_composer(&self) -> bool {
        self.composer.is_some()
    }

    fn section(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.composer
            .as_ref()
            .and_then(|composer| composer.get(name))
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| value.as_str().map(|value| (key.as_str(), value)))
    }

    /// Whether the app itself asks for a package.
    pub(super) fn requires(&self, package: &str) -> bool {
        self.section("require").any(|(name, _)| name.eq_ignore_ascii_case(package))
    }

    /// The packages that the app asks for, without PHP and its extensions.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        self.section("require").map(|(name, _)| name).filter(|name| name.contains('/'))
    }

    /// Whether the manifest has a script of this name.
    pub(super) fn has_script(&self, name: &str) -> bool {
        self.composer
            .as_ref()
            .and_then(|composer| composer.get("scripts")?.get(name))
            .is_some_and(|script| !script.is_null())
    }

    /// The folders of the tree that packages come from; none when one of them cannot be named.
    pub(super) fn local_packages(&self, view: &View<'_>) -> Option<BTreeSet<String>> {
        let repositories = self.composer.as_ref().and_then(|composer| composer.get("repositories"));
        let entries: Vec<&Value> = match repositories {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(Value::Object(map)) => map.values().collect(),
            _ => Vec::new(),
        };
        let is_path = |entry: &&Value| entry.get("type").and_then(Value::as_str) == Some("path");
        let mut folders = BTreeSet::new();
        for entry in entries.into_iter().filter(is_path) {
            let url = entry.get("url").and_then(Value::as_str)?;
            // Of a pattern, the folder before it will do.
            let folder = url.split('*').next().unwrap_or(url).trim_start_matches("./").trim_end_matches('/');
            if !is_plain(folder) || folder.starts_with('/') || !view.has_dir(folder) {
                return None;
            }
            folders.insert(folder.to_owned());
        }
        if self.requires("cweagans/composer-patches") && view.has_dir("patches") {
            folders.insert("patches".to_owned());
        }
        Some(folders)
    }

    fn root_folder(&self, view: &View<'_>) -> Option<String> {
        let own = self
            .composer
            .as_ref()
            .and_then(|composer| composer.pointer("/extra/public-dir"))
            .and_then(Value::as_str)
            .map(|folder| folder.trim_matches('/'))
            .filter(|folder| is_plain(folder) && view.has_dir(folder));
        if let Some(folder) = own {
            return Some(folder.to_owned());
        }
        if let Some(folder) = ROOTS.iter().find(|folder| view.has_file(&inside(folder, "index.php"))) {
            return Some((*folder).to_owned());
        }
        if view.has_file("index.php") || view.has_file("wp-login.php") {
            return Some(".".to_owned());
        }
        match self.framework {
            // Drupal's and Bedrock's own index is put there while packages are installed.
            Some("drupal" | "yii" | "wordpress") => Some("web".to_owned()),
            Some("cakephp") => Some("webroot".to_owned()),
            Some(_) => Some("public".to_owned()),
            None => ROOTS.iter().find(|folder| view.has_dir(folder)).map(|folder| (*folder).to_owned()),
        }
    }

    /// Reads the lock file line by line: it is large, and two facts of each package are all that matters.
    fn read_lock(&mut self, view: &View<'_>) {
        if !self.has_lock {
            return;
        }
        let Some(text) = view.glance("composer.lock") else { return };
        let mut is_required = false;
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with("\"packages-dev\"") {
                break;
            }
            if line.starts_with("\"require\"") {
                is_required = line.ends_with('{');
            } else if line.starts_with('}') {
                is_required = false;
            } else if is_required && let Some((name, value)) = pair(line) {
                if name == "php" {
                    self.limits.insert(value.to_owned());
                } else if let Some(extension) = name.strip_prefix("ext-") {
                    self.extensions.insert(extension.to_ascii_lowercase());
                }
            }
        }
    }

    fn read_extensions(&mut self, view: &View<'_>) {
        let mut wanted: Vec<String> = self
            .section("require")
            .filter_map(|(name, _)| name.strip_prefix("ext-"))
            .map(str::to_ascii_lowercase)
            .collect();
        let known = [
            ("intervention/image", "gd"),
            ("predis/predis", ""),
            ("league/glide", "gd"),
            ("drupal/core-recommended", "gd"),
            ("drupal/core-recommended", "pdo_mysql"),
            ("laravel/horizon", "pcntl"),
        ];
        wanted.extend(
            known
                .iter()
                .filter(|(package, _)| self.requires(package))
                .map(|(_, extension)| (*extension).to_owned()),
        );
        if self.framework == Some("wordpress") {
            wanted.extend(["exif", "mysqli"].map(String::from));
        }
        // Which database the app was written for is in its example settings.
        let settings = [".env.example", ".env.dist", ".env"]
            .iter()
            .find_map(|file| view.glance(file))
            .unwrap_or_default();
        let mut has_database = self.framework == Some("laravel")
            || self.requires("doctrine/doctrine-bundle")
            || self.requires("doctrine/orm")
            || self.requires("doctrine/dbal")
            || self.requires("illuminate/database");
        for line in settings.lines().map(str::trim) {
            let Some((name, value)) = line.split_once('=') else { continue };
            let value = value.trim_matches(['"', '\'']).to_ascii_lowercase();
            let driver = match (name, value.as_str()) {
                ("DB_CONNECTION", "pgsql") => "pdo_pgsql",
                ("DB_CONNECTION", "mysql" | "mariadb") => "pdo_mysql",
                ("DB_CONNECTION", "sqlite") => "pdo_sqlite",
                ("DATABASE_URL", url) if url.starts_with("postgres") => "pdo_pgsql",
                ("DATABASE_URL", url) if url.starts_with("mysql") => "pdo_mysql",
                ("DATABASE_URL", url) if url.starts_with("sqlite") => "pdo_sqlite",
                ("CACHE_DRIVER" | "CACHE_STORE" | "QUEUE_CONNECTION" | "SESSION_DRIVER", "redis")
                    if !self.requires("predis/predis") =>
                {
                    wanted.push("redis".into());
                    continue;
                }
                _ => continue,
            };
            wanted.push(driver.into());
            has_database = false;
        }
        if has_database && !wanted.iter().any(|name| name.starts_with("pdo_")) {
            wanted.extend(["pdo_mysql", "pdo_pgsql"].map(String::from));
        }
        self.extensions.extend(wanted.into_iter().filter(|name| !name.is_empty() && is_plain(name)));
        self.extensions.retain(|name| is_plain(name));
    }

    fn read_pins(&mut self, view: &View<'_>) -> Result<()> {
        self.pins.extend(pins::from_file(view, ".php-version")?);
        self.pins.extend(pins::from_tools(view, &["php"])?);
        let composer = self.composer.as_ref();
        let platform = composer.and_then(|c| c.pointer("/config/platform/php")).and_then(Value::as_str);
        if let Some(version) = platform {
            // What packages were chosen for: the release line matters, its patches are security fixes.
            let line: Vec<&str> = version.split('.').take(2).collect();
            self.pins.push(Pin::new(line.join("."), "composer.json", "config.platform.php"));
        }
        let required = self.section("require").find(|(name, _)| *name == "php").map(|(_, range)| range);
        if let Some(range) = required {
            self.pins.push(Pin::new(constraint(range), "composer.json", "require.php"));
        }
        Ok(())
    }

    /// Narrows a range to what the packages in the lock file run on, as Composer would refuse the others.
    pub(super) fn narrow(&mut self, images: &BaseImages) {
        let Some(first) = self.pins.first_mut() else { return };
        if first.reason != "require.php" || self.limits.is_empty() {
            return;
        }
        let fits = |text: &str| {
            Version::parse(text).is_some_and(|version| {
                satisfies(&first.request, &version)
                    && self.limits.iter().all(|limit| satisfies(&constraint(limit), &version))
            })
        };
        let default = images.default_version("php");
        if fits(&default) {
            return;
        }
        let found = images.versions("php").iter().find(|version| fits(version)).cloned();
        if let Some(version) = found {
            first.reason = format!("require.php is {}, and the locked packages run on", first.request);
            first.request = version;
            first.file = "composer.lock".into();
        }
    }
}

/// A path inside the served folder.
pub(super) fn inside(root: &str, file: &str) -> String {
    if root == "." { file.to_owned() } else { format!("{root}/{file}") }
}

/// Whether a text can stand in the server's configuration and in a path as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.split('/').any(|part| part == "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/' | b'.'))
}

/// `"name": "value"` with or without a comma.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim_end_matches(',').split_once(':')?;
    Some((
        name.trim().strip_prefix('"')?.strip_suffix('"')?,
        value.trim().strip_prefix('"')?.strip_suffix('"')?,
    ))
}

/// Composer's way to write ranges, in the words of the common one: `~8.1` reaches to the next major version there,
/// and a single `|` is an alternative.
pub(super) fn constraint(text: &str) -> String {
    let text = text.replace("||", "|");
    let alternatives: Vec<String> = text
        .split('|')
        .map(|part| {
            let words: Vec<String> = part
                .replace(',', " ")
                .split_whitespace()
                .map(|word| match word.strip_prefix('~') {
                    Some(rest) if rest.matches('.').count() == 1 => format!("^{rest}"),
                    _ => word.split('@').next().unwrap_or(word).to_owned(),
                })
                .collect();
            words.join(" ")
        })
        .collect();
    alternatives.join(" || ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceTree;

    #[test]
    fn ranges_of_composer_are_rewritten() {
        assert_eq!(constraint("~8.1"), "^8.1");
        assert_eq!(constraint("~8.1.3|~8.2.0"), "~8.1.3 || ~8.2.0");
        assert_eq!(constraint(">=7.4,<8.4"), ">=7.4 <8.4");
        assert_eq!(constraint("^7.4 || ^8.0"), "^7.4 || ^8.0");
    }

    #[test]
    fn the_lock_file_bounds_the_version_and_brings_extensions() {
        let lock = "{\n \"packages\": [\n {\n \"name\": \"a/a\",\n \"require\": {\n \"ext-intl\": \"*\",\n \"php\": \"~8.1.0 || ~8.2.0\"\n },\n \"require-dev\": {\n \"ext-xdebug\": \"*\"\n }\n }\n ],\n \"packages-dev\": [\n {\n \"require\": {\n \"ext-pcov\": \"*\"\n }\n }\n ]\n}";
        let tree = SourceTree::from_files([
            ("composer.json", r#"{"require":{"php":"^8.1","ext-gd":"*"}}"#),
            ("composer.lock", lock),
            ("public/index.php", ""),
        ])
        .unwrap();
        let mut project = Project::read(&View::of(&tree)).unwrap().unwrap();
        project.narrow(&BaseImages::default());
        assert_eq!(project.pins[0].request, "8.2");
        assert_eq!(project.extensions.iter().map(String::as_str).collect::<Vec<_>>(), ["gd", "intl"]);
    }
}
