"""Jobs: work that outlives the call that started it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import AsyncStream, Awaitable
from .._filters import jobs as _jobs

if TYPE_CHECKING:
    from ..types import Event, Job


class Jobs(Awaitable):
    """Jobs: work that outlives the call that started it."""

    async def cancel(self, job: str) -> None:
        """Ask a job to stop, in whichever process it runs. What it has begun is undone; its state is then
        ``cancelled``.

        A job that has ended stays as it is.

        Raises:
            NotFoundError: There is no such job.
        """
        await self._call("cancel", job=job)

    async def wait(self, job: str, *, timeout: float | None = None) -> Job:
        """Wait until a job ends, and return it.

        Args:
            job: The id of the job.
            timeout: Seconds to wait; without it, as long as the job takes.

        Raises:
            ByopError: The job failed: its own error, of the class for its kind.
            CancelledError: The job was cancelled.
            TimeoutError: The job has not ended within ``timeout``; it goes on.
            NotFoundError: There is no such job.
        """
        return cast("Job", await self._call("wait", job=job, timeout=timeout))

    async def get_job(self, id: str) -> Job:
        """Return a job as it is now.

        Raises:
            NotFoundError: There is no such job.
        """
        return cast("Job", await self._call("get_job", id=id))

    async def list_jobs(
        self,
        *,
        subject: str | None = None,
        unfinished: bool = False,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Return jobs, the newest first.

        Args:
            subject: Only those of this app or server, such as ``app/shop`` or ``server/web-1``.
            unfinished: Only those that have not ended.
            before: Only those before the job of this id: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[Job]", await self._call("list_jobs", filter=_jobs(subject, unfinished, before, limit)))

    async def resume(self) -> list[str]:
        """Continue the jobs that dead processes left behind, and return their ids.

        Call this once in every process, at its start. From then on the process also takes over jobs of processes that
        die (after ``lease_seconds``), runs schedules and removes expired preview apps. A process that has not called it
        begins with these only when it starts its first job or puts its first schedule. Jobs of live processes, and jobs
        on hosts and at clouds that this engine does not have, are left alone.

        Raises:
            UnauthenticatedError: The engine lacks the key that secrets in the store are sealed with.
        """
        return cast("list[str]", await self._call("resume"))

    def events(self, job: str, *, after: int = 0) -> AsyncStream[Event]:
        """Return the events of a job: first the recorded ones, then new ones as they happen, until the job ends.

        Args:
            job: The id of the job.
            after: Only events with a ``sequence`` above this one, to continue where a reader stopped.

        Errors are raised with the first item, not by this call: take one item, or call ``get_job``, before a web view
        sends its status.

        Raises:
            NotFoundError: With the first item: there is no such job.
        """
        return self._stream("events", job=job, after=after)

    def subject_events(self, subject: str, *, after: int = 0) -> AsyncStream[Event]:
        """Return the events of all jobs of an app or a server: first the recorded ones, then new ones. It does not end.

        Args:
            subject: Such as ``app/shop`` or ``server/web-1``.
            after: Only events with a ``position`` above this one, to continue where a reader stopped.

        Errors are raised with the first item, not by this call.

        Raises:
            NotFoundError: With the first item: events after ``after`` are no longer kept.
        """
        return self._stream("subject_events", subject=subject, after=after)
