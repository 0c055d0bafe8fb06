"""Waiting for a job: a moving line on a terminal, lines in a pipe."""

from __future__ import annotations

import json
from typing import Any

import typer

from .. import Engine
from ..types import Job
from ._output import notes, plain


def follow(engine: Engine, job: str, *, as_json: bool, verbose: bool = False) -> Job:
    """Show what happens until the job ends; Ctrl-C asks it to end, and what it has begun is taken back."""
    try:
        _show(engine, job, as_json, verbose)
        return engine.wait(job)
    except KeyboardInterrupt:
        notes().print("cancelling; what was begun is taken back")
        engine.cancel(job)
        engine.wait(job)
        raise


def _show(engine: Engine, job: str, as_json: bool, verbose: bool) -> None:
    console = notes()
    if as_json:
        for event in engine.events(job):
            typer.echo(json.dumps(event), err=True)
    elif console.is_terminal:
        with console.status("waiting") as status:
            for event in engine.events(job):
                text = describe(event["body"], verbose)
                if event["body"]["type"] == "step_started":
                    status.update(plain(text))
                elif text:
                    console.print(plain(text))
    else:
        for event in engine.events(job):
            text = describe(event["body"], verbose)
            if text:
                console.print(plain(text))


def describe(body: Any, verbose: bool) -> str:
    """Write an event in one line; an empty one for what only few want to know."""
    kind = body["type"]
    if kind == "step_started":
        return f"{body['stage']}: {body['message']}"
    if kind == "warning":
        return f"warning: {body['message']}"
    if kind == "detected":
        found = body["detection"]
        return f"found {found['stack']} {found['version'] or ''}".rstrip()
    if kind == "deployed":
        return "a release serves"
    if kind == "log" and verbose:
        return f"{body['stage']} | {body['line']}"
    if kind == "progress" and verbose:
        return f"{body['stage']}: {body['message']} {body['current']}/{body['total'] or '?'}"
    if kind == "step_finished" and verbose:
        return f"{body['stage']}: done in {body['millis']} ms"
    return ""
