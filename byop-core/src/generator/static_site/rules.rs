//! `_redirects`, `_headers` and `netlify.toml`: the simple rules among them, as rules of the web server.

use serde::Serialize;

use crate::generator::view::View;

/// A path that is answered otherwise than by its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Redirect {
    /// A regular expression for the whole path.
    pub(super) pattern: String,
    /// Where to: a path or an address, with the server's own variables.
    pub(super) target: String,
    /// 200 serves the target under the path that was asked for.
    pub(super) status: u16,
    /// Whether it counts even where there is a file.
    pub(super) is_forced: bool,
}

/// A header, and its value by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Header {
    pub(super) name: String,
    /// Regular expressions with values, the first that fits wins.
    pub(super) values: Vec<(String, String)>,
}

/// All that was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) files: Vec<String>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) headers: Vec<Header>,
    /// Whether every path that is no file gets the index page.
    pub(super) index_fallback: bool,
    /// How many rules the web server cannot follow.
    pub(super) left_out: usize,
}

/// More than this is no list that a person wrote.
const MOST: usize = 500;

impl Rules {
    /// The rules of a site whose files come from one of these folders.
    pub(super) fn read(view: &View<'_>, folders: &[&str]) -> Self {
        let mut found = Self::default();
        let at =
            |name: &str| {
                folders
                    .iter()
                    .map(|folder| {
                        if matches!(*folder, "" | ".") { name.to_owned() } else { format!("{folder}/{name}") }
                    })
                    .find_map(|path| view.glance(&path).map(|text| (path, text)))
            };
        if let Some((path, text)) = at("_redirects") {
            found.files.push(path);
            for line in text.lines() {
                found.redirect_line(line);
            }
        }
        if let Some((path, text)) = at("_headers") {
            found.files.push(path);
            found.header_lines(&text);
        }
        if let Some(table) = view.glance("netlify.toml").and_then(|text| text.parse::<toml::Table>().ok()) {
            found.netlify(&table);
        }
        found
    }

    fn redirect_line(&mut self, line: &str) {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let [from, to, rest @ ..] = words.as_slice() else { return };
        // Conditions on language, country or query are no business of a file server.
        if rest.len() > 1 || to.contains('=') && !to.contains('?') {
            self.left_out += 1;
            return;
        }
        let status = rest.first().copied().unwrap_or("301");
        let is_forced = status.ends_with('!');
        self.add(from, to, status.trim_end_matches('!').parse().unwrap_or(0), is_forced);
    }

    fn add(&mut self, from: &str, to: &str, status: u16, is_forced: bool) {
        if from == "/*" && to == "/index.html" && status == 200 {
            self.index_fallback = true;
            return;
        }
        // The server answers unknown paths with this page anyway.
        if from == "/*" && to == "/404.html" && status == 404 {
            return;
        }
        let number = self.redirects.len();
        match rule(from, to, status, number) {
            Some((pattern, target)) if number < MOST => {
                self.redirects.push(Redirect { pattern, target, status, is_forced });
            }
            _ => self.left_out += 1,
        }
    }

    fn header_lines(&mut self, text: &str) {
        let mut pattern = None;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        {
            if !line.starts_with([' ', '\t']) {
                pattern = expression(line.trim(), None).map(|(pattern, _)| pattern);
                self.left_out += usize::from(pattern.is_none());
                continue;
            }
            let (Some(pattern), Some((name, value))) = (&pattern, line.trim().split_once(':')) else {
                continue;
            };
            self.header(pattern, name.trim(), value.trim());
        }
    }

    fn header(&mut self, pattern: &str, name: &str, value: &str) {
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_value = !value.is_empty()
            && value.bytes().all(|b| (b == b' ' || b.is_ascii_graphic()) && !b"\"\\$".contains(&b));
        let is_own = ["basic-auth", "content-length", "transfer-encoding", "connection"]
            .contains(&name.to_ascii_lowercase().as_str());
        if !is_name || !is_value || is_own || self.headers.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let pair = (pattern.to_owned(), value.to_owned());
        match self.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case(name)) {
            Some(header) if header.values.iter().any(|(known, _)| known == pattern) => self.left_out += 1,
            Some(header) => header.values.push(pair),
            None => self.headers.push(Header { name: name.to_owned(), values: vec![pair] }),
        }
    }

    fn netlify(&mut self, table: &toml::Table) {
        let list = |key: &str| table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let has_any = list("redirects").chain(list("headers")).next().is_some();
        self.files.extend(has_any.then(|| "netlify.toml".to_owned()));
        for entry in list("redirects") {
            let text = |key: &str| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            let status = entry.get("status").and_then(toml::Value::as_integer).unwrap_or(301);
            let has_conditions =
                ["conditions", "query", "headers", "signed"].iter().any(|key| entry.get(*key).is_some());
            if has_conditions {
                self.left_out += 1;
                continue;
            }
            let is_forced = entry.get("force").and_then(toml::Value::as_bool).unwrap_or_default();
            self.add(text("from"), text("to"), u16::try_from(status).unwrap_or(0), is_forced);
        }
        for entry in list("headers") {
            let path = entry.get("for").and_then(toml::Value::as_str).unwrap_or_default();
            let Some((pattern, _)) = expression(path, None) else {
                self.left_out += 1;
                continue;
            };
            for (name, value) in entry.get("values").and_then(toml::Value::as_table).into_iter().flatten() {
                match value.as_str() {
                    Some(value) => self.header(&pattern, name, value.trim()),
                    None => self.left_out += 1,
                }
            }
        }
    }
}

