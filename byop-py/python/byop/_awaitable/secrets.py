"""Secrets that the engine stores, sealed with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Awaitable
from .._secret import Secret, exposed

if TYPE_CHECKING:
    from ..types import KeyRotation, StoredSecret


class Secrets(Awaitable):
    """Secrets that the engine stores, sealed with its keys."""

    async def put_secret(self, name: str, value: str | Secret) -> StoredSecret:
        """Store a secret under a name that specs refer to, such as ``byop.app("./shop", secrets={"DB_URL":
        "db-url"})``.

        A secret of this name from ``Engine(secrets=...)`` takes precedence. Apps get a new value with their next
        deployment. Putting the same value again changes nothing. A value of less than four bytes is stored, but not
        removed from logs.

        Raises:
            InvalidInputError: The name is wrong.
            UnauthenticatedError: The engine has no key, or lacks the one that stored secrets need.
        """
        return cast("StoredSecret", await self._call("put_secret", name=name, value=exposed(value)))

    async def list_secrets(self) -> list[StoredSecret]:
        """Return the names and versions of stored secrets, without their values, in order of name.

        Raises:
            UnauthenticatedError: The engine lacks the key that stored secrets need.
        """
        return cast("list[StoredSecret]", await self._call("list_secrets"))

    async def delete_secret(self, name: str) -> None:
        """Delete a secret, whether an app uses it or not. Deleting one that is gone is fine.

        What runs keeps the value; the next deployment of an app that refers to it fails with ``NotFoundError``.
        """
        await self._call("delete_secret", name=name)

    async def rotate_keys(self) -> KeyRotation:
        """Seal all secrets, those of clients too, with the first of the engine's ``keys``; the others are then not
        needed.

        Everything goes on meanwhile. If it is interrupted, call it again: until then both keys are needed.

        Raises:
            UnauthenticatedError: The engine has no key, or lacks one that a secret needs.
            PermissionDeniedError: The engine was made with ``for_client``.
            CorruptError: A stored secret was changed.
        """
        return cast("KeyRotation", await self._call("rotate_keys"))
