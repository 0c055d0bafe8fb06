"""byop: everything between a source tree and a live application, as a library.

>>> import byop
>>> preview = byop.preview("./shop", domains=["shop.example.com"])
>>> print(preview["files"]["Dockerfile"]["contents"])
"""

from typing import TYPE_CHECKING, Any

from ._byop import __version__, memorable_name
from ._engine import AsyncEngine, Engine
from ._face import AsyncStream, Stream
from ._handles import Docker, MemoryStore, PostgresStore, SqliteStore
from ._preview import app, preview, schema
from ._secret import Secret
from .exceptions import AlreadyExistsError as AlreadyExistsError
from .exceptions import ByopError as ByopError
from .exceptions import CancelledError as CancelledError
from .exceptions import ConflictError as ConflictError
from .exceptions import CorruptError as CorruptError
from .exceptions import InternalError as InternalError
from .exceptions import InvalidInputError as InvalidInputError
from .exceptions import LeaseLostError as LeaseLostError
from .exceptions import NotFoundError as NotFoundError
from .exceptions import PermissionDeniedError as PermissionDeniedError
from .exceptions import QuotaExceededError as QuotaExceededError
from .exceptions import RateLimitedError as RateLimitedError
from .exceptions import TimeoutError as TimeoutError
from .exceptions import UnauthenticatedError as UnauthenticatedError
from .exceptions import UnavailableError as UnavailableError
from .exceptions import UnhealthyError as UnhealthyError
from .exceptions import UnsupportedError as UnsupportedError

if TYPE_CHECKING:
    from .types import Preview as Preview

# `from byop import *` must not replace the builtin TimeoutError, so the exceptions other than the base stay out.
__all__ = [
    "AsyncEngine",
    "AsyncStream",
    "ByopError",
    "Docker",
    "Engine",
    "MemoryStore",
    "PostgresStore",
    "Preview",
    "Secret",
    "SqliteStore",
    "Stream",
    "__version__",
    "app",
    "memorable_name",
    "preview",
    "schema",
]


def __getattr__(name: str) -> Any:
    # Types are many and seldom wanted while a program runs.
    if name == "Preview":
        from .types import Preview

        return Preview
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
