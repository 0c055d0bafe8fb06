"""Verbs about the platform as a whole."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from ._exit import DIFFERENCES, EXIT_CODES
from ._output import Json, line, notes, print_json, table
from ._servers import clouds_of
from ._state import State


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (drift, census, sweep):
        app.command()(verb)


def drift(
    context: typer.Context,
    apps: Annotated[Optional[list[str]], typer.Argument(help="Names of apps; by default all.")] = None,
    json: Json = False,
) -> None:
    """Compare apps with the store; exit code 20 if they differ."""
    state: State = context.obj
    report = state.engine().drift(*(apps or ()))
    if json:
        print_json(report)
    elif report["findings"]:
        rows = [(f["severity"], f["app"], f["kind"], f["object"], f["repair"]) for f in report["findings"]]
        table(("", "APP", "WHAT", "OBJECT", "REPAIR"), rows)
    else:
        notes().print("everything matches the store")
    if report["findings"]:
        raise SystemExit(DIFFERENCES)


def census(context: typer.Context, json: Json = False) -> None:
    """List objects that are only on a host or only in the store.

    The exit code is 20 if there are any, and 10 if a host could not be asked.
    """
    state: State = context.obj
    found = state.engine().census()
    if json:
        print_json(found)
    else:
        rows = [("unknown", each) for each in found["unknown"]] + [("missing", each) for each in found["missing"]]
        table(("", "KIND", "NAME", "APP"), [(what, o["kind"], o["name"], o["app"]) for what, o in rows])
        for host in found["unreachable"]:
            notes().print(line("unreachable: ", host))
    if found["unreachable"]:
        raise SystemExit(EXIT_CODES["unavailable"])
    if found["unknown"] or found["missing"]:
        raise SystemExit(DIFFERENCES)


def sweep(
    context: typer.Context,
    remove: Annotated[bool, typer.Option("--remove", help="Remove them.")] = False,
    installation: Annotated[
        Optional[list[str]], typer.Option(help="The id of another installation whose resources are removed too.")
    ] = None,
    json: Json = False,
) -> None:
    """Find resources at the clouds that byop has no record of.

    The exit code is 20 if any remain, and 10 if a cloud could not be asked.
    """
    state: State = context.obj
    clouds = clouds_of(None, remedy="set the credentials of one, or BYOP_CLOUDS=docker for the one on this machine")
    report = state.engine(docker=False, clouds=clouds).sweep(remove=remove, installations=installation or ())
    if json:
        print_json(report)
    else:
        rows = []
        for each in report["findings"]:
            thing, end = each["resource"], "removed" if each["removed"] else each["reason"]
            rows.append((each["provider"], thing["kind"], thing["id"], thing["name"], end))
        table(("CLOUD", "KIND", "ID", "NAME", ""), rows)
        for cloud, error in report["errors"]:
            notes().print(line(cloud, " could not be asked: ", error["message"]))
    if report["errors"]:
        raise SystemExit(EXIT_CODES["unavailable"])
    if any(not each["removed"] for each in report["findings"]):
        raise SystemExit(DIFFERENCES)
