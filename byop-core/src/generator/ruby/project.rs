//! What the files of a Ruby project say: gems, the framework, and what is started.

use super::gems::{Gems, Wanted};
use crate::error::Result;
use crate::generator::pins::{self, Pin};
use crate::generator::version::Version;
use crate::generator::view::View;

/// Scripts that a project may begin with.
const SCRIPTS: [&str; 7] = ["app.rb", "main.rb", "server.rb", "web.rb", "start.rb", "bot.rb", "index.rb"];

/// Frameworks by the gem that brings them, the most particular first.
const FRAMEWORKS: [(&str, &str); 9] = [
    ("hanami", "hanami"),
    ("sinatra", "sinatra"),
    ("padrino", "padrino"),
    ("roda", "roda"),
    ("grape", "grape"),
    ("cuba", "cuba"),
    ("jekyll", "jekyll"),
    ("middleman", "middleman"),
    ("bridgetown", "bridgetown"),
];

#[derive(Debug)]
pub(super) struct Project {
    pub(super) gems: Gems,
    pub(super) has_gemfile: bool,
    pub(super) has_lock: bool,
    pub(super) framework: Option<&'static str>,
    pub(super) is_api: bool,
    pub(super) entry: Option<String>,
    /// The start command line that the files speak for.
    pub(super) start: Option<String>,
    pub(super) pins: Vec<Pin>,
}

impl Project {
    pub(super) fn read(view: &View<'_>) -> Result<Option<Self>> {
        let gemfile = view.read("Gemfile")?;
        let script = view.first_file(&SCRIPTS);
        if gemfile.is_none() && script.is_none() && !view.has_file("config.ru") {
            return Ok(None);
        }
        let lock = if gemfile.is_some() { view.glance("Gemfile.lock") } else { None };
        let gems = Gems::read(gemfile.as_deref().unwrap_or_default(), lock.as_deref());
        let application = view.glance("config/application.rb");
        let is_rails = application.is_some() && (gems.has("rails") || gems.has("railties"));
        let mut project = Self {
            has_gemfile: gemfile.is_some(),
            has_lock: gemfile.is_some() && view.has_file("Gemfile.lock"),
            framework: if is_rails {
                Some("rails")
            } else {
                FRAMEWORKS.iter().find(|(gem, _)| gems.has(gem)).map(|(_, name)| *name)
            },
            is_api: application.is_some_and(|text| {
                text.lines().any(|line| line.trim().starts_with("config.api_only = true"))
            }),
            gems,
            entry: None,
            start: None,
            pins: Vec::new(),
        };
        project.find_start(view, script);
        project.read_pins(view)?;
        Ok(Some(project))
    }

    pub(super) fn is_rails(&self) -> bool {
        self.framework == Some("rails")
    }

    /// Whether the framework writes a site and serves none.
    pub(super) fn writes_sites(&self) -> bool {
        matches!(self.framework, Some("jekyll" | "middleman" | "bridgetown"))
    }

    /// Whether Rails is at least of this version.
    pub(super) fn is_rails_since(&self, version: &str) -> bool {
        let locked = self.gems.version("railties").or_else(|| self.gems.version("rails"));
        match (locked.and_then(Version::parse), Version::parse(version)) {
            (Some(locked), Some(since)) => locked.compare(&since).is_ge(),
            _ => false,
        }
    }

    /// What has to be said before a program of a gem.
    fn exec(&self) -> &'static str {
        if self.has_gemfile { "bundle exec " } else { "" }
    }

    fn find_start(&mut self, view: &View<'_>, script: Option<&str>) {
        let exec = self.exec();
        let port = "${PORT:-3000}";
        if self.is_rails() {
            self.entry = Some("config/application.rb".into());
            self.start = Some(if view.has_file("bin/rails") {
                format!("{exec}bin/rails server -b 0.0.0.0 -p {port}")
            } else {
                format!("{exec}rails server -b 0.0.0.0 -p {port}")
            });
        } else if self.writes_sites() && script.is_none() {
            // What it writes is served by a web server: another generator knows how.
        } else if view.has_file("config.ru") {
            self.entry = Some("config.ru".into());
            let rack = self.gems.version("rack").and_then(Version::parse);
            // From its third version on, Rack comes without the program.
            let has_rackup = rack.is_none_or(|rack| rack.major() < 3) || self.gems.has("rackup");
            self.start = Some(if !has_rackup && self.gems.has("puma") {
                format!("{exec}puma -b tcp://0.0.0.0:{port} config.ru")
            } else {
                format!("{exec}rackup config.ru -o 0.0.0.0 -p {port}")
            });
        } else if let Some(script) = script {
            self.entry = Some(script.to_owned());
            // Gems that are no installed ones are only found through Bundler.
            let is_plain = self.gems.folders.is_empty() && !self.gems.has_git && !self.gems.is_gem;
            self.start =
                Some(if is_plain { format!("ruby {script}") } else { format!("{exec}ruby {script}") });
        } else if view.glance("Rakefile").is_some_and(|text| has_default_task(&text)) {
            self.entry = Some("Rakefile".into());
            self.start = Some(format!("{exec}rake"));
        }
    }

    fn read_pins(&mut self, view: &View<'_>) -> Result<()> {
        self.pins.extend(pins::from_file(view, ".ruby-version")?);
        self.pins.extend(pins::from_tools(view, &["ruby"])?);
        match self.gems.ruby.clone() {
            Some(Wanted::Version(range)) if !range.is_empty() => {
                self.pins.push(Pin::new(range, "Gemfile", "the ruby line"));
            }
            Some(Wanted::File(file)) if file != ".ruby-version" && file != ".tool-versions" => {
                self.pins.extend(pins::from_file(view, &file)?);
            }
            _ => {}
        }
        let locked = self.gems.locked_ruby.clone();
        self.pins.extend(locked.map(|version| Pin::new(version, "Gemfile.lock", "RUBY VERSION")));
        for pin in &mut self.pins {
            if let Some(rest) = pin.request.strip_prefix("ruby-") {
                pin.request = rest.to_owned();
            }
        }
        Ok(())
    }
}

fn has_default_task(text: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        ["task default", "task :default", "task(:default", "task \"default\""]
            .iter()
            .any(|start| line.starts_with(start))
    })
}
