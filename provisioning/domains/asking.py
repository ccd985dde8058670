"""Asking for a domain, for a look at it, and for its removal: rows only, Railway hears of it later."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.models import Domain
from provisioning.signals import domain_changed, domain_due

_S = Domain.State


class Taken(Exception):
    """Some instance has, or is about to have, a domain of this name."""


def ask(instance_id: int, name: str) -> Domain:
    """A domain of this name at the instance, to be prepared at once. Raises Taken."""
    try:
        with transaction.atomic():
            domain = Domain.objects.create(instance_id=instance_id, name=name)
    except IntegrityError as error:
        raise Taken(name) from error
    ring(domain.pk)
    return domain


def look_now(domain: Domain) -> None:
    """Its next look comes at once."""
    Domain.objects.filter(pk=domain.pk).exclude(state=_S.REMOVED).update(run_after=timezone.now())
    ring(domain.pk)


def hold_instance(domain: Domain) -> None:
    """Whoever changes a domain of which its instance is told holds that first, as its other work does: two that each
    hold what the other wants would wait for ever.

    To be called within the transaction of that change, before it.
    """
    Domain.objects.select_related("instance").select_for_update(of=("instance",), no_key=True).get(pk=domain.pk)


def remove(domain: Domain) -> bool:
    """It is taken away: from our own words at once, then from Odoo's, at Railway last. False when that has begun.

    To be called within a transaction.
    """
    hold_instance(domain)
    now = timezone.now()
    living = Domain.objects.filter(pk=domain.pk, state__in=Domain.LIVE)
    if not living.update(state=_S.REMOVING, removal_asked_at=now, run_after=now, broken_at=None, wrong_since=None):
        return False
    domain.refresh_from_db()
    domain_changed.send(Domain, domain=domain, news=Domain.News.OFF)
    ring(domain.pk)
    return True


def end_with(instance_id: int) -> None:
    """The instance is gone at Railway, and with it whatever led to it: the names are free again."""
    Domain.objects.filter(~Q(state=_S.REMOVED), instance_id=instance_id).update(
        state=_S.REMOVED, removed_at=timezone.now(), lease_expires_at=None
    )


def ring(domain_id: int) -> None:
    """Somebody should look at it now."""
    transaction.on_commit(lambda: domain_due.send_robust(Domain, domain_id=domain_id))
