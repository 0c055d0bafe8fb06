//! Which add-ons the names of dependencies, variables and images stand for.

use super::addon;
use super::dependencies::Dependency;
use super::example::Entry;
use super::names::{IMAGES, MODULES, PACKAGES, VARIABLES};
use crate::generator::view::View;
use crate::model::AddonNeed;

/// The add-ons that are needed, and the file that speaks for SQLite, which needs a folder and no server.
pub(super) fn find(
    view: &View<'_>,
    names: &[Dependency],
    example: &[Entry],
    seen: &[&str],
) -> (Vec<AddonNeed>, Option<String>) {
    let mut found: Vec<AddonNeed> = Vec::new();
    let mut offer = |kind: &str, file: &str, reason: String| {
        if !found.iter().any(|known| known.kind == kind) {
            found.push(addon(kind, file, reason, None));
        }
    };
    for dependency in names {
        if let Some(kind) = kind_of(&dependency.name) {
            offer(kind, &dependency.file, format!("the dependency `{}`", dependency.name));
        }
    }
    schemas(view, &mut offer);
    for entry in example {
        if let Some(kind) = kind_of_value(&entry.name, &entry.value) {
            offer(kind, &entry.file, format!("the value of `{}`", entry.name));
        }
        if let Some((kind, ..)) = VARIABLES.iter().find(|(_, _, own)| own.contains(&entry.name.as_str())) {
            offer(kind, &entry.file, format!("the variable `{}`", entry.name));
        }
    }
    services(view, &mut offer);
    let sqlite = found.iter().find(|known| known.kind == "sqlite").map(|known| known.file.clone());
    found.retain(|known| known.kind != "sqlite");
    // The driver of MySQL serves both, and the other name is the surer one.
    if found.iter().any(|known| known.kind == "mariadb") {
        found.retain(|known| known.kind != "mysql");
    }
    // The order of a manifest's keys depends on how it was read.
    found.sort_by(|a, b| a.kind.cmp(&b.kind));
    for need in &mut found {
        let candidates = VARIABLES.iter().find(|(kind, ..)| *kind == need.kind);
        let named = candidates.into_iter().flat_map(|(_, shared, own)| own.iter().chain(shared.iter()));
        need.env = named.copied().find(|name| seen.contains(name)).map(str::to_owned);
        let is_rails = names.iter().any(|dependency| dependency.name == "rails");
        if need.env.is_none() && is_rails && matches!(need.kind.as_str(), "postgresql" | "mysql") {
            need.env = Some("DATABASE_URL".to_owned());
        }
    }
    (found, sqlite)
}

fn kind_of(name: &str) -> Option<&'static str> {
    if let Some((kind, _)) = PACKAGES.iter().find(|(_, names)| names.contains(&name)) {
        return Some(kind);
    }
    let fits = |module: &&str| {
        name == *module || name.strip_prefix(*module).is_some_and(|rest| rest.starts_with('/'))
    };
    MODULES.iter().find(|(_, modules)| modules.iter().any(fits)).map(|(kind, _)| *kind)
}

/// The add-on behind an address, or behind the name of a connection.
fn kind_of_value(name: &str, value: &str) -> Option<&'static str> {
    let scheme = value.split("://").next().filter(|scheme| scheme.len() < value.len()).unwrap_or_default();
    let word = match name {
        "DB_CONNECTION" | "DB_CLIENT" | "DB_ENGINE" | "DATABASE_CLIENT" | "DB_DIALECT" | "DB_TYPE" => value,
        _ => scheme.split('+').next().unwrap_or_default(),
    };
    Some(match word {
        "postgres" | "postgresql" | "pgsql" | "pg" | "django.db.backends.postgresql" => "postgresql",
        "mysql" | "mysql2" | "django.db.backends.mysql" => "mysql",
        "mariadb" => "mariadb",
        "mongodb" => "mongodb",
        "redis" | "rediss" => "redis",
        "amqp" | "amqps" => "rabbitmq",
        "smtp" | "smtps" => "smtp",
        "nats" => "nats",
        "sqlite" | "sqlite3" => "sqlite",
        _ => return None,
    })
}

