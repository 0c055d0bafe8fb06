//! The names of dependencies, from the manifests of all ecosystems.

use serde_json::Value;

use crate::generator::view::View;

/// A dependency and the manifest that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// In lower case; with a feature or an extra as `sqlx[postgres]`.
    pub(super) name: String,
    pub(super) file: String,
}

/// What the manifests of a folder name. A broken manifest names nothing here: its stack's generator says so.
pub(super) fn read(view: &View<'_>) -> Vec<Dependency> {
    let mut found = Vec::new();
    type Reader = fn(&str) -> Vec<String>;
    let readers: [(&str, Reader); 16] = [
        ("package.json", node),
        ("deno.json", quoted),
        ("requirements.txt", requirements),
        ("pyproject.toml", pyproject),
        ("Pipfile", pipfile),
        ("Gemfile", gems),
        ("composer.json", composer),
        ("go.mod", modules),
        ("Cargo.toml", cargo),
        ("pom.xml", artifacts),
        ("build.gradle", gradle),
        ("build.gradle.kts", gradle),
        ("build.sbt", quoted),
        ("mix.exs", atoms),
        ("project.clj", words),
        ("pubspec.yaml", words),
    ];
    for (file, reader) in readers {
        if let Some(text) = view.glance(file) {
            found.extend(reader(&text).into_iter().map(|name| Dependency { name, file: view.full(file) }));
        }
    }
    let root = View::root_of(view);
    if !view.base().is_empty() {
        // A part of a module or workspace: the rest is said above it.
        if let (false, Some(text)) = (view.has_file("go.mod"), root.glance("go.mod")) {
            found.extend(modules(&text).into_iter().map(|name| Dependency { name, file: "go.mod".into() }));
        }
        if let (Some(text), Some(own)) = (root.glance("Cargo.toml"), view.glance("Cargo.toml")) {
            let uses = |name: &str| own.lines().any(|line| line.trim_start().starts_with(name));
            let shared =
                cargo(&text).into_iter().filter(|name| uses(name.split('[').next().unwrap_or_default()));
            found.extend(shared.map(|name| Dependency { name, file: "Cargo.toml".into() }));
        }
    }
    for file in view.sources(&["csproj", "fsproj"], 2).into_iter().take(8) {
        if let Some(text) = view.glance(file) {
            let names = text.lines().filter(|line| line.contains("PackageReference")).filter_map(|line| {
                line.split("Include=\"").nth(1)?.split('"').next().map(str::to_ascii_lowercase)
            });
            found.extend(names.map(|name| Dependency { name, file: view.full(file) }));
        }
    }
    found
}

fn keys(value: &Value, names: &[&str]) -> Vec<String> {
    let tables = names.iter().filter_map(|name| value.get(*name)?.as_object());
    tables.flat_map(|table| table.keys().map(|key| key.to_ascii_lowercase())).collect()
}

fn node(text: &str) -> Vec<String> {
    serde_json::from_str(text)
        .map_or_else(|_| Vec::new(), |value| keys(&value, &["dependencies", "optionalDependencies"]))
}

fn composer(text: &str) -> Vec<String> {
    serde_json::from_str(text).map_or_else(|_| Vec::new(), |value| keys(&value, &["require"]))
}

/// `name[extra] >= 1 ; marker`, with the extras as names of their own.
fn requirement(line: &str) -> Vec<String> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "._-[],".contains(c))).unwrap_or(line.len());
    let (name, extras) = line[..end].split_once('[').unwrap_or((&line[..end], ""));
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    if name.is_empty() || name.starts_with('-') {
        return Vec::new();
    }
    let extras = extras.trim_end_matches(']').split(',').filter(|extra| !extra.is_empty());
    let mut found: Vec<String> =
        extras.map(|extra| format!("{name}[{}]", extra.to_ascii_lowercase())).collect();
    found.push(name);
    found
}

fn requirements(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).flat_map(requirement).collect()
}

fn pyproject(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let list =
        table.get("project").and_then(|project| project.get("dependencies")).and_then(toml::Value::as_array);
    let mut found: Vec<String> =
        list.into_iter().flatten().filter_map(toml::Value::as_str).flat_map(requirement).collect();
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry")?.get("dependencies")?.as_table());
    found.extend(poetry.into_iter().flatten().flat_map(|(name, value)| featured(name, value, "extras")));
    found
}

