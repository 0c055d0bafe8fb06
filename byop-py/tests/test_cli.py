"""The command ``byop``: what it prints, how it ends, and what it never shows."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import byop
import jsonschema
import pytest
from byop import _environment
from byop.cli import _exit, _output, _schemas, _state
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


UP = ("up", "image:app:1", "--name", "shop")


def stored(engine_home: Path) -> Any:
    """The spec of the app in the store."""
    host = FakeRuntime()
    return byop.Engine(store=byop.SqliteStore(engine_home / "byop.db"), runtimes=host).get_app("shop")["app"]["spec"]


def test_an_app_keeps_what_it_was_given_before(machine: FakeRuntime, home: Path) -> None:
    run("secrets", "put", "db", input="canary\n")
    given = {"domains": ["a.example.com"], "env": {"A": "1", "B": "2"}, "secrets": {"URL": "db"}, "port": 8080}
    spec = {**byop.app("image:app:1", name="shop"), **given, "routing": {"drain_seconds": 0}}
    assert run("call", "deploy", json.dumps({"spec": spec})).exit_code == 0
    first = stored(home)
    assert answer("plan", "image:app:1", "--name", "shop")["changes"] == []
    assert run(*UP).exit_code == 0
    assert stored(home) == first
    assert run(*UP, "-e", "B=3", "-e", "URL=plain", "-d", "b.example.com").exit_code == 0
    changed = {"env": {"A": "1", "B": "3", "URL": "plain"}, "secrets": {}, "domains": ["b.example.com"]}
    assert stored(home) == {**first, **changed}
    changes = answer("plan", "image:app:1", "--name", "shop", "--reset")["changes"]
    assert {"A", "B", "URL", "b.example.com"} <= {each["name"] for each in changes if each["action"] != "add"}


def test_a_plan_has_the_domain_that_up_gives(machine: FakeRuntime) -> None:
    changes = answer("plan", "image:app:1", "--name", "shop")["changes"]
    assert "shop.localhost" in [each["name"] for each in changes if each["part"] == "domain"]


def test_a_branch_is_for_git_repositories(machine: FakeRuntime) -> None:
    assert isinstance(run(*UP, "--ref", "main").exception, byop.InvalidInputError)


def test_a_host_that_cannot_be_asked_is_no_clean_census(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    done = run("census")
    assert done.exit_code == _exit.EXIT_CODES["unavailable"] and "unreachable: local" in done.output
    found = {each["name"]: each["ok"] for each in json.loads(run("doctor", "--json").stdout)}
    assert not found["Docker engine"] and not found["cloud docker"]


@pytest.mark.parametrize("own", [True, False])
def test_the_doctor_knows_the_proxy_of_byop(home: Path, monkeypatch: pytest.MonkeyPatch, own: bool) -> None:
    class Host:
        def list_containers(self, *, labels: Any) -> Any:
            name = "byop-traefik" if own else "other-traefik"
            return [{"name": name, "ports": [{"host_port": port}]}] if "byop.role" in labels else []

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(byop.Docker, "from_env", Host)
        monkeypatch.setattr(_environment, "KNOWN", {})
        found = json.loads(run("--http-port", str(port), "doctor", "--json").stdout)
    assert {each["name"]: each["ok"] for each in found}["proxy port"] is own


class SilentCloud:
    """A cloud that says what it can, and does nothing of it."""

    name = "silent"
    capabilities = FakeCloud("silent").capabilities

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise byop.UnavailableError("it does not answer", operation="cloud.call")

        if name.startswith("_"):
            raise AttributeError(name)
        return fail


def test_a_cloud_that_cannot_be_asked_is_no_clean_sweep(machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_environment.KNOWN, "silent", (SilentCloud, ("PATH",)))
    done = run("sweep")
    assert done.exit_code == _exit.EXIT_CODES["unavailable"] and "silent could not be asked" in done.output


def test_half_of_the_credentials_is_an_error(machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    def half() -> Any:
        raise byop.UnauthenticatedError("the secret is missing")

    monkeypatch.setitem(_environment.KNOWN, "half", (half, ("PATH",)))
    assert isinstance(run("servers", "list").exception, byop.UnauthenticatedError)
    assert run("servers", "list", "--provider", "fake").exit_code == 0


def test_a_server_is_destroyed_at_its_own_cloud_only(
    machine: FakeRuntime, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("--provider", "fake", "--region", "here", "--size", "small")
    assert run("servers", "create", "web-1", *wanted).exit_code == 0
    other = FakeCloud("other")
    monkeypatch.setitem(_environment.KNOWN, "other", (lambda: other, ("PATH",)))
    assert isinstance(run("servers", "destroy", "web-1", "--provider", "other").exception, byop.NotFoundError)
    assert len(cloud.alive()) == 1
    assert answer("servers", "list", "--provider", "other") == []
    unclear = run("servers", "create", "web-2", *wanted[2:]).exception
    assert isinstance(unclear, byop.InvalidInputError) and "--provider" in (unclear.remedy or "")


def test_a_private_key_is_refused_and_not_shown(machine: FakeRuntime, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n")
    done = run("servers", "create", "web-1", "-r", "here", "-s", "small", "--ssh-key", str(tmp_path / "id"))
    assert isinstance(done.exception, byop.InvalidInputError)
    assert "canary" not in str(done.exception) + done.output and ".pub" in str(done.exception)


def test_a_job_says_why_it_failed(machine: FakeRuntime) -> None:
    assert isinstance(run("up", "image:none:1", "--name", "shop").exception, byop.NotFoundError)
    assert "there is no such image" in run("jobs").stdout
    job = answer("jobs")[0]["id"]
    assert "job failed: there is no such image" in run("events", job).stdout


def test_events_of_what_is_not_there_are_not_waited_for(machine: FakeRuntime) -> None:
    for subject in ("app/typo", "server/typo"):
        assert isinstance(run("events", subject).exception, byop.NotFoundError)


def test_a_job_that_has_ended_is_not_cancelled(machine: FakeRuntime) -> None:
    job = answer(*UP)["id"]
    assert "already succeeded" in run("cancel", job).output


def test_a_file_of_the_owner_is_said_to_be_kept(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nEXPOSE 80\n")
    done = run("generate", str(tmp_path), "--out", str(tmp_path / "out"))
    assert "kept: Dockerfile" in done.output and not (tmp_path / "out" / "Dockerfile").exists()


def test_the_value_of_a_secret_is_taken_as_it_is(machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    def put_secret(self: Any, name: str, value: byop.Secret) -> None:
        taken.append(value.expose())

    monkeypatch.setattr(byop.Engine, "put_secret", put_secret)
    assert run("secrets", "put", "db", input="two\n\n").exit_code == 0
    assert taken == ["two\n"]
    assert isinstance(run("secrets", "put", "db", input="\n").exception, byop.InvalidInputError)


def test_a_secret_that_is_not_there_is_not_deleted(machine: FakeRuntime) -> None:
    assert isinstance(run("secrets", "rm", "typo").exception, byop.NotFoundError)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list_clients", "[[1,2]]"),
        ("list_clients", '{"verb": 1}'),
        ("list_clients", '{"prefix": 1}'),
        ("list_clients", "[" * 2000),
        ("put_secret", '{"name": "db", "value": 123456}'),
    ],
    ids=lambda arguments: arguments[1][:20],
)
def test_a_call_with_wrong_arguments_is_refused_without_a_quote(machine: FakeRuntime, arguments: Any) -> None:
    error = run("call", *arguments).exception
    assert isinstance(error, byop.InvalidInputError) and "123456" not in str(error)


def test_a_call_reads_its_arguments_from_a_pipe(machine: FakeRuntime) -> None:
    assert run("call", "put_secret", "-", input='{"name": "db", "value": "canary"}').exit_code == 0
    assert [each["name"] for each in answer("secrets", "list")] == ["db"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--secret", "DB"), "--secret NAME=SECRET"),
        (("-e", "A"), "--env NAME=VALUE"),
        (("--name", ""), "name"),
        (("--name", "a\udcff"), "name"),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_the_option(machine: FakeRuntime, arguments: Any, told: str) -> None:
    error = run("up", "image:app:1", *arguments).exception
    assert isinstance(error, byop.InvalidInputError) and told in str(error)


@pytest.mark.parametrize("source", ["https://git.example.com/___", "/tmp/half\udcff"])
def test_a_source_without_a_name_is_refused(machine: FakeRuntime, source: str) -> None:
    assert isinstance(run("plan", source).exception, byop.ByopError)


@pytest.mark.parametrize(
    "arguments",
    [("logs", "shop", "--tail", "-1"), ("jobs", "--limit", "-1"), (*UP, "-p", "0"), ("--http-port", "99999", "ps")],
)
def test_a_number_that_makes_no_sense_is_a_mistake(home: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_image_gives_its_app_a_name(machine: FakeRuntime) -> None:
    assert answer("up", "image:app:1")["subject"] == "app/app"


def test_a_user_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(self: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("BYOP_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", nowhere)
    error = run("ps").exception
    assert isinstance(error, byop.InvalidInputError) and "BYOP_HOME" in str(error)
    assert run("schema").exit_code == 0


def test_a_command_leaves_the_jobs_of_others_to_those_who_stay(
    machine: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def engine(**given: Any) -> byop.Engine:
        asked.append(given["takeover"])
        return byop.Engine(**given)

    def stop(*_: Any, **__: Any) -> Any:
        raise _exit.Stopped(143)

    monkeypatch.setattr(_state, "Engine", engine)
    monkeypatch.setattr(byop.Engine, "follow_audit", stop)
    for arguments in (UP, ("resume",), ("serve",)):
        assert run(*arguments).exit_code == 0
    assert asked == [False, False, True]


def test_no_short_help_is_cut() -> None:
    assert "..." not in run("--help").stdout.partition("Commands:")[2]
