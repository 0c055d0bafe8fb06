//! What git says when it fails, as kinds of error. It has one exit code for all of them, so its words must do; it is
//! asked to speak English.

use super::OPERATION;
use crate::error::{Error, ErrorKind};
use crate::secret::{Redactor, Secret};

const OTHER_CREDENTIALS: &str = "the repository wants other credentials";

/// Words, what they mean, and what to do. The first that is found counts.
const TABLE: &[(&[&str], ErrorKind, &str, &str)] = &[
    (
        &["certificate verification failed", "SSL certificate problem", "certificate subject name"],
        ErrorKind::Unauthenticated,
        "the certificate of the repository's host is not trusted",
        "check the address; name the file of a private authority as `ca_file`",
    ),
    (
        &["REMOTE HOST IDENTIFICATION HAS CHANGED"],
        ErrorKind::Unauthenticated,
        "the host's key is not the one that is known: this may be another host",
        "find out whether the host has a new key; only then put it into `known_hosts` in place of the old one",
    ),
    (
        &["Host key verification failed", "host key is known"],
        ErrorKind::Unauthenticated,
        "the host's key is not known",
        "compare the host's key with the one it publishes, then add it to the file that is named as `known_hosts`, or \
         to the one of the user that runs byop",
    ),
    (
        &["Load key "],
        ErrorKind::InvalidInput,
        "the private key cannot be read",
        "store the whole file of a key that this machine's ssh knows the kind of, without a passphrase",
    ),
    (
        &["ssh: not found", "cannot run ssh", "ssh: command not found"],
        ErrorKind::Unsupported,
        "the ssh program is not installed",
        "install ssh, or use the repository's https address",
    ),
    (
        &["remote helper for 'https'", "'remote-https' is not a git command"],
        ErrorKind::Unsupported,
        "git is installed without https",
        "install the whole of git",
    ),
    (
        &["dubious ownership"],
        ErrorKind::PermissionDenied,
        "the repository belongs to another user",
        "give the repository to the user that runs byop",
    ),
    (
        &[
            "unable to update url base from redirection",
            "returned error: 301",
            "returned error: 302",
            "returned error: 307",
            "returned error: 308",
        ],
        ErrorKind::InvalidInput,
        "the repository has moved to another address",
        "use the address that it has now; some hosts want `.git` at the end",
    ),
    (
        &[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "terminal prompts disabled",
            "Permission denied (",
            "Access denied",
            "returned error: 401",
            "returned error: 403",
            "Too many authentication failures",
        ],
        ErrorKind::Unauthenticated,
        OTHER_CREDENTIALS,
        "check the address; if the repository is private, name a secret as `credential`, or for ssh as `identity`, \
         and see that it may read the repository",
    ),
    (
        &["not our ref", "unadvertised object", "couldn't find remote ref", "remote ref does not exist"],
        ErrorKind::NotFound,
        "the repository has no such branch, tag or commit",
        "check the reference; some hosts give out commits only by branch or tag",
    ),
    (
        &[
            "Repository not found",
            "repository not found",
            "returned error: 404",
            "returned error: 410",
            "does not appear to be a git repository",
            "not a git repository",
            "No such file or directory",
            "does not exist",
            "could not be found",
            "' not found",
        ],
        ErrorKind::NotFound,
        "there is no such repository",
        "check the address; a private repository may look missing without `credential`",
    ),
    (
        &["fsck error", "fsck: error", "fsckObjects", "error in tree", "invalid object"],
        ErrorKind::InvalidInput,
        "the repository holds objects that git refuses",
        "run `git fsck` in the repository",
    ),
    (
        &["No space left"],
        ErrorKind::QuotaExceeded,
        "there is no space left for the repository",
        "free some space",
    ),
    (
        &["protocol '", "transport '"],
        ErrorKind::InvalidInput,
        "the repository wants a protocol that is not allowed",
        "use https or ssh",
    ),
];

