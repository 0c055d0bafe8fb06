"""Fakes for tests of programs that use byop, and behaviour suites for your own clouds and generators.

    def test_my_provider():
        byop.testing.check_cloud_provider(MyCloud(), region="here", size="small", image="debian-12")

With pytest, the fixtures ``byop_host``, ``byop_cloud`` and ``byop_engine`` are there without an import.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast, overload

from . import _byop
from ._byop import SourceTree
from ._handles import Runtime
from .clouds import Cloud
from .exceptions import ByopError, InternalError
from .ports import CloudProvider, Generator
from .types import CloudCapabilities, ResourceKind

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict

__all__ = [
    "CLOUD_BEHAVIOURS",
    "FakeCloud",
    "FakeRuntime",
    "LedgerEntry",
    "SourceTree",
    "check_cloud_provider",
    "check_generator",
]

P = TypeVar("P", bound=CloudProvider)

CLOUD_BEHAVIOURS: tuple[str, ...] = tuple(_byop.cloud_behaviours())
"""The names of the behaviours of a cloud provider."""


class FakeRuntime(Runtime):
    """A host in memory, with a proxy in memory: apps can be deployed to it without Docker.

    >>> host = FakeRuntime()
    >>> host.add_image("shop:1", port=8080)
    """

    def __init__(self) -> None:
        self._native = self._fake = _byop.FakeRuntime()

    def add_image(self, name: str, *, port: int, boot_seconds: float = 0, lines: Iterable[str] = ()) -> None:
        """Add an image.

        Args:
            name: Its name, such as ``shop:1``.
            port: The port that its program listens on.
            boot_seconds: Seconds until it listens.
            lines: What it writes to its log.
        """
        self._fake.add_image(name, port, boot_seconds, list(lines))

    def crash(self, container: str, exit_code: int = 1) -> None:
        """End a container as if its program had exited."""
        self._fake.crash(container, exit_code)

    def calls(self) -> list[str]:
        """Return the calls so far, as ``operation subject``."""
        return self._fake.calls()


class LedgerEntry(TypedDict):
    """A resource that a fake cloud has or had."""

    kind: ResourceKind
    """What it is."""
    id: str
    """The cloud's id."""
    name: str
    """Its name."""
    key: str | None
    """The key that it was created with."""
    marked: bool
    """Whether it bears byop's mark."""
    created_at: int
    """When it was created, in milliseconds since 1970."""
    gone_at: int | None
    """When it was gone, in milliseconds since 1970; ``None`` while it exists."""


class FakeCloud(Cloud):
    """A cloud in memory: regions ``here`` and ``there``, sizes ``small``, ``medium`` and ``large``, the image
    ``debian-12`` and a DNS zone ``example.com``.

    Args:
        name: Its name.
        boot_seconds: Seconds until a new server runs.
        delete_seconds: Seconds until a deleted server is gone.
        answer_seconds: Seconds until a call returns.
        list_lag_seconds: Seconds for which lists may miss what was just created.
        capabilities: What it supports, and its limits, in place of the defaults.

    >>> cloud = FakeCloud()
    >>> [region["id"] for region in cloud.list_regions()]
    ['here', 'there']
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        boot_seconds: float = 0,
        delete_seconds: float = 0,
        answer_seconds: float = 0,
        list_lag_seconds: float = 0,
        capabilities: CloudCapabilities | None = None,
    ) -> None:
        settings = {
            "name": name,
            "boot_seconds": boot_seconds,
            "delete_seconds": delete_seconds,
            "answer_seconds": answer_seconds,
            "list_lag_seconds": list_lag_seconds,
            "capabilities": capabilities,
        }
        self._fake = _byop.FakeCloud(json.dumps(settings))
        self._native = self._fake.cloud()

    def ledger(self) -> list[LedgerEntry]:
        """Return every resource that was ever created, in order, with the time at which it was deleted."""
        return cast("list[LedgerEntry]", json.loads(self._fake.ledger()))

    def alive(self) -> list[LedgerEntry]:
        """Return the resources that bear byop's mark and still exist."""
        return [entry for entry in self.ledger() if entry["marked"] and entry["gone_at"] is None]

    def calls(self) -> list[str]:
        """Return the calls so far, as ``operation subject``."""
        return self._fake.calls()

    def set_quota(self, servers: int) -> None:
        """Limit how many servers the account may have."""
        self._fake.set_quota(servers)

    def break_servers(self, count: int) -> None:
        """Let the next servers, this many, fail while they start."""
        self._fake.break_servers(count)

    def plant(self, kind: ResourceKind, name: str, *, foreign: bool = False) -> str:
        """Add a resource that nobody asked for, with byop's mark or (``foreign``) without, and return its id."""
        return self._fake.plant(kind, name, foreign)


