"""Which moments are taken from outside: those that every database, time zone and calendar page can hold."""

from datetime import UTC, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)
REFUSAL = _("Give a moment between the years 1970 and 2999.")
VALIDATORS = (MinValueValidator(EARLIEST, REFUSAL), MaxValueValidator(LATEST, REFUSAL))
