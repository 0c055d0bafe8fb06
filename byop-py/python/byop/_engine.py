"""The engine: blocking and awaitable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from . import _byop
from ._awaitable import Verbs as AwaitableVerbs
from ._blocking import Verbs as BlockingVerbs
from ._environment import everything
from ._face import dump, plain
from ._handles import Docker, Runtime, Store
from ._secret import Secret, exposed
from .ports import CloudProvider, Generator, SecretSource

if TYPE_CHECKING:
    from typing_extensions import Self

    from .types import ActorInput, AppRetention, SourceLimits, StepPolicy


def _build(
    store: Store | None,
    runtimes: Runtime | Mapping[str, Runtime] | None,
    clouds: Iterable[CloudProvider],
    generators: Iterable[Generator],
    secrets: Mapping[str, str | Secret] | SecretSource | None,
    keys: Iterable[str | Secret],
    settings: dict[str, Any],
) -> _byop.Engine:
    if not (store is None or isinstance(store, Store)):
        raise TypeError(f'store must be a store, such as byop.SqliteStore("byop.db"), not {_shown(store)}')
    clouds, generators = _objects("clouds", clouds), _objects("generators", generators)
    if runtimes is None:
        runtimes = {} if clouds else {"local": Docker()}
    if not isinstance(runtimes, Mapping):
        runtimes = {"local": runtimes}
    for runtime in runtimes.values():
        if not isinstance(runtime, Runtime):
            raise TypeError(f"runtimes must be a host, such as byop.Docker(), or hosts by name, not {_shown(runtime)}")
    if isinstance(secrets, Mapping):
        secrets = {name: exposed(value) for name, value in secrets.items()}
    elif not (secrets is None or hasattr(secrets, "get_secret")):
        raise TypeError(f"secrets must be a dictionary, or an object with get_secret, not {_shown(secrets)}")
    if isinstance(keys, (str, Secret)):
        raise TypeError("keys must be a list, the newest first")
    settings["keys"] = [exposed(key) for key in keys]
    settings["policies"] = settings["policies"] or {}
    return _byop.Engine(
        None if store is None else store._native,
        {name: runtime._native for name, runtime in runtimes.items()},
        [getattr(cloud, "_native", cloud) for cloud in clouds],
        generators,
        secrets,
        dump(settings),
    )


T = TypeVar("T")


def _objects(name: str, given: Iterable[T]) -> list[T]:
    """Check objects that implement a port: a list of them, each with a name."""
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list of objects, not {_shown(given)}")
    found = list(given)
    for each in found:
        if isinstance(each, type) or not hasattr(each, "name"):
            raise TypeError(f"each of {name} must be an object that implements its port, not {_shown(each)}")
    return found


def _shown(value: object) -> str:
    # Never the value: it may be a secret.
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


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
        takeover: Whether this process does what happens by itself: the jobs of processes that died, schedules, and the
            end of preview apps. Turn it off in a process that lives as long as one job.
        http_port: The port of the proxy, which serves plain HTTP; 80 unless set.
        proxy_prefix: What the names of the proxy's container, network and volume begin with; ``byop`` unless set.
        limits: What a source may contain, and whether a Git repository may be on a private network
            (``{"allow_private_hosts": True}``).
        retention: How many releases, images and jobs of an app are kept.
        policies: How long the steps of a stage may take and how often they are tried, by the name of the stage, such as
            ``{"build": {"deadline_seconds": 600}}``.

    Raises:
        TypeError: An argument is of another kind.
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
        takeover: bool = True,
        http_port: int | None = None,
        proxy_prefix: str | None = None,
        limits: SourceLimits | None = None,
        retention: AppRetention | None = None,
        policies: Mapping[str, StepPolicy] | None = None,
    ) -> None:
        settings = {
            "work_dir": work_dir,
            "port_range": port_range,
            "lease_seconds": lease_seconds,
            "takeover": bool(takeover),
            "http_port": http_port,
            "proxy_prefix": proxy_prefix,
            "limits": limits,
            "retention": retention,
            "policies": policies,
        }
        self._native = _build(store, runtimes, clouds, generators, secrets, keys, settings)

    @classmethod
    def from_env(cls) -> Self:
        """Return an engine as the ``byop`` command has it: with the same state, secrets and proxy.

        The state is in the folder ``BYOP_HOME``, or in ``~/.local/share/byop``, and so is the key of the secrets unless
        ``BYOP_KEY`` or ``BYOP_KEY_FILE`` gives one; it is generated when missing. Apps run on the Docker engine that
        ``DOCKER_HOST`` names, or on that of this machine. The clouds are those whose credentials the environment has,
        and those that ``BYOP_CLOUDS`` names. ``BYOP_HTTP_PORT`` and ``BYOP_PROXY_PREFIX`` are settings of the
        proxy; by default those of the command's last deployment.

        Raises:
            UnavailableError: There is neither a Docker engine nor a cloud.
            InvalidInputError: A variable is wrong.
            CorruptError: The store or the file of the key cannot be read.
        """
        return cls(**everything())

    def _view(self, **how: Any) -> Self:
        view = type(self).__new__(type(self))
        # Whatever a subclass has besides.
        view.__dict__.update(self.__dict__)
        view._native = self._native.view(json.dumps(how))
        return view

    def for_client(self, client: str) -> Self:
        """Return this engine restricted to one client: it sees and changes only what belongs to that client.

        What belongs to others looks like what does not exist. Both are one engine.
        """
        return self._view(client=_client(client))

    def acting_as(self, actor: str | ActorInput) -> Self:
        """Return this engine with a name for the audit: jobs and records say that this actor asked for them."""
        return self._view(actor=_actor(actor))

    def when_busy(self, *, wait: bool) -> Self:
        """Return this engine with another answer to a job on a busy app or server: it is queued (``wait=True``) or
        refused.

        Without this, it is refused with ``ConflictError``.
        """
        return self._view(waits=bool(wait))

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
        takeover: bool = True,
        http_port: int | None = None,
        proxy_prefix: str | None = None,
        limits: SourceLimits | None = None,
        retention: AppRetention | None = None,
        policies: Mapping[str, StepPolicy] | None = None,
    ) -> None:
        settings = {
            "work_dir": work_dir,
            "port_range": port_range,
            "lease_seconds": lease_seconds,
            "takeover": bool(takeover),
            "http_port": http_port,
            "proxy_prefix": proxy_prefix,
            "limits": limits,
            "retention": retention,
            "policies": policies,
        }
        self._native = _build(store, runtimes, clouds, generators, secrets, keys, settings)

    @classmethod
    def _of(cls, native: _byop.Engine) -> AsyncEngine:
        engine = cls.__new__(cls)
        engine._native = native
        return engine

    @classmethod
    def from_env(cls) -> Self:
        """Return an engine as the ``byop`` command has it: see ``Engine.from_env``."""
        return cls(**everything())

    def _view(self, **how: Any) -> Self:
        view = type(self).__new__(type(self))
        view.__dict__.update(self.__dict__)
        view._native = self._native.view(json.dumps(how))
        return view

    def for_client(self, client: str) -> Self:
        """Return this engine restricted to one client: it sees and changes only what belongs to that client.

        What belongs to others looks like what does not exist. Both are one engine.
        """
        return self._view(client=_client(client))

    def acting_as(self, actor: str | ActorInput) -> Self:
        """Return this engine with a name for the audit: jobs and records say that this actor asked for them."""
        return self._view(actor=_actor(actor))

    def when_busy(self, *, wait: bool) -> Self:
        """Return this engine with another answer to a job on a busy app or server: it is queued (``wait=True``) or
        refused.

        Without this, it is refused with ``ConflictError``.
        """
        return self._view(waits=bool(wait))

    def blocking(self) -> Engine:
        """Return this engine as an ``Engine``, whose verbs block. Both are one engine."""
        engine = Engine.__new__(Engine)
        engine._native = self._native
        return engine

    @staticmethod
    def generate_key() -> Secret:
        """Generate a key for ``keys``. Keep the text that ``expose`` returns, but not in the store."""
        return Secret(_byop.Engine.generate_key())


def _client(client: str) -> str:
    # Whoever passes none by mistake must not get what is everybody's.
    if not isinstance(client, str):
        raise TypeError(f"client must be the id of a client, not {_shown(client)}")
    return client


def _actor(actor: str | ActorInput) -> Any:
    if isinstance(actor, str):
        return {"who": actor}
    if not isinstance(actor, Mapping):
        raise TypeError(f"actor must be a name, or a dictionary with who and from, not {_shown(actor)}")
    return plain(actor, "actor")
