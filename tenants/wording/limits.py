"""What is said to who has asked for too much: what was too much, and when to come back."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.limits.counters import Usage
from tenants.wording import dates


def over_at(usage: Usage) -> datetime:
    """A moment after which it is possible again, to the minute."""
    return timezone.now() + timedelta(seconds=usage.reset_seconds + 60)


def refusal(usage: Usage) -> str:
    """For programs and those who read over their shoulder: with day, hour and zone."""
    return _("%(what)s Please come back after %(moment)s.") % {
        "what": usage.claim.policy.refusal,
        "moment": dates.precisely(over_at(usage)),
    }
