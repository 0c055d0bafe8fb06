"""Cloud providers in Python: good ones, and ones with a fault each."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import byop
from byop.clouds import Cloud
from byop.testing import FakeCloud

METHODS = [name for name, value in vars(Cloud).items() if inspect.isfunction(value) and not name.startswith("_")]


class Provider:
    """A provider that keeps its servers in memory."""

    name = "mine"

    def __init__(self) -> None:
        self.cloud = FakeCloud()

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return getattr(self.cloud, name)
        raise AttributeError(name)

    def create_server(self, spec: Any) -> Any:
        return self.cloud.create_server(spec)

    def list_regions(self) -> Any:
        return self.cloud.list_regions()

    def list_sizes(self, region: str) -> Any:
        return self.cloud.list_sizes(region)


class AsyncProvider(Provider):
    """The same with coroutines, where it is said."""

    def __getattr__(self, name: str) -> Any:
        plain = super().__getattr__(name)
        if name == "capabilities":
            return plain

        async def call(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            return await asyncio.to_thread(plain, *arguments)

        return call


def twisted(method: str, twist: Callable[..., Any]) -> Callable[[], Provider]:
    """A provider with one method of another kind: it gets the provider and the good method."""

    def make() -> Provider:
        provider = Provider()
        good = getattr(provider, method)
        setattr(provider, method, lambda *arguments: twist(provider, good, *arguments))
        return provider

    return make


def answered(method: str, change: Callable[[Any], Any]) -> Callable[[], Provider]:
    """A provider one of whose answers is changed."""
    return twisted(method, lambda provider, good, *arguments: change(good(*arguments)))


def without(*keys: str) -> Callable[[Any], Any]:
    """The first of a list, or a dictionary, with these keys emptied."""
    empty: dict[str, Any] = {
        "key": None,
        "addresses": [],
        "labels": {},
        "price": None,
        "name": "",
        "region": "",
        "state": "failed",
    }

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(each) for each in value]
        return {**value, **{key: empty[key] for key in keys}}

    return change


def raises(kind: type[byop.ByopError]) -> Callable[..., Any]:
    def twist(provider: Provider, good: Any, *arguments: Any) -> Any:
        raise kind("as it likes")

    return twist


def swallows(provider: Provider, good: Any, *arguments: Any) -> Any:
    """What should be an error is a success."""
    try:
        return good(*arguments)
    except byop.ByopError:
        return None


def gone_is_an_error(provider: Provider, good: Any, id: str) -> Any:
    provider.cloud.get_server(id)
    return good(id)


def forgets_keys() -> Provider:
    """A provider that makes a server each time, and finds all of them by the key."""

    def made(provider: Provider, good: Any, spec: Any) -> Any:
        count = len(provider.cloud.ledger())
        return good({**spec, "key": f"{spec['key'][:15]}{count}"})

    def listed(filter: Any) -> Any:
        servers = provider.cloud.list_servers({**filter, "key": None})
        return [each for each in servers if (each["key"] or "").startswith(filter["key"] or "")]

    provider: Any = twisted("create_server", made)()
    provider.list_servers = listed
    return provider  # type: ignore[no-any-return]


def foreign_too(provider: Provider, good: Any, id: str) -> Any:
    try:
        return good(id)
    except byop.PermissionDeniedError:
        return None


def always_new_ip(provider: Provider, good: Any, key: str, server: str) -> Any:
    return good(f"{key}{len(provider.cloud.ledger())}"[-20:], server)


def renamed(method: str) -> Callable[[], Provider]:
    def make() -> Provider:
        provider = Provider()
        provider.name = method
        return provider

    return make


FAULTS: dict[str, Callable[[], Provider]] = {
    "the name is not plain": renamed("My Cloud"),
    "there are no regions": answered("list_regions", lambda regions: []),
    "a region is listed twice": answered("list_regions", lambda regions: regions * 2),
    "the region of the suite is missing": answered("list_regions", lambda regions: regions[1:]),
    "there are no sizes": answered("list_sizes", lambda sizes: []),
    "sizes have no memory": answered("list_sizes", lambda sizes: [{**size, "memory_bytes": 0} for size in sizes]),
    "an unknown region has sizes": twisted("list_sizes", lambda provider, good, region: good("here")),
    "an unknown image is found": twisted("find_image", lambda provider, good, region, name: good(region, "debian-12")),
    "no image is found": answered("find_image", lambda image: None),
    "an unknown image is an error": twisted(
        "find_image",
        lambda provider, good, region, name: good(region, name) or raises(byop.NotFoundError)(provider, good),
    ),
    "the same key makes two servers": forgets_keys,
    "the key of another spec is taken": twisted(
        "create_server",
        lambda provider, good, spec: (
            next(iter(provider.cloud.list_servers({"key": spec["key"], "labels": {}, "region": None})), None)
            or good(spec)
        ),
    ),
    "lists do not tell the key": answered("list_servers", without("key")),
    "an unknown size is taken": twisted("create_server", lambda provider, good, spec: good({**spec, "size": "small"})),
    "an unknown image is taken": twisted(
        "create_server",
        lambda provider, good, spec: good({**spec, "image": provider.cloud.find_image("here", "debian-12")["id"]}),
    ),
    "labels are lost": twisted("create_server", lambda provider, good, spec: good({**spec, "labels": {}})),
    "user data of any size is taken": twisted(
        "create_server", lambda provider, good, spec: good({**spec, "user_data": None})
    ),
    "a server has no address": answered("get_server", without("addresses")),
    "a server never runs": answered("get_server", lambda server: {**server, "state": "starting"}),
    "a missing server is another": twisted(
        "get_server",
        lambda provider, good, id: next(
            (each for each in provider.cloud.list_servers() if each["id"] == id),
            {
                "id": id,
                "key": None,
                "name": "x",
                "region": "here",
                "size": "small",
                "state": "running",
                "failure": None,
                "addresses": [],
                "labels": {},
                "created_at": None,
            },
        ),
    ),
    "a list has only the first page": answered("list_servers", lambda servers: servers[:1]),
    "a list is the newest first": answered("list_servers", lambda servers: servers[::-1]),
    "a list is not narrowed by the key": twisted(
        "list_servers", lambda provider, good, filter: good({**filter, "key": None})
    ),
    "a list is not narrowed by labels": twisted(
        "list_servers", lambda provider, good, filter: good({**filter, "labels": {}})
    ),
    "a list is not narrowed by the region": twisted(
        "list_servers", lambda provider, good, filter: good({**filter, "region": None})
    ),
    "nothing is deleted": twisted("delete_server", lambda provider, good, id: None),
    "deleting twice is an error": twisted("delete_server", gone_is_an_error),
    "what is somebody else's is deleted without a word": twisted("delete_server", foreign_too),
    "the power stays as it is": twisted("power", lambda provider, good, id, action: None),
    "a power state that is there is an error": twisted(
        "power",
        lambda provider, good, id, action: (
            raises(byop.ConflictError)(provider, good)
            if provider.cloud.get_server(id)["state"] == {"start": "running", "stop": "stopped"}.get(action)
            else good(id, action)
        ),
    ),
    "a running server is resized": twisted("resize_server", swallows),
    "no resource is listed": answered("list_resources", lambda resources: []),
    "a resource is not deleted": twisted("delete_resource", lambda provider, good, kind, id: None),
    "any text is an SSH key": twisted("apply_ssh_key", swallows),
    "every firewall is a new one": twisted(
        "apply_firewall",
        lambda provider, good, spec: good({**spec, "key": f"{spec['key']}{len(provider.cloud.ledger())}"[-20:]}),
    ),
    "every address is a new one": twisted("reserve_ip", always_new_ip),
    "an address is not led elsewhere": twisted("assign_ip", lambda provider, good, id, server: None),
    "a snapshot never becomes an image": answered("get_snapshot", lambda snapshot: {**snapshot, "image": None}),
}