/// The error for what git wrote before it failed.
pub(super) fn refusal(stderr: &str, hidden: &[Secret], reference: Option<&str>) -> Error {
    let found = TABLE.iter().find(|(words, ..)| words.iter().any(|word| stderr.contains(word)));
    let error = match found {
        Some((_, ErrorKind::Unauthenticated, message, _)) if *message == OTHER_CREDENTIALS && !hidden.is_empty() => {
            Error::new(ErrorKind::Unauthenticated, OPERATION, "the repository refused the credential").with_remedy(
                "see that the token still counts and may read the repository; some hosts want it as `user:token`",
            )
        }
        Some((_, kind, message, remedy)) => Error::new(*kind, OPERATION, *message).with_remedy(*remedy),
        None => Error::new(ErrorKind::Unavailable, OPERATION, "the repository cannot be fetched")
            .with_remedy("try again; if it goes on, fetch the address with git on this machine"),
    };
    let error = match reference {
        Some(reference) => error.with_context("reference", reference),
        None => error,
    };
    // The other side's words: the last of them, on one line each, without control characters.
    let lines: Vec<String> = Redactor::new(hidden)
        .text(stderr)
        .lines()
        .rev()
        .take(5)
        .map(|line| line.chars().filter(|c| !c.is_control()).take(300).collect())
        .collect();
    let said: Vec<String> = lines.into_iter().rev().collect();
    error.with_source(format!("git said: {}", said.join(" / ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_told_by_kind() {
        for (text, kind) in [
            ("fatal: Authentication failed for 'https://example.com/a/'", ErrorKind::Unauthenticated),
            (
                "fatal: could not read Username for 'https://example.com': terminal prompts disabled",
                ErrorKind::Unauthenticated,
            ),
            (
                "git@example.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                ErrorKind::Unauthenticated,
            ),
            (
                "Host key verification failed.\nfatal: Could not read from remote repository.",
                ErrorKind::Unauthenticated,
            ),
            (
                "remote: Repository not found.\nfatal: repository 'https://example.com/a/' not found",
                ErrorKind::NotFound,
            ),
            ("fatal: '/x' does not appear to be a git repository", ErrorKind::NotFound),
            ("fatal: couldn't find remote ref refs/heads/x", ErrorKind::NotFound),
            ("fatal: remote error: upload-pack: not our ref 0123", ErrorKind::NotFound),
            (
                "fatal: unable to access 'https://example.com/a/': Could not resolve host: example.com",
                ErrorKind::Unavailable,
            ),
            (
                "fatal: unable to access 'https://example.com/a/': Failed to connect to example.com port 443",
                ErrorKind::Unavailable,
            ),
            (
                "fatal: unable to access 'https://example.com/a/': The requested URL returned error: 301",
                ErrorKind::InvalidInput,
            ),
            (
                "ssh -o BatchMode=yes: 1: ssh: not found\nfatal: Could not read from remote repository.",
                ErrorKind::Unsupported,
            ),
            ("fatal: detected dubious ownership in repository at '/x'", ErrorKind::PermissionDenied),
            ("ssh: connect to host example.com port 22: Connection refused", ErrorKind::Unavailable),
            ("error: RPC failed; curl 18 transfer closed\nfatal: early EOF", ErrorKind::Unavailable),
            (
                "fatal: unable to access 'https://example.com/a/': server certificate verification failed. CAfile: none",
                ErrorKind::Unauthenticated,
            ),
            ("", ErrorKind::Unavailable),
        ] {
            assert_eq!(refusal(text, &[], None).kind(), kind, "{text}");
        }
    }

    #[test]
    fn secrets_and_control_characters_do_not_get_into_the_error() {
        let secret = Secret::new("hunter2");
        let error = refusal("remote: \x1b[31mbad hunter2\n", &[secret], None);
        let text = format!("{error:?}");
        assert!(!text.contains("hunter2") && !text.contains('\x1b'), "{text}");
    }
}
