//! Addresses of repositories, and names in them. Only four forms are taken, so that none can be an option of git or ssh,
//! name another transport, or carry a password.

use crate::error::{Error, Result};

use super::OPERATION;

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Https { url: String, host: String, port: u16 },
    Ssh { url: String, host: String, port: u16 },
    Local { path: String },
}

impl Address {
    /// Errors never repeat the address: it may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refuse = |fault: &str| Err(Error::invalid(OPERATION, fault).with_remedy(FORMS));
        if text.is_empty() || text.len() > 2_000 {
            return refuse("the address of the repository is empty or too long");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return refuse("the address of the repository has a space or control character");
        }
        if text.starts_with('-') {
            return refuse("the address of the repository starts with `-`");
        }
        if text.starts_with('/') || text.starts_with("./") || text.starts_with("../") {
            // Git runs in another folder.
            let path =
                std::path::absolute(text).ok().and_then(|path| path.into_os_string().into_string().ok());
            return match path {
                Some(path) => Ok(Self::Local { path }),
                None => refuse("the path of the repository cannot be made absolute"),
            };
        }
        if text.contains("::") && !text.contains('[') {
            return refuse("the address of the repository names a remote helper");
        }
        match text.split_once("://") {
            Some(("https", rest)) => Self::https(text, rest),
            Some(("ssh", rest)) => Self::ssh(text, rest),
            Some((scheme, _)) => {
                let known = matches!(
                    scheme,
                    "http" | "git" | "file" | "ftp" | "ftps" | "ext" | "git+ssh" | "ssh+git"
                );
                let scheme = if known { scheme } else { "this" };
                refuse(&format!("a repository cannot be fetched by the scheme `{scheme}`"))
            }
            None => Self::scp(text),
        }
    }

    fn https(url: &str, rest: &str) -> Result<Self> {
        let (authority, path) = split_path(rest)?;
        if authority.contains('@') {
            return Err(Error::invalid(OPERATION, "the address of the repository holds credentials")
                .with_remedy("take them out and name a secret as `credential`; change the password, as it was written down"));
        }
        if path.contains(['?', '#']) {
            return Err(Error::invalid(OPERATION, "the address of the repository has a query or fragment")
                .with_remedy("give the address without `?` and `#`; a token goes into `credential`"));
        }
        let (host, port) = host_and_port(authority, 443)?;
        Ok(Self::Https { url: url.to_owned(), host, port })
    }

    fn ssh(url: &str, rest: &str) -> Result<Self> {
        let (authority, _) = split_path(rest)?;
        let (host, port) = host_and_port(without_user(authority)?, 22)?;
        Ok(Self::Ssh { url: url.to_owned(), host, port })
    }

    /// `user@host:path`.
    fn scp(text: &str) -> Result<Self> {
        let Some((authority, path)) = text.split_once(':').filter(|(authority, _)| !authority.contains('/'))
        else {
            return Err(Error::invalid(OPERATION, "this is no address of a repository").with_remedy(FORMS));
        };
        if path.is_empty() || path.starts_with('-') || path.contains('@') {
            return Err(Error::invalid(OPERATION, "the address has no path after `:`").with_remedy(FORMS));
        }
        let (host, port) = host_and_port(without_user(authority)?, 22)?;
        Ok(Self::Ssh { url: text.to_owned(), host, port })
    }

    /// What git is given.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Https { url, .. } | Self::Ssh { url, .. } => url,
            Self::Local { path } => path,
        }
    }

    /// What errors show. Nothing that was parsed holds a password.
    pub(super) fn shown(&self) -> &str {
        self.as_str()
    }

    /// The protocol by git's name for it.
    pub(super) fn protocol(&self) -> &'static str {
        match self {
            Self::Https { .. } => "https",
            Self::Ssh { .. } => "ssh",
            Self::Local { .. } => "file",
        }
    }
}

const FORMS: &str = "use https://host/path, ssh://user@host/path, user@host:path, or an absolute path";

fn split_path(rest: &str) -> Result<(&str, &str)> {
    match rest.split_once('/') {
        Some((authority, path)) if !path.is_empty() && !path.starts_with('-') => Ok((authority, path)),
        _ => Err(Error::invalid(OPERATION, "the address has no path to a repository").with_remedy(FORMS)),
    }
}

