"""The engine: blocking and awaitable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import _byop
from ._awaitable import Verbs as AwaitableVerbs
from ._blocking import Verbs as BlockingVerbs
from ._handles import Docker, Runtime, Store
from ._secret import Secret, exposed
from .ports import CloudProvider, Generator, SecretSource

if TYPE_CHECKING:
    from .types import Actor


def _build(
    store: Store | None,
    runtimes: Runtime | Mapping[str, Runtime] | None,
    clouds: Iterable[CloudProvider],
    generators: Iterable[Generator],
    secrets: Mapping[str, str | Secret] | SecretSource | None,
    keys: Iterable[str | Secret],
    settings: dict[str, Any],
) -> _byop.Engine:
    clouds = list(clouds)
    if runtimes is None:
        runtimes = {} if clouds else {"local": Docker()}
    if not isinstance(runtimes, Mapping):
        runtimes = {"local": runtimes}
    if isinstance(keys, (str, Secret)):
        raise TypeError("keys must be a list, the newest first")
    source = {name: exposed(value) for name, value in secrets.items()} if isinstance(secrets, Mapping) else secrets
    settings["keys"] = [exposed(key) for key in keys]
    return _byop.Engine(
        None if store is None else store._native,
        {name: runtime._native for name, runtime in runtimes.items()},
        [getattr(cloud, "_native", cloud) for cloud in clouds],
        list(generators),
        source,
        json.dumps(settings),
    )


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


class Engine(BlockingVerbs):
    """The platform engine. Calls block; other threads run meanwhile, and Ctrl-C interrupts the waiting.

    A verb that changes something records a job and returns its id; the job runs in background threads of the engine.
    All threads of a process may share one engine. Create it after a fork, not before: in a forked child an inherited
    engine raises ``UnsupportedError``. Call ``resume`` once in every process, at its start.

    Args:
        store: Where state is kept; in memory when absent.
        runtimes: Where apps run: one host, or hosts by name. New apps go to the first host in order of name: there is
            no placement yet. When absent, the Docker engine of this machine; without any host when ``clouds`` are
            given.
        clouds: Where servers are created: ``Aws``, ``DigitalOcean``, ``Ovh``, ``DockerCloud``, or an object of your
            own.
        generators: Technology stacks of your own, asked before the built-in ones.
        secrets: Secrets of your program, by name: a dictionary, or an object with ``get_secret``. They take precedence
            over stored ones.
        keys: Keys that seal the secrets in the store, the newest first; ``Engine.generate_key`` makes one. Without keys
            no secret can be stored, and a changed secret is not noticed.
        work_dir: A folder for unpacked sources, used by nothing else; ``byop`` in the temporary folder of the system
            unless set.
        port_range: The first and the last port of a host that apps may get; 20000 to 29999 unless set.
        lease_seconds: Seconds after which another process takes over the jobs of a dead one; 30 unless set.
        http_port: The port of the proxy, which serves plain HTTP; 80 unless set.
        proxy_prefix: What the names of the proxy's container, network and volume begin with; ``byop`` unless set.

    Raises:
        InvalidInputError: A setting is wrong.
        UnavailableError: There is no Docker engine on this machine.

    >>> import byop, byop.testing
    >>> host = byop.testing.FakeRuntime()
    >>> host.add_image("shop:1", port=8080)
    >>> engine = byop.Engine(runtimes=host)
    >>> job = engine.deploy(byop.app({"image": "shop:1"}, name="shop", domains=["shop.example.com"]))
    >>> engine.wait(job)["state"]
    'succeeded'
    >>> [(app["app"]["name"], app["state"]) for app in engine.list_apps()]
    [('shop', 'running')]
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        runtimes: Runtime | Mapping[str, Runtime] | None = None,
        clouds: Iterable[CloudProvider] = (),
        generators: Iterable[Generator] = (),
        secrets: Mapping[str, str | Secret] | SecretSource | None = None,
        keys: Iterable[str | Secret] = (),
        work_dir: str | os.PathLike[str] | None = None,
        port_range: tuple[int, int] | None = None,
        lease_seconds: float | None = None,
        http_port: int | None = None,
        proxy_prefix: str | None = None,
    ) -> None:
        settings = {
            "work_dir": _text(work_dir),
            "port_range": port_range,
            "lease_seconds": lease_seconds,
            "http_port": http_port,
            "proxy_prefix": proxy_prefix,
        }
        self._native = _build(store, runtimes, clouds, generators, secrets, keys, settings)

    def _view(self, **how: Any) -> Engine:
        view = Engine.__new__(Engine)
        view._native = self._native.view(json.dumps({"client": None, "actor": None, "waits": None, **how}))
        return view

    def for_client(self, client: str) -> Engine:
        """Return this engine restricted to one client: it sees and changes only what belongs to that client.

        What belongs to others looks like what does not exist. Both are one engine.
        """
        return self._view(client=client)

    def acting_as(self, actor: str | Actor) -> Engine:
        """Return this engine with a name for the audit: jobs and records say that this actor asked for them."""
        return self._view(actor=_actor(actor))

    def when_busy(self, *, wait: bool) -> Engine:
        """Return this engine with another answer to a job on a busy app or server: it is queued (``wait=True``) or
        refused.

        Without this, it is refused with ``ConflictError``.
        """
        return self._view(waits=wait)

    def awaitable(self) -> AsyncEngine:
        """Return this engine as an ``AsyncEngine``. Both are one engine."""
        return AsyncEngine._of(self._native)

    @staticmethod
    def generate_key() -> Secret:
        """Generate a key for ``keys``. Keep the text that ``expose`` returns, but not in the store."""
        return Secret(_byop.Engine.generate_key())


