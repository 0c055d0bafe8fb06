//! Repositories over ssh.

use std::path::PathBuf;

use byop_core::model::GitSource;
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::{Error, ErrorKind};

use crate::repository::{Repository, app};
use crate::sshd::Sshd;

fn world() -> Option<(Repository, Sshd)> {
    let repository = Repository::new()?;
    let sshd = Sshd::start(repository.dir.path())?;
    Some((repository, sshd))
}

fn source(sshd: &Sshd, known_hosts: PathBuf, identity: &str) -> GitSource {
    GitSource {
        known_hosts: Some(known_hosts),
        identity: Some(SecretRef(identity.to_owned())),
        ..GitSource::new(sshd.url("private.git"))
    }
}

fn secrets(sshd: &Sshd) -> MemorySecrets {
    MemorySecrets::new()
        // Without the newline at its end, as secrets are often stored.
        .with_secret("deploy key", sshd.key("user").trim_end())
        .with_secret("other key", sshd.key("stranger"))
        // Cut off in the middle.
        .with_secret("broken key", sshd.key("user").lines().take(3).collect::<Vec<_>>().join("\n"))
}

async fn refusal(repository: &Repository, sshd: &Sshd, source: GitSource) -> Error {
    let error = repository.fetch(source, &secrets(sshd)).await.unwrap_err();
    assert!(!format!("{error:?}").contains("PRIVATE KEY"), "{error:?}");
    error
}

#[tokio::test]
async fn a_known_host_gives_a_branch_a_tag_and_a_commit_to_who_has_the_key() {
    let Some((repository, sshd)) = world() else { return };
    for (reference, content) in
        [(None, "3"), (Some("feature/x"), "2"), (Some("v1"), "1"), (Some(repository.first.as_str()), "1")]
    {
        let source = GitSource {
            reference: reference.map(str::to_owned),
            ..source(&sshd, sshd.known_hosts("host"), "deploy key")
        };
        let fetched = repository.fetch(source, &secrets(&sshd)).await.unwrap();
        assert_eq!(app(&fetched), content, "{reference:?}");
        if reference.is_none() {
            assert_eq!(fetched.revision.as_ref(), Some(&repository.last));
        }
    }
}

#[tokio::test]
async fn an_unknown_host_is_refused_and_stays_unknown() {
    let Some((repository, sshd)) = world() else { return };
    let empty = repository.dir.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    for _ in 0..2 {
        let error = refusal(&repository, &sshd, source(&sshd, empty.clone(), "deploy key")).await;
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
        assert_eq!(error.message(), "the host's key is not known");
        assert!(error.remedy().unwrap().contains("`known_hosts`"));
    }
    assert_eq!(std::fs::read(&empty).unwrap(), b"");
}

#[tokio::test]
async fn a_host_whose_key_has_changed_is_refused() {
    let Some((repository, sshd)) = world() else { return };
    let known_hosts = sshd.known_hosts("stranger");
    let before = std::fs::read(&known_hosts).unwrap();
    let error = refusal(&repository, &sshd, source(&sshd, known_hosts.clone(), "deploy key")).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.message().contains("not the one that is known"), "{error:?}");
    assert!(error.remedy().unwrap().contains("new key"));
    assert_eq!(std::fs::read(&known_hosts).unwrap(), before);
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let Some((repository, sshd)) = world() else { return };
    let error = refusal(&repository, &sshd, source(&sshd, sshd.known_hosts("host"), "other key")).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.remedy().unwrap().contains("`identity`"));
}

#[tokio::test]
async fn a_key_that_ssh_cannot_read_is_told() {
    let Some((repository, sshd)) = world() else { return };
    let error = refusal(&repository, &sshd, source(&sshd, sshd.known_hosts("host"), "broken key")).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert_eq!(error.message(), "the private key cannot be read");
}

#[tokio::test]
async fn a_missing_repository_or_reference_is_not_found() {
    let Some((repository, sshd)) = world() else { return };
    let source = source(&sshd, sshd.known_hosts("host"), "deploy key");
    let error = refusal(&repository, &sshd, GitSource { url: sshd.url("none.git"), ..source.clone() }).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = refusal(&repository, &sshd, GitSource { reference: Some("nope".into()), ..source }).await;
    assert_eq!((error.kind(), error.context("reference")), (ErrorKind::NotFound, Some("nope")));
}
