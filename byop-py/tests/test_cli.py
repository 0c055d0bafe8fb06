"""The command ``byop``: what it prints, how it ends, and what it never shows."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import byop
import jsonschema
import pytest
from byop import _environment
from byop.cli import _exit, _output, _schemas
from byop.cli import app as command
from byop.testing import FakeCloud, FakeRuntime
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner, Result


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def machine(home: Path, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    """A machine whose Docker engine and clouds are in memory."""
    host = FakeRuntime()
    host.add_image("app:1", port=8080, lines=["hello"])
    host.add_image("app:2", port=8080)
    monkeypatch.setattr(byop.Docker, "from_env", lambda: host)
    monkeypatch.setattr(_environment, "KNOWN", {"fake": (lambda: cloud, ("PATH",))})
    return host


def run(*arguments: str, input: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=input)


def answer(*arguments: str) -> Any:
    """What a verb prints for programs, held against its documented schema."""
    done = run(*arguments, "--json")
    assert done.exit_code in (0, _exit.DIFFERENCES), done.output + repr(done.exception)
    words = arguments[: 2 if arguments[0] in ("servers", "secrets") else 1]
    dry = ["dry-run"] if "--dry-run" in arguments else []
    for line in done.stdout.splitlines():
        fits(" ".join([*words, *dry]), json.loads(line))
    return json.loads(done.stdout)


def fits(name: str, value: Any) -> None:
    """Hold a value against the documented schema."""
    schema = json.loads(run("schema", *name.split(" ")).stdout)
    jsonschema.Draft202012Validator(schema).validate(value)


def test_an_app_lives_its_life(machine: FakeRuntime) -> None:
    done = run("up", "image:app:1", "--name", "shop", "-d", "shop.example.com", "-e", "GREETING=hello")
    assert (done.exit_code, done.stdout.strip()) == (0, "http://shop.example.com/"), done.output
    assert [each["state"] for each in answer("ps")] == ["running"]
    assert "shop" in run("ps").stdout and "running" in run("ps").stdout
    assert run("logs", "shop").stdout == "hello\n"
    answer("logs", "shop")
    answer("stats", "shop")
    assert "MEMORY" in run("stats", "shop").stdout
    for image in ("app:2", "app:1"):
        spec = {**byop.app({"image": image}, name="shop"), "routing": {"drain_seconds": 0}}
        job = json.loads(run("call", "deploy", json.dumps({"spec": spec})).stdout)
        fits("Job", json.loads(run("call", "wait", json.dumps({"job": job})).stdout))
    assert [each["number"] for each in answer("releases", "shop")] == [3, 2, 1]
    for verb in ("rollback", "stop", "start", "restart", "repair"):
        assert run(verb, "shop").exit_code == 0, verb
    assert len(answer("jobs", "app/shop")) == 8
    assert "deploy" in run("jobs").stdout
    answer("drift")
    answer("census")
    assert run("rm", "shop").exit_code == 0
    assert answer("ps") == []


def test_a_plan_changes_nothing(machine: FakeRuntime) -> None:
    proposal = answer("plan", "image:app:1", "--name", "shop")
    assert proposal["changes"] and answer("ps") == []


def test_events_of_a_job_are_followed(machine: FakeRuntime) -> None:
    job = answer("up", "image:app:1", "--name", "shop")["id"]
    lines = run("events", job, "--json").stdout.splitlines()
    for line in lines:
        fits("events", json.loads(line))
    assert len(lines) > 5 and "succeeded" in lines[-1]


def test_servers_come_and_go(machine: FakeRuntime, cloud: FakeCloud) -> None:
    wanted = ("--provider", "fake", "--region", "here", "--size", "small")
    answer("servers", "create", "web-1", *wanted, "--dry-run")
    assert cloud.alive() == []
    assert "A MONTH" in run("servers", "create", "web-1", *wanted, "--dry-run").stdout
    answer("servers", "create", "web-1", *wanted)
    assert [each["name"] for each in answer("servers", "list", "--provider", "fake")] == ["web-1"]
    assert "web-1" in run("servers", "list").stdout
    assert run("servers", "destroy", "web-1").exit_code == 0
    assert cloud.alive() == []
    assert len(answer("servers", "regions", "--provider", "fake")) == 2
    assert len(answer("servers", "sizes", "--provider", "fake", "--region", "here")) == 3


def test_a_sweep_tells_before_it_removes(machine: FakeRuntime, cloud: FakeCloud) -> None:
    cloud.plant("server", "lost")
    assert len(answer("sweep")["findings"]) == 1
    assert run("sweep").exit_code == _exit.DIFFERENCES and len(cloud.alive()) == 1
    assert "lost" in run("sweep").stdout


def test_secrets_are_never_echoed(machine: FakeRuntime, home: Path) -> None:
    done = run("secrets", "put", "db", input="canary-1\n")
    assert done.exit_code == 0 and "canary" not in done.output
    assert [each["name"] for each in answer("secrets", "list")] == ["db"]
    wrong = run("up", "image:app:1", "--name", "shop", "-e", "canary-2")
    assert wrong.exit_code != 0 and "canary" not in wrong.output + str(wrong.exception)
    assert b"canary" not in (home / "byop.db").read_bytes()
    assert (home / "key").stat().st_mode & 0o777 == 0o600
    assert answer("secrets", "rm", "db") == {"deleted": "db"}


def test_any_verb_can_be_called(machine: FakeRuntime) -> None:
    verbs = json.loads(run("call").stdout)
    assert {"list_clients", "events"} <= set(verbs)
    spec = {"spec": {"id": "acme", "name": "Acme", "email": "ops@acme.example"}}
    assert json.loads(run("call", "create_client", json.dumps(spec)).stdout)["id"] == "acme"


def test_the_doctor_says_what_is_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home}/none.sock")
    done = run("doctor", "--json")
    fits("doctor", json.loads(done.stdout))
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert not found["Docker engine"]["ok"] and found["Docker engine"]["remedy"]
    assert found["store"]["ok"] and done.exit_code == _exit.EXIT_CODES["unavailable"]
    assert "to do:" in run("doctor").stdout


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    site, out = tmp_path / "site", tmp_path / "out"
    site.mkdir()
    (site / "index.html").write_text("<h1>hello</h1>")
    assert "Dockerfile" in answer("generate", str(site), "--out", str(out))
    assert "FROM " in (out / "Dockerfile").read_text()
    assert isinstance(run("generate", str(site), "--out", str(out)).exception, byop.AlreadyExistsError)
    answer("preview", str(site))
    assert "static" in run("preview", str(site)).stdout


def commands(group: Any, words: str = "") -> Iterator[tuple[str, Any]]:
    """All commands with their words."""
    for name, each in group.commands.items():
        if hasattr(each, "commands"):
            yield from commands(each, f"{words}{name} ")
        else:
            yield f"{words}{name}", each


def test_every_command_has_json_with_a_schema() -> None:
    found = dict(commands(get_command(command)))
    assert len(found) > 30
    # These print JSON in any case, of any form.
    plain = {"call", "schema"}
    with_json = {name for name, each in found.items() if any("--json" in option.opts for option in each.params)}
    assert with_json == set(found)
    assert with_json - plain == {name.removesuffix(" dry-run") for name in _schemas.COMMANDS} - {"error"}
    for name in _schemas.names()["commands"]:
        jsonschema.Draft202012Validator.check_schema(_schemas.schema(name))


def process(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell sees it."""
    environment = {**os.environ, "BYOP_HOME": str(home), "DOCKER_HOST": f"unix://{home}/none.sock", **more}
    command = [sys.executable, "-m", "byop", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_an_error_has_its_cause_its_remedy_and_no_traceback(home: Path) -> None:
    done = process("ps", home=home)
    assert (done.returncode, done.stdout) == (_exit.EXIT_CODES["unavailable"], "")
    assert "error: there is no engine socket" in done.stderr and "to do: " in done.stderr
    assert "Traceback" not in done.stderr and "\x1b" not in done.stderr
    report = json.loads(process("ps", "--json", home=home).stderr)
    fits("error", report)
    assert report["error"]["kind"] == "unavailable"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--version",), 0), (("fly",), 2), (("schema", "None"), 3), (("preview", "/none"), 3), (("generate", "."), 2)],
)
def test_the_exit_code_says_what_went_wrong(home: Path, arguments: tuple[str, ...], code: int) -> None:
    assert process(*arguments, home=home).returncode == code


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    from byop import _byop

    assert set(_exit.EXIT_CODES) == set(_byop.error_kinds())
    assert len(set(_exit.EXIT_CODES.values())) == len(_exit.EXIT_CODES)


