"""A cloud provider in Python: machines of a rack that stand in a dictionary.

``python provider.py`` holds it against the suite that byop's own providers pass, and rents a server from it.
"""

import threading
import time
from typing import Any

import byop
from byop.testing import check_cloud_provider
from byop.types import (
    CloudCapabilities,
    PowerAction,
    Region,
    Resource,
    ResourceKind,
    Server,
    ServerFilter,
    ServerImage,
    ServerSize,
    ServerSpec,
)

GIB = 1 << 30
SIZES = {"half": (8, 16 * GIB, 200 * GIB), "whole": (16, 32 * GIB, 400 * GIB)}


class Rack:
    """A rack whose machines are ready as soon as they are asked for."""

    name = "rack"

    def __init__(self) -> None:
        self.servers: dict[str, Server] = {}
        self.specs: dict[str, ServerSpec] = {}
        self.count = 0
        # byop asks from several threads.
        self.lock = threading.Lock()

    def capabilities(self) -> CloudCapabilities:
        return {
            "keyed_create": True,
            "list_lag_seconds": 0,
            "labels": True,
            "resize": False,
            "ipv6": False,
            "max_user_data": 16 * 1024,
        }

    def list_regions(self) -> list[Region]:
        return [{"id": "cellar", "name": "The cellar"}]

    def list_sizes(self, region: str) -> list[ServerSize]:
        self._check(region)
        return [
            {
                "id": id,
                "cpus": cpus,
                "memory_bytes": memory,
                "disk_bytes": disk,
                "architecture": "x86_64",
                "price": None,
            }
            for id, (cpus, memory, disk) in SIZES.items()
        ]

    def find_image(self, region: str, name: str) -> ServerImage | None:
        self._check(region)
        if name not in ("debian-12", "disk-12"):
            return None
        return {"id": "disk-12", "name": "Debian 12", "architecture": "x86_64", "min_disk_bytes": 0, "user": "root"}

    def create_server(self, spec: ServerSpec) -> Server:
        self._check(spec["region"])
        if spec["size"] not in SIZES or spec["image"] != "disk-12":
            raise byop.NotFoundError("the rack has no such size or image", operation="server.create")
        user_data: Any = spec.get("user_data")
        if user_data and len(user_data.expose()) > self.capabilities()["max_user_data"]:
            raise byop.InvalidInputError("the user data is too large", operation="server.create")
        with self.lock:
            # The same key is the same server.
            for id, other in self.specs.items():
                if other["key"] == spec["key"]:
                    if {**other, "user_data": None} != {**spec, "user_data": None}:
                        raise byop.ConflictError("the key belongs to another server", operation="server.create")
                    return self.servers[id]
            self.count += 1
            server: Server = {
                "id": f"slot-{self.count}",
                "key": spec["key"],
                "name": spec["name"],
                "region": spec["region"],
                "size": spec["size"],
                "state": "running",
                "failure": None,
                "addresses": [f"192.0.2.{self.count % 250 + 1}"],
                "labels": spec["labels"],
                "created_at": int(time.time() * 1000) + self.count,
            }
            self.servers[server["id"]], self.specs[server["id"]] = server, spec
            return server

    def get_server(self, id: str) -> Server:
        with self.lock:
            if id not in self.servers:
                raise byop.NotFoundError("the slot is empty", operation="server.get", context={"id": id})
            return self.servers[id]

    def list_servers(self, filter: ServerFilter) -> list[Server]:
        with self.lock:
            servers = sorted(self.servers.values(), key=lambda server: server["created_at"] or 0)
        return [
            server
            for server in servers
            if filter["key"] in (None, server["key"])
            and filter["region"] in (None, server["region"])
            and filter["labels"].items() <= server["labels"].items()
        ]

    def power(self, id: str, action: PowerAction) -> None:
        server = self.get_server(id)
        server["state"] = "stopped" if action == "stop" else "running"

    def delete_server(self, id: str) -> None:
        with self.lock:
            self.servers.pop(id, None)
            self.specs.pop(id, None)

    def list_resources(self) -> list[Resource]:
        return [
            {
                "kind": "server",
                "id": server["id"],
                "name": server["name"],
                "key": server["key"],
                "server": server["id"],
                "region": server["region"],
                "created_at": server["created_at"],
                "monthly_price": None,
            }
            for server in self.list_servers({"key": None, "region": None, "labels": {}})
        ]

    def delete_resource(self, kind: ResourceKind, id: str) -> None:
        if kind != "server":
            raise byop.UnsupportedError("the rack has servers only", operation="resource.delete")
        self.delete_server(id)

    def _check(self, region: str) -> None:
        if region != "cellar":
            raise byop.NotFoundError("there is no such region", operation="region.get", context={"region": region})


def main() -> None:
    check_cloud_provider(Rack, region="cellar", size="half", image="debian-12")
    print("the rack behaves")
    engine = byop.Engine(clouds=[Rack()])
    engine.wait(engine.create_server({"name": "web-1", "region": "cellar", "size": "half"}))
    for report in engine.list_servers():
        print(report["name"], report["server"] and report["server"]["addresses"])
    engine.wait(engine.destroy_server("web-1"))


if __name__ == "__main__":
    main()
