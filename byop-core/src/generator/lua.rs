//! Lua: scripts on the interpreter, and nginx configurations on OpenResty.

mod rocks;

use rocks::Rocks;

use super::finish::{copy, copy_from, copy_source, end, no_start, probe, run};
use super::images::BaseImages;
use super::native::{self, Hints};
use super::pins::{self, Pin};
use super::view::View;
use super::{Generator, command, script};
use crate::error::{Error, Result};
use crate::model::{AppSpec, BuildStep, Detection, Diagnostic, Plan, Severity, Stage};
use crate::source::SourceTree;

/// Files that an app may start with.
const MAIN: [&str; 7] =
    ["main.lua", "app.lua", "server.lua", "init.lua", "src/main.lua", "src/app.lua", "src/server.lua"];

/// Where OpenResty's configuration may be.
const NGINX: [&str; 2] = ["nginx.conf", "conf/nginx.conf"];

/// Folders that nginx makes when it starts.
const FOLDERS: [&str; 6] =
    ["client_body_temp", "fastcgi_temp", "logs", "proxy_temp", "scgi_temp", "uwsgi_temp"];

/// Recognises a `main.lua`, a rockspec and an `nginx.conf` with Lua in it.
#[derive(Debug, Clone, Default)]
pub struct LuaGenerator {
    images: BaseImages,
}

impl LuaGenerator {
    /// The generator on a table of base images.
    #[must_use]
    pub fn new(images: BaseImages) -> Self {
        Self { images }
    }
}

struct Project {
    /// The configuration for OpenResty and its text.
    nginx: Option<(&'static str, String)>,
    main: Option<&'static str>,
    rocks: Rocks,
    pins: Vec<Pin>,
}

impl Project {
    fn read(view: &View<'_>) -> Result<Option<Self>> {
        let nginx = NGINX.into_iter().find_map(|file| {
            let text = view.glance(file)?;
            let is_lua = text.contains("_by_lua") || text.contains("lua_package_path");
            is_lua.then_some((file, text))
        });
        let main = view.first_file(&MAIN);
        let rocks = Rocks::read(view)?;
        if nginx.is_none() && main.is_none() && rocks.file.is_none() {
            return Ok(None);
        }
        // Editors and games are configured in Lua too.
        let is_embedded =
            |text: &str| text.contains("vim.") || text.contains("love.") || text.contains("awful.");
        if nginx.is_none()
            && rocks.file.is_none()
            && main.and_then(|file| view.glance(file)).is_some_and(|text| is_embedded(&text))
        {
            return Ok(None);
        }
        let mut pins = Vec::new();
        pins.extend(pins::from_file(view, ".lua-version")?);
        pins.extend(pins::from_tools(view, &["lua"])?);
        if let Some((request, file)) = rocks.lua.clone().zip(rocks.file.clone()) {
            pins.push(Pin::new(request, file, "the dependency lua"));
        }
        Ok(Some(Self { nginx, main, rocks, pins }))
    }
}

impl Generator for LuaGenerator {
    fn name(&self) -> &str {
        "lua"
    }

    fn looks_for(&self) -> Vec<String> {
        ["main.lua", "*.rockspec"].map(String::from).to_vec()
    }