/// The expression and the target of a rule that the web server can follow.
fn rule(from: &str, to: &str, status: u16, number: usize) -> Option<(String, String)> {
    let is_moved = matches!(status, 301 | 302 | 303 | 307 | 308);
    let is_away = to.starts_with("https://") || to.starts_with("http://");
    // All of a site moved away is the proxy's business: the container's own health check has to be answered.
    let is_possible = if is_moved { from != "/*" } else { matches!(status, 200 | 404 | 410) && !is_away };
    let is_plain = !to.is_empty()
        && (is_away || (to.starts_with('/') && !to.starts_with("//")))
        && to.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.~%:@+,=&?#-".contains(&b));
    if !is_possible || !is_plain {
        return None;
    }
    let (pattern, names) = expression(from, Some(number))?;
    let mut target = String::new();
    let mut rest = to;
    if let Some(after) = is_away.then(|| to.split_once("://")).flatten() {
        target = format!("{}://", after.0);
        rest = after.1;
    }
    while let Some((before, after)) = rest.split_once(':') {
        target.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        let (name, next) = after.split_at(end);
        if !names.iter().any(|known| known == name) {
            return None;
        }
        target.push_str(&format!("${{r{number}_{name}}}"));
        rest = next;
    }
    target.push_str(rest);
    Some((pattern, target))
}

/// A path with `*` and `:name` as a regular expression, and the names in it. With a number the parts get names of
/// their own, for a target.
fn expression(path: &str, number: Option<usize>) -> Option<(String, Vec<String>)> {
    let is_plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.~+@,:*-".contains(&b));
    if !path.starts_with('/') || !is_plain || path.len() > 500 {
        return None;
    }
    let group = |name: &str, what: &str| match number {
        Some(number) => format!("(?<r{number}_{name}>{what})"),
        None => what.to_owned(),
    };
    let (mut pattern, mut names) = ("^".to_owned(), Vec::new());
    let body = path.trim_end_matches('/');
    let (body, has_rest) = match body.strip_suffix("/*") {
        Some(body) => (body, true),
        None => (body, false),
    };
    for part in body.split('/').skip(1) {
        pattern.push('/');
        if let Some(name) = part.strip_prefix(':') {
            let is_name = name.len() <= 20 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_name || name.is_empty() || names.iter().any(|known| known == name) {
                return None;
            }
            pattern.push_str(&group(name, "[^/]+"));
            names.push(name.to_owned());
        } else if part.contains(':') || (part.contains('*') && number.is_some()) {
            return None;
        } else {
            for c in part.chars() {
                match c {
                    '.' | '+' => pattern.extend(['\\', c]),
                    '*' => pattern.push_str("[^/]*"),
                    c => pattern.push(c),
                }
            }
        }
    }
    if has_rest {
        pattern.push_str(&format!("(?:/{})?", group("splat", ".*")));
        names.push("splat".to_owned());
    } else {
        pattern.push_str("/?");
    }
    pattern.push('$');
    Some((pattern, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirects(text: &str) -> Rules {
        let mut rules = Rules::default();
        text.lines().for_each(|line| rules.redirect_line(line));
        rules
    }

    #[test]
    fn simple_redirects_become_rules() {
        let rules = redirects(
            "# moved\n/old /new\n/blog/* /news/:splat 302!\n/u/:id https://u.example/:id 308\n/* /index.html 200\n",
        );
        let seen: Vec<(&str, &str, u16, bool)> = rules
            .redirects
            .iter()
            .map(|rule| (rule.pattern.as_str(), rule.target.as_str(), rule.status, rule.is_forced))
            .collect();
        assert_eq!(
            seen,
            [
                ("^/old/?$", "/new", 301, false),
                ("^/blog(?:/(?<r1_splat>.*))?$", "/news/${r1_splat}", 302, true),
                ("^/u/(?<r2_id>[^/]+)/?$", "https://u.example/${r2_id}", 308, false),
            ]
        );
        assert!(rules.index_fallback);
        assert_eq!(rules.left_out, 0);
    }

    #[test]
    fn what_a_file_server_cannot_do_is_counted() {
        let rules = redirects(
            "/a /b 302 Country=de\n/api/* https://api.example/:splat 200\n/x /y;} 301\n/$a /b\n/a\" /b\n/q id=:id /b\n/* https://new.example/:splat 301\n/f /:unknown 301\n",
        );
        assert_eq!(rules.redirects, []);
        assert_eq!(rules.left_out, 8);
    }

    #[test]
    fn headers_are_kept_by_path() {
        let mut rules = Rules::default();
        rules.header_lines("/*\n  X-Frame-Options: DENY\n/a.b/*\n  x-frame-options: SAMEORIGIN\n  Bad: a\"b\n  Basic-Auth: a:b\n");
        assert_eq!(rules.left_out, 2);
        assert_eq!(rules.headers.len(), 1);
        assert_eq!(
            rules.headers[0].values,
            [("^(?:/.*)?$".into(), "DENY".into()), (r"^/a\.b(?:/.*)?$".into(), "SAMEORIGIN".to_owned())]
        );
    }
}
