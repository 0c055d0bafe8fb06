"""The cloud providers that byop can create servers at.

``from_env`` reads the variables of the vendor's own tools, and for all vendors ``HTTPS_PROXY``, ``NO_PROXY`` and
``BYOP_CA_FILE``, a PEM file with further certificate authorities to trust.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from . import _byop
from ._face import dump
from ._handles import Docker
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
        ServerFilterInput,
        ServerImage,
        ServerSize,
        ServerSpec,
        ServerSpecInput,
        Snapshot,
    )


class Cloud:
    """A built-in provider. Give it to ``Engine(clouds=[...])``, whose server verbs record what they do and clean up.

    Its own methods are single calls to the provider, as ``byop.ports.CloudProvider`` describes them. Each raises
    ``UnauthenticatedError``, ``PermissionDeniedError``, ``RateLimitedError``, ``UnavailableError`` or ``TimeoutError``
    when the provider does not answer as it should; ``UnsupportedError`` when it has no such thing; ``NotFoundError``
    for an unknown region or id.
    """

    _native: _byop.Cloud

    @property
    def name(self) -> str:
        """Its name, by which requests for servers select it."""
        return self._native.name

    def _call(self, verb: str, **arguments: Any) -> Any:
        return json.loads(self._native.call(verb, dump(arguments)))

    def capabilities(self) -> CloudCapabilities:
        """Return what this provider supports, and its limits."""
        return cast("CloudCapabilities", self._call("capabilities"))

    def list_regions(self) -> list[Region]:
        """Return the regions in which servers can be created now."""
        return cast("list[Region]", self._call("list_regions"))

    def list_sizes(self, region: str) -> list[ServerSize]:
        """Return the sizes that a region offers now, with their prices."""
        return cast("list[ServerSize]", self._call("list_sizes", region=region))

    def find_size(self, region: str, id: str) -> ServerSize | None:
        """Return the size of this id with its price, or ``None`` if the region does not have it."""
        return cast("ServerSize | None", self._call("find_size", region=region, id=id))

    def find_image(self, region: str, name: str) -> ServerImage | None:
        """Return the image of this id, of this name, or the newest for an alias such as ``debian-12``; ``None`` if
        absent.
        """
        return cast("ServerImage | None", self._call("find_image", region=region, name=name))

    def create_server(self, spec: ServerSpec | ServerSpecInput) -> Server:
        """Create a server and return while it still starts. The same ``key`` again returns the same server."""
        whole: dict[str, Any] = dict(spec)
        if isinstance(whole.get("user_data"), Secret):
            whole["user_data"] = exposed(whole["user_data"])
        return cast("Server", self._call("create_server", spec=whole))

    def get_server(self, id: str) -> Server:
        """Return a server as it is now."""
        return cast("Server", self._call("get_server", id=id))

    def list_servers(self, filter: ServerFilter | ServerFilterInput | None = None) -> list[Server]:
        """Return all of byop's servers that match, the oldest first."""
        return cast("list[Server]", self._call("list_servers", filter=filter or {}))

    def power(self, id: str, action: PowerAction) -> None:
        """Begin to change the power state."""
        self._call("power", id=id, action=action)

    def resize_server(self, id: str, size: str) -> None:
        """Begin to give a stopped server another size."""
        self._call("resize_server", id=id, size=size)

    def delete_server(self, id: str) -> None:
        """Begin to delete a server with its disk. Deleting one that is gone is fine."""
        self._call("delete_server", id=id)

    def list_resources(self) -> list[Resource]:
        """Return everything that bears byop's mark, except DNS records."""
        return cast("list[Resource]", self._call("list_resources"))

    def delete_resource(self, kind: ResourceKind, id: str) -> None:
        """Begin to delete a resource that ``list_resources`` returned."""
        self._call("delete_resource", kind=kind, id=id)

    def apply_ssh_key(self, region: str, public_key: str) -> str:
        """Register a public key in the region and return its id."""
        return cast("str", self._call("apply_ssh_key", region=region, public_key=public_key))

    def apply_firewall(self, spec: FirewallSpec) -> str:
        """Make the firewall of this key exactly what is given, create it if missing, and return its id."""
        return cast("str", self._call("apply_firewall", spec=spec))

    def reserve_ip(self, key: str, server: str) -> ReservedIp:
        """Reserve an address for a server."""
        return cast("ReservedIp", self._call("reserve_ip", key=key, server=server))

    def get_reserved_ip(self, id: str) -> ReservedIp:
        """Return a reserved address as it is now."""
        return cast("ReservedIp", self._call("get_reserved_ip", id=id))

    def assign_ip(self, id: str, server: str) -> None:
        """Begin to assign a reserved address to this server."""
        self._call("assign_ip", id=id, server=server)

    def create_snapshot(self, key: str, server: str) -> Snapshot:
        """Begin to copy a server's disk. The same ``key`` again returns the same snapshot."""
        return cast("Snapshot", self._call("create_snapshot", key=key, server=server))

    def get_snapshot(self, id: str) -> Snapshot:
        """Return a snapshot as it is now."""
        return cast("Snapshot", self._call("get_snapshot", id=id))

    def list_zones(self) -> list[str]:
        """Return the DNS zones."""
        return cast("list[str]", self._call("list_zones"))

    def list_records(self, zone: str) -> list[DnsRecord]:
        """Return all records of a zone, whoever made them."""
        return cast("list[DnsRecord]", self._call("list_records", zone=zone))

    def put_record(self, zone: str, record: DnsRecord) -> None:
        """Replace the records of a name and kind with exactly these, whatever was there."""
        self._call("put_record", zone=zone, record=record)

    def delete_record(self, zone: str, name: str, kind: Any) -> None:
        """Delete the records of a name and kind."""
        self._call("delete_record", zone=zone, name=name, kind=kind)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _settings(**given: str | int | Secret | None) -> dict[str, str]:
    """Leave out what was not given."""
    return {
        name: exposed(value) if isinstance(value, Secret) else str(value)
        for name, value in given.items()
        if value is not None
    }


