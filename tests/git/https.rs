//! Repositories over https.

use byop_core::model::GitSource;
use byop_core::secret::{MemorySecrets, SecretRef};
use byop_core::{Error, ErrorKind};

use crate::processes;
use crate::repository::{Repository, app};
use crate::server::Server;

/// Its whole, and its start as base64 gives it with the user before it.
const TOKEN: [&str; 2] = ["hunter2token", "eC1hY2Nlc3MtdG9rZW46"];

async fn world() -> Option<(Repository, Server)> {
    let repository = Repository::new()?;
    let server = Server::start(repository.dir.path()).await;
    Some((repository, server))
}

fn source(server: &Server, name: &str) -> GitSource {
    GitSource { ca_file: Some(server.ca_file.clone()), ..GitSource::new(server.url(name)) }
}

fn secrets() -> MemorySecrets {
    MemorySecrets::new().with_secret("git", TOKEN[0]).with_secret("wrong", "hunter2token-but-old")
}

fn with_credential(source: GitSource, name: &str) -> GitSource {
    GitSource { credential: Some(SecretRef(name.to_owned())), ..source }
}

async fn refusal(repository: &Repository, source: GitSource) -> Error {
    let error = repository.fetch(source, &secrets()).await.unwrap_err();
    assert!(!repository.work().join("source").exists());
    let text = format!("{error:?} {:?}", error.report());
    assert!(!TOKEN.iter().any(|token| text.contains(token)), "{text}");
    error
}

#[tokio::test]
async fn a_branch_a_tag_and_a_commit_are_fetched() {
    let Some((repository, server)) = world().await else { return };
    for (reference, content) in [
        (None, "3"),
        (Some("main"), "3"),
        (Some("feature/x"), "2"),
        (Some("v1"), "1"),
        (Some("refs/tags/v1"), "1"),
        (Some(repository.first.as_str()), "1"),
    ] {
        let source = GitSource { reference: reference.map(str::to_owned), ..source(&server, "public.git") };
        let fetched = repository.fetch(source, &secrets()).await.unwrap();
        assert_eq!(app(&fetched), content, "{reference:?}");
        if reference.is_none() {
            assert_eq!(fetched.revision.as_ref(), Some(&repository.last));
        }
    }
}

#[tokio::test]
async fn no_history_is_asked_for() {
    let Some((repository, server)) = world().await else { return };
    repository.fetch(source(&server, "public.git"), &secrets()).await.unwrap();
    let fetches: Vec<_> =
        server.requests().into_iter().filter(|seen| seen.body.contains("command=fetch")).collect();
    assert!(!fetches.is_empty() && fetches.iter().all(|seen| seen.body.contains("deepen 1")), "{fetches:?}");
}

#[tokio::test]
async fn a_private_repository_is_fetched_with_its_token_which_is_in_no_address() {
    let Some((repository, server)) = world().await else { return };
    let source = with_credential(source(&server, "private.git"), "git");
    let fetched = repository.fetch(source, &secrets()).await.unwrap();
    assert_eq!(app(&fetched), "3");
    let requests = server.requests();
    assert!(!requests.is_empty() && requests.iter().all(|seen| seen.authorization.is_some()));
    assert!(!requests.iter().any(|seen| TOKEN.iter().any(|token| seen.target.contains(token))));
}

#[tokio::test]
async fn a_private_repository_without_a_credential_asks_for_one() {
    let Some((repository, server)) = world().await else { return };
    let error = refusal(&repository, source(&server, "private.git")).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.remedy().unwrap().contains("`credential`"));
}

#[tokio::test]
async fn a_wrong_credential_is_refused() {
    let Some((repository, server)) = world().await else { return };
    let source = with_credential(source(&server, "private.git"), "wrong");
    let error = refusal(&repository, source).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.message().contains("refused the credential"), "{error:?}");
}

#[tokio::test]
async fn a_credential_that_the_server_repeats_is_not_in_the_error() {
    let Some((repository, server)) = world().await else { return };
    let source = with_credential(source(&server, "tells.git"), "git");
    let error = refusal(&repository, source).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(format!("{error:?}").contains("no access with Some(\"Basic [redacted]\")"), "{error:?}");
}

#[tokio::test]
async fn a_missing_repository_is_not_found() {
    let Some((repository, server)) = world().await else { return };
    let error = refusal(&repository, source(&server, "none.git")).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!(error.context("repository"), Some(server.url("none.git").as_str()));
}

#[tokio::test]
async fn a_missing_reference_is_not_found_by_its_name() {
    let Some((repository, server)) = world().await else { return };
    for reference in ["nope", "refs/heads/nope", &"0123456789".repeat(4)] {
        let source = GitSource { reference: Some(reference.to_owned()), ..source(&server, "public.git") };
        let error = refusal(&repository, source).await;
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert_eq!(error.context("reference"), Some(reference));
    }
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_trusted() {
    let Some((repository, server)) = world().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = Server::start(folder.path()).await;
    for ca_file in [None, Some(other.ca_file)] {
        let source = GitSource { ca_file, ..with_credential(source(&server, "public.git"), "git") };
        let error = refusal(&repository, source).await;
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
        assert!(error.message().contains("certificate"), "{error:?}");
        assert!(error.remedy().unwrap().contains("`ca_file`"));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let Some((repository, server)) = world().await else { return };
    let error = refusal(&repository, with_credential(source(&server, "moved.git"), "git")).await;
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    assert!(error.message().contains("moved"), "{error:?}");
    assert!(server.requests().iter().all(|seen| seen.target.starts_with("/moved.git/")));
}

#[tokio::test]
async fn a_fetch_that_hangs_shows_no_token_and_leaves_nothing_when_it_is_dropped() {
    let Some((repository, server)) = world().await else { return };
    let source = with_credential(source(&server, "hangs.git"), "git");
    let secrets = secrets();
    let address = server.url("hangs.git");
    {
        let mut fetch = std::pin::pin!(repository.fetch(source, &secrets));
        tokio::select! {
            ended = &mut fetch => panic!("{ended:?}"),
            () = server.hanging() => {}
        }
        // Git and the program that it speaks https with.
        assert!(processes::with(&address).len() >= 2, "{:?}", processes::with(&address));
        for token in TOKEN {
            assert_eq!(processes::with(token), [""; 0]);
        }
    }
    processes::gone(&address).await;
    assert!(!repository.work().join("git").exists());
}
