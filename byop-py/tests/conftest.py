"""What the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the command for this test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BYOP_HOME", str(folder))
    return folder
