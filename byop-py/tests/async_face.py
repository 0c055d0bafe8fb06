"""Makes the awaitable verbs from the blocking ones: ``python async_face.py`` writes them."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "python" / "byop"
#: Where a method begins.
METHOD = re.compile(r"^(?=    def )", re.MULTILINE)


def files() -> dict[Path, str]:
    """The awaitable files, as the blocking ones want them."""
    made = {}
    for path in sorted((PACKAGE / "_blocking").glob("*.py")):
        made[PACKAGE / "_awaitable" / path.name] = awaitable(path.read_text())
    return made


def awaitable(text: str) -> str:
    """The same methods, to be awaited."""
    parts = [
        part.replace("    def ", "    async def ", 1).replace("self._call(", "await self._call(")
        if "self._call(" in part
        else part
        for part in METHOD.split(text)
    ]
    text = "".join(parts)
    text = text.replace("Blocking, Stream", "AsyncStream, Awaitable")
    text = re.sub(r"\bStream\b", "AsyncStream", text)
    return re.sub(r"\bBlocking\b", "Awaitable", text)


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
