"""Stores and hosts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
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
        home = home_of_state()
        os.makedirs(home, mode=0o700, exist_ok=True)
        return cls(os.path.join(home, "byop.db"))

    def backup_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the store into a file while it is in use; a copy that is there is replaced.

        The copy is one state of the store and has mode 0600. To restore it, stop every process that uses the store, and
        open the copy.

        Raises:
            InvalidInputError: The path is that of the store itself.
            NotFoundError: There is no such folder.
            PermissionDeniedError: The file cannot be written.
            CorruptError: The store is damaged.
            UnavailableError: The disk is full or out of reach.
        """
        self._native.backup_to(path)

    def check(self) -> None:
        """Read the whole file and check it, while it is in use. Opening checks a small file only.

        Raises:
            CorruptError: The file is damaged; the error has the first thing that was found.
            UnavailableError: The file cannot be read.
        """
        self._native.check()

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"


def home_of_state() -> str:
    """Return the folder ``BYOP_HOME``, or ``~/.local/share/byop``."""
    return os.environ.get("BYOP_HOME") or os.path.expanduser("~/.local/share/byop")


class PostgresStore(Store):
    """State in a PostgreSQL database, for several machines.

    Args:
        url: Such as ``postgresql://user:password@host/database``. Without ``sslmode`` in it, a connection to another
            machine uses TLS and verifies the certificate.
        connections: The most connections at a time, besides one that listens for changes; 8 unless set.
        statement_seconds: Seconds after which the server ends a statement; 30 unless set.
        root_certificates: A PEM file with the authorities to trust; those of the system unless set.

    Raises:
        InvalidInputError: The URL or the certificates cannot be parsed.
        OSError: The file with the certificates cannot be read.
        UnauthenticatedError: The user or the password is wrong.
        UnavailableError: The server cannot be reached.
    """

    def __init__(
        self,
        url: str | Secret,
        *,
        connections: int | None = None,
        statement_seconds: float | None = None,
        root_certificates: str | os.PathLike[str] | None = None,
    ) -> None:
        pem = None if root_certificates is None else Path(root_certificates).read_text()
        self._native = _byop.Store.postgres(exposed(url), connections, statement_seconds, pem)

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
        address: ``unix:///path/to/socket`` or ``tcp://host:port``; ``/var/run/docker.sock`` when absent.
        ca: A PEM file with the authority of the engine's certificate. Without it, ``tcp`` is not encrypted: for
            loopback addresses and tunnels only.
        cert: A PEM file with the certificate that is shown to the engine, for an engine that asks for one.
        key: The PEM file with the key of that certificate.

    Raises:
        UnavailableError: There is no such socket.
        InvalidInputError: The address or a certificate cannot be parsed.
        UnsupportedError: The address has another scheme than ``unix`` or ``tcp``, such as ``ssh``.
        OSError: A file cannot be read.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        ca: str | os.PathLike[str] | None = None,
        cert: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
    ) -> None:
        if (cert is None) != (key is None):
            raise TypeError("cert and key belong together")
        if ca is None:
            if cert is not None:
                raise TypeError("cert and key need ca, the authority of the engine's certificate")
            self._native = _byop.Docker.connect(address)
            return
        if address is None:
            raise TypeError("ca needs the address of an engine")
        identity = None if cert is None or key is None else (Path(cert).read_text(), Path(key).read_text())
        self._native = _byop.Docker.connect_tls(address, Path(ca).read_text(), identity)

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
