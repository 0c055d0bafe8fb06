"""Where the command keeps its state, and the engine that it makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import Docker, Engine
from .._environment import settings
from ..exceptions import UnauthenticatedError
from ..ports import CloudProvider


@dataclass
class State:
    """A folder with the store and the key of its secrets."""

    home: Path
    http_port: int | None

    def engine(self, *, docker: bool = True, clouds: Sequence[CloudProvider] = ()) -> Engine:
        """Put an engine together from what this machine has, and these clouds."""
        if not docker and not clouds:
            raise UnauthenticatedError(
                "no cloud is set up",
                operation="cloud.open",
                remedy="set the credentials of one, or name one: --provider docker needs none",
            )
        given = {**settings(self.home), "http_port": self.http_port}
        return Engine(runtimes={"local": Docker.from_env()} if docker else {}, clouds=clouds, **given)
