"""byop: everything between a source tree and a live application, as a library.

>>> import byop
>>> preview = byop.preview("./shop", domains=["shop.example.com"])
>>> print(preview["files"]["Dockerfile"]["contents"])
"""

from ._byop import __version__, memorable_name
from ._preview import preview, schema
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
from .types import Preview

# `from byop import *` must not replace the builtin TimeoutError, so the exceptions other than the base stay out.
__all__ = ["ByopError", "Preview", "__version__", "memorable_name", "preview", "schema"]
