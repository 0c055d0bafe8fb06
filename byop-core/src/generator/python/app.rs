//! Finds what is started: the module that really makes the web app, or a script.

use super::project::{Project, SCRIPTS};
use crate::generator::command::quote;
use crate::generator::view::View;

/// How a Python app is started.
#[derive(Debug)]
pub(super) struct Start {
    /// The command line.
    pub(super) line: String,
    /// The module or script.
    pub(super) entry: String,
    /// The file that decided.
    pub(super) file: String,
    pub(super) reason: &'static str,
    /// Whether a server listens on `$PORT`.
    pub(super) is_server: bool,
    /// The package of the server, when it has to be installed besides the project's own dependencies.
    pub(super) server: Option<&'static str>,
    /// A health path that the framework brings.
    pub(super) health: Option<&'static str>,
}

/// Calls that make an app, and whether it speaks ASGI.
const MAKERS: [(&str, bool); 12] = [
    ("FastAPI(", true),
    ("Starlette(", true),
    ("Litestar(", true),
    ("Quart(", true),
    ("FastHTML(", true),
    ("Sanic(", true),
    ("Flask(", false),
    ("Bottle(", false),
    ("falcon.asgi.App(", true),
    ("falcon.App(", false),
    ("connexion.FlaskApp(", false),
    ("APIFlask(", false),
];

/// The start command of a project.
pub(super) fn start(view: &View<'_>, project: &Project) -> Option<Start> {
    if manage(view).is_some()
        && (project.has("django") || project.manifest.is_none())
        && let Some(start) = django(view, project)
    {
        return Some(start);
    }
    interactive(view, project).or_else(|| web(view, project)).or_else(|| script(view, project))
}

fn django(view: &View<'_>, project: &Project) -> Option<Start> {
    let (folder, manage) = manage(view)?;
    let base = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let settings = manage
        .split("DJANGO_SETTINGS_MODULE")
        .nth(1)
        .and_then(|rest| rest.split(['"', '\'']).find(|text| is_dotted(text)));
    let wanted = settings.and_then(|module| module.split('.').next()).map(str::to_owned);
    let (kind, is_asgi) =
        if project.has("channels") || project.has("daphne") { ("asgi", true) } else { ("wsgi", false) };
    let file = wanted
        .map(|package| format!("{base}{package}/{kind}.py"))
        .filter(|file| view.has_file(file))
        .or_else(|| {
            view.sources(&["py"], 3)
                .into_iter()
                .find(|path| {
                    path.starts_with(&base) && path.ends_with(&format!("/{kind}.py")) && is_importable(path)
                })
                .map(str::to_owned)
        })?;
    let module = file.trim_end_matches(".py").strip_prefix(&base)?.replace('/', ".");
    let chdir = |flag: &str| if folder.is_empty() { String::new() } else { format!(" {flag} {folder}") };
    let (line, server) = if is_asgi {
        let folder = chdir("--app-dir");
        (format!("uvicorn {module}:application{folder} --host 0.0.0.0 --port ${{PORT:-8000}}"), "uvicorn")
    } else {
        let folder = chdir("--chdir");
        (format!("gunicorn {module}:application --bind 0.0.0.0:${{PORT:-8000}}{folder}"), "gunicorn")
    };
    Some(Start {
        line,
        entry: format!("{module}:application"),
        file,
        reason: "the project's own application object",
        is_server: true,
        server: missing(project, server),
        health: None,
    })
}

/// The folder and the text of Django's `manage.py`: at the root or in a folder below it.
fn manage(view: &View<'_>) -> Option<(String, String)> {
    if let Some(text) = view.glance("manage.py") {
        return Some((String::new(), text));
    }
    let path = view.sources(&["py"], 1).into_iter().find(|path| path.ends_with("/manage.py"))?;
    let folder = path.trim_end_matches("/manage.py");
    // A folder that begins with a dash would be an option.
    let is_plain =
        !folder.starts_with('-') && folder.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    is_plain.then(|| view.glance(path)).flatten().map(|text| (folder.to_owned(), text))
}

