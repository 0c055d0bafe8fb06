"""Renders the reference of an installed byop with pdoc: ``python reference.py FOLDER`` writes HTML there."""

from __future__ import annotations

import inspect
import sys
import warnings
from pathlib import Path

import byop
import byop.clouds
import byop.testing
import pdoc
import pdoc.render

MODULES = (
    "byop",
    "byop.recipes",
    "byop.types",
    "byop.exceptions",
    "byop.clouds",
    "byop.ports",
    "byop.testing",
)


def own(cls: type) -> None:
    """Make the class's own what it has from bases of byop: pdoc shows nothing of private modules."""
    for base in cls.__mro__[1:]:
        if not base.__module__.startswith("byop."):
            continue
        for name, value in vars(base).items():
            if not name.startswith("_") and name not in vars(cls):
                setattr(cls, name, value)


def render(folder: Path) -> None:
    for module in (byop, byop.clouds, byop.testing):
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__.startswith("byop.") and not issubclass(cls, (dict, Exception)):
                own(cls)
    # Fields named like a keyword, which their classes document.
    warnings.filterwarnings("ignore", r"Cannot determine where byop\.types\.\w+\.from is taken from")
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*MODULES, output_directory=folder)


if __name__ == "__main__":
    render(Path(sys.argv[1]))
