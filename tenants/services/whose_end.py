"""Whose an instance's end is: the customer's own, or the seller's, which stays known while the customer's comes first.

Read from the audit trail, where every change of an end stands with who made it.
"""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants.mails.told import BY_CUSTOMER, BY_EXPIRY, BY_SELLER
from tenants.models import AuditEntry, Instance

CUSTOMER, EXPIRY = "customer", "expiry"


def sellers_end(instance: Instance) -> datetime | None:
    """The end that was agreed with the seller, whatever earlier day the customer has chosen; None: there is none."""
    changes = _changes(instance)
    last = changes.exclude(actor=CUSTOMER).order_by("-pk").first()
    own = changes.filter(actor=CUSTOMER, pk__gt=last.pk if last else 0).order_by("pk").first()
    if own is None:
        return instance.expires_at
    told = own.before.get("expires_at")
    return datetime.fromisoformat(told) if told else None


def has_own_end(instance: Instance) -> bool:
    """Whether ``expires_at`` is a day that its customer has chosen."""
    return instance.expires_at is not None and instance.expires_at != sellers_end(instance)


def ends_by(instance: Instance) -> str:
    """Who has brought it about that it stops at ``expires_at``: a chosen day is its customer's, any other one's the
    order's.
    """
    return BY_CUSTOMER if has_own_end(instance) else BY_EXPIRY


def deleted_by(instance: Instance) -> str:
    """Who has brought it about that it is deleted at ``decommission_after``."""
    last = AuditEntry.objects.filter(instance=instance, act="schedule_decommission").order_by("-pk").first()
    actor = last.actor if last else ""
    return BY_CUSTOMER if actor == CUSTOMER else ends_by(instance) if actor == EXPIRY else BY_SELLER


def is_over(instance: Instance) -> bool:
    """Whether the seller's end has passed: then nothing that a customer takes back makes it go on."""
    end = sellers_end(instance)
    return end is not None and end <= timezone.now()


def _changes(instance: Instance) -> QuerySet[AuditEntry]:
    # an undoing changes the end only when that has passed
    changed = Q(act="change_expiry") | Q(act="undo_decommission", before__has_key="expires_at")
    return AuditEntry.objects.filter(changed, instance=instance)