fn pipfile(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let packages = table.get("packages").and_then(toml::Value::as_table);
    packages.into_iter().flatten().flat_map(|(name, value)| featured(name, value, "extras")).collect()
}

/// A dependency in a table, with what is switched on of it.
fn featured(name: &str, value: &toml::Value, key: &str) -> Vec<String> {
    let name = name.to_ascii_lowercase();
    let features = value.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    let mut found: Vec<String> =
        features.filter_map(toml::Value::as_str).map(|feature| format!("{name}[{feature}]")).collect();
    found.push(name);
    found
}

fn cargo(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let workspace = table.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    [table.get("dependencies"), workspace]
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table)
        .flatten()
        .flat_map(|(name, value)| featured(name, value, "features"))
        .collect()
}

/// Gems, but not those of the groups for development and tests.
fn gems(text: &str) -> Vec<String> {
    let mut is_outside = true;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("group ") && line.ends_with(" do") {
            is_outside =
                line.contains(":production") || !(line.contains(":development") || line.contains(":test"));
        } else if line == "end" {
            is_outside = true;
        } else if let (true, Some(rest)) = (is_outside, line.strip_prefix("gem ")) {
            let name = rest.trim().trim_start_matches(['"', '\'', '(']);
            let end = name.find(['"', '\'']).unwrap_or(name.len());
            found.push(name[..end].to_ascii_lowercase());
        }
    }
    found
}

fn modules(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.ends_with("// indirect"))
        .filter_map(|line| line.trim_start_matches("require ").split_whitespace().next())
        .filter(|word| word.contains('/') && word.contains('.'))
        .map(str::to_ascii_lowercase)
        .collect()
}

fn artifacts(text: &str) -> Vec<String> {
    text.split("<dependency>")
        .skip(1)
        .filter(|part| !part.split("</dependency>").next().unwrap_or_default().contains("<scope>test<"))
        .filter_map(|part| part.split("<artifactId>").nth(1)?.split('<').next())
        .map(|name| name.trim().to_ascii_lowercase())
        .collect()
}

fn gradle(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("test") && !line.starts_with("//"))
        .flat_map(quoted)
        .collect()
}

/// The parts of texts in quotes: `group:artifact:version`, `npm:name@1`.
fn quoted(text: &str) -> Vec<String> {
    text.split(['"', '\''])
        .skip(1)
        .step_by(2)
        .flat_map(|literal| literal.split(':'))
        .map(|part| part.rsplit_once('@').map_or(part, |(name, _)| if name.is_empty() { part } else { name }))
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Elixir's `{:name, ...}`.
fn atoms(text: &str) -> Vec<String> {
    text.split("{:").skip(1).filter_map(|part| part.split(',').next()).map(str::to_ascii_lowercase).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-/".contains(c)))
        .map(str::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_every_kind_of_manifest() {
        assert_eq!(requirements("psycopg[binary]>=3 # x\n-r other.txt\n"), ["psycopg[binary]", "psycopg"]);
        assert_eq!(
            cargo("[dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n"),
            ["sqlx[postgres]", "sqlx"]
        );
        assert_eq!(
            gems("gem \"pg\", \"~> 1\"\ngroup :test do\n  gem 'redis'\nend\ngem 'rails'\n"),
            ["pg", "rails"]
        );
        assert_eq!(
            modules("require (\n\tgithub.com/lib/pq v1.10.0\n\tgithub.com/x/y v1.0.0 // indirect\n)\n"),
            ["github.com/lib/pq"]
        );
        assert_eq!(
            artifacts(
                "<dependency><artifactId>postgresql</artifactId></dependency><dependency><artifactId>h2</artifactId><scope>test</scope></dependency>"
            ),
            ["postgresql"]
        );
        assert!(
            gradle("implementation 'org.postgresql:postgresql:42.7'\ntestImplementation 'a:redis:1'\n")
                .contains(&"postgresql".to_owned())
        );
        assert_eq!(atoms("{:postgrex, \">= 0.0.0\"}, {:redix, \"~> 1\"}"), ["postgrex", "redix"]);
        assert_eq!(quoted("\"npm:pg@8\""), ["npm", "pg"]);
    }
}