/// The port of an app that names none.
pub(super) fn default_port(project: &Project) -> u16 {
    match project.framework() {
        Some("gradio") => 7860,
        Some("aiohttp" | "nicegui" | "robyn") => 8080,
        Some("tornado") => 8888,
        Some("dash") => 8050,
        _ => 8000,
    }
}

/// Variables that make a framework listen on all addresses.
pub(super) fn addresses(project: &Project, port: u16) -> Vec<(String, String)> {
    let (host, number) = match project.framework() {
        Some("gradio") => ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"),
        Some("robyn") => ("ROBYN_HOST", "ROBYN_PORT"),
        Some("dash") => ("HOST", "PORT"),
        _ => return Vec::new(),
    };
    let mut found = vec![(host.to_owned(), "0.0.0.0".to_owned()), (number.to_owned(), port.to_string())];
    found.retain(|(name, _)| name != "PORT");
    found
}

/// The server's package, unless the project brings it.
fn missing(project: &Project, server: &'static str) -> Option<&'static str> {
    let is_there = project.has(server)
        || (server == "uvicorn"
            && (project.has("fastapi[standard]")
                || project.has("fastapi[all]")
                || project.has("python-fasthtml")));
    (!is_there).then_some(server)
}

fn interactive(view: &View<'_>, project: &Project) -> Option<Start> {
    let framework = project.framework()?;
    let needle = match framework {
        "streamlit" => "streamlit",
        "chainlit" => "chainlit",
        "shiny" => "shiny",
        "panel" => ".servable(",
        "marimo" => "marimo.App(",
        _ => return None,
    };
    let named = ["streamlit_app.py", "Home.py", "home.py", "app.py", "main.py"];
    let file = named
        .into_iter()
        .find(|file| view.glance(file).is_some_and(|text| text.contains(needle)))
        .map(str::to_owned)
        .or_else(|| {
            view.sources(&["py"], 2)
                .into_iter()
                .find(|file| view.glance(file).is_some_and(|text| text.contains(needle)))
                .map(str::to_owned)
        })?;
    // A file name may be anything, and the line is read by a shell.
    let word = quote(&file);
    let (line, health) = match framework {
        "streamlit" => (
            format!(
                "streamlit run {word} --server.port ${{PORT:-8501}} --server.address 0.0.0.0 --server.headless true"
            ),
            Some("/_stcore/health"),
        ),
        "shiny" => (format!("shiny run {word} --host 0.0.0.0 --port ${{PORT:-8000}}"), None),
        "panel" => (
            format!(
                "panel serve {word} --address 0.0.0.0 --port ${{PORT:-8000}} --allow-websocket-origin '*'"
            ),
            None,
        ),
        "marimo" => {
            (format!("marimo run {word} --host 0.0.0.0 --port ${{PORT:-8000}} --headless"), Some("/health"))
        }
        _ => (format!("chainlit run {word} --host 0.0.0.0 --port ${{PORT:-8000}} --headless"), None),
    };
    Some(Start {
        line,
        entry: file.clone(),
        file,
        reason: "the page that the framework runs",
        is_server: true,
        server: None,
        health,
    })
}

/// A module that makes an app at its top level.
struct Found {
    file: String,
    name: String,
    is_asgi: bool,
    is_factory: bool,
}

fn web(view: &View<'_>, project: &Project) -> Option<Start> {
    if !MAKERS.iter().any(|(maker, _)| {
        let package = maker.trim_end_matches('(').split('.').next().unwrap_or_default().to_ascii_lowercase();
        project.has(&package)
            || project.has("dash")
            || (package == "fasthtml" && project.has("python-fasthtml"))
    }) && project.manifest.is_some()
    {
        return None;
    }
    let first = [
        "main.py",
        "app.py",
        "server.py",
        "api.py",
        "wsgi.py",
        "asgi.py",
        "application.py",
        "run.py",
        "src/main.py",
        "src/app.py",
        "app/main.py",
        "app/__init__.py",
        "api/main.py",
    ];
    let listed = view.sources(&["py"], 4).into_iter().filter(|file| is_importable(file));
    let files = first.into_iter().filter(|file| view.has_file(file)).chain(listed.take(60));
    let mut best: Option<(u8, Found)> = None;
    let mut seen: Vec<&str> = Vec::new();
    for file in files {
        if seen.contains(&file) {
            continue;
        }
        seen.push(file);
        let Some(text) = view.glance(file) else { continue };
        if let Some((rank, found)) = app_in(file, &text) {
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, found));
            }
            if rank == 0 {
                break;
            }
        }
    }
    let (_, found) = best?;
    Some(serve(view, project, found))
}

