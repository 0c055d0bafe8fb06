//! Add-ons, variables and folders that an application needs.

use byop_core::model::{Builder, Plan};

use super::{show, spec};

fn plan(files: &[(&str, &str)]) -> Plan {
    show(files, &spec(), Builder::BuildKit).unwrap().plan
}

/// The kinds of add-ons, with the variable of each.
fn addons(files: &[(&str, &str)]) -> Vec<(String, String)> {
    plan(files).addons.into_iter().map(|addon| (addon.kind, addon.env.unwrap_or_default())).collect()
}

#[test]
fn drivers_say_which_database_and_variables_where_it_is() {
    let package =
        r#"{"dependencies":{"pg":"8","ioredis":"5","typeorm":"1"},"devDependencies":{"mongodb":"6"}}"#;
    let found = addons(&[
        ("package.json", package),
        ("index.js", "connect(process.env.DATABASE_URL); cache(process.env.REDIS_URL)"),
    ]);
    assert_eq!(
        found,
        [("postgresql".into(), "DATABASE_URL".into()), ("redis".into(), "REDIS_URL".to_owned())]
    );
}

#[test]
fn a_mapper_for_several_databases_says_nothing() {
    for files in [
        [("requirements.txt", "sqlalchemy\nflask\n"), ("app.py", "import flask\n")],
        [("package.json", r#"{"dependencies":{"sequelize":"6"}}"#), ("index.js", "")],
        [("go.mod", "module a\nrequire gorm.io/gorm v1.25.0\n"), ("main.go", "package main\n")],
    ] {
        assert_eq!(addons(&files), [], "{files:?}");
    }
}

#[test]
fn every_ecosystem_has_its_names() {
    let rust = "[package]\nname = \"a\"\n[dependencies]\nsqlx = { version = \"0.8\", features = [\"runtime-tokio\", \"postgres\"] }\nlapin = \"3\"\n";
    for (files, kinds) in [
        (
            vec![("requirements.txt", "psycopg[binary]\ncelery[redis]\npika\n"), ("main.py", "")],
            vec!["postgresql", "rabbitmq", "redis"],
        ),
        (
            vec![
                ("go.mod", "module a\nrequire github.com/jackc/pgx/v5 v5.1.0\n"),
                ("main.go", "package main\n"),
            ],
            vec!["postgresql"],
        ),
        (vec![("Cargo.toml", rust), ("src/main.rs", "")], vec!["postgresql", "rabbitmq"]),
        (
            vec![
                ("package.json", r#"{"dependencies":{"@prisma/client":"6"}}"#),
                ("index.js", ""),
                ("prisma/schema.prisma", "datasource db {\n  provider = \"mysql\"\n}\n"),
            ],
            vec!["mysql"],
        ),
        (
            vec![
                ("package.json", "{}"),
                ("index.js", ""),
                ("docker-compose.yml", "services:\n  db:\n    image: mongo:7\n"),
            ],
            vec!["mongodb"],
        ),
        (
            vec![
                ("package.json", "{}"),
                ("index.js", ""),
                (".env.example", "DB_CONNECTION=pgsql\nSMTP_HOST=\n"),
            ],
            vec!["postgresql", "smtp"],
        ),
        (
            vec![
                ("manage.py", ""),
                ("requirements.txt", "django\n"),
                ("a/wsgi.py", ""),
                ("a/settings.py", "'ENGINE': 'django.db.backends.mysql',"),
            ],
            vec!["mysql"],
        ),
    ] {
        let found: Vec<String> = plan(&files).addons.into_iter().map(|addon| addon.kind).collect();
        assert_eq!(found, kinds, "{files:?}");
    }
}

#[test]
fn variables_without_a_value_are_listed() {
    let files = [
        ("requirements.txt", "flask\n"),
        (
            "app.py",
            "from flask import Flask\napp = Flask(__name__)\nkey = os.environ['STRIPE_KEY']\nmode = os.getenv('MODE', 'a')\nname = os.environ['SITE_NAME']\n",
        ),
        (".env.example", "SECRET_KEY=changeme\nPAGE_SIZE=20\nSITE_NAME=Shop\n"),
    ];
    let found: Vec<(String, String, bool)> =
        plan(&files).required_env.into_iter().map(|need| (need.name, need.file, need.is_secret)).collect();
    assert_eq!(
        found,
        [
            ("SECRET_KEY".into(), ".env.example".into(), true),
            ("STRIPE_KEY".into(), "app.py".to_owned(), true)
        ]
    );
    let spec = spec().with_env("STRIPE_KEY", "x").unwrap();
    let plan = show(&files, &spec, Builder::BuildKit).unwrap().plan;
    assert!(plan.required_env.iter().all(|need| need.name != "STRIPE_KEY"), "a value was given");
}

#[test]
fn a_site_of_files_reads_no_variables() {
    let plan = plan(&[("index.html", ""), (".env.example", "API_KEY=\n")]);
    assert_eq!(plan.required_env, []);
}

#[test]
fn files_that_would_be_lost_are_named() {
    let files = [
        ("package.json", r#"{"dependencies":{"express":"5","better-sqlite3":"12","multer":"2"}}"#),
        (
            "index.js",
            "const db = new Database('data/shop.db')\nconst upload = multer({ dest: 'uploads/' })\n",
        ),
    ];
    let plan = plan(&files);
    let found = plan.diagnostics.iter().find(|d| d.code == "keeps-files").unwrap();
    assert_eq!(found.setting.as_deref(), Some("volumes"));
    assert!(
        found.message.contains("data/shop.db") && found.message.contains("uploads/"),
        "{}",
        found.message
    );
    assert_eq!(plan.addons, []);
}
