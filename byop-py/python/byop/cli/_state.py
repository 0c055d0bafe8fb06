"""Where the command keeps its state, and the engine it makes from it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from .. import Docker, Engine
from .._environment import remember, settings
from ..exceptions import ByopError, InvalidInputError, UnavailableError
from ..ports import CloudProvider


class State:
    """A folder with the store, the key of its secrets and the settings of the proxy."""

    def __init__(self, home: Path | None, http_port: int | None) -> None:
        self._home = home
        self.http_port = http_port
        #: Why there is no Docker engine, when a verb does without it.
        self.no_docker: ByopError | None = None

    @functools.cached_property
    def home(self) -> Path:
        """The folder; what needs none works for users without a home as well."""
        try:
            return (self._home or Path("~/.local/share/byop")).expanduser()
        except RuntimeError as error:
            raise InvalidInputError(
                "this user has no home folder", operation="home.find", remedy="set BYOP_HOME, or give --home"
            ) from error

    def engine(
        self,
        *,
        docker: bool = True,
        clouds: Sequence[CloudProvider] = (),
        changes: bool = False,
        takeover: bool = False,
    ) -> Engine:
        """Return an engine with this machine's Docker and these clouds.

        Args:
            docker: Whether the verb needs Docker; otherwise it is used where it is there.
            clouds: The clouds.
            changes: Whether the verb may change the proxy; then its settings are remembered.
            takeover: Whether it lives long enough for the jobs of others.
        """
        given = settings(self.home)
        given["http_port"] = self.http_port or given["http_port"]
        if changes:
            remember(self.home, http_port=given["http_port"], proxy_prefix=given["proxy_prefix"])
        try:
            runtimes = {"local": Docker.from_env()}
        except UnavailableError as error:
            if docker:
                raise
            self.no_docker = error
            # An engine needs a host or a cloud, even where a verb asks neither.
            runtimes = {} if clouds else {"local": Docker("tcp://127.0.0.1:9")}
        return Engine(runtimes=runtimes, clouds=clouds, takeover=takeover, **given)
