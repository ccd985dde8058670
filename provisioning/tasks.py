"""The doorbell: Celery carries one operation id, never state and never a secret."""

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.conf import settings
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from provisioning.backups import checking, upkeep
from provisioning.domains import tending
from provisioning.doorbell import LOST_AFTER, Priority
from provisioning.engine import running
from provisioning.errors import ProvisioningError
from provisioning.gate import outages
from provisioning.signals import backup_due, domain_due, operation_due
from provisioning.site_backup import making
from provisioning.vitals import heartbeat
from provisioning.watching import afterwards, watcher

logger = logging.getLogger(__name__)
MOST_DOMAINS_AT_ONCE = 2


@shared_task(ignore_result=True)
def run_operation(operation_id: int) -> None:
    running.run(operation_id)


@shared_task(ignore_result=True)
def sweep() -> None:
    running.sweep()
    heartbeat.beat(heartbeat.BEAT)


@shared_task(ignore_result=True)
def watch() -> None:
    if watcher.watch_in_turn() is not None:
        heartbeat.beat(heartbeat.WATCHER)


@shared_task(ignore_result=True)
def catch_up() -> None:
    watcher.catch_up()


@shared_task(ignore_result=True)
def check_backup(backup_id: int) -> None:
    checking.check(backup_id)


@shared_task(ignore_result=True)
def sweep_backups() -> None:
    """Without a broker there is nobody else to check what it finds."""
    for backup_id in upkeep.sweep():
        if not settings.REDIS_URL:
            checking.check(backup_id)


@receiver(backup_due, dispatch_uid="ring_for_backup")
def ring_for_backup(backup_id: int, **news: Any) -> None:
    """As `ring`: the sweep finds it when no broker hears this."""
    if not settings.REDIS_URL:
        return
    try:
        check_backup.apply_async((backup_id,), expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will find backup %s: %s", backup_id, error)


@shared_task(ignore_result=True)
def tend_domain(domain_id: int) -> None:
    tending.tend(domain_id)


@shared_task(ignore_result=True)
def sweep_domains() -> None:
    """A look at a zone whose servers are silent takes long: without a broker only a few stand in the others' way."""
    if settings.REDIS_URL:
        for domain_id in tending.sweep():
            ring_for_domain(domain_id)
    else:
        for domain_id in tending.sweep(MOST_DOMAINS_AT_ONCE):
            tending.tend(domain_id)


@receiver(domain_due, dispatch_uid="ring_for_domain")
def ring_for_domain(domain_id: int, **news: Any) -> None:
    """As `ring`."""
    if not settings.REDIS_URL:
        return
    try:
        tend_domain.apply_async((domain_id,), expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will find domain %s: %s", domain_id, error)


@shared_task(ignore_result=True)
def back_up_site() -> None:
    """What goes wrong is in its row, from which staff are told."""
    with suppress(ProvisioningError):
        making.make_when_due()


@shared_task(ignore_result=True)
def tend_afterwards() -> None:
    afterwards.tend()


@shared_task(ignore_result=True)
def tend_outages() -> None:
    outages.tend()


@receiver(operation_due, dispatch_uid="ring_for_operation")
def ring(operation_id: int, priority: Priority, **news: Any) -> None:
    """Tell a worker. Without a broker, or when it is away, nothing is lost: the sweep finds the row.

    A message that nobody heard in time is not worth more work than dropping it, since the sweep has rung again.
    """
    if not settings.REDIS_URL:
        return
    try:
        run_operation.apply_async((operation_id,), priority=priority.value, expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will find operation %s: %s", operation_id, error)
