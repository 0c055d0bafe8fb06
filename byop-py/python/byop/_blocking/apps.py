"""Apps: what runs, and how it comes to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking, Stream
from .._filters import jobs as _jobs
from .._filters import page as _page

if TYPE_CHECKING:
    from ..types import (
        AppReport,
        AppSpec,
        BuildReport,
        Component,
        ContainerStats,
        Data,
        DeploymentReport,
        Domain,
        LogLine,
        Preview,
        Proposal,
        Release,
    )


class Apps(Blocking):
    """Apps: what runs, and how it comes to run."""

    def preview(self, spec: AppSpec) -> Preview:
        """Say what would be built and how, without touching an engine, a proxy or the store.

        Raises:
            InvalidInputError: The spec or its source is wrong.
            UnsupportedError: No technology stack was recognised.
        """
        return cast("Preview", self._call("preview", spec=spec))

    def plan(self, spec: AppSpec) -> Proposal:
        """Say what ``deploy`` would change, as a value that can be stored, shown, approved and given to ``apply``.

        Raises:
            InvalidInputError: The spec or its source is wrong.
            AlreadyExistsError: The name is another client's.
        """
        return cast("Proposal", self._call("plan", spec=spec))

    def apply(self, proposal: Proposal) -> str:
        """Deploy what was proposed, if nothing has changed since, and return the id of the job.

        Raises:
            ConflictError: The app or its source has changed since, or a job works on it.
        """
        return cast("str", self._call("apply", proposal=proposal))

    def deploy(self, spec: AppSpec) -> str:
        """Make a release of the app and let it serve; return the id of the job, which is recorded before this returns.

        An app that is there already keeps serving until the new release is healthy.

        Raises:
            InvalidInputError: The spec is wrong.
            AlreadyExistsError: The name is another client's.
            ConflictError: Another job works on the app.
        """
        return cast("str", self._call("deploy", spec=spec))

    def stop(self, app: str) -> str:
        """Stop the app, which keeps its data, and return the id of the job.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("stop", app=app))

    def start(self, app: str) -> str:
        """Start the app again, and return the id of the job.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("start", app=app))

    def restart(self, app: str) -> str:
        """Stop the app and start it again, and return the id of the job.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("restart", app=app))

    def remove(self, app: str, *, data: Data = "keep") -> str:
        """Remove everything of the app, its volumes only with ``data="delete"``, and return the id of the job.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("remove", app=app, data=data))

    def rollback(self, app: str, to: int | None = None) -> str:
        """Let an earlier release serve again, the one before without a number, and return the id of the job.

        Raises:
            NotFoundError: There is no such app or release.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("rollback", app=app, to=to))

    def repair(self, app: str) -> str:
        """Make an app again what the store says it is, and return the id of the job; its output says what is left.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it.
        """
        return cast("str", self._call("repair", app=app))

    def get_app(self, name: str) -> AppReport:
        """Return an app with what really runs of it.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("AppReport", self._call("get_app", name=name))

    def list_apps(self) -> list[AppReport]:
        """Return all apps with what really runs of them, in order of name."""
        return cast("list[AppReport]", self._call("list_apps"))

    def stats(self, name: str) -> ContainerStats:
        """Return what the app uses now.

        Raises:
            NotFoundError: There is no such app, or it has no container.
        """
        return cast("ContainerStats", self._call("stats", name=name))

    def list_releases(self, app: str) -> list[Release]:
        """Return the releases of an app, the newest first.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[Release]", self._call("list_releases", app=app))

    def list_deployments(self, app: str | None = None) -> list[DeploymentReport]:
        """Return which releases serve where.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[DeploymentReport]", self._call("list_deployments", app=app))

    def list_components(self, app: str) -> list[Component]:
        """Return what an app is made of.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[Component]", self._call("list_components", app=app))

    def get_build(self, id: str) -> BuildReport:
        """Return the build of a job.

        Raises:
            NotFoundError: There is no such job, or it builds nothing.
        """
        return cast("BuildReport", self._call("get_build", id=id))

    def list_builds(
        self,
        *,
        subject: str | None = None,
        unfinished: bool = False,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[BuildReport]:
        """Return builds, the newest first."""
        return cast("list[BuildReport]", self._call("list_builds", filter=_jobs(subject, unfinished, before, limit)))

    def list_domains(self, *, prefix: str = "", after: str | None = None, limit: int | None = None) -> list[Domain]:
        """Return the host names that apps answer at."""
        return cast("list[Domain]", self._call("list_domains", page=_page(prefix, after, limit)))

    def logs(
        self,
        name: str,
        *,
        tail: int | None = None,
        since: int | None = None,
        after: str | None = None,
        follow: bool = False,
    ) -> Stream[LogLine]:
        """Read the log of the app's serving release, without the values of its secrets.

        ``tail`` gives the last lines, ``since`` those after a millisecond, ``after`` those after a cursor; ``follow``
        waits for further ones.

        Raises:
            NotFoundError: There is no such app, or it has no container.
        """
        return self._stream("logs", name=name, options={"tail": tail, "since": since, "after": after, "follow": follow})
