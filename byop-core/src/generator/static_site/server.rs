//! The configuration of the web server that serves files.

use serde::Serialize;

use super::rules::{Header, Redirect, Rules};
use super::staticfile::{Settings, settings};
use crate::error::Result;
use crate::generator::finish::copy;
use crate::generator::render::NGINX_CONF;
use crate::generator::template;
use crate::generator::view::View;
use crate::model::{AppSpec, BuildStep, Diagnostic, Plan, Severity};

/// Who may come in, in the build context.
const HTPASSWD: &str = ".byop/htpasswd";

#[derive(Serialize)]
struct Context {
    port: u16,
    index_fallback: bool,
    has_hashed_folders: bool,
    has_auth: bool,
    lists_folders: bool,
    serves_dot_files: bool,
    is_https_only: bool,
    has_rule_files: bool,
    pages: Vec<(u16, String)>,
    redirects: Vec<Redirect>,
    headers: Vec<Header>,
    cache_rules: Vec<(String, String)>,
}

/// Writes the configuration of a plan that ends in the web server; any other plan stays as it is.
pub(in crate::generator) fn configure(plan: &mut Plan, view: &View<'_>, spec: &AppSpec) -> Result<()> {
    let is_served = plan.stages.last().is_some_and(|stage| {
        stage.steps.iter().any(|step| matches!(step, BuildStep::Copy(copy) if copy.sources == [NGINX_CONF]))
    });
    if !is_served || plan.context_files.contains_key(NGINX_CONF) {
        return Ok(());
    }
    let given = view.read("Staticfile")?.map(|text| settings(&text)).unwrap_or_default();
    let folder =
        if plan.framework.is_none() { plan.static_dir.clone().unwrap_or_default() } else { String::new() };
    let mut rules = Rules::read(view, &[&folder, "public", "static", "docs", "src", ""]);
    if given.index_fallback.is_none() && spec.build.index_fallback.is_none() {
        plan.index_fallback |= rules.index_fallback;
    }
    note(plan, &rules, &given);
    let has_auth = protect(plan, view, spec.health.path.is_some())?;
    let at = rules.headers.iter().position(|header| header.name.eq_ignore_ascii_case("cache-control"));
    let cache_rules = at.map(|at| rules.headers.remove(at).values).unwrap_or_default();
    let context = Context {
        port: plan.port,
        index_fallback: plan.index_fallback,
        // Bundlers put nothing but hashed names there; people do not.
        has_hashed_folders: plan.stack != "static",
        has_auth,
        lists_folders: given.lists_folders,
        serves_dot_files: given.serves_dot_files,
        is_https_only: given.is_https_only,
        has_rule_files: !rules.files.is_empty(),
        pages: given.pages,
        redirects: rules.redirects,
        headers: rules.headers,
        cache_rules,
    };
    plan.context_files.insert(NGINX_CONF.into(), template::render("nginx.conf", context)?);
    Ok(())
}

fn note(plan: &mut Plan, rules: &Rules, given: &Settings) {
    if !rules.files.is_empty() {
        let (severity, rest) = match rules.left_out {
            0 => (Severity::Info, String::new()),
            count => (
                Severity::Warning,
                format!(
                    ", but {count} of its rules are left out: proxies, conditions, and what nginx cannot say"
                ),
            ),
        };
        plan.diagnostics.push(Diagnostic::new(
            "site-rules",
            severity,
            format!("the web server follows {}{rest}", rules.files.join(" and ")),
        ));
    }
    if !given.unknown.is_empty() {
        plan.diagnostics.push(Diagnostic::new(
            "unknown-setting",
            Severity::Info,
            format!("Staticfile says {}, which has no effect here", given.unknown.join(", ")),
        ));
    }
}

/// Lets in only those whom `Staticfile.auth` names. A line that cannot be used lets nobody in.
fn protect(plan: &mut Plan, view: &View<'_>, has_given_health: bool) -> Result<bool> {
    let Some(text) = view.read("Staticfile.auth")? else { return Ok(false) };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let usable: Vec<&str> = lines().filter(|line| is_entry(line)).collect();
    let unusable = lines().count() - usable.len();
    if unusable > 0 || usable.is_empty() {
        let severity = if usable.is_empty() { Severity::Error } else { Severity::Warning };
        plan.diagnostics.push(Diagnostic::new(
            "unusable-password",
            severity,
            format!("{unusable} lines of Staticfile.auth are no `name:hash` that nginx knows, such as those of `htpasswd -B`; these people cannot come in"),
        ));
    }
    plan.diagnostics.push(Diagnostic::new(
        "basic-auth",
        Severity::Info,
        "Staticfile.auth is followed: every path but the health check asks for a name and a password",
    ));
    let mut list = usable.join("\n");
    list.push('\n');
    plan.context_files.insert(HTPASSWD.into(), list);
    if let Some(stage) = plan.stages.last_mut() {
        stage.steps.push(copy(
            vec![HTPASSWD.into()],
            "/etc/nginx/htpasswd",
            "The names and hashes of Staticfile.auth.",
        ));
    }
    if !has_given_health {
        let old = std::mem::replace(&mut plan.health.path, "/healthz".into());
        for word in plan.health.command.iter_mut().flatten() {
            if word.starts_with("http://") && word.ends_with(&old) {
                word.truncate(word.len() - old.len());
                word.push_str("/healthz");
            }
        }
    }
    Ok(true)
}

/// Whether a line has a hash that nginx can check: those of the C library, and its own.
fn is_entry(line: &str) -> bool {
    let Some((name, hash)) = line.split_once(':') else { return false };
    let is_hash = ["$apr1$", "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "{SHA}", "{SSHA}"]
        .iter()
        .any(|start| hash.strip_prefix(start).is_some_and(|rest| rest.len() >= 16));
    !name.is_empty()
        && is_hash
        && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"$./{}+=,".contains(&b))
        && !name.chars().any(|c| c.is_control() || template::is_hidden(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashes_that_nginx_knows_let_somebody_in() {
        assert!(is_entry("ann:$apr1$abcdefgh$0123456789abcdefghijkl"));
        assert!(is_entry("ann:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"));
        for line in
            ["ann", "ann:secret", ":$apr1$abcdefgh$0123456789abcdefghijkl", "a:{PLAIN}secretsecretsecret"]
        {
            assert!(!is_entry(line), "{line}");
        }
    }
}
