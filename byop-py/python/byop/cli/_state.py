"""Where the command keeps its state, and the engine that it makes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .. import Docker, Engine, Secret, SqliteStore
from ..ports import CloudProvider
from ._clouds import from_env


@dataclass
class State:
    """A folder with the store and the key of its secrets."""

    home: Path
    http_port: int | None

    def engine(self, *, docker: bool = True, clouds: bool = False, cloud: str | None = None) -> Engine:
        """Put an engine together from what this machine and the environment have, and the cloud that was named."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        rented: list[CloudProvider] = [*from_env(cloud)] if clouds or cloud else []
        return Engine(
            store=SqliteStore(self.home / "byop.db"),
            runtimes={"local": Docker.from_env()} if docker or not rented else {},
            clouds=rented,
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
