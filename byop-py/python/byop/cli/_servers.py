"""Verbs about servers that are rented."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .._environment import open_cloud, open_clouds
from ..types import ServerRequest
from ._follow import follow
from ._output import Json, line, money, notes, print_json, size, table
from ._state import State

app = typer.Typer(help="Servers at clouds.", no_args_is_help=True)
Provider = Annotated[Optional[str], typer.Option("--provider", help="aws, digitalocean, ovh or docker.")]
Name = Annotated[str, typer.Argument(help="The name of the server.")]


@app.command("list")
def list_(context: typer.Context, provider: Provider = None, json: Json = False) -> None:
    """List servers with what their clouds say of them."""
    state: State = context.obj
    found = state.engine(docker=False, clouds=open_clouds(provider)).list_servers()
    found = [each for each in found if provider in (None, each["provider"])]
    if json:
        return print_json(found)
    rows = []
    for each in found:
        server, price = each["server"], each["price"]
        address = server["addresses"][0] if server and server["addresses"] else ""
        seen = server["state"] if server else each["state"]
        rows.append((each["name"], each["provider"], seen, address, money(price and price["monthly"])))
    table(("NAME", "CLOUD", "STATE", "ADDRESS", "A MONTH"), rows)


@app.command()
def create(
    context: typer.Context,
    name: Name,
    region: Annotated[str, typer.Option("--region", "-r")],
    size: Annotated[str, typer.Option("--size", "-s")],
    provider: Provider = None,
    image: Annotated[str, typer.Option("--image")] = "debian-12",
    ssh_key: Annotated[Optional[list[Path]], typer.Option("--ssh-key", help="A file with a public key.")] = None,
    reserved_ip: Annotated[bool, typer.Option("--reserved-ip", help="An address that outlives it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would be and cost.")] = False,
    json: Json = False,
) -> None:
    """Rent a server and wait until it can be reached."""
    state: State = context.obj
    engine = state.engine(docker=False, clouds=open_clouds(provider, local=False))
    request: ServerRequest = {"name": name, "region": region, "size": size, "image": image}
    if provider:
        request["provider"] = provider
    request["ssh_keys"] = [path.read_text(errors="replace").strip() for path in ssh_key or ()]
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


@app.command()
def destroy(context: typer.Context, name: Name, provider: Provider = None, json: Json = False) -> None:
    """Give a server back, with its disk."""
    state: State = context.obj
    engine = state.engine(docker=False, clouds=open_clouds(provider))
    job = follow(engine, engine.destroy_server(name), as_json=json)
    print_json(job) if json else notes().print("gone")


@app.command()
def regions(provider: Annotated[str, typer.Option("--provider")], json: Json = False) -> None:
    """List the regions of a cloud."""
    found = open_cloud(provider).list_regions()
    print_json(found) if json else table(("REGION", "NAME"), [(r["id"], r["name"]) for r in found])


@app.command()
def sizes(
    provider: Annotated[str, typer.Option("--provider")],
    region: Annotated[str, typer.Option("--region", "-r")],
    json: Json = False,
) -> None:
    """List the sizes of a region, with what they have and cost."""
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
