"""Waiting for a job: a moving line on a terminal, lines in a pipe."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from .. import Engine
from ..exceptions import ByopError
from ..types import Job
from ._output import is_live, line, notes, plain


def follow(engine: Engine, job: str, *, as_json: bool, verbose: bool = False) -> Job:
    """Show what happens until the job ends. When this process has to end before, the job is cancelled."""
    try:
        _show(engine, job, as_json, verbose)
        return engine.wait(job)
    except ByopError:
        raise
    except BaseException:
        # A signal, a closed pipe, a full disk: nobody sees the end of the job.
        with contextlib.suppress(ByopError):
            engine.cancel(job)
            if not as_json:
                with contextlib.suppress(OSError):
                    notes().print("cancelling the job and undoing what it did so far")
            engine.wait(job)
        raise


def _show(engine: Engine, job: str, as_json: bool, verbose: bool) -> None:
    console = notes()
    if as_json:
        for event in engine.events(job):
            typer.echo(json.dumps(event), err=True)
    elif is_live(console):
        step = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
        columns = (SpinnerColumn(), step, BarColumn(bar_width=12), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, expand=True) as bar:
            _move(bar, engine, job, verbose)
    else:
        for event in engine.events(job):
            text = describe(event["body"], verbose)
            if text:
                console.print(line(text))


def _move(bar: Progress, engine: Engine, job: str, verbose: bool) -> None:
    """Let one line tell the step that is under way, with a bar that fills where its end is known."""
    task = bar.add_task("waiting", total=None)
    for event in engine.events(job):
        body: Any = event["body"]
        text = line(describe(body, verbose))
        if body["type"] == "step_started":
            bar.remove_task(task)
            task = bar.add_task(text.plain, total=None)
            continue
        if body["type"] == "progress":
            bar.update(task, description=plain(body["message"]), completed=body["current"], total=body["total"])
        if text:
            bar.console.print(text)


def describe(body: Any, verbose: bool) -> str:
    """Write an event in one line; an empty one for what only few want to know."""
    kind = body["type"]
    if kind == "step_started":
        return f"{body['stage']}: {body['message']}"
    if kind == "job" and verbose:
        return f"job {body['state']}" + (f": {body['error']['message']}" if body["error"] else "")
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
