"""What the tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

# A shell has commands in the background ignore it, and they hand that on to those that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the command for this test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BYOP_HOME", str(folder))
    return folder
