"""Clients, their customers and their tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking
from .._filters import page as _page
from .._filters import tickets as _tickets

if TYPE_CHECKING:
    from ..types import Client, ClientSpec, Customer, CustomerSpec, Ticket, TicketPriority, TicketSpec, TicketState


class Clients(Blocking):
    """Clients, their customers and their tickets."""

    def create_client(self, spec: ClientSpec) -> Client:
        """Add a client, a business that uses the platform.

        Raises:
            AlreadyExistsError: There is another client of this id.
        """
        return cast("Client", self._call("create_client", spec=spec))

    def get_client(self, id: str) -> Client:
        """Return a client.

        Raises:
            NotFoundError: There is no such client.
        """
        return cast("Client", self._call("get_client", id=id))

    def list_clients(self, *, prefix: str = "", after: str | None = None, limit: int | None = None) -> list[Client]:
        """Return clients, in order of id."""
        return cast("list[Client]", self._call("list_clients", page=_page(prefix, after, limit)))

    def update_client(self, spec: ClientSpec) -> Client:
        """Change a client.

        Raises:
            NotFoundError: There is no such client.
        """
        return cast("Client", self._call("update_client", spec=spec))

    def delete_client(self, id: str) -> None:
        """Remove a client that has nothing any more.

        Raises:
            ConflictError: It still has something.
        """
        self._call("delete_client", id=id)

    def create_customer(self, spec: CustomerSpec) -> Customer:
        """Add a customer of a client.

        Raises:
            NotFoundError: There is no such client.
        """
        return cast("Customer", self._call("create_customer", spec=spec))

    def get_customer(self, id: str) -> Customer:
        """Return a customer.

        Raises:
            NotFoundError: There is no such customer.
        """
        return cast("Customer", self._call("get_customer", id=id))

    def list_customers(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Customer]:
        """Return customers, in order of id."""
        return cast("list[Customer]", self._call("list_customers", page=_page(prefix, after, limit)))

    def update_customer(self, id: str, spec: CustomerSpec) -> Customer:
        """Change a customer.

        Raises:
            NotFoundError: There is no such customer.
        """
        return cast("Customer", self._call("update_customer", id=id, spec=spec))

    def delete_customer(self, id: str) -> None:
        """Remove a customer.

        Raises:
            ConflictError: It still has something.
        """
        self._call("delete_customer", id=id)

    def open_ticket(self, spec: TicketSpec) -> Ticket:
        """Open a request for support.

        Raises:
            NotFoundError: There is no such client.
        """
        return cast("Ticket", self._call("open_ticket", spec=spec))

    def reply_to_ticket(self, id: str, body: str) -> Ticket:
        """Add a reply.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", self._call("reply_to_ticket", id=id, body=body))

    def assign_ticket(self, id: str, assignee: str | None) -> Ticket:
        """Say who takes care of it, or nobody.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", self._call("assign_ticket", id=id, assignee=assignee))

    def close_ticket(self, id: str) -> Ticket:
        """Close a ticket.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", self._call("close_ticket", id=id))

    def reopen_ticket(self, id: str) -> Ticket:
        """Open a closed ticket again.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", self._call("reopen_ticket", id=id))

    def get_ticket(self, id: str) -> Ticket:
        """Return a ticket with its replies.

        Raises:
            NotFoundError: There is no such ticket.
        """
        return cast("Ticket", self._call("get_ticket", id=id))

    def list_tickets(
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
        """Return tickets."""
        return cast(
            "list[Ticket]",
            self._call("list_tickets", filter=_tickets(state, priority, customer, app, assignee, before, limit)),
        )
