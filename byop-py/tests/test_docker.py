"""The command on a real engine: what it deploys answers through the proxy."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture
def environment(home: Path) -> Iterator[dict[str, str]]:
    """An installation of its own beside whatever else is on the engine."""
    try:
        byop.Engine(runtimes=byop.Docker.from_env()).census()
    except byop.UnavailableError as error:
        require("docker", str(error))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "BYOP_HOME": str(home),
        "BYOP_HTTP_PORT": str(port),
        "BYOP_PROXY_PREFIX": NAME,
        "NO_COLOR": "1",
    }
    yield environment
    run(environment, "rm", NAME, "--volumes")


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "byop", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def get(environment: dict[str, str], host: str) -> str:
    address = f"http://127.0.0.1:{environment['BYOP_HTTP_PORT']}/"
    request = urllib.request.Request(address, headers={"Host": host})
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise


def test_an_example_is_deployed_and_answers(environment: dict[str, str]) -> None:
    site = str(ROOT / "examples" / "apps" / "static")
    done = run(environment, "up", site, "--name", NAME, "--domain", "python.localhost")
    assert done.returncode == 0, done.stderr
    assert "<html" in get(environment, "python.localhost").lower()
    (app,) = json.loads(run(environment, "ps", "--json").stdout)
    assert (app["app"]["name"], app["state"]) == (NAME, "running")
    assert json.loads(run(environment, "stats", NAME, "--json").stdout)["memory_bytes"] > 0
    assert run(environment, "drift", NAME).returncode == 0
    assert run(environment, "logs", NAME).returncode == 0
    assert run(environment, "rm", NAME).returncode == 0
    assert json.loads(run(environment, "ps", "--json").stdout) == []
