"""Stores and hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import byop
import pytest
from byop.testing import FakeRuntime


def test_a_store_is_copied_while_it_is_used(byop_host: FakeRuntime, tmp_path: Path) -> None:
    store = byop.SqliteStore(tmp_path / "byop.db")
    engine = byop.Engine(store=store, runtimes=byop_host)
    engine.wait(engine.deploy(byop.app("image:app:1", name="shop")))
    store.check()
    store.backup_to(tmp_path / "copy.db")
    restored = byop.Engine(store=byop.SqliteStore(tmp_path / "copy.db"), runtimes=byop_host)
    assert restored.get_app("shop")["state"] == "running"
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with pytest.raises(byop.InvalidInputError):
        store.backup_to(tmp_path / "byop.db")
    with pytest.raises(byop.NotFoundError):
        store.backup_to(tmp_path / "none" / "copy.db")


def test_a_damaged_store_is_told_of(tmp_path: Path) -> None:
    byop.SqliteStore(tmp_path / "byop.db").backup_to(tmp_path / "copy.db")
    store = byop.SqliteStore(tmp_path / "copy.db")
    with (tmp_path / "copy.db").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    with pytest.raises(byop.CorruptError):
        store.check()


@pytest.mark.parametrize("address", ["ssh://root@host", "npipe:////./pipe/engine"])
def test_an_address_of_another_kind_is_refused_clearly(address: str) -> None:
    with pytest.raises(byop.UnsupportedError) as caught:
        byop.Docker(address)
    assert caught.value.context["address"] == address and "tcp://host:port" in str(caught.value.remedy)


def test_an_address_with_tls_needs_certificates(tmp_path: Path) -> None:
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.Docker("https://127.0.0.1:2376")
    assert "`ca`" in str(caught.value.remedy)
    for wrong in ({"cert": "a"}, {"cert": "a", "key": "b"}, {"ca": "a", "key": "b"}):
        with pytest.raises(TypeError):
            byop.Docker("tcp://127.0.0.1:2376", **wrong)
    with pytest.raises(TypeError):
        byop.Docker(ca="a")
    with pytest.raises(FileNotFoundError):
        byop.Docker("tcp://127.0.0.1:2376", ca=tmp_path / "none.pem")


def test_certificates_are_read_and_never_shown(tmp_path: Path) -> None:
    ca, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    ca.write_text("canary")
    key.write_text("canary")
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.Docker("tcp://127.0.0.1:2376", ca=ca, cert=ca, key=key)
    assert "certificate" in str(caught.value) and "canary" not in str(caught.value)
    ca.write_text(CERTIFICATE)
    byop.Docker("tcp://127.0.0.1:2376", ca=ca)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"connections": 2, "statement_seconds": 5}, "cannot be reached"),
        ({"statement_seconds": -1}, "`statement_seconds` must be a number of seconds"),
    ],
)
def test_a_database_has_options(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(byop.ByopError) as caught:
        byop.PostgresStore("postgresql://byop:canary@127.0.0.1:1/byop", **options)
    assert expected in str(caught.value) and "canary" not in str(caught.value)


def test_the_authorities_of_a_database_are_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("no certificate")
    url = "postgresql://byop:canary@127.0.0.1:1/byop?sslmode=require"
    with pytest.raises(byop.InvalidInputError):
        byop.PostgresStore(url, root_certificates=tmp_path / "root.pem")
    with pytest.raises(FileNotFoundError):
        byop.PostgresStore(url, root_certificates=tmp_path / "none.pem")


def test_a_repository_on_a_private_network_is_cloned_when_the_limits_say_so(
    byop_host: FakeRuntime, tmp_path: Path
) -> None:
    spec = byop.app("https://127.0.0.1:1/team/shop.git")
    with pytest.raises(byop.InvalidInputError) as refused:
        byop.Engine(runtimes=byop_host, work_dir=tmp_path).preview(spec)
    assert "allow_private_hosts" in str(refused.value.remedy)
    engine = byop.Engine(runtimes=byop_host, work_dir=tmp_path, limits={"allow_private_hosts": True})
    with pytest.raises(byop.UnavailableError):
        engine.preview(spec)


def test_no_more_of_the_past_is_kept_than_is_wanted(byop_host: FakeRuntime) -> None:
    engine = byop.Engine(runtimes=byop_host, retention={"jobs": {"jobs_per_subject": 1}}, policies={"build": {}})
    for number in range(3):
        spec = byop.app("image:app:1", name="shop", env={"N": str(number)}, routing={"drain_seconds": 0})
        engine.wait(engine.deploy(spec))
    assert len(engine.list_jobs(subject="app/shop")) <= 2


def test_a_stage_that_takes_too_long_fails(byop_host: FakeRuntime) -> None:
    byop_host.add_image("slow:1", port=8080, boot_seconds=30)
    engine = byop.Engine(runtimes=byop_host, policies={"gate": {"attempts": 1, "deadline_seconds": 1}})
    with pytest.raises(byop.ByopError):
        engine.wait(engine.deploy(byop.app("image:slow:1", name="slow")), timeout=20)


#: Nobody's: made for this test, and its key was thrown away.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUVfjqNwykTzTLIJVmnwUg3wwU0oQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYnlvcCB0ZXN0MCAXDTI2MTEyMTIzMDE0MVoYDzIxMjYxMDI4
MjMwMTQxWjAUMRIwEAYDVQQDDAlieW9wIHRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARAN66/ZPtAaSKCdOQ4X+uQgHmLOQVH5XAqPTHbvgKorRveENDvrihI
BDQg/IS3TQ/IxUvX4nUpwXtTsOMT2/neo1MwUTAdBgNVHQ4EFgQUuylGhGIzUPU5
oHlJKuVA1N0q9m8wHwYDVR0jBBgwFoAUuylGhGIzUPU5oHlJKuVA1N0q9m8wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBfpab6vdcOszPliEf5B8Jk
Z5aN6QWOi3HCgb+N8l58XgIhALNYohgu9bOQqnBaw0yNrTDkEC9pdu0ycmcdbBrg
7iKS
-----END CERTIFICATE-----
"""