# Pyright does not find P in a union of both.
@overload
def check_cloud_provider(
    provider: Callable[[], P],
    *,
    region: str,
    size: str,
    image: str,
    larger_size: str | None = ...,
    foreign_server: str | Callable[[P], str] | None = ...,
    pause_seconds: float = ...,
    deadline_seconds: float = ...,
    only: Iterable[str] | None = ...,
    fail_fast: bool = ...,
) -> list[str]: ...


@overload
def check_cloud_provider(
    provider: P,
    *,
    region: str,
    size: str,
    image: str,
    larger_size: str | None = ...,
    foreign_server: str | Callable[[P], str] | None = ...,
    pause_seconds: float = ...,
    deadline_seconds: float = ...,
    only: Iterable[str] | None = ...,
    fail_fast: bool = ...,
) -> list[str]: ...


def check_cloud_provider(
    provider: Callable[[], P] | P,
    *,
    region: str,
    size: str,
    image: str,
    larger_size: str | None = None,
    foreign_server: str | Callable[[P], str] | None = None,
    pause_seconds: float = 0.02,
    deadline_seconds: float = 60,
    only: Iterable[str] | None = None,
    fail_fast: bool = False,
) -> list[str]:
    """Check that a provider does what the engine relies on, with the behaviour suite that byop's own providers pass.

    Args:
        provider: The provider, or a function that returns a fresh one for each behaviour.
        region: The region of the servers.
        size: Their size.
        image: Their image, as ``find_image`` takes it.
        larger_size: A size to which servers of ``size`` can be resized.
        foreign_server: The id of a running server that byop did not create, or a function that creates one.
        pause_seconds: Seconds between two polls; use seconds, not fractions, with a real provider.
        deadline_seconds: Seconds to wait for a state.
        only: The names of the behaviours to check; all of ``CLOUD_BEHAVIOURS`` when absent.
        fail_fast: Stop at the first behaviour that fails.

    Returns:
        The names of the behaviours that were skipped: the provider has no such method or capability, or no larger
        size or foreign server was given.

    Raises:
        AssertionError: Behaviours that fail, each with its rule, what was asked and what came.

    >>> check_cloud_provider(FakeCloud(), region="here", size="small", image="debian-12", only=["regions_are_listed"])
    []
    """
    failed, skipped = [], []
    for behaviour in CLOUD_BEHAVIOURS if only is None else only:
        each = provider() if callable(provider) else provider
        foreign = foreign_server(each) if callable(foreign_server) else foreign_server
        settings = {
            "region": region,
            "size": size,
            "image": image,
            "larger_size": larger_size,
            "foreign": foreign,
            "pause_seconds": pause_seconds,
            "deadline_seconds": deadline_seconds,
        }
        try:
            if _byop.check_cloud_provider(getattr(each, "_native", each), behaviour, json.dumps(settings)):
                skipped.append(behaviour)
        except InternalError as error:
            failed.append(f"{behaviour}: {error.context.get('reason') or error}")
        except ByopError as error:
            failed.append(f"{behaviour}: {error}")
        if failed and fail_fast:
            break
    if failed:
        raise AssertionError("the provider lacks behaviours:\n" + "\n".join(failed))
    return skipped


def check_generator(
    generator: Generator,
    *,
    files: Mapping[str, str],
    foreign: Iterable[Mapping[str, str]] = (),
) -> None:
    """Check that a generator does what the engine relies on.

    Args:
        generator: The generator.
        files: A source tree of its stack: texts by path.
        foreign: Trees of other stacks, which it must not recognise.

    Raises:
        AssertionError: Behaviours that fail, each with what was observed.
    """
    from ._generator_suite import check

    check(generator, files, foreign)
