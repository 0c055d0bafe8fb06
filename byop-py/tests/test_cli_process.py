"""The command ``byop`` as a process: signals, pipes, streams that are closed, and several commands on one home."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import byop
import pytest
from byop import _environment
from byop.cli import _exit
from byop.testing import FakeRuntime

#: Longer than any test may take.
FOR_EVER = "600"


def start(*arguments: str, home: Path, **more: Any) -> subprocess.Popen[str]:
    """The command on fakes."""
    environment = {**os.environ, "BYOP_HOME": str(home), "DOCKER_HOST": f"unix://{home}/none.sock"}
    environment.update(more.pop("env", {}))
    script = Path(__file__).with_name("cli_on_fakes.py")
    how: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    command = subprocess.Popen([sys.executable, script, *arguments], env=environment, text=True, **how)
    _STARTED.append(command)
    return command


_STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    yield
    while _STARTED:
        command = _STARTED.pop()
        with command:
            command.kill()


def end(process: subprocess.Popen[str], input: str | None = None) -> tuple[int, str, str]:
    """Its exit code and what it printed."""
    out, err = process.communicate(input, timeout=30)
    assert "Traceback" not in (err or ""), err
    return process.returncode, out or "", err or ""


def run(*arguments: str, home: Path, **more: Any) -> tuple[int, str, str]:
    return end(start(*arguments, home=home, **more))


def engine(home: Path) -> byop.Engine:
    """What the store of a home says, for whoever looks from outside."""
    return byop.Engine(store=byop.SqliteStore(home / "byop.db"), runtimes=FakeRuntime())


def until_it_boots(process: subprocess.Popen[str]) -> None:
    """Wait until the container of an app that never answers has been started."""
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["body"].get("stage") == "gate":
            return
    raise AssertionError("it has ended")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_a_signal_cancels_the_job(home: Path, number: signal.Signals, code: int) -> None:
    command = start("up", "image:app:1", "--name", "shop", "--json", home=home, env={"BOOT_SECONDS": FOR_EVER})
    until_it_boots(command)
    command.send_signal(number)
    assert end(command)[0] == code
    assert [job["state"] for job in engine(home).list_jobs()] == ["cancelled"]


def test_a_job_whose_events_nobody_reads_is_cancelled(home: Path) -> None:
    command = start("up", "image:app:1", "--name", "shop", "--json", home=home, env={"BOOT_SECONDS": "1"})
    assert command.stderr is not None
    command.stderr.readline()
    command.stderr.close()
    assert command.wait(timeout=30) == _exit.BROKEN_PIPE
    assert [job["state"] for job in engine(home).list_jobs()] == ["cancelled"]


def test_a_job_whose_events_cannot_be_written_is_cancelled(home: Path) -> None:
    with open("/dev/full", "w") as full:
        command = start("up", "image:app:1", "--name", "shop", home=home, env={"BOOT_SECONDS": FOR_EVER}, stderr=full)
        assert command.wait(timeout=30) == _exit.EXIT_CODES["unavailable"]
    assert [job["state"] for job in engine(home).list_jobs()] == ["cancelled"]


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_a_terminal_shows_whole_steps_and_gets_its_cursor_back(home: Path, kind: str) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    command = start("up", "image:app:1", "--name", "shop", home=home, env={"TERM": kind}, **streams)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError), open(ours, "rb", buffering=0) as terminal:
        while more := terminal.read(65536):
            shown += more
    assert command.wait(timeout=30) == 0
    assert b"retire: let the old release finish for 10 s, then stop it" in shown
    assert shown.rfind(b"\x1b[?25l") <= shown.rfind(b"\x1b[?25h") and (b"\x1b[?25l" in shown) is (kind == "xterm")


def test_what_nobody_reads_ends_quietly(home: Path) -> None:
    command = start("schema", "Job", home=home)
    assert command.stdout is not None
    command.stdout.close()
    command.stdout = None
    assert end(command)[0] == _exit.BROKEN_PIPE


def test_an_interrupted_command_says_so_to_programs(home: Path) -> None:
    command = start("up", "image:app:1", "--name", "shop", "--json", home=home, env={"BOOT_SECONDS": FOR_EVER})
    until_it_boots(command)
    command.send_signal(signal.SIGINT)
    _, _, err = end(command)
    for line in err.splitlines():
        json.loads(line)
    assert json.loads(err.splitlines()[-1])["error"]["kind"] == "cancelled"


def test_the_port_of_the_proxy_is_remembered(home: Path) -> None:
    up = ("up", "image:app:1", "--name", "shop")
    assert run("--http-port", "18099", *up, home=home, env={"BYOP_PROXY_PREFIX": "two"})[0] == 0
    for arguments in (("--http-port", "18098", "ps"), up):
        assert run(*arguments, home=home)[0] == 0
        found = _environment.settings(home)
        assert (found["http_port"], found["proxy_prefix"]) == (18099, "two")


def test_a_job_that_was_called_has_ended_when_the_command_ends(home: Path) -> None:
    spec = {"spec": byop.app("image:app:1", name="shop")}
    code, out, _ = run("call", "deploy", json.dumps(spec), home=home)
    assert (code, engine(home).get_job(json.loads(out))["state"]) == (0, "succeeded")
    spec = {"spec": byop.app("image:none:1", name="shop")}
    assert run("call", "deploy", json.dumps(spec), home=home)[0] == _exit.EXIT_CODES["not_found"]


def test_what_has_no_need_of_docker_works_without_it(home: Path) -> None:
    env = {"NO_DOCKER": "1"}
    assert end(start("secrets", "put", "db", home=home, env=env), "canary\n")[0] == 0
    assert run("jobs", "--json", home=home, env=env)[:2] == (0, "[]\n")
    assert run("call", "list_clients", home=home, env=env)[:2] == (0, "[]\n")
    code, _, err = run("call", "deploy", json.dumps({"spec": byop.app("image:app:1")}), home=home, env=env)
    assert code == _exit.EXIT_CODES["unavailable"] and "no engine socket" in err


def test_streams_that_are_closed_are_no_mistake(home: Path) -> None:
    command = [sys.executable, "-m", "byop"]
    for line, code in (('"$@" schema >&-', 0), ('"$@" secrets put db <&-', 2)):
        environment = {**os.environ, "BYOP_HOME": str(home)}
        done = subprocess.run(
            ["sh", "-c", line, "sh", *command], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


def test_a_stream_that_knows_few_characters_gets_the_others_escaped(home: Path) -> None:
    home.mkdir()
    (home / "index.html").write_text("hello")
    env = {"PYTHONIOENCODING": "latin-1"}
    code, out, _ = run("generate", str(home), "--out", str(home / "\u2192"), home=home, env=env)
    assert code == 0 and "\\u2192/Dockerfile" in out


def test_colours_that_are_forced_do_not_move_the_lines_of_a_pipe(home: Path) -> None:
    _, _, err = run("up", "image:app:1", "--name", "shop", home=home, env={"FORCE_COLOR": "1"})
    assert "\x1b[?25l" not in err and "\u2501" not in err


def test_a_key_file_that_was_mistyped_is_not_made(home: Path) -> None:
    code, _, err = run("secrets", "list", home=home, env={"BYOP_KEY_FILE": str(home / "kee")})
    assert code == _exit.EXIT_CODES["not_found"] and "BYOP_KEY_FILE" in err and not (home / "kee").exists()


def test_a_defect_has_a_remedy_and_no_traceback(home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text("[")
    code, _, err = run("ps", home=home)
    assert code == _exit.EXIT_CODES["corrupt"] and "to do:" in err


def test_a_mistake_on_the_command_line_is_told_to_programs(home: Path) -> None:
    code, _, err = run("ps", "--fly", "--json", home=home)
    assert (code, json.loads(err)["error"]["kind"]) == (2, "invalid_input")


LEFT = """
import os, sys, byop
from byop.testing import FakeRuntime
host = FakeRuntime()
host.add_image("app:1", port=8080, boot_seconds=600)
host.add_image("none:1", port=8080, boot_seconds=600)
store = byop.SqliteStore(sys.argv[1])
engine = byop.Engine(store=store, runtimes=host, lease_seconds=float(sys.argv[2]))
for name, image in (("a", "none:1"), ("b", "app:1")):
    next(engine.events(engine.deploy(byop.app("image:" + image, name=name))))
