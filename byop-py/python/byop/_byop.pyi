import os
from typing import Final

__all__ = ["__version__", "error_kinds", "memorable_name", "preview", "schema"]

__version__: Final[str]

def error_kinds() -> list[str]: ...
def memorable_name(seed: str) -> str: ...
def preview(
    source: str | os.PathLike[str],
    name: str | None,
    domains: list[str],
    env: dict[str, str],
    port: int | None,
    settings: str | None,
) -> str: ...
def schema(kind: str) -> str: ...