/// The app object of a module: made directly (0), by a factory that is called (1), or a factory (2).
fn app_in(file: &str, text: &str) -> Option<(u8, Found)> {
    let mut best: Option<(u8, Found)> = None;
    let is_asgi_text = MAKERS.iter().any(|(maker, is_asgi)| *is_asgi && text.contains(maker))
        || ["fastapi", "starlette", "litestar", "quart"].iter().any(|name| text.contains(name));
    for line in text.lines() {
        let mut offer = |rank: u8, name: &str, is_asgi: bool| {
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                let found =
                    Found { file: file.to_owned(), name: name.to_owned(), is_asgi, is_factory: rank == 2 };
                best = Some((rank, found));
            }
        };
        if let Some(factory) = line.strip_prefix("def ").and_then(|rest| rest.split('(').next())
            && ["create_app", "make_app", "build_app", "get_app"].contains(&factory.trim())
            && line.contains("()")
        {
            offer(2, factory.trim(), is_asgi_text);
        }
        let Some((left, right)) = line.split_once('=') else { continue };
        let name = left.split(':').next().unwrap_or_default().trim_end();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name || left.starts_with([' ', '\t']) {
            // `app, rt = fast_app()` makes two things at once.
            if left.starts_with("app,") && right.trim_start().starts_with("fast_app(") {
                offer(0, "app", true);
            }
            continue;
        }
        let right = right.trim_start();
        let call = right.split('(').next().unwrap_or_default();
        let last = format!("{}(", call.rsplit('.').next().unwrap_or(call));
        if let Some((_, is_asgi)) =
            MAKERS.iter().find(|(maker, _)| last == *maker || right.starts_with(maker))
        {
            offer(0, name, *is_asgi);
        } else if ["create_app(", "make_app(", "build_app(", "get_app("].contains(&last.as_str()) {
            offer(1, name, is_asgi_text);
        } else if last == "get_wsgi_application(" {
            offer(1, name, false);
        } else if name == "server" && right.trim_end().ends_with(".server") && text.contains("Dash(") {
            offer(0, name, false);
        }
    }
    best
}

