"""The platform as a whole: differences, and who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking, Stream
from .._filters import audit as _audit

if TYPE_CHECKING:
    from ..types import AuditRecord, AuditReport, Census, DriftReport, Rebuilt


class Platform(Blocking):
    """The platform as a whole: differences, and who did what."""

    def drift(self, *apps: str) -> DriftReport:
        """Compare what the store says with what there is, of these apps or of all; nothing is changed.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("DriftReport", self._call("drift", filter={"apps": list(apps)}))

    def census(self) -> Census:
        """Hold the labelled objects of all hosts against the store; nothing is changed."""
        return cast("Census", self._call("census"))

    def rebuild_store(self) -> Rebuilt:
        """Fill a store that was lost again from the labels of what runs.

        Raises:
            PermissionDeniedError: In the hands of a client.
        """
        return cast("Rebuilt", self._call("rebuild_store"))

    def list_audit(
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
            self._call("list_audit", filter=_audit(action, subject, who, since, until, after, limit)),
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
    ) -> Stream[AuditRecord]:
        """Follow who does what: first what is recorded, then what comes; it does not end by itself."""
        return self._stream("follow_audit", filter=_audit(action, subject, who, since, until, after, limit))

    def verify_audit(self) -> AuditReport:
        """Check that nobody has changed the audit.

        Raises:
            CorruptError: Somebody has.
        """
        return cast("AuditReport", self._call("verify_audit"))
