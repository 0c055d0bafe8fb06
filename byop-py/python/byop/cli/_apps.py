"""Verbs about apps."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from ._follow import follow
from ._options import App
from ._output import Json, notes, plain, print_json, size, table, when
from ._state import State


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (ps, logs, stats, stop, start, restart, rm, rollback, releases, repair):
        app.command()(verb)


def ps(context: typer.Context, json: Json = False) -> None:
    """List apps and their states."""
    state: State = context.obj
    apps = state.engine().list_apps()
    if json:
        return print_json(apps)
    rows = []
    for each in apps:
        current = each["app"]["current"]
        rows.append((each["app"]["name"], each["state"], current["number"] if current else "", each["url"]))
    table(("NAME", "STATE", "RELEASE", "URL"), rows)


def logs(
    context: typer.Context,
    name: App,
    wait: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new lines.")] = False,
    tail: Annotated[Optional[int], typer.Option("--tail", min=0, help="How many lines to show of the end.")] = None,
    json: Json = False,
) -> None:
    """Print the log of an app."""
    state: State = context.obj
    for each in state.engine().logs(name, follow=wait, tail=tail):
        print_json(each) if json else typer.echo(plain(each["text"]))


def stats(context: typer.Context, name: App, json: Json = False) -> None:
    """Show the CPU, memory and network that an app uses."""
    state: State = context.obj
    used = state.engine().stats(name)
    if json:
        return print_json(used)
    memory = f"{size(used['memory_bytes'])} of {size(used['memory_limit_bytes'])}"
    network = f"{size(used['network_rx_bytes'])} in, {size(used['network_tx_bytes'])} out"
    row = (name, f"{used['cpu_percent']:.1f} %", memory, network, used["pids"])
    table(("NAME", "CPU", "MEMORY", "NETWORK", "PROCESSES"), [row])


def stop(context: typer.Context, name: App, json: Json = False) -> None:
    """Stop an app; its data is kept."""
    _run(context, "stop", json, app=name)


def start(context: typer.Context, name: App, json: Json = False) -> None:
    """Start a stopped app."""
    _run(context, "start", json, app=name)


def restart(context: typer.Context, name: App, json: Json = False) -> None:
    """Stop an app and start it again."""
    _run(context, "restart", json, app=name)


def rm(
    context: typer.Context,
    name: App,
    volumes: Annotated[bool, typer.Option("--volumes", help="Delete its volumes and their data too.")] = False,
    json: Json = False,
) -> None:
    """Remove an app; its volumes are kept."""
    _run(context, "remove", json, app=name, data="delete" if volumes else "keep")


def rollback(
    context: typer.Context,
    name: App,
    to: Annotated[
        Optional[int], typer.Option("--to", min=1, help="The number of a release; by default the previous one.")
    ] = None,
    json: Json = False,
) -> None:
    """Go back to an earlier release."""
    _run(context, "rollback", json, app=name, to=to)


def repair(context: typer.Context, name: App, json: Json = False) -> None:
    """Repair an app so that it matches the store."""
    _run(context, "repair", json, app=name)


def releases(context: typer.Context, name: App, json: Json = False) -> None:
    """List the releases of an app."""
    state: State = context.obj
    found = state.engine(docker=False).list_releases(name)
    if json:
        return print_json(found)
    table(("RELEASE", "IMAGE", "MADE"), [(r["number"], r["image"], when(r["created_at"])) for r in found])


def _run(context: typer.Context, verb: str, json: bool, **arguments: Any) -> None:
    state: State = context.obj
    engine = state.engine(changes=True)
    job = follow(engine, engine._call(verb, **arguments), as_json=json)
    print_json(job) if json else notes().print("done")
