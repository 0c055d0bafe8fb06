"""Preview apps and recurring jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking
from .._filters import page as _page

if TYPE_CHECKING:
    from ..types import PreviewApp, PreviewAppSpec, Schedule, ScheduledRun, ScheduleSpec


class Schedules(Blocking):
    """Preview apps and recurring jobs."""

    def create_preview_app(self, spec: PreviewAppSpec) -> PreviewApp:
        """Make an app beside an app, for looking at a branch, that goes by itself.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("PreviewApp", self._call("create_preview_app", spec=spec))

    def get_preview_app(self, name: str) -> PreviewApp:
        """Return a preview app.

        Raises:
            NotFoundError: There is no such preview app.
        """
        return cast("PreviewApp", self._call("get_preview_app", name=name))

    def list_preview_apps(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[PreviewApp]:
        """Return preview apps, in order of name."""
        return cast("list[PreviewApp]", self._call("list_preview_apps", page=_page(prefix, after, limit)))

    def delete_preview_app(self, name: str) -> str | None:
        """Remove a preview app with all it has, and return the id of the job, if one is needed.

        Raises:
            NotFoundError: There is no such preview app.
        """
        return cast("str | None", self._call("delete_preview_app", name=name))

    def put_schedule(self, spec: ScheduleSpec) -> Schedule:
        """Add or change a recurring job.

        Raises:
            InvalidInputError: The expression or the time zone is wrong.
        """
        return cast("Schedule", self._call("put_schedule", spec=spec))

    def get_schedule(self, name: str) -> Schedule:
        """Return a schedule with its last runs.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", self._call("get_schedule", name=name))

    def list_schedules(
        self,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Schedule]:
        """Return schedules, in order of name."""
        return cast("list[Schedule]", self._call("list_schedules", page=_page(prefix, after, limit)))

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule."""
        self._call("delete_schedule", name=name)

    def pause_schedule(self, name: str) -> Schedule:
        """Let a schedule stand still.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", self._call("pause_schedule", name=name))

    def resume_schedule(self, name: str) -> Schedule:
        """Let a schedule go on.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("Schedule", self._call("resume_schedule", name=name))

    def run_schedule(self, name: str) -> ScheduledRun:
        """Do now what a schedule does.

        Raises:
            NotFoundError: There is no such schedule.
        """
        return cast("ScheduledRun", self._call("run_schedule", name=name))
