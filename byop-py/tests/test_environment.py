"""An engine from the environment: the one that the command has."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import byop
import pytest
from byop import _environment
from byop.cli import app as command
from byop.testing import FakeCloud, FakeRuntime
from typer.testing import CliRunner


@pytest.fixture
def machine(home: Path, byop_host: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    """A machine whose Docker engine is in memory, without clouds."""
    monkeypatch.setattr(byop.Docker, "from_env", lambda: byop_host)
    monkeypatch.setattr(_environment, "KNOWN", {})
    for name in ("BYOP_KEY", "BYOP_KEY_FILE", "BYOP_CLOUDS", "BYOP_HTTP_PORT", "BYOP_PROXY_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return byop_host


def test_the_engine_and_the_command_share_their_home(machine: FakeRuntime) -> None:
    assert CliRunner().invoke(command, ["secrets", "put", "db"], input="canary").exit_code == 0
    engine = byop.Engine.from_env()
    # It opens with the key that the command made.
    assert engine.rotate_keys()["kept"] == 1
    engine.wait(engine.deploy(byop.app("image:app:1", name="shop", secrets={"DB": "db"})))
    assert "shop" in CliRunner().invoke(command, ["ps"]).stdout
    assert isinstance(byop.AsyncEngine.from_env(), byop.AsyncEngine)


def test_the_key_is_generated_once_and_only_its_owner_reads_it(machine: FakeRuntime, home: Path) -> None:
    byop.Engine.from_env()
    text = (home / "key").read_text()
    byop.Engine.from_env()
    assert (home / "key").read_text() == text and (home / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir() if "key" in path.name] == ["key"]


def test_many_who_begin_at_once_have_the_same_key(home: Path) -> None:
    home.mkdir()
    for number in range(20):
        folder = home / str(number)
        folder.mkdir()
        found: list[str] = []
        barrier = threading.Barrier(8)

        def begin(folder: Path = folder, found: list[str] = found, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            found.extend(key.expose() for key in _environment.keys(folder))

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8 and len(set(found)) == 1


def test_the_file_has_its_name_only_when_the_key_is_in_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    seen: list[tuple[bool, str]] = []
    link = os.link

    def watch(source: str, target: Any) -> None:
        seen.append((Path(target).exists(), Path(source).read_text()))
        link(source, target)

    monkeypatch.setattr(os, "link", watch)
    (key,) = _environment.keys(home)
    assert seen == [(False, key.expose() + "\n")]


def test_an_empty_file_is_no_key(machine: FakeRuntime, home: Path) -> None:
    home.mkdir()
    (home / "key").write_text("\n")
    with pytest.raises(byop.CorruptError) as caught:
        byop.Engine.from_env()
    assert caught.value.context["file"] == str(home / "key")


def test_keys_come_from_the_variables_first(
    machine: FakeRuntime, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYOP_KEY_FILE", str(tmp_path / "other"))
    (tmp_path / "other").write_text(byop.Engine.generate_key().expose())
    byop.Engine.from_env().put_secret("db", "canary")
    assert not (home / "key").exists()
    keys = [byop.Engine.generate_key().expose() for _ in range(2)]
    monkeypatch.setenv("BYOP_KEY", " ".join(keys))
    assert [key.expose() for key in _environment.keys(home)] == keys


def test_a_port_that_is_no_number_is_refused(machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYOP_HTTP_PORT", "eighty")
    with pytest.raises(byop.InvalidInputError) as caught:
        byop.Engine.from_env()
    assert "BYOP_HTTP_PORT" in caught.value.message


def test_clouds_are_those_whose_credentials_are_there(machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = {
        "one": (lambda: FakeCloud("one"), ("ONE_TOKEN",)),
        "other": (lambda: FakeCloud("other"), ("OTHER_TOKEN",)),
    }
    monkeypatch.setattr(_environment, "KNOWN", clouds)
    monkeypatch.setenv("ONE_TOKEN", "x")
    engine = byop.Engine.from_env()
    with pytest.raises(byop.NotFoundError):
        engine.plan_server({"name": "web-1", "region": "here", "size": "small", "provider": "other"})
    assert engine.plan_server({"name": "web-1", "region": "here", "size": "small"})["provider"] == "one"


def test_without_docker_an_engine_has_its_clouds_at_least(
    machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Any:
        raise byop.UnavailableError("there is no engine socket")

    monkeypatch.setattr(byop.Docker, "from_env", missing)
    with pytest.raises(byop.UnavailableError):
        byop.Engine.from_env()
    monkeypatch.setattr(_environment, "KNOWN", {"fake": (FakeCloud, ("PATH",))})
    assert byop.Engine.from_env().list_servers() == []


def test_a_process_that_reads_while_another_begins_waits_for_no_half_key(home: Path) -> None:
    code = "import sys, pathlib; from byop._environment import keys; print(keys(pathlib.Path(sys.argv[1]))[0].expose())"
    home.mkdir()
    command = [sys.executable, "-c", code, str(home)]
    begun = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in begun}) == 1
    assert [process.returncode for process in begun] == [0] * 4
