"""Clients, their customers and their tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Awaitable
from .._filters import page as _page
from .._filters import tickets as _tickets

if TYPE_CHECKING:
    from ..types import Client, ClientSpec, Customer, CustomerSpec, Ticket, TicketPriority, TicketSpec, TicketState


class Clients(Awaitable):
    """Clients, their customers and their tickets."""

    async def create_client(self, spec: ClientSpec) -> Client:
        """Add a client, a business that uses the platform.

        Raises:
            InvalidInputError: The spec is wrong.
            AlreadyExistsError: The id is taken, or was; the id of a deleted client is not given again.
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        return cast("Client", await self._call("create_client", spec=spec))

    async def get_client(self, id: str) -> Client:
        """Return a client. A client sees only itself.

        Raises:
            NotFoundError: There is no such client.
        """
        return cast("Client", await self._call("get_client", id=id))

    async def list_clients(self, *, prefix: str = "", after: str | None = None, limit: int | None = None) -> list[Client]:
        """Return clients, in order of id.

        Args:
            prefix: Only ids that begin with this.
            after: Only ids after this one: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[Client]", await self._call("list_clients", page=_page(prefix, after, limit)))

    async def update_client(self, spec: ClientSpec) -> Client:
        """Replace the name, address, limits and state of a client.

        Raises:
            InvalidInputError: The spec is wrong.
            NotFoundError: There is no such client.
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        return cast("Client", await self._call("update_client", spec=spec))

    async def delete_client(self, id: str) -> None:
        """Delete a client with its customers, tickets (open ones too), secrets and schedules.

        Deleting it again is fine.

        Raises:
            ConflictError: It still owns an app or a server, or one of its jobs has not ended.
            NotFoundError: There never was such a client.
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        await self._call("delete_client", id=id)

    async def create_customer(self, spec: CustomerSpec) -> Customer:
        """Add a customer of a client.

        Raises:
            InvalidInputError: The spec is wrong.
            NotFoundError: There is no such client.
            PermissionDeniedError: The client is suspended.
        """
        return cast("Customer", await self._call("create_customer", spec=spec))

    async def get_customer(self, id: str) -> Customer:
        """Return a customer.

        Raises:
            NotFoundError: There is no such customer.
        """
        return cast("Customer", await self._call("get_customer", id=id))

    async def list_customers(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Customer]:
        """Return customers, the newest first.

        Args:
            prefix: Only ids that begin with this.
            after: Only ids after this one: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[Customer]", await self._call("list_customers", page=_page(prefix, after, limit)))

    async def update_customer(self, id: str, spec: CustomerSpec) -> Customer:
        """Replace what is stored of a customer.

        Raises:
            InvalidInputError: The spec is wrong, or names another client.
            NotFoundError: There is no such customer.
        """
        return cast("Customer", await self._call("update_customer", id=id, spec=spec))

    async def delete_customer(self, id: str) -> None:
        """Delete a customer. Deleting one that is gone is fine.

        Raises:
            ConflictError: One of its tickets is open.
        """
        await self._call("delete_customer", id=id)

    async def open_ticket(self, spec: TicketSpec) -> Ticket:
        """Open a support ticket. Its author is the actor of the engine; see ``acting_as``.

        Raises:
            InvalidInputError: The spec is wrong.
            NotFoundError: There is no such client, customer or app.
        """
        return cast("Ticket", await self._call("open_ticket", spec=spec))

    async def reply_to_ticket(self, id: str, body: str) -> Ticket:
        """Add a reply to a ticket. Its author is the actor of the engine; see ``acting_as``.

        Raises:
            InvalidInputError: The text is empty or too long.
            NotFoundError: There is no such ticket.
            ConflictError: The ticket is closed.
            QuotaExceededError: The ticket has too many replies.
        """
        return cast("Ticket", await self._call("reply_to_ticket", id=id, body=body))

    async def assign_ticket(self, id: str, assignee: str | None) -> Ticket:
        """Assign a ticket to somebody, or to nobody with ``None``.

        Raises:
            InvalidInputError: The name is wrong.
            NotFoundError: There is no such ticket.
            ConflictError: The ticket is closed.
        """
        return cast("Ticket", await self._call("assign_ticket", id=id, assignee=assignee))

    async def close_ticket(self, id: str) -> Ticket:
        """Close a ticket. Closing it again is fine.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", await self._call("close_ticket", id=id))

    async def reopen_ticket(self, id: str) -> Ticket:
        """Open a closed ticket again. Opening an open one is fine.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", await self._call("reopen_ticket", id=id))

    async def get_ticket(self, id: str) -> Ticket:
        """Return a ticket with its replies.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", await self._call("get_ticket", id=id))

    async def list_tickets(
        self,
        *,
        state: TicketState | None = None,
        priority: TicketPriority | None = None,
        customer: str | None = None,
        app: str | None = None,
        assignee: str | None = None,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[Ticket]:
        """Return tickets, the newest first.

        Args:
            state: Only those in this state.
            priority: Only those of at least this priority.
            customer: Only those of the customer of this id.
            app: Only those about this app.
            assignee: Only those assigned to this name.
            before: Only those before the ticket of this id: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast(
            "list[Ticket]",
            await self._call("list_tickets", filter=_tickets(state, priority, customer, app, assignee, before, limit)),
        )
