"""Servers at cloud providers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from .._face import Awaitable

if TYPE_CHECKING:
    from ..types import ServerPlan, ServerReport, ServerRequest, SweepReport


class Servers(Awaitable):
    """Servers at cloud providers."""

    async def plan_server(self, request: ServerRequest) -> ServerPlan:
        """Return what a server would be made from and its price; nothing is created.

        Raises:
            InvalidInputError: The request is wrong, or the cloud has no such region, size or image; the error lists
                what there is. Also when the engine has several clouds and the request names none.
            NotFoundError: The engine has no cloud of this name.
            UnsupportedError: The cloud cannot do what the request asks for.
        """
        return cast("ServerPlan", await self._call("plan_server", request=request))

    async def create_server(self, request: ServerRequest) -> str:
        """Create a server, and return the id of the job.

        When the job has succeeded the server runs and has a public address. A server that the provider fails to start
        is replaced; if the job fails, what it made is removed, and its error says what could not be.

        Raises:
            InvalidInputError: The request is wrong, or the engine has several clouds and the request names none. An
                unknown region, size or image makes the job fail with it.
            NotFoundError: The engine has no cloud of this name.
            AlreadyExistsError: There is a server of this name.
            ConflictError: Another job works on the server; see ``when_busy``.
        """
        return cast("str", await self._call("create_server", request=request))

    async def destroy_server(self, name: str) -> str:
        """Destroy a server with its disk and all that was made for it, and return the id of the job.

        It is forgotten only once the provider says that it is gone.

        Raises:
            NotFoundError: There is no such server.
            ConflictError: Another job works on the server; see ``when_busy``.
        """
        return cast("str", await self._call("destroy_server", name=name))

    async def get_server(self, name: str) -> ServerReport:
        """Return a server as stored, together with what the provider says of it now.

        Raises:
            NotFoundError: There is no such server.
        """
        return cast("ServerReport", await self._call("get_server", name=name))

    async def list_servers(self) -> list[ServerReport]:
        """Return all servers with what their providers say of them now, in order of name.

        Raises:
            UnavailableError: A provider cannot be reached.
        """
        return cast("list[ServerReport]", await self._call("list_servers"))

    async def sweep(self, *, remove: bool = False, installations: Iterable[str] = ()) -> SweepReport:
        """Find cloud resources that byop made and that the store does not know, with age and price.

        What does not bear byop's mark is never touched. A cloud that cannot be asked is named in ``errors`` of the
        report.

        Args:
            remove: Remove what is found.
            installations: Ids of other installations of byop in the same accounts whose resources are removed too.

        Raises:
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        return cast(
            "SweepReport", await self._call("sweep", options={"remove": remove, "installations": list(installations)})
        )