fn serve(view: &View<'_>, project: &Project, found: Found) -> Start {
    let path = found.file.trim_end_matches(".py").trim_end_matches("/__init__").to_owned();
    // In a `src` folder the modules are either a package of the project or import one another by bare names.
    let (folder, module) = match path.strip_prefix("src/") {
        Some(rest) if !view.has_file("src/__init__.py") && !imports_src(view, &found.file) => {
            (Some("src"), rest.replace('/', "."))
        }
        _ => (None, path.replace('/', ".")),
    };
    let object = &found.name;
    let framework_is_asgi = matches!(
        project.framework(),
        Some("fastapi" | "starlette" | "litestar" | "quart" | "fasthtml" | "sanic")
    );
    let is_asgi = found.is_asgi || (found.is_factory && framework_is_asgi);
    let (line, server) = if is_asgi {
        let folder = folder.map(|folder| format!(" --app-dir {folder}")).unwrap_or_default();
        let factory = if found.is_factory { " --factory" } else { "" };
        if project.has("hypercorn") && !project.has("uvicorn") {
            (format!("hypercorn {module}:{object} --bind 0.0.0.0:${{PORT:-8000}}"), "hypercorn")
        } else {
            (
                format!("uvicorn {module}:{object}{factory}{folder} --host 0.0.0.0 --port ${{PORT:-8000}}"),
                "uvicorn",
            )
        }
    } else {
        let target =
            if found.is_factory { format!("'{module}:{object}()'") } else { format!("{module}:{object}") };
        if project.has("waitress") && !project.has("gunicorn") && folder.is_none() && !found.is_factory {
            (format!("waitress-serve --listen=0.0.0.0:${{PORT:-8000}} {module}:{object}"), "waitress")
        } else {
            let folder = folder.map(|folder| format!(" --chdir {folder}")).unwrap_or_default();
            (format!("gunicorn --bind 0.0.0.0:${{PORT:-8000}}{folder} {target}"), "gunicorn")
        }
    };
    Start {
        line,
        entry: format!("{module}:{object}"),
        file: found.file,
        reason: if found.is_factory {
            "it has a factory that makes the app"
        } else {
            "it makes the app object"
        },
        is_server: true,
        server: missing(project, server),
        health: None,
    }
}

fn imports_src(view: &View<'_>, file: &str) -> bool {
    view.glance(file).is_some_and(|text| {
        text.lines().any(|line| {
            line.starts_with("from src.")
                || line.starts_with("import src.")
                || line.starts_with("from src import")
        })
    })
}

fn script(view: &View<'_>, project: &Project) -> Option<Start> {
    let plain = |line: String, entry: String, file: String, reason: &'static str| Start {
        line,
        entry,
        file,
        reason,
        is_server: false,
        server: None,
        health: None,
    };
    if let Some(file) = SCRIPTS.iter().find(|file| view.has_file(file)) {
        return Some(plain(
            format!("python {file}"),
            (*file).to_owned(),
            (*file).to_owned(),
            "a script with a usual name",
        ));
    }
    let scripts = project.console_scripts();
    if let ([name], true) = (scripts.as_slice(), project.is_package()) {
        return Some(plain(
            quote(name),
            name.clone(),
            project.manifest.unwrap_or("pyproject.toml").into(),
            "the only console script of the package",
        ));
    }
    let module = view
        .sources(&["py"], 2)
        .into_iter()
        .filter(|path| is_importable(path))
        .find_map(|path| path.strip_suffix("/__main__.py"))?;
    let name = module.strip_prefix("src/").unwrap_or(module).replace('/', ".");
    let is_importable = !module.starts_with("src/") || project.is_package();
    is_importable.then(|| {
        plain(format!("python -m {name}"), name, format!("{module}/__main__.py"), "a package that can be run")
    })
}

/// The command that gathers Django's static files, where the settings say where to.
pub(super) fn collect_static(view: &View<'_>, project: &Project) -> Option<String> {
    let (folder, _) = manage(view).filter(|_| project.has("django"))?;
    let sets_root = |path: &&str| {
        (path.ends_with("settings.py") || path.contains("settings/"))
            && view
                .glance(path)
                .is_some_and(|text| text.lines().any(|line| line.trim_start().starts_with("STATIC_ROOT")))
    };
    view.sources(&["py"], 4).iter().any(sets_root).then(|| match folder.as_str() {
        "" => "python manage.py collectstatic --noinput".to_owned(),
        folder => format!("python {folder}/manage.py collectstatic --noinput"),
    })
}

/// Whether a file can be named as a module, in Python and in a command line.
fn is_importable(path: &str) -> bool {
    path.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.')) && !path.starts_with('-')
}

fn is_dotted(text: &str) -> bool {
    !text.is_empty()
        && text.contains(|c: char| c.is_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}
