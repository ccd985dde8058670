"""What is said to who has asked for too much: what was too much, and when to come back."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.counters import Usage
from tenants.limits.policies import Policy
from tenants.wording import dates

# in how many seconds, in one, in several; the longest first
RATES = (
    (86_400, gettext_lazy("%(limit)d a day"), gettext_lazy("%(limit)d in %(count)d days")),
    (3600, gettext_lazy("%(limit)d an hour"), gettext_lazy("%(limit)d in %(count)d hours")),
    (60, gettext_lazy("%(limit)d a minute"), gettext_lazy("%(limit)d in %(count)d minutes")),
    (1, gettext_lazy("%(limit)d a second"), gettext_lazy("%(limit)d in %(count)d seconds")),
)


def over_at(usage: Usage) -> datetime:
    """A moment after which it is possible again, to the minute."""
    return timezone.now() + timedelta(seconds=usage.reset_seconds + 60)


def rate(policy: Policy) -> str:
    """As people say it: “3 a day”, “1 in 5 minutes”."""
    unit, one, several = next(each for each in RATES if policy.window % each[0] == 0)
    count = policy.window // unit
    return str(one if count == 1 else several) % {"limit": policy.limit, "count": count}


def refusal(usage: Usage) -> str:
    """For programs and those who read over their shoulder: with day, hour and zone."""
    return _("%(what)s Please come back after %(moment)s.") % {
        "what": usage.claim.policy.refusal,
        "moment": dates.precisely(over_at(usage)),
    }