class AsyncEngine(AwaitableVerbs):
    """The platform engine with verbs to be awaited, in any event loop of ``asyncio``.

    Takes the arguments of ``Engine``. ``Engine.awaitable`` and ``AsyncEngine.blocking`` convert one into the other:
    both are one engine.

    >>> import asyncio, byop, byop.testing
    >>> async def deploy():
    ...     host = byop.testing.FakeRuntime()
    ...     host.add_image("shop:1", port=8080)
    ...     engine = byop.AsyncEngine(runtimes=host)
    ...     job = await engine.deploy(byop.app({"image": "shop:1"}, name="shop"))
    ...     async for event in engine.events(job):
    ...         state = event["body"].get("state")
    ...     return state
    >>> asyncio.run(deploy())
    'succeeded'
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        runtimes: Runtime | Mapping[str, Runtime] | None = None,
        clouds: Iterable[CloudProvider] = (),
        generators: Iterable[Generator] = (),
        secrets: Mapping[str, str | Secret] | SecretSource | None = None,
        keys: Iterable[str | Secret] = (),
        work_dir: str | os.PathLike[str] | None = None,
        port_range: tuple[int, int] | None = None,
        lease_seconds: float | None = None,
        http_port: int | None = None,
        proxy_prefix: str | None = None,
    ) -> None:
        settings = {
            "work_dir": _text(work_dir),
            "port_range": port_range,
            "lease_seconds": lease_seconds,
            "http_port": http_port,
            "proxy_prefix": proxy_prefix,
        }
        self._native = _build(store, runtimes, clouds, generators, secrets, keys, settings)

    @classmethod
    def _of(cls, native: _byop.Engine) -> AsyncEngine:
        engine = cls.__new__(cls)
        engine._native = native
        return engine

    def _view(self, **how: Any) -> AsyncEngine:
        return self._of(self._native.view(json.dumps({"client": None, "actor": None, "waits": None, **how})))

    def for_client(self, client: str) -> AsyncEngine:
        """Return this engine restricted to one client: it sees and changes only what belongs to that client.

        What belongs to others looks like what does not exist. Both are one engine.
        """
        return self._view(client=client)

    def acting_as(self, actor: str | Actor) -> AsyncEngine:
        """Return this engine with a name for the audit: jobs and records say that this actor asked for them."""
        return self._view(actor=_actor(actor))

    def when_busy(self, *, wait: bool) -> AsyncEngine:
        """Return this engine with another answer to a job on a busy app or server: it is queued (``wait=True``) or
        refused.

        Without this, it is refused with ``ConflictError``.
        """
        return self._view(waits=wait)

    def blocking(self) -> Engine:
        """Return this engine as an ``Engine``, whose verbs block. Both are one engine."""
        engine = Engine.__new__(Engine)
        engine._native = self._native
        return engine

    @staticmethod
    def generate_key() -> Secret:
        """Generate a key for ``keys``. Keep the text that ``expose`` returns, but not in the store."""
        return Secret(_byop.Engine.generate_key())


def _actor(actor: str | Actor) -> Any:
    return {"who": actor, "from": None} if isinstance(actor, str) else actor
