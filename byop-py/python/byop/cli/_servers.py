"""Verbs about servers that are rented."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .._environment import open_cloud, open_clouds
from ..clouds import Cloud
from ..exceptions import InvalidInputError, NotFoundError, UnauthenticatedError
from ..types import ServerReport, ServerRequest
from ._follow import follow
from ._output import Json, line, money, notes, print_json, size, table
from ._state import State

app = typer.Typer(help="Servers at cloud providers.", no_args_is_help=True)
Provider = Annotated[Optional[str], typer.Option("--provider", help="aws, digitalocean, ovh or docker.")]
OneProvider = Annotated[str, typer.Option("--provider", help="aws, digitalocean, ovh or docker.")]
Name = Annotated[str, typer.Argument(help="The name of the server.")]


def clouds_of(provider: str | None, *, local: bool = True, remedy: str = "") -> list[Cloud]:
    """Open the cloud of an option, or all that are set up; refuse when there is none."""
    found = open_clouds(provider, local=local)
    if not found:
        raise UnauthenticatedError(
            "no cloud is set up",
            operation="cloud.open",
            remedy=remedy or "set the credentials of one, or name one: --provider docker needs none",
        )
    return found


@app.command("list")
def list_(context: typer.Context, provider: Provider = None, json: Json = False) -> None:
    """List servers and their states."""
    state: State = context.obj
    found = [each for each in _all(state, provider) if provider in (None, each["provider"])]
    if json:
        return print_json(found)
    rows = []
    for each in found:
        server, price = each["server"], each["price"]
        address = server["addresses"][0] if server and server["addresses"] else ""
        seen = server["state"] if server else each["state"]
        rows.append((each["name"], each["provider"], seen, address, money(price and price["monthly"])))
    table(("NAME", "CLOUD", "STATE", "ADDRESS", "A MONTH"), rows)


def _all(state: State, provider: str | None) -> list[ServerReport]:
    try:
        return state.engine(docker=False, clouds=clouds_of(provider)).list_servers()
    except NotFoundError:
        if provider is None:
            raise
        # There are servers at other clouds as well.
        return state.engine(docker=False, clouds=[*open_clouds(provider), *_others(provider)]).list_servers()


def _others(provider: str) -> list[Cloud]:
    return [cloud for cloud in open_clouds() if cloud.name != provider]


@app.command()
def create(
    context: typer.Context,
    name: Name,
    region: Annotated[str, typer.Option("--region", "-r", help="A region, from `byop servers regions`.")],
    size: Annotated[str, typer.Option("--size", "-s", help="A size, from `byop servers sizes`.")],
    provider: Provider = None,
    image: Annotated[str, typer.Option("--image", help="The operating system image.")] = "debian-12",
    ssh_key: Annotated[
        Optional[list[Path]], typer.Option("--ssh-key", help="A file with a public key; may be repeated.")
    ] = None,
    reserved_ip: Annotated[bool, typer.Option("--reserved-ip", help="Give it an IP address that outlives it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be created, and its price.")] = False,
    json: Json = False,
) -> None:
    """Rent a server and wait until it can be reached."""
    state: State = context.obj
    clouds = clouds_of(provider, local=False)
    if len(clouds) > 1:
        raise InvalidInputError(
            "several clouds are set up",
            operation="cloud.open",
            context={"known": ", ".join(cloud.name for cloud in clouds)},
            remedy="choose one with --provider",
        )
    engine = state.engine(docker=False, clouds=clouds)
    request: ServerRequest = {"name": name, "region": region, "size": size, "image": image}
    if provider:
        request["provider"] = provider
    request["ssh_keys"] = [_public_key(path) for path in ssh_key or ()]
    request["reserved_ip"] = reserved_ip
    if dry_run:
        plan = engine.plan_server(request)
        if json:
            return print_json(plan)
        price = plan["price"]
        row = (plan["provider"], plan["size"]["id"], plan["image"]["name"], money(price and price["monthly"]))
        return table(("CLOUD", "SIZE", "IMAGE", "A MONTH"), [row])
    job = follow(engine, engine.create_server(request), as_json=json)
    if json:
        return print_json(job)
    server = engine.get_server(name)["server"]
    notes().print(line(name, " runs at ", ", ".join(server["addresses"]) if server else "no address"))


def _public_key(file: Path) -> str:
    text = file.read_text(errors="replace").strip()
    if "PRIVATE KEY" in text:
        raise InvalidInputError(
            "this is a private key",
            operation="server.create",
            context={"file": str(file)},
            remedy="give the file with the public one, which ends in .pub",
        )
    return text


@app.command()
def destroy(context: typer.Context, name: Name, provider: Provider = None, json: Json = False) -> None:
    """Delete a server and its disk."""
    state: State = context.obj
    engine = state.engine(docker=False, clouds=clouds_of(provider))
    if provider and engine.get_server(name)["provider"] != provider:
        raise NotFoundError(
            "there is no server of this name at this cloud",
            operation="server.get",
            context={"name": name, "provider": provider},
            remedy="see `byop servers list`",
        )
    job = follow(engine, engine.destroy_server(name), as_json=json)
    print_json(job) if json else notes().print("deleted")


@app.command()
def regions(provider: OneProvider, json: Json = False) -> None:
    """List the regions of a cloud."""
    found = open_cloud(provider).list_regions()
    print_json(found) if json else table(("REGION", "NAME"), [(r["id"], r["name"]) for r in found])


@app.command()
def sizes(
    provider: OneProvider,
    region: Annotated[str, typer.Option("--region", "-r", help="The region.")],
    json: Json = False,
) -> None:
    """List the server sizes of a region, with their prices."""
    found = open_cloud(provider).list_sizes(region)
    if json:
        return print_json(found)
    rows = []
    for each in found:
        price = each["price"]
        rows.append(
            (
                each["id"],
                each["cpus"],
                size(each["memory_bytes"]),
                size(each["disk_bytes"]),
                money(price and price["monthly"]),
            )
        )
    table(("SIZE", "CPUS", "MEMORY", "DISK", "A MONTH"), rows)
