"""Preview apps and schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Awaitable
from .._filters import page as _page

if TYPE_CHECKING:
    from ..types import PreviewApp, PreviewAppSpec, Schedule, ScheduledRun, ScheduleSpec


class Schedules(Awaitable):
    """Preview apps and schedules."""

    async def create_preview_app(self, spec: PreviewAppSpec) -> PreviewApp:
        """Deploy a temporary copy of an app, for instance of a branch; it is removed when it expires.

        What runs is an ordinary app of its own name, with the settings of the original and its own data; ``job`` in the
        answer deploys it. It expires in processes that have called ``resume`` or started a job.

        Raises:
            InvalidInputError: The spec is wrong, or gives a ``reference`` where the app's source is not in Git.
            NotFoundError: There is no such app.
            AlreadyExistsError: There is an app of the new name.
        """
        return cast("PreviewApp", await self._call("create_preview_app", spec=spec))

    async def get_preview_app(self, name: str) -> PreviewApp:
        """Return a preview app.

        Raises:
            NotFoundError: There is no such preview app.
        """
        return cast("PreviewApp", await self._call("get_preview_app", name=name))

    async def list_preview_apps(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[PreviewApp]:
        """Return preview apps, in order of name.

        Args:
            prefix: Only names that begin with this.
            after: Only names after this one: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[PreviewApp]", await self._call("list_preview_apps", page=_page(prefix, after, limit)))

    async def delete_preview_app(self, name: str) -> str | None:
        """Remove a preview app with its data before it expires; return the id of the job, or ``None`` if nothing is
        left of it.

        Raises:
            NotFoundError: There is no such preview app.
            ConflictError: Another job works on it.
        """
        return cast("str | None", await self._call("delete_preview_app", name=name))

    async def put_schedule(self, spec: ScheduleSpec) -> Schedule:
        """Add a schedule, or replace the one of this name; its past runs are kept.

        A schedule belongs to the platform, or to the client of ``for_client``. It runs in processes that have called
        ``resume`` or started a job: call ``resume`` once in every process, at its start.

        Raises:
            InvalidInputError: The expression or the time zone is wrong; the error names the field.
            PermissionDeniedError: The client is suspended.
        """
        return cast("Schedule", await self._call("put_schedule", spec=spec))

    async def get_schedule(self, name: str) -> Schedule:
        """Return a schedule with its last runs.

        Raises:
            NotFoundError: There is no such schedule. That of a client is found with ``for_client`` only.
        """
        return cast("Schedule", await self._call("get_schedule", name=name))

    async def list_schedules(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Schedule]:
        """Return schedules, in order of owner and name; for the platform also those of its clients.

        Args:
            prefix: Only those whose ``owner/name`` begins with this; the platform is the owner ``-``.
            after: Only those after this ``owner/name``: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[Schedule]", await self._call("list_schedules", page=_page(prefix, after, limit)))

    async def delete_schedule(self, name: str) -> None:
        """Delete a schedule. Jobs that it has started go on; deleting one that is gone is fine."""
        await self._call("delete_schedule", name=name)

    async def pause_schedule(self, name: str) -> Schedule:
        """Pause a schedule. Times that pass meanwhile do not count as missed.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", await self._call("pause_schedule", name=name))

    async def resume_schedule(self, name: str) -> Schedule:
        """Resume a paused schedule, from its next time on.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", await self._call("resume_schedule", name=name))

    async def run_schedule(self, name: str) -> ScheduledRun:
        """Run a schedule now, besides its times and also while it is paused.

        What went wrong with the work itself is in the ``outcome`` of the run.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("ScheduledRun", await self._call("run_schedule", name=name))
