"""Stores and hosts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from . import _byop
from ._secret import Secret, exposed
from .exceptions import UnauthenticatedError

if TYPE_CHECKING:
    from .types import ContainerStats, ContainerSummary


class Store:
    """Where an engine keeps its state: ``MemoryStore``, ``SqliteStore`` or ``PostgresStore``."""

    _native: _byop.Store

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class MemoryStore(Store):
    """State that ends with the process, for tests and previews."""

    def __init__(self) -> None:
        self._native = _byop.Store.memory()


class SqliteStore(Store):
    """State in one SQLite file, for one machine; several processes may share it.

    Args:
        path: The file; it is created when missing.

    Raises:
        CorruptError: The file is not a store of byop, or is damaged.
        UnsupportedError: A newer version of byop wrote it.
        UnavailableError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._native = _byop.Store.sqlite(self.path)

    @classmethod
    def from_env(cls) -> SqliteStore:
        """Open ``byop.db`` in the folder ``BYOP_HOME``, or in ``~/.local/share/byop``; create it when missing."""
        home = os.environ.get("BYOP_HOME") or os.path.expanduser("~/.local/share/byop")
        os.makedirs(home, mode=0o700, exist_ok=True)
        return cls(os.path.join(home, "byop.db"))

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"


class PostgresStore(Store):
    """State in a PostgreSQL database, for several machines.

    Args:
        url: Such as ``postgresql://user:password@host/database?sslmode=require``.

    Raises:
        InvalidInputError: The URL cannot be parsed.
        UnauthenticatedError: The user or the password is wrong.
        UnavailableError: The server cannot be reached.
    """

    def __init__(self, url: str | Secret) -> None:
        self._native = _byop.Store.postgres(exposed(url))

    @classmethod
    def from_env(cls) -> PostgresStore:
        """Open the database whose URL is in ``BYOP_DATABASE_URL``.

        Raises:
            UnauthenticatedError: The variable is not set.
        """
        url = os.environ.get("BYOP_DATABASE_URL")
        if not url:
            raise UnauthenticatedError(
                "the environment names no database",
                operation="store.open",
                remedy="set BYOP_DATABASE_URL, such as postgresql://user:password@host/database",
            )
        return cls(url)


class Runtime:
    """A host that runs containers: ``Docker``, or ``FakeRuntime`` from ``byop.testing``."""

    _native: _byop.Docker | _byop.FakeRuntime

    def list_containers(self, *, labels: Mapping[str, str] | None = None) -> list[ContainerSummary]:
        """Return containers, running or not, in order of name; those of byop have the label ``byop.app``.

        Args:
            labels: Only those with these labels; an empty value matches any.

        >>> import byop, byop.testing
        >>> byop.testing.FakeRuntime().list_containers(labels={"byop.app": ""})
        []
        """
        return cast("list[ContainerSummary]", json.loads(_byop.list_containers(self._native, dict(labels or {}))))

    def list_stats(self, *, labels: Mapping[str, str] | None = None) -> list[ContainerStats]:
        """Return what the running containers use now, in order of name. Many are read at the same time.

        Args:
            labels: Only those with these labels; an empty value matches any.
        """
        return cast("list[ContainerStats]", json.loads(_byop.list_stats(self._native, dict(labels or {}))))


class Docker(Runtime):
    """A Docker engine.

    It pulls images without credentials: ``docker pull`` images of private registries on the host first.

    Args:
        address: ``unix:///path/to/socket`` or ``tcp://host:port`` (without encryption: for loopback addresses and
            tunnels); ``/var/run/docker.sock`` when absent.

    Raises:
        UnavailableError: There is no such socket.
        InvalidInputError: The address cannot be parsed.
    """

    def __init__(self, address: str | None = None) -> None:
        self._native = _byop.Docker.connect(address)

    @classmethod
    def from_env(cls) -> Docker:
        """Connect as ``DOCKER_HOST``, ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` say, or to the engine of this
        machine.

        Raises:
            UnavailableError: There is no such socket.
            InvalidInputError: The address or a certificate cannot be read.
            UnsupportedError: The address has another scheme than ``unix`` or ``tcp``.
        """
        self = cls.__new__(cls)
        self._native = _byop.Docker.from_env()
        return self
