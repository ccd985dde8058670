"""manage.py worker: does what is due in this process; stands in for Celery's worker and beat without a broker."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.translation import gettext as _

from eazynova_site.celery import PERIODIC, SIGN_OF_LIFE_SECONDS
from provisioning.engine import running
from provisioning.vitals import heartbeat
from tenants.mails import outbox
from tenants.webhooks import deliveries

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Run due operations and everything periodic in this process, without a broker.")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if settings.REDIS_URL:
            self.stderr.write(_("REDIS_URL is set: Celery's worker and beat do this work; this command helps them."))
        next_time, next_sign = dict.fromkeys(PERIODIC, 0.0), 0.0
        while not stop.wait(0.2):
            for work in (running.run_due, outbox.deliver_due, deliveries.deliver_due):
                attempt(work)
            for job in PERIODIC:
                if time.monotonic() >= next_time[job]:
                    next_time[job] = time.monotonic() + job.seconds
                    attempt(current_app.tasks[job.task])
            if time.monotonic() >= next_sign:
                next_sign = time.monotonic() + SIGN_OF_LIFE_SECONDS
                attempt(partial(heartbeat.beat, heartbeat.WORKER))


def attempt(work: Callable[[], object]) -> bool:
    """Do it, as Celery's worker would: a failure is logged and ends neither this process nor the next attempt."""
    close_old_connections()
    try:
        work()
    except Exception:
        logger.exception("%s failed", getattr(work, "__name__", work))
        return False
    return True
