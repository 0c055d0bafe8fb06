"""Clouds that byop can rent servers from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from . import _byop
from ._face import dump
from ._secret import Secret, exposed

if TYPE_CHECKING:
    from .types import (
        CloudCapabilities,
        DnsRecord,
        FirewallSpec,
        PowerAction,
        Region,
        ReservedIp,
        Resource,
        ResourceKind,
        Server,
        ServerFilter,
        ServerImage,
        ServerSize,
        ServerSpec,
        Snapshot,
    )


class Cloud:
    """A provider that byop brings. Give it to ``Engine(clouds=[...])``, which makes its use safe.

    Its own methods are single calls of the provider, as ``byop.ports.CloudProvider`` describes them.
    """

    _native: _byop.Cloud

    @property
    def name(self) -> str:
        """Its name, by which requests for servers choose it."""
        return self._native.name

    def _call(self, verb: str, **arguments: Any) -> Any:
        return json.loads(self._native.call(verb, dump(arguments)))

    def capabilities(self) -> CloudCapabilities:
        """Return what it does otherwise than others."""
        return cast("CloudCapabilities", self._call("capabilities"))

    def list_regions(self) -> list[Region]:
        """Return the regions in which servers can be made now."""
        return cast("list[Region]", self._call("list_regions"))

    def list_sizes(self, region: str) -> list[ServerSize]:
        """Return the sizes that a region offers now, with their prices."""
        return cast("list[ServerSize]", self._call("list_sizes", region=region))

    def find_image(self, region: str, name: str) -> ServerImage | None:
        """Return the image of this id, of this name, or the newest that fits an alias such as ``debian-12``."""
        return cast("ServerImage | None", self._call("find_image", region=region, name=name))

    def create_server(self, spec: ServerSpec) -> Server:
        """Make a server and return while it still starts."""
        whole: dict[str, Any] = dict(spec)
        if isinstance(whole.get("user_data"), Secret):
            whole["user_data"] = exposed(whole["user_data"])
        return cast("Server", self._call("create_server", spec=whole))

    def get_server(self, id: str) -> Server:
        """Return a server as it is now."""
        return cast("Server", self._call("get_server", id=id))

    def list_servers(self, filter: ServerFilter | None = None) -> list[Server]:
        """Return all of byop's servers that fit."""
        return cast("list[Server]", self._call("list_servers", filter={"labels": {}, **(filter or {})}))

    def power(self, id: str, action: PowerAction) -> None:
        """Begin to change the power state."""
        self._call("power", id=id, action=action)

    def resize_server(self, id: str, size: str) -> None:
        """Begin to give a stopped server another size."""
        self._call("resize_server", id=id, size=size)

    def delete_server(self, id: str) -> None:
        """Begin to remove a server with its disk."""
        self._call("delete_server", id=id)

    def list_resources(self) -> list[Resource]:
        """Return everything that bears byop's mark."""
        return cast("list[Resource]", self._call("list_resources"))

    def delete_resource(self, kind: ResourceKind, id: str) -> None:
        """Begin to remove a thing that ``list_resources`` names."""
        self._call("delete_resource", kind=kind, id=id)

    def apply_ssh_key(self, region: str, public_key: str) -> str:
        """Make a public key known to the region and return its id."""
        return cast("str", self._call("apply_ssh_key", region=region, public_key=public_key))

    def apply_firewall(self, spec: FirewallSpec) -> str:
        """Make the firewall of this key exactly what is given and return its id."""
        return cast("str", self._call("apply_firewall", spec=spec))

    def reserve_ip(self, key: str, server: str) -> ReservedIp:
        """Reserve an address for a server."""
        return cast("ReservedIp", self._call("reserve_ip", key=key, server=server))

    def get_reserved_ip(self, id: str) -> ReservedIp:
        """Return a reserved address as it is now."""
        return cast("ReservedIp", self._call("get_reserved_ip", id=id))

    def assign_ip(self, id: str, server: str) -> None:
        """Begin to lead a reserved address to this server."""
        self._call("assign_ip", id=id, server=server)

    def create_snapshot(self, key: str, server: str) -> Snapshot:
        """Begin to copy a server's disk."""
        return cast("Snapshot", self._call("create_snapshot", key=key, server=server))

    def get_snapshot(self, id: str) -> Snapshot:
        """Return a snapshot as it is now."""
        return cast("Snapshot", self._call("get_snapshot", id=id))

    def list_zones(self) -> list[str]:
        """Return the zones of its name servers."""
        return cast("list[str]", self._call("list_zones"))

    def list_records(self, zone: str) -> list[DnsRecord]:
        """Return the records of a zone."""
        return cast("list[DnsRecord]", self._call("list_records", zone=zone))

    def put_record(self, zone: str, record: DnsRecord) -> None:
        """Make the records of a name and kind exactly these."""
        self._call("put_record", zone=zone, record=record)

    def delete_record(self, zone: str, name: str, kind: Any) -> None:
        """Remove the records of a name and kind."""
        self._call("delete_record", zone=zone, name=name, kind=kind)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
