"""The platform as a whole: what differs from the store, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import AsyncStream, Awaitable
from .._filters import audit as _audit

if TYPE_CHECKING:
    from ..types import AuditRecord, AuditReport, Census, DriftReport, Rebuilt


class Platform(Awaitable):
    """The platform as a whole: what differs from the store, and who did what."""

    async def drift(self, *apps: str) -> DriftReport:
        """Compare the store with the hosts: containers, networks, volumes, images, routes and proxies; nothing is
        changed.

        An app that a job works on is left out, and named in ``busy``. A host that does not answer is a finding.

        Args:
            apps: Names of apps; all when there are none.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("DriftReport", await self._call("drift", filter={"apps": list(apps)}))

    async def census(self) -> Census:
        """Compare byop's objects on all hosts with the store: unknown ones, and missing ones; nothing is changed.

        Objects without byop's label are never listed.
        """
        return cast("Census", await self._call("census"))

    async def rebuild_store(self) -> Rebuilt:
        """Fill a store that was lost from the labels of what runs: apps, releases, host names and ports.

        Apps that the store knows are left as they are, so calling this twice is harmless. Jobs, events and releases
        that no longer run cannot be recovered.

        Raises:
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        return cast("Rebuilt", await self._call("rebuild_store"))

    async def list_audit(
        self,
        *,
        action: str | None = None,
        subject: str | None = None,
        who: str | None = None,
        since: int | None = None,
        until: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[AuditRecord]:
        """Return who did what, the oldest first. A client sees its own records.

        A job has two records: ``job.create``, and ``job.end`` with its result. Everything else has one, written before
        the change; a change that then failed has a second one with the result ``failed``.

        Args:
            action: Only this action, such as ``job.create``.
            subject: Only this subject, such as ``app/shop``.
            who: Only this actor.
            since: Only from this time on, in milliseconds since 1970.
            until: Only before this time, in milliseconds since 1970.
            after: Only records with a ``position`` above this one: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast(
            "list[AuditRecord]",
            await self._call("list_audit", filter=_audit(action, subject, who, since, until, after, limit)),
        )

    def follow_audit(
        self,
        *,
        action: str | None = None,
        subject: str | None = None,
        who: str | None = None,
        since: int | None = None,
        until: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> AsyncStream[AuditRecord]:
        """Return who does what: first the records so far, then new ones as they are written. It does not end.

        Args:
            action: Only this action, such as ``job.create``.
            subject: Only this subject, such as ``app/shop``.
            who: Only this actor.
            since: Only from this time on, in milliseconds since 1970.
            until: Only before this time, in milliseconds since 1970.
            after: Only records with a ``position`` above this one, to continue where a reader stopped.
            limit: How many records are read from the store at once.
        """
        return self._stream("follow_audit", filter=_audit(action, subject, who, since, until, after, limit))

    async def verify_audit(self) -> AuditReport:
        """Check that no audit record was changed, removed or inserted.

        Keep the returned ``last`` hash: a later check that does not pass it shows that the end was cut off and
        rewritten.

        Raises:
            CorruptError: A record is not as it was written; ``context`` has its position.
            PermissionDeniedError: The engine was made with ``for_client``.
        """
        return cast("AuditReport", await self._call("verify_audit"))
