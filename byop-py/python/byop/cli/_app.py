"""The command as a whole: what all of its verbs share, and how it ends."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from .. import __version__
from ..exceptions import ByopError, NotFoundError, PermissionDeniedError, UnavailableError
from . import _apps, _jobs, _platform, _secrets, _servers
from ._output import fail
from ._state import State

app = typer.Typer(
    name="byop",
    help="From a source tree to a live application, with a container engine and nothing else.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_apps.add_to(app)
_jobs.add_to(app)
_platform.add_to(app)
app.add_typer(_servers.app, name="servers")
app.add_typer(_secrets.app, name="secrets")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"byop {__version__}")
        raise typer.Exit()


@app.callback()
def _shared(
    context: typer.Context,
    home: Annotated[
        Optional[Path], typer.Option(envvar="BYOP_HOME", help="Where state lives; ~/.local/share/byop unless set.")
    ] = None,
    http_port: Annotated[Optional[int], typer.Option(envvar="BYOP_HTTP_PORT", help="The port of the proxy.")] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    context.obj = State(home or Path("~/.local/share/byop").expanduser(), http_port)


def _of_system(error: OSError) -> ByopError:
    kinds = {FileNotFoundError: NotFoundError, PermissionError: PermissionDeniedError}
    context = {"path": str(error.filename)} if error.filename else {}
    return kinds.get(type(error), UnavailableError)(
        error.strerror or str(error), operation="file.open", context=context
    )


def main() -> None:
    """Run the command; the exit code says what went wrong."""
    if hasattr(signal, "SIGPIPE"):
        # As other programs of the shell: `byop jobs | head` ends quietly.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        # Ctrl-C becomes an exit code in newer versions of typer, and an exception in older ones.
        code = app(standalone_mode=False)
    except ByopError as error:
        sys.exit(fail(error, as_json="--json" in sys.argv))
    except OSError as error:
        # A file that was named on the command line, or one in the home.
        sys.exit(fail(_of_system(error), as_json="--json" in sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        show = getattr(error, "show", None)
        if show is None:
            raise
        # A mistake on the command line.
        show()
        sys.exit(getattr(error, "exit_code", 2))
    if isinstance(code, int):
        sys.exit(code)
