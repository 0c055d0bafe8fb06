"""The verb that looks at this machine."""

from __future__ import annotations

import functools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from typing import Any

import typer

from .. import Docker, SqliteStore, _environment
from .._environment import check_configured, open_cloud, settings
from ..exceptions import ByopError
from ._exit import EXIT_CODES
from ._output import Json, line, out, print_json
from ._state import State


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(doctor)


def doctor(context: typer.Context, json: Json = False) -> None:
    """Check this machine and say what is missing.

    The exit code is 10 if something that byop needs is missing.
    """
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
    for name in _environment.KNOWN:
        yield f"cloud {name}", functools.partial(_cloud, name), False


def _check(name: str, check: Callable[[], str], needed: bool) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "needed": needed, "detail": check(), "remedy": None}
    except ByopError as error:
        return {"name": name, "ok": False, "needed": needed, "detail": error.message, "remedy": error.remedy}
    except OSError as error:
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        return {"name": name, "ok": False, "needed": needed, "detail": text, "remedy": None}


def _docker() -> str:
    # Connecting alone asks nothing.
    count = len(Docker.from_env().list_containers(labels={"byop.app": ""}))
    return f"{os.environ.get('DOCKER_HOST') or 'answers'}, {_count(count, 'container')} of apps"


def _store(state: State) -> str:
    state.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    SqliteStore(state.home / "byop.db")
    return str(state.home / "byop.db")


def _port(state: State) -> str:
    given = settings(state.home)
    port = state.http_port or given["http_port"] or 80
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return f"{port} is free"
    name = f"{given['proxy_prefix'] or 'byop'}-traefik"
    for each in Docker.from_env().list_containers(labels={"byop.role": "ingress"}):
        if each["name"] == name and port in [binding["host_port"] for binding in each["ports"]]:
            return f"byop's proxy answers on {port}"
    raise ByopError(f"something else uses port {port}", remedy="stop it, or set BYOP_HTTP_PORT to a free port")


def _cloud(name: str) -> str:
    check_configured(name)
    # Some know their regions without asking.
    return _count(len(open_cloud(name).list_servers()), "server")


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _git() -> str:
    found = shutil.which("git")
    if not found:
        raise ByopError("git is not installed", remedy="install git, for sources from Git repositories")
    return found