os._exit(0)
"""


def leave_jobs(home: Path, lease_seconds: float) -> None:
    home.mkdir()
    command = [sys.executable, "-c", LEFT, str(home / "byop.db"), str(lease_seconds)]
    subprocess.run(command, timeout=30, check=True)


def test_a_job_that_fails_keeps_none_from_being_resumed(home: Path) -> None:
    leave_jobs(home, 0.1)
    code, _, err = run("resume", home=home)
    assert code == _exit.EXIT_CODES["not_found"] and "jobs resumed: 2" in err
    assert {job["subject"]: job["state"] for job in engine(home).list_jobs()} == {
        "app/a": "failed",
        "app/b": "succeeded",
    }


def test_jobs_that_cannot_be_resumed_yet_are_named(home: Path) -> None:
    leave_jobs(home, 600)
    code, _, err = run("resume", home=home)
    assert code == 0 and err.count("not resumed: ") == 2 and "byop resume" in err


def test_serving_resumes_jobs_and_ends_well_when_it_is_stopped(home: Path) -> None:
    leave_jobs(home, 0.1)
    command = start("serve", "--json", home=home)
    assert command.stdout is not None
    ended: set[tuple[str, str]] = set()
    while len(ended) < 2:
        record = json.loads(command.stdout.readline())
        if record["result"]:
            ended.add((record["subject"], record["result"]))
    assert ended == {("app/a", "failed"), ("app/b", "succeeded")}
    command.send_signal(signal.SIGTERM)
    assert end(command)[0] == 0
