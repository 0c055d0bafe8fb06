"""What the command prints: tables for people, JSON for programs, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..exceptions import ByopError

#: In place of a table: what the verb returns, one value in all, or one a line where it comes bit by bit.
Json = Annotated[bool, typer.Option("--json", help="Print JSON; `byop schema` describes it.")]

#: What moves the cursor, colours, or turns the direction of a text; lines and tabs stay, and halves of characters go.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def out() -> Console:
    """The console of what was asked for."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    # Nobody cuts the lines of a pipe: programs read them.
    return Console(soft_wrap=True, highlight=False, width=10_000)


def notes() -> Console:
    """The console of what happens meanwhile."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def is_live(console: Console) -> bool:
    """Tell whether lines can be redrawn: not in a pipe, whatever its colours, and not on a dumb terminal."""
    return sys.stderr.isatty() and not console.is_dumb_terminal


def print_json(value: Any) -> None:
    """Print a value for programs: indented on a terminal, one line elsewhere."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    typer.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, ensure_ascii=not unicode))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*[line(cell) for cell in row])
    out().print(shown)


def line(*parts: object) -> Text:
    """Put a line together of values and of pairs of a value and its style, as ``("ok", "green")``."""
    text = Text()
    for part in parts:
        value, style = part if isinstance(part, tuple) else (part, "")
        text.append(plain(value), style)
    return text


def plain(value: object) -> str:
    """Write a value for people; what it quotes does not command a terminal."""
    return _COMMANDS.sub(lambda found: repr(found[0])[1:-1], "" if value is None else str(value))


def when(millis: int | None) -> str:
    """Write a time."""
    if millis is None:
        return ""
    return datetime.fromtimestamp(millis / 1000, timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size(count: int) -> str:
    """Write a number of bytes."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def money(price: Any) -> str:
    """Write a price."""
    return "" if price is None else f"{price['micros'] / 1e6:.2f} {price['currency']}"


def fail(error: ByopError, *, as_json: bool) -> None:
    """Say what went wrong, why, and what to do."""
    if as_json:
        typer.echo(json.dumps({"error": json.loads(error._to_report())}), err=True)
    else:
        console = notes()
        place = ", ".join(f"{key}: {value}" for key, value in error.context.items())
        console.print(line(("error:", "bold red"), " ", error.message, f" ({place})" if place else ""))
        for cause in error.causes:
            console.print(line("  cause: ", cause))
        if error.remedy:
            console.print(line("  to do: ", error.remedy))
