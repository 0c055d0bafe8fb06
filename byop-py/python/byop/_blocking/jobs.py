"""Jobs: work that outlives the call that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking, Stream
from .._filters import jobs as _jobs

if TYPE_CHECKING:
    from ..types import Event, Job


class Jobs(Blocking):
    """Jobs: work that outlives the call that asked for it."""

    def cancel(self, job: str) -> None:
        """Ask a job to end, whichever process runs it; what it has begun is taken back.

        Raises:
            NotFoundError: There is no such job.
        """
        self._call("cancel", job=job)

    def wait(self, job: str, *, timeout: float | None = None) -> Job:
        """Wait for the end of a job and return it.

        Raises:
            ByopError: The job's own error, when it failed.
            CancelledError: It was cancelled.
            TimeoutError: It has not ended within ``timeout`` seconds, and goes on.
            NotFoundError: There is no such job.
        """
        return cast("Job", self._call("wait", job=job, timeout=timeout))

    def get_job(self, id: str) -> Job:
        """Return a job as it is now.

        Raises:
            NotFoundError: There is no such job.
        """
        return cast("Job", self._call("get_job", id=id))

    def list_jobs(
        self,
        *,
        subject: str | None = None,
        unfinished: bool = False,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Return jobs, the newest first; a subject is ``app/shop`` or ``server/web-1``."""
        return cast("list[Job]", self._call("list_jobs", filter=_jobs(subject, unfinished, before, limit)))

    def resume(self) -> list[str]:
        """Go on with the jobs that an earlier process left behind, and return their ids.

        Raises:
            UnauthenticatedError: The engine has not the key that the secrets in the store need.
        """
        return cast("list[str]", self._call("resume"))

    def events(self, job: str, *, after: int = 0) -> Stream[Event]:
        """Follow the events of a job: first those that are recorded, then new ones; it ends with the job.

        Raises:
            NotFoundError: There is no such job.
        """
        return self._stream("events", job=job, after=after)

    def subject_events(self, subject: str, *, after: int = 0) -> Stream[Event]:
        """Follow the events of all jobs of ``app/shop`` or ``server/web-1``; it does not end by itself.

        Raises:
            NotFoundError: Events after ``after`` are no longer kept.
        """
        return self._stream("subject_events", subject=subject, after=after)
