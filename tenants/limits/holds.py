"""Who is held back: kept for staff when somebody is refused, and forgotten when they let somebody through."""

import unicodedata
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from tenants.limits.rules import Count
from tenants.models import HeldBack, LimitCount

KEPT = timedelta(days=30)
LONGEST = 254


def note(policy: str, subject: str, count: Count) -> None:
    """One row a policy and subject, written at the first refusal, the second, the fourth: guessing must stay cheap."""
    if count.refused & (count.refused - 1):
        return
    now, until = timezone.now(), datetime.fromtimestamp(count.ends_at, UTC)
    subject = storable(subject)
    same = HeldBack.objects.filter(policy=policy, subject=subject)
    if count.refused > 1 and same.update(until=until, refused=count.refused, last_at=now):
        return
    HeldBack.objects.update_or_create(
        policy=policy,
        subject=subject,
        defaults={"until": until, "refused": count.refused, "since": now, "last_at": now},
    )


def storable(subject: str) -> str:
    """As a row can keep it and staff can read it: a sign-in's name is counted before anybody has looked at it."""
    shown = ("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) in ("Cc", "Cs") else each for each in subject)
    return "".join(shown)[:LONGEST]


def purge() -> int:
    """Forget windows that are over, and who was held back a month ago."""
    LimitCount.objects.filter(ends_at__lt=timezone.now().timestamp()).delete()
    return HeldBack.objects.filter(until__lt=timezone.now() - KEPT).delete()[0]
