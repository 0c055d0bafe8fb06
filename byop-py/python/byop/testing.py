"""Fakes for tests of programs that use byop, and behaviour suites for those who implement a port.

def test_my_provider():
    byop.testing.check_cloud_provider(MyCloud(), region="here", size="small", image="debian-12")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast, overload

from . import _byop
from ._byop import SourceTree
from ._handles import Runtime
from .clouds import Cloud
from .exceptions import ByopError, InternalError
from .ports import CloudProvider, Generator

if TYPE_CHECKING:
    from .types import CloudCapabilities, ResourceKind

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

#: The names of the behaviours of a cloud provider.
CLOUD_BEHAVIOURS: tuple[str, ...] = tuple(_byop.cloud_behaviours())


class FakeRuntime(Runtime):
    """A host in memory, with a proxy in memory: apps come to run on it without Docker.

    >>> host = FakeRuntime()
    >>> host.add_image("shop:1", port=8080)
    """

    def __init__(self) -> None:
        self._native = self._fake = _byop.FakeRuntime()

    def add_image(self, name: str, *, port: int, boot_seconds: float = 0, lines: Iterable[str] = ()) -> None:
        """Add an image whose program listens on a port, after a while, and prints lines."""
        self._fake.add_image(name, port, boot_seconds, list(lines))

    def crash(self, container: str, exit_code: int = 1) -> None:
        """Let a container end by itself."""
        self._fake.crash(container, exit_code)

    def calls(self) -> list[str]:
        """Return the calls so far, as ``operation subject``."""
        return self._fake.calls()


class LedgerEntry(TypedDict):
    """A thing that a fake cloud ever had."""

    kind: ResourceKind
    id: str
    name: str
    key: str | None
    marked: bool
    created_at: int
    gone_at: int | None


class FakeCloud(Cloud):
    """A cloud in memory: regions ``here`` and ``there``, sizes ``small``, ``medium`` and ``large``, the image
    ``debian-12`` and a zone ``example.com``.

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
        """Return everything that was ever made, in order, with when it went."""
        return cast("list[LedgerEntry]", json.loads(self._fake.ledger()))

    def alive(self) -> list[LedgerEntry]:
        """Return what bears byop's mark and is still there."""
        return [entry for entry in self.ledger() if entry["marked"] and entry["gone_at"] is None]

    def calls(self) -> list[str]:
        """Return the calls so far, as ``operation subject``."""
        return self._fake.calls()

    def set_quota(self, servers: int) -> None:
        """Set how many servers the account may have."""
        self._fake.set_quota(servers)

    def break_servers(self, count: int) -> None:
        """Let the next servers fail while they start."""
        self._fake.break_servers(count)

    def plant(self, kind: ResourceKind, name: str, *, foreign: bool = False) -> str:
        """Add a thing that nobody asked for, with byop's mark or somebody else's, and return its id."""
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
    """Check that a provider does what the engine relies on: the suite that byop's own providers pass.

    Args:
        provider: The provider, or what makes a fresh one for each behaviour.
        region: Where servers are made.
        size: Their size.
        image: Their image, as ``find_image`` takes it.
        larger_size: A size that servers of ``size`` can be given.
        foreign_server: The id of a running server that byop did not make, or what makes one.
        pause_seconds: How long to wait between two looks; real providers want seconds.
        deadline_seconds: How long to wait for a state.
        only: The names of the behaviours to check; all of ``CLOUD_BEHAVIOURS`` when absent.
        fail_fast: Whether to end at the first one that is missing.

    Returns:
        The names of the behaviours that were skipped: the provider has no such method or capability, or no larger
        size or foreign server was given.

    Raises:
        AssertionError: Behaviours that are missing, each with its rule, what was asked and what came.

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
        foreign: Trees of other stacks, which it must leave alone.

    Raises:
        AssertionError: What it does wrong.
    """
    from ._generator_suite import check

    check(generator, files, foreign)
