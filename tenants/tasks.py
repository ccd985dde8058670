"""The doorbell of the e-mails and the webhooks."""

import logging
from typing import Any

from celery import shared_task
from django.conf import settings
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from provisioning.doorbell import LOST_AFTER, Priority
from tenants.alerts import evaluation
from tenants.costs import upkeep as costs
from tenants.limits import holds
from tenants.mails import outbox
from tenants.models import Pool
from tenants.services import (
    address_proof,
    backups,
    customer_sessions,
    drills,
    ending,
    idempotency,
    plan_changes,
    pool,
    probes,
    reconciliation,
    retention,
    signup,
    standing,
    test_mode,
)
from tenants.signals import mail_due, pool_due, webhook_due
from tenants.webhooks import deliveries, notices

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def deliver_mail(mail_id: int) -> None:
    outbox.deliver(mail_id)


@shared_task(ignore_result=True)
def sweep_mails() -> None:
    outbox.sweep()


@receiver(mail_due, dispatch_uid="ring_for_mail")
def ring(mail_id: int, **news: Any) -> None:
    """Tell a worker; the sweep finds the row when no broker hears it."""
    if not settings.REDIS_URL:
        return
    try:
        deliver_mail.apply_async((mail_id,), priority=Priority.MAIL.value, expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will find mail %s: %s", mail_id, error)


@shared_task(ignore_result=True)
def tend_drills() -> None:
    drills.tend()
    drills.begin_due()


@shared_task(ignore_result=True)
def deliver_webhook(delivery_id: int) -> None:
    deliveries.deliver(delivery_id)


@shared_task(ignore_result=True)
def sweep_webhooks() -> None:
    deliveries.sweep()
    notices.send_due()


@shared_task(ignore_result=True)
def purge_api_records() -> None:
    deliveries.purge()
    idempotency.purge()
    standing.purge()
    holds.purge()


@receiver(webhook_due, dispatch_uid="ring_for_webhook")
def ring_for_webhook(delivery_id: int, **news: Any) -> None:
    if not settings.REDIS_URL:
        return
    try:
        deliver_webhook.apply_async((delivery_id,), expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will find webhook delivery %s: %s", delivery_id, error)


@shared_task(ignore_result=True)
def forget_and_remind() -> None:
    retention.forget_passwords()
    retention.forget_sign_ins()
    retention.forget_events()
    ending.remind_of_ends()
    signup.purge()
    address_proof.purge()
    customer_sessions.purge()


@shared_task(ignore_result=True)
def expire_instances() -> None:
    ending.expire()
    test_mode.remove_old()


@shared_task(ignore_result=True)
def change_plans() -> None:
    plan_changes.carry_out_due()


@shared_task(ignore_result=True)
def reconcile_daily() -> None:
    reconciliation.reconcile_daily()


@shared_task(ignore_result=True)
def tend_costs() -> None:
    costs.tend()


@shared_task(ignore_result=True)
def order_backups() -> None:
    backups.order_due()


@shared_task(ignore_result=True)
def erase_backups() -> None:
    backups.erase_due()


@shared_task(ignore_result=True)
def probe_instances() -> None:
    probes.look_around()


@shared_task(ignore_result=True)
def tend_pools() -> None:
    pool.tend_all()


@shared_task(ignore_result=True)
def fill_pool(pool_id: int) -> None:
    pool.fill(Pool.objects.get(pk=pool_id))


@receiver(pool_due, dispatch_uid="ring_for_pool")
def ring_for_pool(pool_id: int, **news: Any) -> None:
    """Its successor is begun at once, by somebody else than who serves the order; the sweep does it all the same."""
    if not settings.REDIS_URL:
        fill_pool(pool_id)
        return
    try:
        fill_pool.apply_async((pool_id,), priority=Priority.STOCK.value, expires=LOST_AFTER.total_seconds())
    except OperationalError as error:
        logger.warning("The broker is away, the sweep will fill pool %s: %s", pool_id, error)


@shared_task(ignore_result=True)
def tend_alerts() -> None:
    evaluation.evaluate()