fn without_user(authority: &str) -> Result<&str> {
    let Some((user, host)) = authority.rsplit_once('@') else { return Ok(authority) };
    if user.contains([':', '@']) {
        return Err(Error::invalid(OPERATION, "the address of the repository holds credentials")
            .with_remedy("ssh uses keys: take the password out, and change it, as it was written down"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if user.is_empty() || user.starts_with('-') || !user.chars().all(plain) {
        return Err(Error::invalid(OPERATION, "the user in the address is not valid").with_remedy(FORMS));
    }
    Ok(host)
}

fn host_and_port(authority: &str, default: u16) -> Result<(String, u16)> {
    let bad = || Error::invalid(OPERATION, "the host in the address is not valid").with_remedy(FORMS);
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(bad)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
        (host, if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or_else(bad)?) })
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || host.len() > 253 || host.starts_with(['-', '.']) || !host.chars().all(plain) {
            return Err(bad());
        }
        (host, port)
    };
    let port = match port {
        Some(digits) if digits.chars().all(|c| c.is_ascii_digit()) => digits.parse().map_err(|_| bad())?,
        Some(_) => return Err(bad()),
        None => default,
    };
    if port == 0 { Err(bad()) } else { Ok((host.to_ascii_lowercase(), port)) }
}

/// Whether a reference is a full commit id.
pub(super) fn is_commit(reference: &str) -> bool {
    matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Refuses what git does not take as a name, and what it would take as something else.
pub(super) fn check_reference(reference: &str) -> Result<()> {
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let bad = reference.len() > 250
        || reference.starts_with('-')
        || reference.ends_with('.')
        || reference.contains("..")
        || reference.contains("@{")
        || reference == "@"
        || reference.contains(|c: char| {
            c.is_control() || c.is_whitespace() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\')
        })
        || reference.split('/').any(bad_part);
    if bad {
        return Err(Error::invalid(OPERATION, "the reference is no name of a branch, tag or commit")
            .with_context("reference", crate::source::path::shown(reference.as_bytes()))
            .with_remedy("give a branch, a tag or a full commit id"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_four_forms_are_taken() {
        for (text, host, port) in [
            ("https://example.com/a/b.git", "example.com", 443),
            ("https://Example.com:8443/a", "example.com", 8443),
            ("https://[2001:db8::1]/a", "2001:db8::1", 443),
            ("ssh://git@example.com/a/b", "example.com", 22),
            ("ssh://git@example.com:2222/~u/b", "example.com", 2222),
            ("git@example.com:a/b.git", "example.com", 22),
            ("example.com:b", "example.com", 22),
        ] {
            match Address::parse(text).unwrap() {
                Address::Https { host: h, port: p, .. } | Address::Ssh { host: h, port: p, .. } => {
                    assert_eq!((h.as_str(), p), (host, port), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for path in ["/srv/git/a.git", "./a", "../a"] {
            let address = Address::parse(path).unwrap();
            assert!(matches!(&address, Address::Local { path } if path.starts_with('/')), "{address:?}");
        }
    }

    #[test]
    fn all_other_addresses_are_refused() {
        for text in [
            "",
            "repo",
            "http://example.com/a",
            "git://example.com/a",
            "file:///etc",
            "ext::sh -c touch% /tmp/x",
            "ext::sh",
            "fd::17/foo",
            "transport::https://example.com/a",
            "--upload-pack=touch /tmp/x",
            "-oProxyCommand=x:y",
            "ssh://-oProxyCommand=x/a",
            "ssh://git@-oProxyCommand=x/a",
            "-u@example.com:a",
            "git@-host:a",
            "git@example.com:-a",
            "git@example.com:",
            "https://example.com",
            "https://example.com/",
            "https:///a",
            "https://exa mple.com/a",
            "https://example.com/a\nb",
            "https://example.com:0/a",
            "https://example.com:99999/a",
            "https://example.com:x/a",
            "https://example.com/a?private_token=x",
            "https://example.com/a#b",
            "https://ex%61mple.com/a",
            "https://[::1/a",
            "https://[example.com]/a",
            "https://exämple.com/a",
            "HTTPS://example.com/a",
            "$(touch x)@example.com:a",
            "a;b@example.com:c",
            "\\\\server\\share",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(error.remedy().is_some(), "{text}");
        }
    }

    #[test]
    fn credentials_are_refused_and_never_repeated() {
        for text in [
            "https://user:hunter2@example.com/a",
            "https://hunter2@example.com/a",
            "https://hunter2:@example.com/a",
            "ssh://git:hunter2@example.com/a",
            "git:hunter2@example.com:a",
            "https://example.com/a?token=hunter2",
            "http://user:hunter2@example.com/a",
            "hunter2://x",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(!format!("{error:?} {:?}", error.report()).contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn references_that_are_no_names_are_refused() {
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a\nb",
            "a~1",
            "a^",
            "a:b",
            "a*",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a.lock",
            "a.",
            "@",
            "@{-1}",
            "a\\b",
            "a[b",
        ] {
            assert_eq!(check_reference(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad:?}");
        }
        for good in ["main", "feature/x", "v1.2.3", "refs/heads/main", "a@b", "ünïcode", "HEAD"] {
            assert!(check_reference(good).is_ok(), "{good:?}");
        }
    }
}
