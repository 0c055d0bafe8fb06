"""The interfaces that your own code can implement: clouds, generators and sources of secrets.

A class needs no base class: it has the methods of one of these protocols, plain or ``async``. Coroutines run in an
event loop of byop's own, in a thread of its own: create sessions of ``asyncio`` libraries in the first call, not
before. Methods are called from several threads at once.

Raise a ``ByopError`` of the class that tells the caller what to do. A ``TimeoutError``, ``ConnectionError`` or
``NotImplementedError`` becomes the error of that kind; any other exception counts as a defect (``InternalError``). The
exception stays the cause of what the engine raises, with its traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ._byop import SourceTree
from ._secret import Secret

if TYPE_CHECKING:
    from .types import (
        AppSpec,
        Detection,
        Plan,
        PowerAction,
        Region,
        Resource,
        ResourceKind,
        Server,
        ServerFilter,
        ServerImage,
        ServerSize,
        ServerSpec,
        Target,
    )

__all__ = ["CloudProvider", "Generator", "SecretSource", "SourceTree"]

T = TypeVar("T")


class SecretSource(Protocol):
    """A source of secrets."""

    @property
    def name(self) -> str:
        """A short name, for errors."""

    def get_secret(self, name: str) -> str | Secret | Awaitable[str | Secret | None] | None:
        """Return the secret of this name, or ``None`` when there is none."""


class Generator(Protocol):
    """One technology stack: recognises it and says how it is built. All methods are pure."""

    @property
    def name(self) -> str:
        """A short name in lower case."""

    def detect(self, source: SourceTree) -> Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None:
        """Return what the tree was found to be: keys of ``Detection``, at least ``confidence``. ``None``: another
        stack.
        """

    def plan(
        self, source: SourceTree, detection: Detection, spec: AppSpec
    ) -> Mapping[str, Any] | Awaitable[Mapping[str, Any]]:
        """Return how the app is built and started: only the keys of ``Plan`` that differ from the default."""


class RendersFiles(Generator, Protocol):
    """A stack that writes its files itself; without ``generate`` they are rendered from the plan."""

    def generate(self, plan: Plan, target: Target) -> Mapping[str, str] | Awaitable[Mapping[str, str]]:
        """Return the texts of the files by path: at least ``Dockerfile``."""


class CloudProvider(Protocol):
    """A company that rents out servers, or anything that behaves like one.

    Each call is short and returns without waiting for a state. Whatever is created bears byop's mark, its name and its
    key. Lists show only what bears the mark; what does not bear it can be read, but is never changed or removed
    (``PermissionDeniedError``).

    byop repeats a call whose answer was lost, with the same key or id: that has the effect of one call and succeeds.
    After a ``ConflictError`` of ``power``, ``delete_server`` or ``delete_resource`` it tries again later.

    ``byop.testing.check_cloud_provider`` checks all that is said here.

    An object may have more: ``capabilities`` (an attribute or a method, with keys of ``CloudCapabilities``),
    ``resize_server(id, size)``, ``apply_ssh_key(region, public_key)``, ``apply_firewall(spec)``; ``reserve_ip(key,
    server)`` with ``get_reserved_ip(id)`` and ``assign_ip(id, server)``; ``create_snapshot(key, server)`` with
    ``get_snapshot(id)``; ``list_zones()`` with ``list_records(zone)``, ``put_record(zone, record)`` and
    ``delete_record(zone, name, kind)``. A method that is absent counts as unsupported. The same key, or the same public
    key, gives the same thing in each of them, and what cannot be taken, such as a text that is no key or a rule for
    port 0, raises ``InvalidInputError``. ``resize_server`` raises ``ConflictError`` unless the server is stopped.
    """

    @property
    def name(self) -> str:
        """A short name of lower-case letters, digits and hyphens, unique among the clouds of an engine."""

    def list_regions(self) -> Sequence[Region] | Awaitable[Sequence[Region]]:
        """Return the regions in which servers can be created now, each once."""

    def list_sizes(self, region: str) -> Sequence[ServerSize] | Awaitable[Sequence[ServerSize]]:
        """Return the sizes that a region offers now, with their prices where they are known.

        Raises:
            NotFoundError: There is no such region.
        """

    def find_image(self, region: str, name: str) -> ServerImage | Awaitable[ServerImage | None] | None:
        """Return the image of this id, of this name, or the newest for an alias such as ``debian-12``.

        Return ``None`` for an unknown image. The id of a snapshot's image is an id here too.
        """

    def create_server(self, spec: ServerSpec) -> Server | Awaitable[Server]:
        """Create a server and return while it still starts.

        Called again with the same ``key``, return the same server: look for the key first, also where ``keyed_create``
        is false. Where it is true, several calls at the same time create one server too. ``spec["user_data"]``, if
        present, is a ``Secret``. ``spec["image"]`` is the id that ``find_image`` gave.

        Raises:
            NotFoundError: There is no such size or image; ``InvalidInputError`` does as well.
            InvalidInputError: The user data has more than ``max_user_data`` bytes.
            ConflictError: The key belongs to a server of another spec.
        """

    def get_server(self, id: str) -> Server | Awaitable[Server]:
        """Return a server as it is now, also one that byop did not make.

        One that runs has addresses that others can reach.

        Raises:
            NotFoundError: There is no such server, or it was deleted and is gone.
        """

    def list_servers(self, filter: ServerFilter) -> Sequence[Server] | Awaitable[Sequence[Server]]:
        """Return all of byop's servers that match, from every page and region, the oldest first.

        A server matches when it has the key, the region and all labels of the filter. An unknown region has no servers.
        """

    def power(self, id: str, action: PowerAction) -> Awaitable[None] | None:
        """Begin to change the power state; do nothing if it is already so.

        Raises:
            NotFoundError: There is no such server.
            PermissionDeniedError: byop did not create the server.
            ConflictError: Another action is under way.
        """

    def delete_server(self, id: str) -> Awaitable[None] | None:
        """Begin to delete a server with its disk, also one that still starts; do nothing if it is going or gone.

        Raises:
            PermissionDeniedError: byop did not create the server.
            ConflictError: Another action is under way.
        """

    def list_resources(self) -> Sequence[Resource] | Awaitable[Sequence[Resource]]:
        """Return everything that bears byop's mark, of every kind, with its name and key."""

    def delete_resource(self, kind: ResourceKind, id: str) -> Awaitable[None] | None:
        """Begin to delete a resource that ``list_resources`` returned; do nothing if it is going or gone.

        Raises:
            PermissionDeniedError: byop did not create it.
            ConflictError: A server uses it.
            UnsupportedError: The provider does not have this kind.
        """
