"""The documentation: its examples run, and nothing goes without it."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import byop
import pytest

MODULES = [
    "byop",
    *(
        name
        for _, name, _ in pkgutil.walk_packages(byop.__path__, "byop.")
        if not name.endswith(("__main__", "_byop")) and ".cli" not in name
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(len(test.examples) for module in modules for test in finder.find(module)) > 20


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, name
    for what, value in vars(module).items():
        if what.startswith("_") or not inspect.isclass(value) or value.__module__ != name:
            continue
        # Some fields of variants of Rust have types without a name there.
        assert value.__doc__ or name == "byop.types", f"{name}.{what}"
        for method, function in vars(value).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                assert function.__doc__, f"{name}.{what}.{method}"
