//! `Staticfile`: the settings of a static site, in the dialects of several platforms.

/// What a `Staticfile` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::generator) struct Settings {
    /// The folder to serve.
    pub(in crate::generator) root: Option<String>,
    /// Whether unknown paths get the index page.
    pub(in crate::generator) index_fallback: Option<bool>,
    /// Whether folders without an index page are listed.
    pub(super) lists_folders: bool,
    /// Whether files whose names begin with a dot are served.
    pub(super) serves_dot_files: bool,
    /// Whether browsers are told to come by HTTPS only.
    pub(super) is_https_only: bool,
    /// Pages for statuses.
    pub(super) pages: Vec<(u16, String)>,
    /// Keys that have no effect.
    pub(super) unknown: Vec<String>,
}

/// Reads a `Staticfile`: `key: value` lines.
pub(in crate::generator) fn settings(text: &str) -> Settings {
    let mut found = Settings::default();
    for line in text.lines() {
        let Some((key, value)) = line.split('#').next().unwrap_or_default().split_once(':') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        let is_on = matches!(value, "true" | "yes" | "on" | "enabled" | "visible");
        let key = key.trim().trim_start_matches("- ");
        match key {
            "root" if !value.is_empty() && !value.split('/').any(|part| part == "..") => {
                let folder = value.trim_start_matches("./").trim_matches('/');
                found.root = Some(if folder.is_empty() { ".".to_owned() } else { folder.to_owned() });
            }
            "index_fallback" | "pushstate" => found.index_fallback = Some(is_on),
            "directory" => found.lists_folders = is_on,
            "host_dot_files" => found.serves_dot_files = is_on,
            "http_strict_transport_security" => found.is_https_only = is_on,
            // The heading of the pages, and what is on in any case.
            "status_codes" | "gzip" => {}
            _ => match key.parse::<u16>() {
                Ok(status) if (400..=599).contains(&status) && is_page(value) => {
                    found.pages.push((status, value.to_owned()));
                }
                _ => found.unknown.extend(shown(key)),
            },
        }
    }
    found
}

fn is_page(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("..")
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
}

fn shown(key: &str) -> Option<String> {
    let is_word = !key.is_empty() && key.len() <= 40;
    (is_word && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_are_read() {
        let found = settings(
            "root: ./site/\npushstate: enabled\ndirectory: visible # list\nforce_https: true\nstatus_codes:\n  404: /missing.html\n",
        );
        assert_eq!(found.root.as_deref(), Some("site"));
        assert_eq!(found.index_fallback, Some(true));
        assert!(found.lists_folders && !found.serves_dot_files);
        assert_eq!(found.pages, [(404, "/missing.html".to_owned())]);
        assert_eq!(found.unknown, ["force_https"]);
        assert_eq!(settings("index_fallback: false\nroot: ../x\n").index_fallback, Some(false));
        assert_eq!(settings("root: a/../../x\n").root, None);
    }
}
