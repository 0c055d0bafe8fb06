"""Verbs about the platform as a whole."""

from __future__ import annotations

import functools
import json as jsons
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Optional

import typer

from .. import Docker, Engine, SqliteStore, _byop
from .._environment import KNOWN, check_configured, open_cloud, open_clouds
from ..exceptions import ByopError, InvalidInputError
from . import _schemas
from ._output import DIFFERENCES, EXIT_CODES, Json, line, notes, out, print_json, table
from ._state import State


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (drift, census, sweep, call, schema, doctor):
        app.command()(verb)


def drift(
    context: typer.Context,
    apps: Annotated[Optional[list[str]], typer.Argument(help="Names of apps; all when absent.")] = None,
    json: Json = False,
) -> None:
    """Compare what should be with what is; exit code 20 when they differ."""
    state: State = context.obj
    report = state.engine().drift(*(apps or ()))
    if json:
        print_json(report)
    elif report["findings"]:
        rows = [(f["severity"], f["app"], f["kind"], f["object"], f["repair"]) for f in report["findings"]]
        table(("", "APP", "WHAT", "OBJECT", "REPAIR"), rows)
    else:
        notes().print("everything is as it should be")
    if report["findings"]:
        raise SystemExit(DIFFERENCES)


def census(context: typer.Context, json: Json = False) -> None:
    """Count what is on the hosts and not in the store, and the other way round; exit code 20 when there is some."""
    state: State = context.obj
    found = state.engine().census()
    if json:
        print_json(found)
    else:
        rows = [("unknown", each) for each in found["unknown"]] + [("missing", each) for each in found["missing"]]
        table(("", "KIND", "NAME", "APP"), [(what, o["kind"], o["name"], o["app"]) for what, o in rows])
    if found["unknown"] or found["missing"]:
        raise SystemExit(DIFFERENCES)


def sweep(
    context: typer.Context,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is found.")] = False,
    installation: Annotated[
        Optional[list[str]], typer.Option(help="The id of another installation whose things are to be removed too.")
    ] = None,
    json: Json = False,
) -> None:
    """Find what byop left at the clouds and is in nobody's books; exit code 20 when there is some."""
    state: State = context.obj
    engine = state.engine(docker=False, clouds=open_clouds())
    report = engine.sweep(remove=remove, installations=installation or ())
    if json:
        print_json(report)
    else:
        rows = []
        for each in report["findings"]:
            thing, end = each["resource"], "removed" if each["removed"] else each["reason"]
            rows.append((each["provider"], thing["kind"], thing["id"], thing["name"], end))
        table(("CLOUD", "KIND", "ID", "NAME", ""), rows)
        for cloud, error in report["errors"]:
            notes().print(line(cloud, ": ", error["message"]))
    if any(not each["removed"] for each in report["findings"]):
        raise SystemExit(DIFFERENCES)


def call(
    context: typer.Context,
    verb: Annotated[
        str, typer.Argument(help="A verb of the engine, such as list_clients; without one, their names.")
    ] = "",
    arguments: Annotated[str, typer.Argument(help="Its arguments as a JSON object.")] = "{}",
) -> None:
    """Call any verb of the engine and print its answer as JSON."""
    if not verb:
        return print_json([*_byop.engine_verbs(), *_byop.engine_streams()])
    try:
        given: dict[str, Any] = dict(jsons.loads(arguments))
    except (TypeError, ValueError) as error:
        raise InvalidInputError("the arguments are no JSON object", operation="call.read") from error
    state: State = context.obj
    engine = state.engine(clouds=open_clouds() if verb.endswith(("server", "servers", "sweep")) else ())
    if verb in _byop.engine_streams():
        for item in engine._stream(verb, **given):
            print_json(item)
        return
    print_json(engine._call(verb, **given))


def schema(
    name: Annotated[
        Optional[list[str]],
        typer.Argument(help="A command, such as servers list, or a type; their names if absent."),
    ] = None,
) -> None:
    """Print the JSON Schema of what a command prints with `--json`."""
    print_json(_schemas.schema(" ".join(name)) if name else _schemas.names())


def doctor(context: typer.Context, json: Json = False) -> None:
    """Say what is missing on this machine, and how to get it; exit code 10 when it stops byop from working."""
    state: State = context.obj
    findings = [_check(name, check, needed) for name, check, needed in _checks(state)]
    if json:
        print_json(findings)
    else:
        for each in findings:
            mark = ("ok", "green") if each["ok"] else ("missing", "red") if each["needed"] else ("absent", "yellow")
            out().print(line(mark, " ", each["name"], ": ", each["detail"]))
            if each["remedy"]:
                out().print(line("   to do: ", each["remedy"]))
    if any(each["needed"] and not each["ok"] for each in findings):
        raise SystemExit(EXIT_CODES["unavailable"])


def _checks(state: State) -> Iterator[tuple[str, Callable[[], str], bool]]:
    yield "Docker engine", _docker, True
    yield "store", functools.partial(_store, state), True
    yield "proxy port", functools.partial(_port, state), True
    yield "git", _git, False
    for name in KNOWN:
        yield f"cloud {name}", functools.partial(_cloud, name), False


def _check(name: str, check: Callable[[], str], needed: bool) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "needed": needed, "detail": check(), "remedy": None}
    except ByopError as error:
        return {"name": name, "ok": False, "needed": needed, "detail": error.message, "remedy": error.remedy}


def _docker() -> str:
    Engine(runtimes=Docker.from_env()).census()
    return os.environ.get("DOCKER_HOST") or "answers"


def _store(state: State) -> str:
    state.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    SqliteStore(state.home / "byop.db")
    return str(state.home / "byop.db")


def _port(state: State) -> str:
    port = state.http_port or 80
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return f"{port} is free"
    # It may be byop's own proxy.
    if any(each["state"] == "running" for each in state.engine().list_apps()):
        return f"{port} answers"
    raise ByopError(f"something else answers on port {port}", remedy="stop it, or set BYOP_HTTP_PORT to a free port")


def _cloud(name: str) -> str:
    check_configured(name)
    return f"{len(open_cloud(name).list_regions())} regions"


def _git() -> str:
    found = shutil.which("git")
    if not found:
        raise ByopError("git is not installed", remedy="install git, for sources from Git repositories")
    return found