def test_colours_stay_out_of_pipes_and_where_nobody_wants_them() -> None:
    done = run("preview", "--help")
    assert "\x1b" not in done.output


QUOTED = [
    "\x1b[31mred[/]",
    "a\\[/]b",
    "[bold]",
    ":smile:",
    "end\\",
    "Prix\xa0: 3 \u20ac",
    "\u202eevil",
    "half \ud83d",
    "\U0001f468\u200d\U0001f4bb",
]


@pytest.mark.parametrize("text", QUOTED)
def test_what_is_quoted_commands_neither_a_terminal_nor_this_program(text: str) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, highlight=False)
    console.print(_output.line("a", ("b", "bold"), text))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown == "ab" + _output.plain(text) + "\n"
    assert not set("\x1b\u202e\ud83d") & set(_output.plain(text))


def test_the_log_of_an_app_is_shown_as_it_is(machine: FakeRuntime) -> None:
    machine.add_image("odd:1", port=8080, lines=["a\\[/]b\t:smile:", "[red]" + "x" * 20_000])
    assert run("up", "image:odd:1", "--name", "odd").exit_code == 0
    assert run("logs", "odd").stdout == "a\\[/]b\t:smile:\n[red]" + "x" * 20_000 + "\n"


def test_a_file_that_is_not_there_is_an_error_without_a_traceback(home: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    for arguments, place in (
        (("generate", str(tmp_path), "--out", "/proc/none"), "/proc/none"),
        (("--home", "/proc/none", "jobs"), "/proc/none"),
    ):
        done = process(*arguments, home=home)
        assert done.returncode == 3, done.stderr
        assert place in done.stderr and "Traceback" not in done.stderr
