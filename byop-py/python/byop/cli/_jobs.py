"""Verbs about jobs."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from .._environment import open_clouds
from ._follow import describe, follow
from ._output import Json, line, notes, out, print_json, table, when
from ._state import State

Job = Annotated[str, typer.Argument(help="The id of the job.")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (jobs, events, cancel, resume):
        app.command()(verb)


def jobs(
    context: typer.Context,
    subject: Annotated[Optional[str], typer.Argument(help="Such as app/shop or server/web-1.")] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Only those that have not ended.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """List jobs, the newest first."""
    state: State = context.obj
    found = state.engine().list_jobs(subject=subject, unfinished=unfinished, limit=limit)
    if json:
        return print_json(found)
    rows = [(j["id"], j["kind"], j["subject"], j["state"], j["step"], when(j["created_at"])) for j in found]
    table(("JOB", "KIND", "SUBJECT", "STATE", "STEP", "ASKED FOR"), rows)


def events(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The id of a job, or app/NAME or server/NAME, which does not end.")],
    after: Annotated[int, typer.Option("--after", help="Only those with a higher number.")] = 0,
    json: Json = False,
) -> None:
    """Follow the events of a job, from its beginning on."""
    state: State = context.obj
    engine = state.engine()
    console = out()
    stream = engine.subject_events(job, after=after) if "/" in job else engine.events(job, after=after)
    for event in stream:
        if json:
            print_json(event)
        elif text := describe(event["body"], verbose=True):
            console.print(line(when(event["time"]), " ", text))


def cancel(context: typer.Context, job: Job, json: Json = False) -> None:
    """Ask a job to end; what it has begun is taken back."""
    state: State = context.obj
    engine = state.engine()
    engine.cancel(job)
    print_json(engine.get_job(job)) if json else notes().print("the job was asked to end")


def resume(context: typer.Context, json: Json = False) -> None:
    """Go on with the jobs that were left behind, and wait for their ends."""
    state: State = context.obj
    engine = state.engine(clouds=open_clouds())
    ended = [follow(engine, job, as_json=json) for job in engine.resume()]
    print_json(ended) if json else notes().print(f"{len(ended)} jobs were brought to their ends")
