"""byop: everything between a source tree and a running web application, as a library.

>>> import byop, byop.testing
>>> host = byop.testing.FakeRuntime()  # With Docker, use byop.Engine() and skip this line and the next.
>>> host.add_image("shop:1", port=8080)
>>> engine = byop.Engine(runtimes=host)
>>> job = engine.deploy(byop.app({"image": "shop:1"}, name="shop", domains=["shop.example.com"]))
>>> engine.wait(job)["state"]
'succeeded'
>>> engine.get_app("shop")["url"]
'http://shop.example.com/'

``preview`` shows what would be built, and needs no engine:

    preview = byop.preview("./shop", domains=["shop.example.com"])
    print(preview["files"]["Dockerfile"]["contents"])

- ``Engine`` blocks, ``AsyncEngine`` is awaited; both have the verbs of the Rust library.
- ``byop.recipes`` has short examples of common tasks.
- ``byop.types`` names the keys of the plain dictionaries that verbs take and return. Times are milliseconds since 1970.
- ``byop.exceptions`` has the errors, which are also in ``byop`` itself.
- ``byop.clouds`` has the cloud providers.
- ``byop.ports`` has the interfaces that you can implement.
- ``byop.testing`` has fakes for tests, and the behaviour suites for such implementations.

A program that stays up calls ``engine.resume()`` once in every process, at its start. byop serves plain HTTP: terminate
TLS in front of it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._byop import __version__, memorable_name
from ._engine import AsyncEngine, Engine
from ._face import AsyncStream, Stream
from ._handles import Docker, MemoryStore, PostgresStore, SqliteStore
from ._preview import app, cloud_init, preview, schema, services
from ._secret import Secret
from .clouds import Aws, DigitalOcean, DockerCloud, Ovh
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
    from . import testing as testing
    from . import types as types
    from .types import Preview as Preview

# `from byop import *` must not replace the builtin TimeoutError, so the exceptions other than the base stay out.
__all__ = [
    "AsyncEngine",
    "AsyncStream",
    "Aws",
    "ByopError",
    "DigitalOcean",
    "Docker",
    "DockerCloud",
    "Engine",
    "MemoryStore",
    "Ovh",
    "PostgresStore",
    "Secret",
    "SqliteStore",
    "Stream",
    "__version__",
    "app",
    "cloud_init",
    "memorable_name",
    "preview",
    "schema",
    "services",
]


def __getattr__(name: str) -> Any:
    # Types are many and seldom wanted while a program runs, and fakes only in tests.
    if name in ("testing", "types"):
        return importlib.import_module(f"{__name__}.{name}")
    if name == "Preview":
        from .types import Preview

        return Preview
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
