"""Secrets that the engine keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .._face import Blocking
from .._secret import Secret, exposed

if TYPE_CHECKING:
    from ..types import KeyRotation, StoredSecret


class Secrets(Blocking):
    """Secrets that the engine keeps."""

    def put_secret(self, name: str, value: str | Secret) -> StoredSecret:
        """Keep a secret, sealed, under a name that specs refer to.

        Raises:
            UnauthenticatedError: The engine has no key.
        """
        return cast("StoredSecret", self._call("put_secret", name=name, value=exposed(value)))

    def list_secrets(self) -> list[StoredSecret]:
        """Return the names of the secrets that are kept, without their values."""
        return cast("list[StoredSecret]", self._call("list_secrets"))

    def delete_secret(self, name: str) -> None:
        """Forget a secret.

        Raises:
            ConflictError: An app needs it.
        """
        self._call("delete_secret", name=name)

    def rotate_keys(self) -> KeyRotation:
        """Seal all secrets anew with the first key of the engine.

        Raises:
            UnauthenticatedError: The engine has not the key that a secret needs.
        """
        return cast("KeyRotation", self._call("rotate_keys"))