    fn detect(&self, source: &SourceTree) -> Result<Option<Detection>> {
        let view = View::of(source);
        let Some(project) = Project::read(&view)? else { return Ok(None) };
        let rival = native::rival(&view, &["rockspec"]);
        let confidence = match (rival, &project.nginx, project.main, &project.rocks.file) {
            (Some(_), ..) => 0.3,
            (None, Some(_), ..) => 0.9,
            (None, None, Some(_), Some(_)) => 0.9,
            (None, None, Some("init.lua"), None) => 0.5,
            (None, None, Some(_), None) => 0.8,
            (None, None, None, _) => 0.55,
        };
        let mut detection = Detection::new("lua", confidence);
        view.base().clone_into(&mut detection.root);
        let nginx = project.nginx.as_ref().map(|(file, _)| *file);
        let file = nginx.or(project.main).map(str::to_owned).or_else(|| project.rocks.file.clone());
        detection.note("stack = lua", view.full(&file.unwrap_or_default()), "it is written in Lua");
        detection.version = Some(pins::decide(&self.images, "lua", &project.pins, None, &mut detection));
        if let Some(file) = &project.rocks.file {
            detection.package_manager = Some("luarocks".into());
            detection.note("package manager = luarocks", view.full(file), "a rockspec");
        }
        let missing = if nginx.is_some() { Vec::new() } else { project.rocks.missing(&view) };
        if !missing.is_empty() {
            detection.diagnostics.push(
                Diagnostic::new(
                    "unknown-library",
                    Severity::Warning,
                    format!("the source loads {}, which no rockspec asks for", missing.join(", ")),
                )
                .with_setting("build.install"),
            );
        }
        if let Some(file) = nginx {
            detection.framework = Some("openresty".into());
            detection.note(
                "framework = openresty",
                view.full(file),
                "a configuration of nginx with Lua in it",
            );
        } else if project.main.is_none() {
            detection
                .diagnostics
                .push(no_start("no main.lua, app.lua or server.lua was found: this is a library"));
        }
        Ok(Some(detection))
    }

