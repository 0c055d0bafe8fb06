"""Fixtures for tests of programs that use byop; pytest finds them through an entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import Engine
    from .testing import FakeCloud, FakeRuntime


@pytest.fixture
def byop_host() -> FakeRuntime:
    """A host in memory, with the image ``app:1``, which listens on port 8080."""
    from .testing import FakeRuntime

    host = FakeRuntime()
    host.add_image("app:1", port=8080)
    return host


@pytest.fixture
def byop_cloud() -> FakeCloud:
    """A cloud in memory."""
    from .testing import FakeCloud

    return FakeCloud()


@pytest.fixture
def byop_engine(byop_host: FakeRuntime, byop_cloud: FakeCloud) -> Engine:
    """An engine on ``byop_host`` and ``byop_cloud``, with its state in memory."""
    from . import Engine

    return Engine(runtimes=byop_host, clouds=[byop_cloud], keys=[Engine.generate_key()])
