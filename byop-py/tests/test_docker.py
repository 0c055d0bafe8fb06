"""The command on a real engine: what it deploys answers through the proxy."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import byop
import pytest

ROOT = Path(__file__).parents[2]
NAME = "byop-test-python"


def require(component: str, why: str) -> None:
    """Leave the test out, and say so; where the component is required, fail."""
    if component in os.environ.get("BYOP_REQUIRE", "").split(","):
        pytest.fail(f"{component} is required: {why}")
    print(f"SKIPPED {component}: {why}")
    pytest.skip(why)


# What runs needs no package from anywhere.
APP = """\
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format, *arguments):
        print("asked for", self.path, flush=True)

http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Command:
    """The command in an installation of its own, beside whatever else is on the engine."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            **os.environ,
            "BYOP_HOME": str(home),
            "BYOP_HTTP_PORT": str(self.port),
            "BYOP_PROXY_PREFIX": NAME,
        }

    def start(self, *arguments: str, **how: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "byop", *arguments]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
        return subprocess.Popen(command, env=self.environment, text=True, **how)

    def try_(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, notes = process.communicate(timeout=100)
        assert "Traceback" not in notes
        return process.returncode, out, notes

    def run(self, *arguments: str) -> str:
        code, out, notes = self.try_(*arguments)
        assert code == 0, notes
        return out

    def answer(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def get(self, host: str, path: str = "/") -> str:
        """What the proxy answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": host})
        deadline = time.monotonic() + 10
        while True:
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return str(answer.read().decode())
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline:
                    raise


@pytest.fixture
def byop_command(home: Path) -> Iterator[Command]:
    try:
        byop.Engine(runtimes=byop.Docker.from_env()).census()
    except byop.UnavailableError as error:
        require("docker", str(error))
    command = Command(home)
    yield command
    for app in command.answer("ps"):
        command.run("rm", app["app"]["name"], "--volumes")


def test_an_example_is_deployed_and_answers(byop_command: Command) -> None:
    command = byop_command
    site = str(ROOT / "examples" / "apps" / "static")
    assert command.run("up", site, "--name", NAME, "-d", "a.localhost") == f"http://a.localhost:{command.port}/\n"
    assert "<html" in command.get("a.localhost").lower()
    assert command.answer("ps")[0]["state"] == "running"
    assert "nothing would change" in command.try_("plan", site, "--name", NAME, "-d", "a.localhost")[2]
    assert command.run("rm", NAME) == "" and command.answer("ps") == []


def test_an_app_lives_its_life_on_an_engine(byop_command: Command, tmp_path: Path) -> None:
    command = byop_command
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "main.py").write_text(APP)
    (folder / "Procfile").write_text("web: python main.py\n")
    (folder / "requirements.txt").touch()
    up = ("up", str(folder), "--name", NAME, "-d", "b.localhost")

    assert command.answer("plan", *up[1:])["changes"][0]["action"] == "add"
    # On a terminal.
    terminal, inner = pty.openpty()
    process = command.start(*up, stdout=inner, stderr=inner)
    os.close(inner)
    shown = b""
    while part := read(terminal):
        shown += part
    os.close(terminal)
    assert process.wait(60) == 0
    assert b"start release 1" in shown and "━".encode() in shown and b"http://b.localhost" in shown
    assert command.get("b.localhost") == "hello"

    follower = command.start("logs", NAME, "--follow")
    command.get("b.localhost", "/seen")
    assert follower.stdout and any("/seen" in line for line in follower.stdout)
    follower.send_signal(signal.SIGINT)
    assert (follower.wait(5), follower.communicate()[1]) == (130, "")
    assert command.answer("stats", NAME)["memory_bytes"] > 0

    for verb, state in [("stop", "stopped"), ("start", "running"), ("restart", "running")]:
        assert command.answer(verb, NAME)["state"] == "succeeded"
        assert command.answer("ps")[0]["state"] == state, verb
    assert command.get("b.localhost") == "hello"
    assert command.answer("drift", NAME)["findings"] == []
    find = ["docker", "ps", "--quiet", "--filter", f"label=byop.app={NAME}"]
    container = subprocess.run(find, check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(["docker", "rm", "--force", *container], check=True, capture_output=True)
    code, out, _ = command.try_("drift", NAME)
    assert code == 20 and NAME in out
    command.run("repair", NAME)
    assert command.get("b.localhost") == "hello"
    kinds = [job["kind"] for job in command.answer("jobs", f"app/{NAME}")]
    assert kinds == ["repair", "restart", "start", "stop", "deploy"]


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        # The other side is closed.
        return b""


def test_ctrl_c_takes_back_what_was_begun(byop_command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM debian:bookworm-slim\nRUN sleep 60\nUSER 1\nCMD true\n")
    process = byop_command.start("up", str(folder), "--name", NAME)
    assert process.stderr
    notes = ""
    while "build:" not in notes:
        notes += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    rest = process.communicate(timeout=20)[1]
    assert time.monotonic() - begun < 10
    assert process.returncode == 130 and "undoing" in rest and "Traceback" not in rest
    (job,) = byop_command.answer("jobs", f"app/{NAME}")
    assert job["state"] == "cancelled"


def test_a_failed_release_is_told_with_its_cause(byop_command: Command) -> None:
    code, out, notes = byop_command.try_("up", "image:byop-test-python-none:1", "--name", NAME)
    assert (code, out) == (3, "") and "error: no such image" in notes and "to do: " in notes
    code, out, notes = byop_command.try_("up", "image:byop-test-python-none:1", "--name", NAME, "--json")
    error = json.loads(notes.splitlines()[-1])["error"]
    assert (code, out, error["kind"]) == (3, "", "not_found")


def test_servers_come_and_go_on_an_engine(byop_command: Command) -> None:
    command, here = byop_command, ("--provider", "docker")
    create = ("servers", "create", NAME, *here, "--region", "local", "--size", "small")
    assert command.answer(*create, "--dry-run")["size"]["id"] == "small"
    try:
        assert command.answer(*create)["state"] == "succeeded"
        (server,) = command.answer("servers", "list")
        assert (server["provider"], server["server"]["state"]) == ("docker", "running")
        assert command.try_(*create)[0] == 4
        assert command.answer("sweep")["findings"] == []
    finally:
        command.run("servers", "destroy", NAME)
    assert command.answer("servers", "list") == []


def test_the_doctor_finds_nothing_missing(byop_command: Command) -> None:
    found = {each["name"]: each for each in byop_command.answer("doctor")}
    assert found["Docker engine"]["ok"] and found["proxy port"]["ok"] and found["cloud docker"]["ok"]
