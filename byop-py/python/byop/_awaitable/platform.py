"""The platform as a whole: differences, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import AsyncStream, Awaitable
from .._filters import audit as _audit

if TYPE_CHECKING:
    from ..types import AuditRecord, AuditReport, Census, DriftReport, Rebuilt


class Platform(Awaitable):
    """The platform as a whole: differences, and who did what."""

    async def drift(self, *apps: str) -> DriftReport:
        """Compare what the store says with what there is, of these apps or of all; nothing is changed.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("DriftReport", await self._call("drift", filter={"apps": list(apps)}))

    async def census(self) -> Census:
        """Hold the labelled objects of all hosts against the store; nothing is changed."""
        return cast("Census", await self._call("census"))

    async def rebuild_store(self) -> Rebuilt:
        """Fill a store that was lost again from the labels of what runs.

        Raises:
            PermissionDeniedError: In the hands of a client.
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
        """Return who did what, in order."""
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
        """Follow who does what: first what is recorded, then what comes; it does not end by itself."""
        return self._stream("follow_audit", filter=_audit(action, subject, who, since, until, after, limit))

    async def verify_audit(self) -> AuditReport:
        """Check that nobody has changed the audit.

        Raises:
            CorruptError: Somebody has.
        """
        return cast("AuditReport", await self._call("verify_audit"))
