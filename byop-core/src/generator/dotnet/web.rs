//! Where a .NET application listens and answers health checks.

use serde_json::Value;

use super::project::Project;
use super::sdk::without_comments;
use crate::generator::scan::{Sources, health_rank};
use crate::generator::view::View;
use crate::model::{Diagnostic, Severity};

/// The source of a project.
pub(super) fn sources(view: &View<'_>, project: &Project) -> Sources {
    let folder = project.folder();
    let program = ["Program.cs", "Program.fs", "Program.vb", "Startup.cs"]
        .iter()
        .map(|name| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") })
        .find(|path| view.has_file(path));
    let inside = |path: &str| {
        let below = folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        below && !path.contains("/obj/") && !path.contains("/bin/")
    };
    Sources::read_deep(view, program.as_deref(), &["cs", "fs", "vb"], 8, &inside)
}

/// The port in `appsettings.json` or in the source: both win over the environment.
pub(super) fn port(view: &View<'_>, project: &Project, sources: &Sources) -> Option<u16> {
    let folder = project.folder();
    let name = "appsettings.json";
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let settings: Option<Value> =
        view.glance(&path).and_then(|text| serde_json::from_str(&without_comments(&text)).ok());
    let of_url = |url: &str| {
        let rest = url.strip_prefix("http://")?;
        rest.split('/').next()?.rsplit_once(':')?.1.parse::<u16>().ok()
    };
    let configured = settings.as_ref().and_then(|settings| {
        let endpoints = settings.pointer("/Kestrel/Endpoints")?.as_object()?;
        endpoints.values().find_map(|endpoint| of_url(endpoint.get("Url")?.as_str()?))
    });
    configured
        .or_else(|| sources.iter().find_map(|(_, text)| text.lines().find_map(listened)))
        .filter(|port| *port > 0)
}

/// The port of a line that makes the server listen.
fn listened(line: &str) -> Option<u16> {
    if line.trim_start().starts_with("//") {
        return None;
    }
    let calls = ["UseUrls(", ".Run(\"http", "ListenAnyIP(", "Urls.Add("];
    let at = calls.iter().find_map(|call| line.find(call))?;
    line[at..]
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|part| part.parse::<u16>().ok().filter(|port| *port >= 80))
}

/// The path that answers health checks.
pub(super) fn health(sources: &Sources) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    for line in sources.iter().flat_map(|(_, text)| text.lines()) {
        let line = line.trim();
        let is_check = ["MapHealthChecks(", "UseHealthChecks("].iter().any(|call| line.contains(call));
        let is_route = ["MapGet(", "[HttpGet(", "[Route(", "MapMethods(", "GET >=> route", "route \""]
            .iter()
            .any(|call| line.contains(call));
        if line.starts_with("//") || !(is_check || is_route) {
            continue;
        }
        let Some(path) = line.split('"').nth(1) else { continue };
        // Only an absolute route is known without its controller's.
        let full = if line.contains("[HttpGet(") && !path.starts_with(['/', '~']) {
            continue;
        } else {
            format!("/{}", path.trim_start_matches(['~', '/']))
        };
        let rank = if is_check { Some(0) } else { health_rank(&full) };
        let is_plain =
            full.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
        if let Some(rank) = rank.filter(|_| is_plain)
            && best.as_ref().is_none_or(|(known, _)| rank < *known)
        {
            best = Some((rank, full));
        }
    }
    best.map(|(_, path)| path)
}

/// Says so when the server is told to listen where nobody outside the container reaches it.
pub(super) fn loopback(sources: &Sources) -> Option<Diagnostic> {
    let is_bound = |line: &str| {
        !line.trim_start().starts_with("//")
            && ["UseUrls(", ".Run(\"http", "Urls.Add("].iter().any(|call| line.contains(call))
            && ["//localhost", "//127.0.0.1"].iter().any(|host| line.contains(host))
    };
    sources.iter().find(|(_, text)| text.lines().any(is_bound)).map(|(path, _)| {
        Diagnostic::new(
            "binds-loopback",
            Severity::Warning,
            format!("{path} makes the server listen on the loopback address only; a container has to listen on 0.0.0.0"),
        )
    })
}
