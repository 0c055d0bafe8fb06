//! Reads hints out of source text: the port that an app listens on and the path that answers health checks.

use super::view::View;
use crate::model::{Diagnostic, HealthCheck, Severity};

/// How much source is looked through at most.
const FILES: usize = 40;
const BYTES: usize = 1 << 20;

/// Paths that apps use for their health, the most telling first.
const HEALTH: [&str; 14] = [
    "/healthz",
    "/health",
    "/readyz",
    "/livez",
    "/api/healthz",
    "/api/health",
    "/_health",
    "/up",
    "/health-check",
    "/healthcheck",
    "/ping",
    "/api/ping",
    "/-/healthy",
    "/status",
];

/// How telling a path is for the health of an app, the most telling first; none when it is about something else.
pub(crate) fn health_rank(path: &str) -> Option<usize> {
    HEALTH.iter().position(|health| *health == path)
}

/// What marks a line as the definition of a route that answers GET.
const ROUTES: [&str; 17] = [
    ".get(",
    "->get(",
    "::get(",
    ".route(",
    ".GET(",
    ".Get(",
    "HandleFunc(",
    ".Handle(",
    "@get(",
    "#[get(",
    ".all(",
    "path(",
    "Route(",
    ".add_url_rule(",
    "route!(",
    "get(\"",
    "add_route(",
];

/// Texts of the app's own source, nearest to the root first, within bounds.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<(String, String)>);

impl Sources {
    /// Reads `first` (the entry, when it is known) and then the files with these extensions.
    pub(crate) fn read(view: &View<'_>, first: Option<&str>, extensions: &[&str]) -> Self {
        Self::read_deep(view, first, extensions, 5, &|_| true)
    }

    /// The same at another depth, of paths that `is_wanted` takes.
    pub(crate) fn read_deep(
        view: &View<'_>,
        first: Option<&str>,
        extensions: &[&str],
        depth: usize,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut texts: Vec<(String, String)> = Vec::new();
        let mut bytes = 0;
        let listed = view.sources(extensions, depth).into_iter().filter(|path| is_wanted(path));
        for path in first.into_iter().chain(listed.take(FILES)) {
            if bytes > BYTES || texts.iter().any(|(seen, _)| seen == path) {
                continue;
            }
            if let Some(text) = view.glance(path) {
                bytes += text.len();
                texts.push((path.to_owned(), text));
            }
        }
        Self(texts)
    }

    /// Path and text of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The port that the source names, and the file.
    pub(crate) fn port(&self) -> Option<(u16, &str)> {
        self.iter().find_map(|(path, text)| text.lines().find_map(port_in).map(|port| (port, path)))
    }

    /// The health path that the source serves, and the file; `/` when that alone is served.
    pub(crate) fn health(&self) -> Option<(String, &str)> {
        let mut best: Option<(usize, String, &str)> = None;
        for (path, text) in self.iter() {
            let has_prefix = text.contains("prefix=") || text.contains(".Group(") || text.contains("nest(");
            for line in text.lines().filter(|line| is_route(line)) {
                for literal in literals(line).take(2) {
                    let trimmed = literal.trim_end_matches('/');
                    let wanted = if literal == "/" { "/" } else { trimmed };
                    let rank = if wanted == "/" {
                        Some(HEALTH.len())
                    } else {
                        HEALTH.iter().position(|health| {
                            *health == wanted
                                || ((line.contains("path(") || is_verb(line))
                                    && health.strip_prefix('/') == Some(wanted))
                        })
                    };
                    let Some(rank) = rank else { continue };
                    // A router's own prefix is not seen here, so only routes of the app itself count then.
                    if has_prefix && !line.contains("app.") {
                        continue;
                    }
                    if best.as_ref().is_none_or(|(known, ..)| rank < *known) {
                        let found =
                            if literal.starts_with('/') { literal.to_owned() } else { format!("/{literal}") };
                        best = Some((rank, found, path));
                    }
                }
            }
        }
        best.map(|(_, found, path)| (found, path))
    }

    /// Says so when the app seems to listen on the loopback address only.
    pub(crate) fn loopback(&self) -> Option<Diagnostic> {
        let is_bound = |line: &str| {
            !is_comment(line)
                && ["listen(", "bind(", "ListenAndServe(", ".run(", ".Listen(", ".Start("]
                    .iter()
                    .any(|call| line.contains(call))
                && ["127.0.0.1", "\"localhost", "'localhost"].iter().any(|host| line.contains(host))
        };
        self.iter().find(|(_, text)| text.lines().any(is_bound)).map(|(path, _)| {
            Diagnostic::new(
                "binds-loopback",
                Severity::Warning,
                format!("{path} seems to listen on the loopback address only; a container has to listen on 0.0.0.0"),
            )
        })
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || (line.starts_with('#') && !line.starts_with("#[")) || line.starts_with('*')
}

fn is_route(line: &str) -> bool {
    !is_comment(line)
        && !line.contains("fetch(")
        && !line.contains("axios")
        && !line.contains("requests.")
        && !line.contains("client.")
        && (ROUTES.iter().any(|route| line.contains(route)) || is_verb(line) || is_comparison(line))
}

/// Whether a line begins with the verb, as the routes of Ruby and Elixir do.
fn is_verb(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("get \"") || line.starts_with("get '")
}

/// Whether a line compares the path of a request, as servers without a router do.
fn is_comparison(line: &str) -> bool {
    let line = line.trim_start();
    let compares = ["url ==", "url==", "path ==", "path==", "pathname ==", "pathname=="];
    (line.starts_with("\"/") && line.contains("=>"))
        || line.starts_with("case \"/")
        || line.starts_with("case '/")
        || compares.iter().any(|text| line.contains(text))
}

/// The texts in quotes of a line.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let start = rest.find(['"', '\'', '`'])?;
        let quote = rest.as_bytes()[start];
        let body = &rest[start + 1..];
        let end = body.bytes().position(|b| b == quote)?;
        rest = &body[end + 1..];
        // Go's patterns may begin with the method.
        let literal = &body[..end];
        Some(literal.strip_prefix("GET ").unwrap_or(literal))
    })
}

