"""The package itself."""

from __future__ import annotations

import builtins
from importlib import metadata, resources

import byop


def test_the_version_is_that_of_the_wheel() -> None:
    assert byop.__version__ == metadata.version("byop")


def test_types_are_shipped() -> None:
    package = resources.files(byop)
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("_byop.pyi").is_file()


def test_a_star_import_leaves_the_builtins_alone() -> None:
    assert not set(byop.__all__) & set(dir(builtins))
