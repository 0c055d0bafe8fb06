//! Databases and the like beside an app, as services of its compose file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::logging;
use crate::generator::images::BaseImages;
use crate::model::{Plan, Target};

/// How one kind is run, and how an app finds it.
struct Kind {
    name: &'static str,
    aliases: &'static [&'static str],
    port: u16,
    /// Where its data is; empty when it keeps none.
    data: &'static str,
    /// What it writes to besides its data and `/tmp`.
    scratch: &'static [&'static str],
    /// Its environment; `{password}` is the variable.
    env: &'static [(&'static str, &'static str)],
    command: &'static [&'static str],
    /// Asks whether it answers.
    health: &'static [&'static str],
    /// The variable that apps commonly take its address from.
    url_name: &'static str,
    url: &'static str,
}

const APP: &str = "app";

/// The entry points of the official images begin as root, take over their data folder and become another user: that
/// is what these are for.
const CAPABILITIES: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

const KINDS: [Kind; 7] = [
    Kind {
        name: "postgresql",
        aliases: &["postgres"],
        port: 5432,
        data: "/var/lib/postgresql/data",
        scratch: &["/var/run/postgresql"],
        env: &[("POSTGRES_USER", APP), ("POSTGRES_DB", APP), ("POSTGRES_PASSWORD", "{password}")],
        command: &[],
        health: &["CMD", "pg_isready", "--quiet", "--host=127.0.0.1", "--username=app", "--dbname=app"],
        url_name: "DATABASE_URL",
        url: "postgresql://app:{password}@{host}:5432/app",
    },
    Kind {
        name: "mysql",
        aliases: &[],
        port: 3306,
        data: "/var/lib/mysql",
        scratch: &["/var/run/mysqld", "/var/lib/mysql-files"],
        env: &[
            ("MYSQL_USER", APP),
            ("MYSQL_DATABASE", APP),
            ("MYSQL_PASSWORD", "{password}"),
            ("MYSQL_RANDOM_ROOT_PASSWORD", "yes"),
        ],
        command: &[],
        // Over the network: while the first start sets things up, only the socket answers.
        health: &["CMD", "mysqladmin", "ping", "--silent", "--protocol=tcp", "--host=127.0.0.1"],
        url_name: "DATABASE_URL",
        url: "mysql://app:{password}@{host}:3306/app",
    },
    Kind {
        name: "mariadb",
        aliases: &[],
        port: 3306,
        data: "/var/lib/mysql",
        scratch: &["/run/mysqld"],
        env: &[
            ("MARIADB_USER", APP),
            ("MARIADB_DATABASE", APP),
            ("MARIADB_PASSWORD", "{password}"),
            ("MARIADB_RANDOM_ROOT_PASSWORD", "yes"),
        ],
        command: &[],
        health: &["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"],
        url_name: "DATABASE_URL",
        url: "mysql://app:{password}@{host}:3306/app",
    },
    Kind {
        name: "mongodb",
        aliases: &["mongo"],
        port: 27017,
        data: "/data/db",
        scratch: &["/data/configdb"],
        env: &[("MONGO_INITDB_ROOT_USERNAME", APP), ("MONGO_INITDB_ROOT_PASSWORD", "{password}")],
        command: &[],
        health: &["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok || quit(1)"],
        url_name: "MONGODB_URI",
        url: "mongodb://app:{password}@{host}:27017/app?authSource=admin",
    },
    Kind {
        name: "redis",
        aliases: &["valkey"],
        port: 6379,
        data: "/data",
        scratch: &[],
        env: &[("REDISCLI_AUTH", "{password}")],
        // The shell is for the variable: the engine replaces none in an argument, and it stays out of the file.
        command: &[
            "sh",
            "-c",
            "exec docker-entrypoint.sh redis-server --appendonly yes --requirepass \"$$REDISCLI_AUTH\"",
        ],
        health: &["CMD-SHELL", "redis-cli ping | grep --quiet PONG"],
        url_name: "REDIS_URL",
        url: "redis://:{password}@{host}:6379/0",
    },
    Kind {
        name: "memcached",
        aliases: &["memcache"],
        port: 11211,
        data: "",
        scratch: &[],
        env: &[],
        command: &[],
        health: &["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/11211"],
        url_name: "MEMCACHED_SERVERS",
        url: "{host}:11211",
    },
    Kind {
        name: "rabbitmq",
        aliases: &["amqp"],
        port: 5672,
        data: "/var/lib/rabbitmq",
        scratch: &["/var/log/rabbitmq"],
        env: &[("RABBITMQ_DEFAULT_USER", APP), ("RABBITMQ_DEFAULT_PASS", "{password}")],
        command: &[],
        health: &["CMD", "rabbitmq-diagnostics", "--quiet", "ping"],
        url_name: "AMQP_URL",
        url: "amqp://app:{password}@{host}:5672",
    },
];

