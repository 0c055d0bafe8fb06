"""The command with a Docker engine and clouds in memory: for tests that need it as a process of its own."""

from __future__ import annotations

import os

import byop
from byop import _environment
from byop.cli import main
from byop.testing import FakeCloud, FakeRuntime

host = FakeRuntime()
host.add_image("app:1", port=8080, boot_seconds=float(os.environ.get("BOOT_SECONDS", "0")), lines=["\u2192 hello"])
host.add_image("app:2", port=8080)
cloud = FakeCloud()
if "NO_DOCKER" not in os.environ:
    byop.Docker.from_env = lambda: host  # type: ignore[method-assign, assignment, return-value]
_environment.KNOWN.clear()
_environment.KNOWN["fake"] = (lambda: cloud, ("PATH",))
main()
