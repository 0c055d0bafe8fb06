//! Health paths of routers that take their routes from files.

use crate::generator::view::View;

/// The health path that a file-based router shows.
pub(in crate::generator::node) fn health_file(view: &View<'_>) -> Option<String> {
    for path in ["healthz", "health", "api/healthz", "api/health", "ping", "api/ping"] {
        let bare = path.trim_start_matches("api/");
        let mut candidates = Vec::new();
        for extension in ["ts", "js", "tsx", "mjs"] {
            for root in ["app", "src/app"] {
                candidates.push(format!("{root}/{path}/route.{extension}"));
            }
            for root in ["pages", "src/pages"] {
                if path.starts_with("api/") {
                    candidates.push(format!("{root}/{path}.{extension}"));
                }
            }
            candidates.push(format!("src/routes/{path}/+server.{extension}"));
            candidates.push(format!("app/routes/{}.{extension}", path.replace('/', ".")));
            if path.starts_with("api/") {
                candidates.push(format!("server/{path}.{extension}"));
                candidates.push(format!("server/{path}.get.{extension}"));
            } else {
                candidates.push(format!("server/routes/{bare}.{extension}"));
            }
        }
        if candidates.iter().any(|file| view.has_file(file)) {
            return Some(format!("/{path}"));
        }
    }
    None
}
