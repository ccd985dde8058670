"""Use cases on the second factor of staff: enrol, prove, renew the recovery codes, remove. All of them are audited."""

import secrets
from base64 import b32encode
from binascii import unhexlify
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from provisioning.sealing import SealBroken, seal, unseal
from tenants.audit import acting
from tenants.models import AuditEntry, Authenticator, RecoveryCodes
from tenants.models.second_factor import DIGITS, PERIOD_SECONDS, TOLERANCE, code_clock, recovery_digest

ISSUER = "EAZYNOVA"
OFFERED_FOR = timedelta(minutes=30)
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class CodeRefused(Exception):
    """Wrong or used; ``until`` when codes are not even looked at before that moment."""

    def __init__(self, until: datetime | None = None) -> None:
        super().__init__()
        self.until = until


class OfferOver(Exception):
    """The page with the key is too old, another person's, or was used already."""


@dataclass(frozen=True)
class Offer:
    """A key for a code app that is not stored yet: ``sealed`` travels through the form and comes back."""

    sealed: str
    key: str

    @property
    def typed(self) -> str:
        """The key as people type it: base 32, in groups of four."""
        text = b32encode(unhexlify(self.key)).decode().rstrip("=")
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    def address(self, user: User) -> str:
        """What the QR code says, in the form that all code apps read."""
        label = quote(f"{ISSUER}:{user.get_username()}")
        facts = {"secret": self.typed.replace(" ", ""), "issuer": ISSUER, "digits": DIGITS, "period": PERIOD_SECONDS}
        return f"otpauth://totp/{label}?{urlencode(facts)}"


def is_enrolled(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, confirmed=True).exists())


def offer(user: User) -> Offer:
    """A new key; nothing is stored before :func:`enrol`."""
    key = secrets.token_hex(20)
    facts = {"key": key, "user": str(user.pk), "replaces": _enrolled_key(user), "at": timezone.now().isoformat()}
    return Offer(seal(facts), key)


def reopen(user: User, sealed: str) -> Offer:
    """The offer that this person's form brings back. Raises OfferOver."""
    try:
        facts = unseal(sealed)
        made, key = parse_datetime(facts["at"]), facts["key"]
    except (SealBroken, KeyError, ValueError) as error:
        raise OfferOver from error
    fresh = made is not None and made > timezone.now() - OFFERED_FOR
    if not fresh or facts["user"] != str(user.pk) or facts["replaces"] != _enrolled_key(user):
        raise OfferOver
    return Offer(sealed, key)


def enrol(user: User, offered: Offer, code: str) -> tuple[Authenticator, list[str]]:
    """Store the code app, in place of one before, when ``code`` is its code now; the second value are the
    recovery codes, shown this once. Raises CodeRefused."""
    clock = code_clock(offered.key)
    code = tidy(code)
    if not (code.isdecimal() and clock.verify(int(code), TOLERANCE)):
        raise CodeRefused
    with transaction.atomic(), acting(user.get_username()):
        replaced = bool(Authenticator.objects.filter(user=user).delete()[0])
        made = Authenticator.objects.create(
            user=user, name=ISSUER, sealed=seal({"key": offered.key}), last_t=clock.t(), drift=clock.drift
        )
        _note("replaced" if replaced else "enrolled", user)
        return made, _new_recovery_codes(user)


def prove(user: User, code: str) -> Any:
    """The device that accepts ``code``, from the app or a recovery code. Raises CodeRefused."""
    code = tidy(code)
    model = Authenticator if len(code) == DIGITS else RecoveryCodes
    with transaction.atomic(), acting(user.get_username()):
        device = model.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is not None and device.verify_token(code):
            left = {"codes_left": len(device.digests)} if isinstance(device, RecoveryCodes) else {}
            _note("recovery_code_used" if left else "passed", user, **left)
            return device
    # the failure is committed, and told with the moment from which the next code is looked at
    why = device.verify_is_allowed()[1] if device is not None else None
    raise CodeRefused((why or {}).get("locked_until"))


def renew_recovery_codes(user: User) -> list[str]:
    """New codes, shown this once; the old ones work no more."""
    with transaction.atomic(), acting(user.get_username()):
        _note("recovery_codes_renewed", user)
        return _new_recovery_codes(user)


def recovery_codes_left(user: User) -> int:
    kept = RecoveryCodes.objects.filter(user=user).first()
    return len(kept.digests) if kept else 0


def reset(user: User, *, actor: str, reason: str = "") -> bool:
    """Remove code app and recovery codes; whether there was anything to remove."""
    with transaction.atomic(), acting(actor, reason):
        removed = [model.objects.filter(user=user).delete()[0] for model in (Authenticator, RecoveryCodes)]
        if any(removed):
            _note("removed", user)
        return any(removed)


def tidy(code: str) -> str:
    """People type spaces and hyphens as they see them."""
    return "".join(code.split()).replace("-", "").lower()


def _new_recovery_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCodes.objects.filter(user=user).delete()
    RecoveryCodes.objects.create(user=user, name=ISSUER, digests=[recovery_digest(code) for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _enrolled_key(user: User) -> str:
    """Which code app an offer replaces, so that one offer is used once."""
    return str(Authenticator.objects.filter(user=user).values_list("pk", flat=True).first() or "")


def _note(what: str, user: User, **facts: Any) -> None:
    AuditEntry.write(f"second_factor:{what}", None, subject=user.get_username(), after=facts)
