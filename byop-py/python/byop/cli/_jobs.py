"""Verbs about jobs."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Annotated, Optional

import typer

from .. import Engine
from .._environment import open_clouds
from ..exceptions import ByopError
from ._exit import EXIT_CODES, Stopped
from ._follow import describe, follow
from ._output import Json, fail, line, notes, out, print_json, table, when
from ._state import State

Job = Annotated[str, typer.Argument(help="The id of the job.")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (jobs, events, cancel, resume, serve):
        app.command()(verb)


def jobs(
    context: typer.Context,
    subject: Annotated[Optional[str], typer.Argument(help="Only jobs of this app or server, such as app/shop.")] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Only jobs that have not ended.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="List at most this many.")] = 20,
    json: Json = False,
) -> None:
    """List jobs, the newest first."""
    state: State = context.obj
    found = state.engine(docker=False).list_jobs(subject=subject, unfinished=unfinished, limit=limit)
    if json:
        return print_json(found)
    rows = []
    for each in found:
        why = each["error"]["message"] if each["error"] else ""
        row = (each["id"], each["kind"], each["subject"], each["state"], each["step"], when(each["created_at"]), why)
        rows.append(row)
    table(("JOB", "KIND", "SUBJECT", "STATE", "STEP", "CREATED", "ERROR"), rows)


def events(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The id of a job, or app/NAME or server/NAME for all of its jobs.")],
    after: Annotated[int, typer.Option("--after", min=0, help="Only events with a higher number.")] = 0,
    json: Json = False,
) -> None:
    """Print the events of a job and follow it to its end."""
    state: State = context.obj
    engine = state.engine(docker=False)
    console = out()
    if "/" in job:
        _expect(engine, job)
        stream = engine.subject_events(job, after=after)
    else:
        stream = engine.events(job, after=after)
    for event in stream:
        if json:
            print_json(event)
        elif text := describe(event["body"], verbose=True):
            console.print(line(when(event["time"]), " ", text))


def _expect(engine: Engine, subject: str) -> None:
    """Refuse a subject that nothing is known of: waiting for its events would never end."""
    if not engine.list_jobs(subject=subject, limit=1):
        kind, _, name = subject.partition("/")
        engine.get_app(name) if kind == "app" else engine.get_server(name)


def cancel(context: typer.Context, job: Job, json: Json = False) -> None:
    """Cancel a job and undo what it did so far."""
    state: State = context.obj
    engine = state.engine(docker=False)
    found = engine.get_job(job)
    ended = found["finished_at"] is not None
    if not ended:
        engine.cancel(job)
        found = engine.get_job(job)
    if json:
        return print_json(found)
    notes().print(f"the job has already {_END[found['state']]}" if ended else "the job is being cancelled")


_END = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}


def resume(context: typer.Context, json: Json = False) -> None:
    """Resume interrupted jobs and wait until they finish.

    If jobs fail, the exit code is that of the first.
    """
    state: State = context.obj
    clouds = open_clouds()
    engine = state.engine(docker=not clouds, clouds=clouds)
    ended, code = [], 0
    resumed = engine.resume()
    for job in resumed:
        try:
            ended.append(follow(engine, job, as_json=json))
        except ByopError as error:
            ended.append(engine.get_job(job))
            code = code or EXIT_CODES.get(error.kind, 1)
            if not json:
                fail(error, as_json=False)
    if json:
        print_json(ended)
    else:
        notes().print(f"jobs resumed: {len(ended)}")
        _tell_others(engine, resumed)
    raise SystemExit(code)


def _tell_others(engine: Engine, resumed: Collection[str]) -> None:
    for job in engine.list_jobs(unfinished=True):
        if job["id"] not in resumed:
            notes().print(line(f"not resumed: {job['id']}, {job['kind']} of {job['subject']}"))
            notes().print("  cause: another process works on it, or this one lacks its cloud or Docker")
            notes().print("  to do: if that process is gone, run `byop resume` again in 30 seconds")


def serve(context: typer.Context, json: Json = False) -> None:
    """Run schedules and resume interrupted jobs until stopped.

    It also removes expired preview apps, and prints the records of the audit as they come. Jobs that still run when it
    is stopped can be resumed.
    """
    state: State = context.obj
    clouds = open_clouds()
    engine = state.engine(docker=not clouds, clouds=clouds, takeover=True)
    since = int(time.time() * 1000)
    engine.resume()
    if not json:
        notes().print("running; Ctrl-C stops it")
    try:
        for record in engine.follow_audit(since=since):
            if json:
                print_json(record)
            else:
                texts = (when(record["time"]), record["action"], record["subject"], record["result"] or "")
                out().print(line(" ".join(texts).rstrip()))
    except Stopped as end:
        # It is meant to be stopped: that is no failure.
        raise SystemExit(0) from end
