"""Apps: deploy, control and observe them."""

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
    """Apps: deploy, control and observe them."""

    def preview(self, spec: AppSpec) -> Preview:
        """Return what would be built and how, without touching a host, the proxy or the store.

        A source from Git or an archive is fetched into a temporary folder first.

        Raises:
            InvalidInputError: The spec or its source is wrong.
            UnsupportedError: No technology stack was recognised, or the source is an image.
        """
        return cast("Preview", self._call("preview", spec=spec))

    def plan(self, spec: AppSpec) -> Proposal:
        """Return what ``deploy`` would change; nothing is changed.

        The proposal is plain data: store it, show it, have it approved, and give it to ``apply`` later, in any process.
        Its ``changes`` are empty when the same spec is deployed already.

        Raises:
            InvalidInputError: The spec or its source is wrong.
            AlreadyExistsError: Another client has an app of this name.
            UnsupportedError: No technology stack was recognised.
        """
        return cast("Proposal", self._call("plan", spec=spec))

    def apply(self, proposal: Proposal) -> str:
        """Deploy a proposal of ``plan`` unless something has changed since; return the id of the job.

        Raises:
            ConflictError: The app, its source or what runs of it has changed since, or another job works on it.
            InvalidInputError: The spec or its source is wrong.
        """
        return cast("str", self._call("apply", proposal=proposal))

    def deploy(self, spec: AppSpec) -> str:
        """Build and start a new release of an app, and return the id of the job.

        The job is recorded before this returns and runs in the background: follow it with ``events``, wait for it with
        ``wait``, which raises its error. The release that serves is replaced only once the new one is healthy;
        deploying the same again changes nothing. Only the web process runs: other ``processes`` and ``addons`` are
        written into the generated compose file, and a ``warning`` event names each that is not started.

        Raises:
            InvalidInputError: The spec is wrong.
            AlreadyExistsError: Another client has an app of this name.
            ConflictError: Another job works on the app; see ``when_busy``.
            PermissionDeniedError: The client is suspended.
            QuotaExceededError: The client has as many apps as it may have.
        """
        return cast("str", self._call("deploy", spec=spec))

    def stop(self, app: str) -> str:
        """Stop an app and return the id of the job. It keeps its data; requests to its host names get 404.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it; see ``when_busy``.
        """
        return cast("str", self._call("stop", app=app))

    def start(self, app: str) -> str:
        """Start a stopped app and return the id of the job. It serves once it is healthy.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it; see ``when_busy``.
        """
        return cast("str", self._call("start", app=app))

    def restart(self, app: str) -> str:
        """Stop an app, start it again, and return the id of the job. It does not serve in between.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it; see ``when_busy``.
        """
        return cast("str", self._call("restart", app=app))

    def remove(self, app: str, *, data: Data = "keep") -> str:
        """Remove an app and return the id of the job. The last app on a host takes the proxy with it.

        Args:
            app: The name of the app.
            data: ``keep`` keeps the volumes for a later app of this name, ``delete`` removes them.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it; see ``when_busy``.
        """
        return cast("str", self._call("remove", app=app, data=data))

    def rollback(self, app: str, to: int | None = None) -> str:
        """Deploy an earlier release again under a new number, and return the id of the job.

        It has the image, spec and configuration of that release; secrets have today's values. Since it is a new
        release, rolling back twice without ``to`` returns to the release that served at first.

        Args:
            app: The name of the app.
            to: The number of the release; the one that served before the current one when absent.

        Raises:
            NotFoundError: There is no such app or release. The job fails with it when the image of the release is gone.
            InvalidInputError: This release serves already.
            ConflictError: Another job works on the app; see ``when_busy``.
        """
        return cast("str", self._call("rollback", app=app, to=to))

    def repair(self, app: str) -> str:
        """Restore what ``drift`` finds of an app and of its host's proxy, and return the id of the job.

        The job's ``output`` is a ``RepairReport`` with what was done and what is left. A container that differs is
        replaced as by a deployment, under a new release number.

        Raises:
            NotFoundError: There is no such app.
            ConflictError: Another job works on it; see ``when_busy``.
        """
        return cast("str", self._call("repair", app=app))

    def get_app(self, name: str) -> AppReport:
        """Return an app as stored, together with the containers observed on its host.

        Raises:
            NotFoundError: There is no such app.
            UnavailableError: Its host does not answer.
        """
        return cast("AppReport", self._call("get_app", name=name))

    def list_apps(self) -> list[AppReport]:
        """Return all apps with their observed containers, in order of name.

        Raises:
            UnavailableError: A host does not answer.
        """
        return cast("list[AppReport]", self._call("list_apps"))

    def stats(self, name: str) -> ContainerStats:
        """Return what the container of an app uses now.

        Raises:
            NotFoundError: There is no such app, or it has no container.
        """
        return cast("ContainerStats", self._call("stats", name=name))

    def list_releases(self, app: str) -> list[Release]:
        """Return the releases of an app that have served, the newest first. The last 50 are kept.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[Release]", self._call("list_releases", app=app))

    def list_deployments(self, app: str | None = None) -> list[DeploymentReport]:
        """Return which releases run on which hosts, of one app or of all, as the hosts report it now.

        A release that should serve but has no container is listed too.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[DeploymentReport]", self._call("list_deployments", app=app))

    def list_components(self, app: str) -> list[Component]:
        """Return the parts of an app, the web process first: processes and add-ons, running or not.

        Raises:
            NotFoundError: There is no such app.
        """
        return cast("list[Component]", self._call("list_components", app=app))

    def get_build(self, id: str) -> BuildReport:
        """Return the build of a deployment.

        Args:
            id: The id of the job.

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
        """Return builds, the newest first.

        Args:
            subject: Only those of this app, such as ``app/shop``.
            unfinished: Only those of jobs that have not ended.
            before: Only those before the job of this id: the cursor for the next page.
            limit: At most this many; all unless set.
        """
        return cast("list[BuildReport]", self._call("list_builds", filter=_jobs(subject, unfinished, before, limit)))

    def list_domains(self, *, prefix: str = "", after: str | None = None, limit: int | None = None) -> list[Domain]:
        """Return the host names that apps have, in order of name.

        Args:
            prefix: Only host names that begin with this.
            after: Only host names after this one: the cursor for the next page.
            limit: At most this many; all unless set.
        """
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
        """Return the log lines of the app's current container, with the values of its secrets removed.

        Args:
            name: The name of the app.
            tail: Only the last lines, this many.
            since: Only lines after this time, in milliseconds since 1970.
            after: Only lines after the one with this ``cursor``, to continue exactly where a reader stopped.
            follow: Wait for further lines until the container ends; a new release has another container.

        Errors are raised with the first item, not by this call: take one item before a web view sends its status.

        Raises:
            NotFoundError: With the first item: there is no such app, or it has no container.
        """
        return self._stream("logs", name=name, options={"tail": tail, "since": since, "after": after, "follow": follow})
