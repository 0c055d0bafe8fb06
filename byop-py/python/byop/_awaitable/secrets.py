"""Secrets that the engine keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Awaitable
from .._secret import Secret, exposed

if TYPE_CHECKING:
    from ..types import KeyRotation, StoredSecret


class Secrets(Awaitable):
    """Secrets that the engine keeps."""

    async def put_secret(self, name: str, value: str | Secret) -> StoredSecret:
        """Keep a secret, sealed, under a name that specs refer to.

        Raises:
            UnauthenticatedError: The engine has no key.
        """
        return cast("StoredSecret", await self._call("put_secret", name=name, value=exposed(value)))

    async def list_secrets(self) -> list[StoredSecret]:
        """Return the names of the secrets that are kept, without their values."""
        return cast("list[StoredSecret]", await self._call("list_secrets"))

    async def delete_secret(self, name: str) -> None:
        """Forget a secret.

        Raises:
            ConflictError: An app needs it.
        """
        await self._call("delete_secret", name=name)

    async def rotate_keys(self) -> KeyRotation:
        """Seal all secrets anew with the first key of the engine.

        Raises:
            UnauthenticatedError: The engine has not the key that a secret needs.
        """
        return cast("KeyRotation", await self._call("rotate_keys"))
