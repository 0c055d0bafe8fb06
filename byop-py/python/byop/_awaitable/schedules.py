"""Preview apps and recurring jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Awaitable
from .._filters import page as _page

if TYPE_CHECKING:
    from ..types import PreviewApp, PreviewAppSpec, Schedule, ScheduledRun, ScheduleSpec


class Schedules(Awaitable):
    """Preview apps and recurring jobs."""

    async def create_preview_app(self, spec: PreviewAppSpec) -> PreviewApp:
        """Make an app beside an app, for looking at a branch, that goes by itself.

        Raises:
            NotFoundError: There is no such app.
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
        """Return preview apps, in order of name."""
        return cast("list[PreviewApp]", await self._call("list_preview_apps", page=_page(prefix, after, limit)))

    async def delete_preview_app(self, name: str) -> str | None:
        """Remove a preview app with all it has, and return the id of the job, if one is needed.

        Raises:
            NotFoundError: There is no such preview app.
        """
        return cast("str | None", await self._call("delete_preview_app", name=name))

    async def put_schedule(self, spec: ScheduleSpec) -> Schedule:
        """Add or change a recurring job.

        Raises:
            InvalidInputError: The expression or the time zone is wrong.
        """
        return cast("Schedule", await self._call("put_schedule", spec=spec))

    async def get_schedule(self, name: str) -> Schedule:
        """Return a schedule with its last runs.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", await self._call("get_schedule", name=name))

    async def list_schedules(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Schedule]:
        """Return schedules, in order of name."""
        return cast("list[Schedule]", await self._call("list_schedules", page=_page(prefix, after, limit)))

    async def delete_schedule(self, name: str) -> None:
        """Remove a schedule."""
        await self._call("delete_schedule", name=name)

    async def pause_schedule(self, name: str) -> Schedule:
        """Let a schedule stand still.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", await self._call("pause_schedule", name=name))

    async def resume_schedule(self, name: str) -> Schedule:
        """Let a schedule go on.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", await self._call("resume_schedule", name=name))

    async def run_schedule(self, name: str) -> ScheduledRun:
        """Do now what a schedule does.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("ScheduledRun", await self._call("run_schedule", name=name))