/// What the schemas of data mappers say: Prisma, Drizzle, Rails, Django.
fn schemas(view: &View<'_>, offer: &mut impl FnMut(&str, &str, String)) {
    for file in ["prisma/schema.prisma", "schema.prisma", "prisma/schema/schema.prisma"] {
        let Some(text) = view.glance(file) else { continue };
        let source = text.split("datasource ").nth(1).unwrap_or_default();
        let source = source.split('}').next().unwrap_or_default();
        let provider =
            source.lines().find_map(|line| line.trim().strip_prefix("provider")?.split('"').nth(1));
        if let Some(kind) = provider.and_then(|provider| kind_of_value("DB_TYPE", provider)) {
            offer(kind, &view.full(file), "the provider of the data source".into());
        }
    }
    for file in ["drizzle.config.ts", "drizzle.config.js", "drizzle.config.mjs"] {
        let Some(text) = view.glance(file) else { continue };
        let dialect = text.split("dialect").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
        if let Some(kind) = dialect.and_then(|dialect| kind_of_value("DB_TYPE", dialect)) {
            offer(kind, &view.full(file), "the dialect".into());
        }
    }
    if let Some(text) = view.glance("config/database.yml") {
        let adapter = text.lines().find_map(|line| line.trim().strip_prefix("adapter:"));
        if let Some(kind) = adapter.and_then(|adapter| kind_of_value("DB_TYPE", adapter.trim())) {
            offer(kind, &view.full("config/database.yml"), "the adapter".into());
        }
    }
    if view.has_file("manage.py") {
        let settings = view.sources(&["py"], 3).into_iter().filter(|path| path.contains("settings")).take(6);
        for file in settings {
            let Some(text) = view.glance(file) else { continue };
            let engine = text
                .split("django.db.backends.")
                .nth(1)
                .map(|rest| rest.split(['"', '\'']).next().unwrap_or_default());
            if let Some(kind) = engine.and_then(|engine| kind_of_value("DB_TYPE", engine)) {
                offer(kind, &view.full(file), "the engine of the database".into());
            }
        }
    }
}

/// The services of an own compose file, and the add-ons of an `app.json`.
fn services(view: &View<'_>, offer: &mut impl FnMut(&str, &str, String)) {
    for file in ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"] {
        let Some(text) = view.glance(file) else { continue };
        for image in text.lines().filter_map(|line| line.trim().strip_prefix("image:")) {
            let image = image.trim().trim_matches(['"', '\'']);
            let name = image.trim_start_matches("docker.io/").trim_start_matches("library/");
            let name = name.split(['@', ':']).next().unwrap_or_default();
            if let Some((_, kind)) = IMAGES.iter().find(|(known, _)| *known == name) {
                offer(kind, &view.full(file), format!("a service of the image `{name}`"));
            }
        }
    }
    let app = view.glance("app.json").and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    for entry in app.as_ref().and_then(|app| app.get("addons")?.as_array()).into_iter().flatten() {
        let plan = entry.as_str().or_else(|| entry.get("plan")?.as_str()).unwrap_or_default();
        let kind = match plan.split(':').next().unwrap_or_default() {
            "heroku-postgresql" => "postgresql",
            "heroku-redis" | "rediscloud" | "redistogo" | "heroku-key-value-store" => "redis",
            "jawsdb" | "cleardb" => "mysql",
            "jawsdb-maria" => "mariadb",
            "mongolab" | "mongodb-atlas" => "mongodb",
            "cloudamqp" => "rabbitmq",
            "bonsai" => "elasticsearch",
            "sendgrid" | "mailgun" | "postmark" => "smtp",
            "memcachier" => "memcached",
            _ => continue,
        };
        offer(kind, &view.full("app.json"), "an add-on that it lists".into());
    }
}
