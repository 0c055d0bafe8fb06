//! Where a Java application listens and answers health checks, by framework, settings and source.

use super::project::Project;
use super::settings::Settings;
use crate::generator::scan::{Sources, health_rank};
use crate::generator::view::View;

/// The app's own source, at the depth of Java's packages.
pub(super) fn sources(view: &View<'_>, project: &Project) -> Sources {
    let first = project
        .main_class
        .as_ref()
        .map(|(_, file)| file.as_str())
        .filter(|file| file.ends_with(".java") || file.ends_with(".kt"));
    let module = format!("{}/", project.module);
    Sources::read_deep(view, first, &["java", "kt"], 14, &|path| {
        (module.len() == 1 || path.starts_with(&module)) && !path.contains("/test/")
    })
}

/// The settings that name the port, by framework.
pub(super) fn port_keys(framework: Option<&str>) -> &'static [&'static str] {
    match framework {
        Some("quarkus") => &["quarkus.http.port"],
        Some("micronaut") => &["micronaut.server.port"],
        Some("ktor") => &["ktor.deployment.port"],
        _ => &["server.port"],
    }
}

/// The variable by which a framework is told its port.
pub(super) fn port_variable(framework: Option<&str>) -> Option<&'static str> {
    match framework {
        Some("spring-boot") => Some("SERVER_PORT"),
        Some("quarkus") => Some("QUARKUS_HTTP_PORT"),
        Some("micronaut") => Some("MICRONAUT_SERVER_PORT"),
        _ => None,
    }
}

/// The port that the source names; frameworks that are told by a variable are not asked.
pub(super) fn port(framework: Option<&str>, sources: &Sources) -> Option<u16> {
    if port_variable(framework).is_some() {
        return None;
    }
    let direct = sources.iter().find_map(|(_, text)| {
        [".start(", "InetSocketAddress(", ".listen(", ".port("].iter().find_map(|call| {
            text.match_indices(call).find_map(|(at, _)| {
                let rest = text[at + call.len()..].trim_start_matches("\"0.0.0.0\", ");
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                rest[..end].parse::<u16>().ok()
            })
        })
    });
    direct.or_else(|| sources.port().map(|(port, _)| port)).filter(|port| *port >= 1024)
}

/// The path that answers health checks.
pub(super) fn path(project: &Project, settings: &Settings, sources: &Sources) -> Option<String> {
    let joined = |parts: [&str; 3]| {
        let parts: Vec<&str> =
            parts.into_iter().map(|part| part.trim_matches('/')).filter(|part| !part.is_empty()).collect();
        Some(format!("/{}", parts.join("/"))).filter(|path| is_plain(path))
    };
    let framework = project.framework();
    let context = ["server.servlet.context-path", "spring.webflux.base-path"]
        .iter()
        .find_map(|key| settings.get(key))
        .unwrap_or_default();
    if project.has("spring-boot-starter-actuator") || project.has("spring-boot-actuator") {
        let other = settings.get("management.server.port");
        // On a port of its own it is not reachable where the app is.
        if other.is_none() || other == settings.get("server.port") {
            let base = settings.get("management.endpoints.web.base-path").unwrap_or("actuator");
            let name = settings.get("management.endpoints.web.path-mapping.health").unwrap_or("health");
            return joined([context, base, name]);
        }
    }
    if project.has("smallrye-health") {
        let root = settings.get("quarkus.http.root-path").unwrap_or_default();
        // An absolute folder of management paths is not below the root path.
        let folder = settings.get("quarkus.http.non-application-root-path").unwrap_or("q");
        let root = if folder.starts_with('/') { "" } else { root };
        return joined([root, folder, "health"]);
    }
    if project.has("micronaut-management") {
        return joined([settings.get("endpoints.all.path").unwrap_or_default(), "health", ""]);
    }
    let found = sources
        .iter()
        .filter_map(|(_, text)| best_in(text))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, path)| path)
        .or_else(|| sources.health().map(|(path, _)| path))?;
    if framework == Some("spring-boot") { joined([context, &found, ""]) } else { Some(found) }
}

fn is_plain(path: &str) -> bool {
    path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'))
}

/// The most telling health route among the annotations of a file.
fn best_in(text: &str) -> Option<(usize, String)> {
    let mut prefix = String::new();
    let mut is_in_class = false;
    let mut best: Option<(usize, String)> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['/', '*'])) {
        if !line.starts_with('@')
            && (line.contains("class ") || line.contains("interface "))
            && line.ends_with('{')
        {
            is_in_class = true;
        }
        let Some((mark, literal)) = mapped(line) else { continue };
        if !is_in_class && !mark.starts_with("createContext") {
            literal.trim_matches('/').clone_into(&mut prefix);
            continue;
        }
        let path = literal.trim_matches('/');
        let full = match (prefix.as_str(), path) {
            ("", path) => format!("/{path}"),
            (prefix, "") => format!("/{prefix}"),
            (prefix, path) => format!("/{prefix}/{path}"),
        };
        if let Some(rank) = health_rank(&full)
            && best.as_ref().is_none_or(|(known, _)| rank < *known)
        {
            best = Some((rank, full));
        }
    }
    // JAX-RS may name the path of a whole class.
    let of_class = health_rank(&format!("/{prefix}")).filter(|_| text.contains("@GET"));
    best.or_else(|| of_class.map(|rank| (rank, format!("/{prefix}"))))
}

/// The route that an annotation or a call on a line defines.
fn mapped(line: &str) -> Option<(&'static str, &str)> {
    const MARKS: [&str; 8] = [
        "@GetMapping",
        "@RequestMapping",
        "@Path",
        "@Get(",
        "@Controller(",
        "createContext(",
        "@Get",
        "@WebServlet",
    ];
    let (mark, at) = MARKS.iter().find_map(|mark| line.find(mark).map(|at| (*mark, at)))?;
    let rest = &line[at + mark.len()..];
    let quoted = rest.find('"').and_then(|start| rest[start + 1..].split('"').next());
    Some((mark, quoted.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_annotations_have_the_prefix_of_their_class() {
        for (text, path) in [
            ("@RestController\npublic class A {\n @GetMapping(\"/health\")\n", Some("/health")),
            (
                "@RequestMapping(\"/api\")\npublic class A {\n @GetMapping(value = \"/ping\")\n",
                Some("/api/ping"),
            ),
            ("@Path(\"/health\")\npublic class A {\n @GET\n public String a() {\n", Some("/health")),
            ("class Main {\n server.createContext(\"/healthz\", x -> {});\n", Some("/healthz")),
            ("@Controller(\"/x\")\nclass A {\n @Get(\"/health\")\n", None),
            ("class A {\n // @GetMapping(\"/health\")\n", None),
        ] {
            assert_eq!(best_in(text).map(|(_, path)| path).as_deref(), path, "{text}");
        }
    }
}
