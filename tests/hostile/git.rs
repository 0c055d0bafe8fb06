//! Addresses of repositories that must never be asked for.

use byop_core::model::{GitSource, Source};
use byop_core::secret::SecretRef;

use crate::support::World;

fn git(url: &str, reference: Option<&str>) -> Source {
    Source::Git(GitSource { reference: reference.map(Into::into), ..GitSource::new(url) })
}

#[tokio::test]
async fn addresses_that_are_refused_start_no_program() {
    let world = World::new();
    for (url, named) in [
        ("", "empty"),
        ("repository", "address"),
        ("https://user:hunter2@example.com/a", "credentials"),
        ("https://token@example.com/a", "credentials"),
        ("ssh://git:hunter2@example.com/a", "credentials"),
        ("https://example.com/a?token=hunter2", "query"),
        ("ext::sh -c 'touch /tmp/byop-hostile'", "address"),
        ("ext::touch%20/tmp/byop-hostile", "remote helper"),
        ("fd::17/a", "remote helper"),
        ("file:///etc", "file"),
        ("http://example.com/a", "http"),
        ("git://example.com/a", "git"),
        ("ftp://example.com/a", "ftp"),
        ("gopher://example.com/a", "scheme"),
        ("-oProxyCommand=touch", "`-`"),
        ("--upload-pack=touch", "`-`"),
        ("ssh://-oProxyCommand=touch/a", "address"),
        ("git@-oProxyCommand=touch:a", "address"),
        ("-git@example.com:a", "`-`"),
        ("https://example.com/a b", "space"),
        ("https://example.com/a\n[core]", "control character"),
        ("https://example.com/\u{0}", "control character"),
        ("https:///a", "address"),
        ("https://example.com", "path"),
        ("https://example.com:99999/a", "host"),
        ("https://127.0.0.1/a", "private"),
        ("https://localhost/a", "private"),
        ("https://[::1]/a", "private"),
        ("https://[::ffff:127.0.0.1]/a", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://10.0.0.1/a", "private"),
        ("https://192.168.1.1/a", "private"),
        ("https://0.0.0.0/a", "private"),
        ("https://2130706433/a", "host"),
        ("https://0x7f000001/a", "host"),
        ("https://127.1/a", "host"),
        ("git@127.0.0.1:a", "private"),
        ("ssh://git@10.1.2.3:22/a", "private"),
    ] {
        let case = url.escape_debug().to_string();
        world.refuses(&case, git(url, None), named).await;
        let error = world.preview(git(url, None)).await.unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    for reference in ["-x", "--upload-pack=touch", "a..b", "a b", "a\nb", "", "a~1", "a^{}", "a:b", "@{u}"] {
        let case = format!("the reference {reference:?}");
        world.refuses(&case, git("https://1.1.1.1/a", Some(reference)), "reference").await;
    }
    let source = GitSource {
        credential: Some(SecretRef("vault/missing".into())),
        ..GitSource::new("https://1.1.1.1/a")
    };
    world.refuses("a missing credential", Source::Git(source), "vault/missing").await;
    world.end();
}