    fn plan(&self, source: &SourceTree, detection: &Detection, spec: &AppSpec) -> Result<Plan> {
        let view = View::at(source, &detection.root);
        let Some(project) = Project::read(&view)? else {
            return Err(Error::invalid("app.plan", "the Lua project is gone").with_remedy("detect again"));
        };
        let start = match &project.nginx {
            Some((file, text)) => Some(openresty(file, text)),
            None => project.main.map(|file| format!("lua {file}")),
        };
        let port = project.nginx.as_ref().and_then(|(_, text)| listens(text));
        if let Some(low) = port.filter(|port| *port < 1024 && spec.port.is_none()) {
            let mut plan =
                native::plan(&self.images, &view, detection, spec, Hints { port: 8080, ..Hints::default() })?;
            plan.diagnostics.push(
                Diagnostic::new(
                    "privileged-port",
                    Severity::Error,
                    format!(
                        "nginx.conf listens on port {low}, which only root may open; let it listen on 8080"
                    ),
                )
                .with_setting("port"),
            );
            return end(plan, &view, spec);
        }
        let hints = Hints {
            file: project.main,
            extensions: &["lua"],
            entry: project.nginx.as_ref().map(|(file, _)| *file).or(project.main).map(str::to_owned),
            start,
            port: port.unwrap_or(8080),
            ..Hints::default()
        };
        let mut plan = native::plan(&self.images, &view, detection, spec, hints)?;
        plan.ignore = ["lua_modules", ".luarocks", "*.rock"].map(String::from).to_vec();
        if project.nginx.is_some() {
            plan.port = spec.port.or(port).unwrap_or(plan.port);
            self.openresty_stage(&mut plan, &view);
        } else {
            self.stages(&mut plan, &view, &project);
        }
        end(plan, &view, spec)
    }
}

/// The ports that a configuration of nginx listens on: the first.
fn listens(text: &str) -> Option<u16> {
    text.lines().map(str::trim).find_map(|line| {
        let value = line.strip_prefix("listen")?.strip_prefix([' ', '\t'])?;
        value.trim_end_matches(';').split_whitespace().next()?.rsplit(':').next()?.parse().ok()
    })
}

/// The start line: in the foreground, with what the configuration leaves open sent to where it can be written.
fn openresty(file: &str, text: &str) -> String {
    let has = |name: &str| {
        text.lines()
            .any(|line| line.trim().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\t'])))
    };
    let settings: Vec<&str> =
        [("daemon", "daemon off;"), ("pid", "pid /tmp/nginx.pid;"), ("error_log", "error_log stderr;")]
            .into_iter()
            .filter(|(name, _)| !has(name))
            .map(|(_, setting)| setting)
            .collect();
    let settings = if settings.is_empty() { String::new() } else { format!(" -g '{}'", settings.join(" ")) };
    format!("openresty -p /app -c {file}{settings}")
}

impl LuaGenerator {
    fn openresty_stage(&self, plan: &mut Plan, view: &View<'_>) {
        let Some(start) = plan.start.clone() else { return };
        let probe = probe(plan, &self.images);
        plan.stages.push(Stage {
            name: "run".into(),
            image: self.images.image("lua.openresty", ""),
            reason: "The server that runs the configuration and the Lua in it.".into(),
            steps: vec![BuildStep::Workdir("/app".into()), probe, copy_source(view, "")],
        });
        plan.command = Some(command::exec_form(&start));
        plan.writable = FOLDERS.map(|folder| format!("/app/{folder}")).to_vec();
        plan.stop_signal = Some("SIGQUIT".into());
    }

    fn stages(&self, plan: &mut Plan, view: &View<'_>, project: &Project) {
        if plan.start.is_none() {
            return;
        }
        let version = plan.version.clone().unwrap_or_default();
        let line = version.split('.').take(2).collect::<Vec<_>>().join(".");
        let lua = format!("lua{line}");
        let mut packages = vec![lua.clone()];
        let mut steps = Vec::new();
        match (project.rocks.packages(view), &project.rocks.file) {
            (Some(names), _) if plan.install.is_none() => packages.extend(names),
            (_, file) => {
                let rockspec = file.as_deref().map(|file| view.full(file));
                plan.install = plan.install.clone().or_else(|| {
                    let name = file.as_deref()?.rsplit('/').next()?;
                    Some(format!(
                        "luarocks --lua-version {line} install --tree /rocks --only-deps {}",
                        command::quote(name)
                    ))
                });
                let mut build = vec![
                    BuildStep::Packages {
                        names: [
                            "ca-certificates",
                            "gcc",
                            "git",
                            "libc6-dev",
                            &format!("lib{lua}-dev"),
                            &lua,
                            "luarocks",
                            "make",
                            "unzip",
                        ]
                        .map(String::from)
                        .to_vec(),
                        reason: "Rocks may be written in C.".into(),
                    },
                    BuildStep::Workdir("/src".into()),
                ];
                if let Some(rockspec) = rockspec {
                    build.push(copy(
                        vec![rockspec],
                        "./",
                        "The list of rocks first: they change less often than the source.",
                    ));
                }
                build.push(run(plan.install.clone().unwrap_or_default(), Vec::new(), ""));
                plan.stages.push(Stage {
                    name: "build".into(),
                    image: self.images.image("native", ""),
                    reason: "Installs the rocks; the compiler stays in this stage.".into(),
                    steps: build,
                });
                steps.push(copy_from("build", "/rocks", "/usr/local", "The interpreter looks here."));
            }
        }
        packages.sort();
        packages.dedup();
        script::stage(plan, view, &self.images, packages, steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_nginx_is_kept_and_completed() {
        let text = "worker_processes 1;\nerror_log logs/error.log;\nhttp { server {\n  listen 0.0.0.0:9000 default_server;\n} }";
        assert_eq!(listens(text), Some(9000));
        assert_eq!(
            openresty("nginx.conf", text),
            "openresty -p /app -c nginx.conf -g 'daemon off; pid /tmp/nginx.pid;'"
        );
    }

    #[test]
    fn editors_and_games_are_no_servers() {
        for files in [
            [("init.lua", "vim.opt.number = true\n"), ("lua/a.lua", "")],
            [("main.lua", "function love.draw() end\n"), ("conf.lua", "")],
        ] {
            let tree = SourceTree::from_files(files).unwrap();
            assert!(LuaGenerator::default().detect(&tree).unwrap().is_none());
        }
    }
}