/// A service beside the app.
pub(super) struct AddonService {
    pub(super) name: String,
    pub(super) service: Value,
    pub(super) volume: Option<String>,
}

/// What the app's needs come to.
#[derive(Default)]
pub(super) struct Attached {
    pub(super) services: Vec<AddonService>,
    /// The app's variables that lead there, as compose reads them.
    pub(super) env: BTreeMap<String, String>,
    /// The variables that passwords come from.
    pub(super) passwords: Vec<String>,
    /// What nobody here knows how to run, with the reason why it seems to be needed.
    pub(super) unknown: Vec<String>,
}

/// One service for each kind. An app whose owner says where its database is has none beside it.
pub(super) fn attach(plan: &Plan, target: &Target) -> Attached {
    let mut attached = Attached::default();
    let mut seen = BTreeSet::new();
    let has_value = |name: &str| {
        target.env.contains_key(name)
            || plan.env.contains_key(name)
            || target.secret_names.iter().any(|n| n == name)
    };
    for need in &plan.addons {
        let wanted = need.kind.to_ascii_lowercase();
        let Some(kind) =
            KINDS.iter().find(|kind| kind.name == wanted || kind.aliases.contains(&wanted.as_str()))
        else {
            let line: String = format!("{} ({})", need.kind, need.file)
                .chars()
                .map(|c| if c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) { ' ' } else { c })
                .collect();
            if !attached.unknown.contains(&line) {
                attached.unknown.push(line);
            }
            continue;
        };
        let env = need.env.as_deref().filter(|name| is_variable(name)).unwrap_or(kind.url_name);
        if has_value(env) {
            continue;
        }
        let password = format!("{}_PASSWORD", kind.name.to_ascii_uppercase());
        let reference =
            format!("${{{password}:?set {password} to letters and digits, in the environment or in .env}}");
        for (name, value) in kind.variables(env, &reference, plan) {
            if !has_value(&name) {
                // The first need that asks for a variable has it.
                attached.env.entry(name).or_insert(value);
            }
        }
        if !seen.insert(kind.name) {
            continue;
        }
        if kind.env.iter().any(|(_, value)| *value == "{password}") {
            attached.passwords.push(password);
        }
        attached.services.push(kind.service(target, &reference));
    }
    attached
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl Kind {
    /// The app's variables: an address in one, or its parts where the app asks for a host.
    fn variables(&self, env: &str, password: &str, plan: &Plan) -> Vec<(String, String)> {
        let Some(start) = env.strip_suffix("HOST").or_else(|| env.strip_suffix("HOSTNAME")) else {
            let url = self.url.replace("{host}", self.name).replace("{password}", password);
            return vec![(env.to_owned(), url)];
        };
        let mut all = vec![(env.to_owned(), self.name.to_owned())];
        let port = self.port.to_string();
        for (end, value) in [
            ("PORT", port.as_str()),
            ("USER", APP),
            ("USERNAME", APP),
            ("PASSWORD", password),
            ("PASS", password),
            ("NAME", APP),
            ("DATABASE", APP),
            ("DB", APP),
        ] {
            let name = format!("{start}{end}");
            if plan.required_env.iter().any(|need| need.name == name) {
                all.push((name, value.to_owned()));
            }
        }
        all
    }

    fn service(&self, target: &Target, password: &str) -> AddonService {
        let role = format!("addon.{}", self.name);
        let image = BaseImages::default().image(&role, "");
        let image = target.images.get(&image).cloned().unwrap_or(image);
        let env: Map<String, Value> = self
            .env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.replace("{password}", password).into()))
            .collect();
        let mut tmpfs = vec!["/tmp"];
        tmpfs.extend(self.scratch);
        let mut service = json!({
            "image": image.replace('$', "$$"),
            "environment": env,
            "networks": ["default"],
            "restart": "unless-stopped",
            "healthcheck": {
                "test": self.health,
                "interval": "10s",
                "timeout": "5s",
                "retries": 6,
                // The first start makes the data.
                "start_period": "60s",
            },
            "logging": logging(),
            "cap_drop": ["ALL"],
            "cap_add": CAPABILITIES,
            "pids_limit": 512,
            "read_only": true,
            "security_opt": ["no-new-privileges:true"],
            "tmpfs": tmpfs,
        });
        if !self.command.is_empty() {
            service["command"] = json!(self.command);
        }
        if env.is_empty() {
            service.as_object_mut().map(|service| service.remove("environment"));
        }
        let mut volume = None;
        if !self.data.is_empty() {
            let name = format!("{}-data", self.name);
            service["volumes"] = json!([{"type": "volume", "source": name, "target": self.data}]);
            volume = Some(name);
        }
        AddonService { name: self.name.to_owned(), service, volume }
    }
}
