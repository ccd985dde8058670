import time
from binascii import unhexlify
from typing import Any

from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from provisioning.sealing import SealedField, unseal

DIGITS = 6
PERIOD_SECONDS = 30
# a phone's clock may be this many periods off
TOLERANCE = 1


class Authenticator(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """A staff member's code app: what django-otp's own TOTPDevice is, but its key is encrypted in the database.

    A code works once. After a wrong one the next is refused for 1, 2, 4, ... seconds.
    """

    sealed = SealedField(_("key"))
    drift = models.SmallIntegerField(default=0, editable=False)
    last_t = models.BigIntegerField(default=-1, editable=False)

    class Meta:
        verbose_name = _("code app")
        verbose_name_plural = _("code apps")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("user",), name="one_code_app_a_person"),)

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        clock = code_clock(unseal(self.sealed)["key"], drift=self.drift)
        if not (token.isdecimal() and clock.verify(int(token), TOLERANCE, self.last_t + 1)):
            self.throttle_increment()
            return False
        self.last_t, self.drift = clock.t(), clock.drift
        return _accepted(self)

    def get_throttle_factor(self) -> int:
        return 1


class RecoveryCodes(TimestampMixin, ThrottlingMixin, Device):  # type: ignore[misc]
    """Codes to sign in with when the phone is lost. Only digests are kept; each code works once."""

    digests = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = _("recovery codes")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("user",), name="one_set_of_recovery_codes_a_person"),)

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        given = recovery_digest(token)
        left = [digest for digest in self.digests if not constant_time_compare(digest, given)]
        if len(left) == len(self.digests):
            self.throttle_increment()
            return False
        self.digests = left
        return _accepted(self)

    def get_throttle_factor(self) -> int:
        return 1


def _accepted(device: Any) -> bool:
    device.throttle_reset(commit=False)
    device.set_last_used_timestamp(commit=False)
    device.save()
    return True


def code_clock(key: str, *, drift: int = 0) -> Any:
    """What computes and checks the codes of this hexadecimal key, now."""
    clock = TOTP(unhexlify(key), PERIOD_SECONDS, 0, DIGITS, drift)
    clock.time = time.time()
    return clock


def recovery_digest(code: str) -> str:
    """Keyed with SECRET_KEY: fifty random bits alone could be guessed from a stolen database."""
    return salted_hmac("recovery code", code, algorithm="sha256").hexdigest()
