"""Asking for a backup, and what is known of an instance's backups."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from provisioning.models import Backup
from provisioning.signals import backup_changed

_S = Backup.State


def ask(instance_id: int, occasion: Backup.Occasion, *, any_size: bool = False) -> Backup:
    """A backup of this instance, begun by its agent within a minute or so; one that is under way already is returned.

    One that rests between two tries goes on at once. ``any_size``: it is believed however small it is.
    """
    try:
        with transaction.atomic():
            backup = Backup.objects.create(instance_id=instance_id, occasion=occasion, any_size=any_size)
            backup_changed.send(Backup, backup=backup)
            return backup
    except IntegrityError:
        open_one = Backup.objects.filter(instance_id=instance_id, state__in=Backup.OPEN)
        open_one.filter(state=_S.WAITING).update(run_after=timezone.now())
        if any_size:
            open_one.update(any_size=True)
        return open_one.get()


def newest_good(instance_id: int) -> Backup | None:
    """Of those that hold this instance's own data."""
    return Backup.objects.own().filter(instance_id=instance_id, state=_S.GOOD).order_by("-ended_at").first()
