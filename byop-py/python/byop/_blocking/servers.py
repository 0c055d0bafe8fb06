"""Servers that are rented."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from .._face import Blocking

if TYPE_CHECKING:
    from ..types import ServerPlan, ServerReport, ServerRequest, SweepReport


class Servers(Blocking):
    """Servers that are rented."""

    def plan_server(self, request: ServerRequest) -> ServerPlan:
        """Say what a server would be made from and what it costs; nothing is made.

        Raises:
            NotFoundError: There is no such cloud, region, size or image.
        """
        return cast("ServerPlan", self._call("plan_server", request=request))

    def create_server(self, request: ServerRequest) -> str:
        """Rent a server, and return the id of the job.

        Raises:
            AlreadyExistsError: There is a server of this name.
        """
        return cast("str", self._call("create_server", request=request))

    def destroy_server(self, name: str) -> str:
        """Give a server back, with its disk, and return the id of the job.

        Raises:
            NotFoundError: There is no such server.
        """
        return cast("str", self._call("destroy_server", name=name))

    def get_server(self, name: str) -> ServerReport:
        """Return a server with what the cloud says of it.

        Raises:
            NotFoundError: There is no such server.
        """
        return cast("ServerReport", self._call("get_server", name=name))

    def list_servers(self) -> list[ServerReport]:
        """Return all servers with what their clouds say of them."""
        return cast("list[ServerReport]", self._call("list_servers"))

    def sweep(self, *, remove: bool = False, installations: Iterable[str] = ()) -> SweepReport:
        """Find what bears byop's mark at the clouds and is in nobody's books; ``remove`` removes it.

        Raises:
            PermissionDeniedError: In the hands of a client.
        """
        return cast(
            "SweepReport", self._call("sweep", options={"remove": remove, "installations": list(installations)})
        )
