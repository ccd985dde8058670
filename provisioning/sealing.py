"""The one kind of encrypted column: a JSON object that only a holder of ENCRYPTION_KEYS can read."""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SealBroken(Exception):
    """The stored value was sealed with a key that ENCRYPTION_KEYS no longer holds."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(values: dict[str, str]) -> str:
    """Encrypt ``values`` with the first of ENCRYPTION_KEYS; an empty object stays an empty string."""
    if not values:
        return ""
    return _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(json.dumps(values).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Decrypt what :func:`seal` made with any of ENCRYPTION_KEYS. Raises SealBroken."""
    if not sealed:
        return {}
    try:
        opened: dict[str, str] = json.loads(_cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise SealBroken("No key of ENCRYPTION_KEYS opens this secret.") from error
    return opened


def reseal(sealed: str) -> str:
    """The same value, encrypted with the first of ENCRYPTION_KEYS. Raises SealBroken."""
    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken("No key of ENCRYPTION_KEYS opens this secret.") from error


class SealedField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Text that holds the output of :func:`seal`; it is never shown by a form, an admin page or a serializer."""

    description = _("Encrypted secrets")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(blank=True, default="", editable=False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for implied in ("blank", "default", "editable"):
            kwargs.pop(implied, None)
        return name, path, args, kwargs
