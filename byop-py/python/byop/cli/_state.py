"""Where the command keeps its state, and the engine that it makes of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import Docker, Engine, Secret, SqliteStore
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
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Engine(
            store=SqliteStore(self.home / "byop.db"),
            runtimes={"local": Docker.from_env()} if docker else {},
            clouds=clouds,
            keys=self.keys(),
            work_dir=self.home / "work",
            http_port=self.http_port,
            # For several installations on one host.
            proxy_prefix=os.environ.get("BYOP_PROXY_PREFIX"),
        )

    def keys(self) -> list[Secret]:
        """Give the keys of ``BYOP_KEY``, or of the file in the home, which is made when it is missing."""
        given = os.environ.get("BYOP_KEY")
        if given:
            return [Secret(key) for key in given.split()]
        file = Path(os.environ.get("BYOP_KEY_FILE") or self.home / "key")
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return [Secret(key) for key in file.read_text().split()]
        with os.fdopen(descriptor, "w") as out:
            out.write(Engine.generate_key().expose() + "\n")
        return self.keys()