class Aws(Cloud):
    """Amazon Web Services: EC2 and Route 53. Not yet tested against a real account.

    Args:
        access_key_id: ``AWS_ACCESS_KEY_ID``.
        secret_access_key: ``AWS_SECRET_ACCESS_KEY``.
        session_token: ``AWS_SESSION_TOKEN``, for temporary credentials.
        region: The region of calls that are not about one region, such as ``eu-west-3``; ``AWS_REGION``.
        regions: The regions that are listed; only ``region`` unless set. ``BYOP_AWS_REGIONS``, separated by commas.
        subnet: The subnet of servers; the account's default unless set. ``BYOP_AWS_SUBNET``.
        disk_gib: The disk size of servers, in GiB. ``BYOP_AWS_DISK_GIB``.
        endpoint_url: Another address, for tests; ``AWS_ENDPOINT_URL``.

    Raises:
        UnauthenticatedError: A credential is missing.
        InvalidInputError: A setting cannot be parsed.
    """

    def __init__(
        self,
        *,
        access_key_id: str,
        secret_access_key: str | Secret,
        session_token: str | Secret | None = None,
        region: str | None = None,
        regions: Sequence[str] | None = None,
        subnet: str | None = None,
        disk_gib: int | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        settings = _settings(
            AWS_ACCESS_KEY_ID=access_key_id,
            AWS_SECRET_ACCESS_KEY=secret_access_key,
            AWS_SESSION_TOKEN=session_token,
            AWS_REGION=region,
            BYOP_AWS_REGIONS=None if regions is None else ",".join(regions),
            BYOP_AWS_SUBNET=subnet,
            BYOP_AWS_DISK_GIB=disk_gib,
            AWS_ENDPOINT_URL=endpoint_url,
        )
        self._native = _byop.Cloud.open("aws", settings)

    @classmethod
    def from_env(cls) -> Aws:
        """Read the settings from the environment, under the names that the vendor's own tools use.

        Raises:
            UnauthenticatedError: A credential is missing.
            InvalidInputError: A setting cannot be parsed.
        """
        self = cls.__new__(cls)
        self._native = _byop.Cloud.from_env("aws")
        return self


class DigitalOcean(Cloud):
    """DigitalOcean: droplets and domains. Not yet tested against a real account.

    Args:
        token: ``DIGITALOCEAN_TOKEN``.
        api_url: Another address, for tests; ``DIGITALOCEAN_API_URL``.

    Raises:
        UnauthenticatedError: The token is missing.
        InvalidInputError: A setting cannot be parsed.
    """

    def __init__(self, *, token: str | Secret, api_url: str | None = None) -> None:
        settings = _settings(DIGITALOCEAN_TOKEN=token, DIGITALOCEAN_API_URL=api_url)
        self._native = _byop.Cloud.open("digitalocean", settings)

    @classmethod
    def from_env(cls) -> DigitalOcean:
        """Read the settings from the environment, under the names that the vendor's own tools use.

        Raises:
            UnauthenticatedError: A credential is missing.
            InvalidInputError: A setting cannot be parsed.
        """
        self = cls.__new__(cls)
        self._native = _byop.Cloud.from_env("digitalocean")
        return self


class Ovh(Cloud):
    """OVHcloud: Public Cloud instances and DNS zones. Not yet tested against a real account.

    Give the three keys of an application, or the id and secret of a service account.

    Args:
        endpoint: ``ovh-eu``, ``ovh-ca``, ``ovh-us``, or an address, for tests; ``OVH_ENDPOINT``.
        application_key: ``OVH_APPLICATION_KEY``.
        application_secret: ``OVH_APPLICATION_SECRET``.
        consumer_key: ``OVH_CONSUMER_KEY``.
        client_id: ``OVH_CLIENT_ID``.
        client_secret: ``OVH_CLIENT_SECRET``.
        project: The Public Cloud project; ``OVH_CLOUD_PROJECT_SERVICE``.

    Raises:
        UnauthenticatedError: A credential is missing.
        InvalidInputError: A setting cannot be parsed.
    """

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        application_key: str | None = None,
        application_secret: str | Secret | None = None,
        consumer_key: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        project: str | None = None,
    ) -> None:
        settings = _settings(
            OVH_ENDPOINT=endpoint,
            OVH_APPLICATION_KEY=application_key,
            OVH_APPLICATION_SECRET=application_secret,
            OVH_CONSUMER_KEY=consumer_key,
            OVH_CLIENT_ID=client_id,
            OVH_CLIENT_SECRET=client_secret,
            OVH_CLOUD_PROJECT_SERVICE=project,
        )
        self._native = _byop.Cloud.open("ovh", settings)

    @classmethod
    def from_env(cls) -> Ovh:
        """Read the settings from the environment, under the names that the vendor's own tools use.

        Also read: ``BYOP_OVH_BILLING`` (``hourly`` unless set, or ``monthly``) and ``BYOP_OVH_NETWORK``, a private
        network for new servers in place of the public one.

        Raises:
            UnauthenticatedError: A credential is missing.
            InvalidInputError: A setting cannot be parsed.
        """
        self = cls.__new__(cls)
        self._native = _byop.Cloud.from_env("ovh")
        return self


class DockerCloud(Cloud):
    """Servers in containers of a Docker engine, for development and tests, in the region ``local``.

    Each boots like a machine, from its user data, with an SSH server and a Docker engine of its own inside. A server
    can do on the engine's machine whatever root can: do not use it for users that you do not trust.

    Args:
        docker: The engine; that of this machine when absent.

    Raises:
        UnavailableError: There is no Docker engine on this machine.
    """

    def __init__(self, docker: Docker | None = None) -> None:
        self._cloud = _byop.DockerCloud((docker or Docker())._native)
        self._native = self._cloud.cloud()

    @classmethod
    def from_env(cls) -> DockerCloud:
        """Use the engine that ``DOCKER_HOST`` and its companions name."""
        return cls(Docker.from_env())

    def prepare_image(self, name: str = "debian-12") -> ServerImage:
        """Build the image ``debian-12`` or ``debian-13`` before the first server needs it, which takes a minute or two.

        Raises:
            NotFoundError: There is no such image.
            InvalidInputError: The build failed; the error has its last lines.
        """
        return cast("ServerImage", json.loads(self._cloud.prepare_image(name)))
