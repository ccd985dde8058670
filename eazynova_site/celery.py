"""Celery's app and the one list of everything periodic, which the embedded worker uses too."""

import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import django
from celery import Celery
from celery.signals import beat_init, celeryd_init, heartbeat_sent
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, close_old_connections
from kombu.exceptions import OperationalError

from eazynova_site import alive
from eazynova_site.checks import refuse_half_configuration

logger = logging.getLogger(__name__)
SIGN_OF_LIFE_SECONDS = 10.0
_told_at = -SIGN_OF_LIFE_SECONDS
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eazynova_site.settings")


@dataclass(frozen=True)
class PeriodicJob:
    """``task`` is run every ``seconds``."""

    name: str
    task: str
    seconds: float


PERIODIC = (
    PeriodicJob("ring for due operations", "provisioning.tasks.sweep", 5),
    PeriodicJob("watch deployments", "provisioning.tasks.watch", min(1, settings.RAILWAY_POLL_SECONDS)),
    PeriodicJob("look where webhooks told of news", "provisioning.tasks.catch_up", 1),
    PeriodicJob("probe Railway in an outage", "provisioning.tasks.tend_outages", 5),
    PeriodicJob("follow running backups", "provisioning.tasks.sweep_backups", 60),
    PeriodicJob("look at customers' own domains", "provisioning.tasks.sweep_domains", 15),
    PeriodicJob("ask again for what follows a creation", "provisioning.tasks.tend_afterwards", 60),
    PeriodicJob("ask for due backups", "tenants.tasks.order_backups", 300),
    # looks every hour, as below; after a failure that is the next try
    PeriodicJob("back up our own database", "provisioning.tasks.back_up_site", 3600),
    # a twelfth of the customers a month; looks more often, to judge and remove what is under way
    PeriodicJob("try out backups", "tenants.tasks.tend_drills", 600),
    PeriodicJob("erase what no policy keeps", "tenants.tasks.erase_backups", 3600),
    PeriodicJob("tell staff what is wrong", "tenants.tasks.tend_alerts", 30),
    PeriodicJob("fill and retire warm units", "tenants.tasks.tend_pools", 60),
    PeriodicJob("look at live instances", "tenants.tasks.probe_instances", 60),
    PeriodicJob("ring for due mails", "tenants.tasks.sweep_mails", 10),
    PeriodicJob("ring for due webhooks", "tenants.tasks.sweep_webhooks", 10),
    PeriodicJob("forget old API records", "tenants.tasks.purge_api_records", 3600),
    PeriodicJob("change plans whose day has come", "tenants.tasks.change_plans", 300),
    PeriodicJob("end what has expired", "tenants.tasks.expire_instances", 600),
    # looks every hour whether a day has passed: a beat that is often restarted would never reach a day
    PeriodicJob("compare the ledger with Railway", "tenants.tasks.reconcile_daily", 3600),
    PeriodicJob("read what was used", "tenants.tasks.tend_costs", 3600),
    PeriodicJob("forget passwords, remind of ends", "tenants.tasks.forget_and_remind", 3600),
)

app = Celery("eazynova")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # after a time without workers only the latest call of each job is worth running
    job.name: {"task": job.task, "schedule": job.seconds, "options": {"expires": max(job.seconds, 60)}}
    for job in PERIODIC
}


@heartbeat_sent.connect
def _tell_that_a_worker_lives(**news: Any) -> None:
    """Celery's worker says so every two seconds, busy or not, with or without a beat."""
    from provisioning.vitals import heartbeat  # noqa: PLC0415  models are not there before

    global _told_at  # noqa: PLW0603
    if time.monotonic() - _told_at < SIGN_OF_LIFE_SECONDS:
        return
    _told_at = time.monotonic()
    close_old_connections()
    try:
        heartbeat.beat(heartbeat.WORKER)
        alive.touch()
        if heartbeat.BEAT in heartbeat.silent():
            # who else would tell staff that nothing periodic runs
            app.send_task("tenants.tasks.tend_alerts", expires=SIGN_OF_LIFE_SECONDS)
    except (DatabaseError, OperationalError) as error:
        logger.warning("No sign of life could be written down: %s", type(error).__name__)


@celeryd_init.connect
@beat_init.connect
def _stop_when_half_configured(**news: Any) -> None:
    if not apps.ready:
        django.setup()
    try:
        refuse_half_configuration()
    except ImproperlyConfigured as error:
        logger.critical("%s", error)
        # Celery's signals swallow every other exception
        sys.exit(1)