/// The port that a line of source names.
fn port_in(line: &str) -> Option<u16> {
    if line.len() > 400 || is_comment(line) {
        return None;
    }
    let from = ["listen(", "Listen(", "ListenAndServe(", "bind(", ".Run(", ".Start(", "0.0.0.0", "[::]"]
        .iter()
        .filter_map(|needle| line.find(needle).map(|at| at + needle.len()))
        .chain(port_word(line))
        .min()?;
    number_in(&line[from..])
}

/// Where the word `port` ends in a line, in the spellings of names.
fn port_word(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("port").map(|at| from + at) {
        let before = line[..at].chars().next_back();
        let word = &line[at..at + 4];
        let is_word = match word {
            "PORT" => !before.is_some_and(|c| c.is_ascii_uppercase()),
            "Port" => true,
            _ => !before.is_some_and(char::is_alphabetic),
        };
        let after = line[at + 4..].chars().next();
        if is_word && !after.is_some_and(|c| c.is_ascii_lowercase()) {
            return Some(at + 4);
        }
        from = at + 4;
    }
    None
}

/// The first whole number that can be a port.
fn number_in(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'_') {
            at += 1;
        }
        let is_alone =
            |b: Option<&u8>| !b.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
        let before = start.checked_sub(1).and_then(|i| bytes.get(i));
        // `u16` after a Rust number is its type.
        let after = if text[at..].starts_with("u16") { bytes.get(at + 3) } else { bytes.get(at) };
        if is_alone(before)
            && is_alone(after)
            && let Some(port) =
                text[start..at].replace('_', "").parse::<u16>().ok().filter(|port| *port >= 80)
        {
            return Some(port);
        }
    }
    None
}

/// The health check of a plan: the path from the spec, else from the source.
pub(crate) fn health(given: Option<&str>, found: Option<String>) -> HealthCheck {
    let mut health = HealthCheck::default();
    if let Some(path) = given.map(str::to_owned).or(found) {
        health.is_known = true;
        health.path = path;
    }
    health
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_in_source() {
        for (line, port) in [
            ("const port = process.env.PORT || 3000;", Some(3000)),
            ("app.listen(8080, () => console.log('on 9090'))", Some(8080)),
            ("fastify.listen({ port: 4000, host: '0.0.0.0' })", Some(4000)),
            ("const PORT = Number(process.env.PORT ?? '5001')", Some(5001)),
            (r#"http.ListenAndServe(":8081", nil)"#, Some(8081)),
            (r#"let addr = SocketAddr::from(([0, 0, 0, 0], 3001));"#, None),
            (r#"TcpListener::bind("0.0.0.0:3002").await"#, Some(3002)),
            (r#"TcpListener::bind(("0.0.0.0", port_or(8_080u16)))"#, Some(8080)),
            ("    app.run(host='0.0.0.0', port=5050)", Some(5050)),
            ("import express from 'express' // 3000", None),
            ("export const limit = 3000", None),
            ("const report = 3000", None),
            ("// listen(3000)", None),
            ("const support = 1000; const viewport = 800", None),
        ] {
            assert_eq!(port_in(line), port, "{line}");
        }
    }

    fn health_of(text: &str) -> Option<String> {
        Sources(vec![("a".into(), text.into())]).health().map(|(path, _)| path)
    }

    #[test]
    fn the_health_path_comes_from_routes_only() {
        assert_eq!(health_of("app.get('/', x)\napp.get('/health', y)").as_deref(), Some("/health"));
        assert_eq!(health_of("@app.get(\"/healthz\")").as_deref(), Some("/healthz"));
        assert_eq!(health_of("mux.HandleFunc(\"GET /ping\", f)").as_deref(), Some("/ping"));
        assert_eq!(health_of("#[get(\"/up\")]").as_deref(), Some("/up"));
        assert_eq!(health_of("path('health/', view)").as_deref(), Some("/health/"));
        assert_eq!(health_of("match url {\n  \"/\" => a,\n  \"/healthz\" => b").as_deref(), Some("/healthz"));
        assert_eq!(health_of("if (req.url === '/ping') {").as_deref(), Some("/ping"));
        assert_eq!(health_of("get '/health' do").as_deref(), Some("/health"));
        assert_eq!(health_of("  get \"up\" => \"rails/health#show\"").as_deref(), Some("/up"));
        assert_eq!(health_of("$app->get('/ping', $show);").as_deref(), Some("/ping"));
        assert_eq!(health_of("Route::get('/status', Show::class);").as_deref(), Some("/status"));
        assert_eq!(health_of("fetch('/health').get("), None);
        assert_eq!(health_of("// app.get('/health')"), None);
        assert_eq!(health_of("router = APIRouter(prefix='/x')\n@router.get('/health')"), None);
    }
}
