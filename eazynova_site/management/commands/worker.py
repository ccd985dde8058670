"""manage.py worker: does what is due in this process; stands in for Celery's worker and beat without a broker."""

import signal
import threading
import time
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eazynova_site.celery import PERIODIC
from provisioning import engine
from tenants import mails, webhooks


class Command(BaseCommand):
    help = gettext_lazy("Run due operations and everything periodic in this process, without a broker.")  # type: ignore[assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if settings.REDIS_URL:
            self.stderr.write(_("REDIS_URL is set: Celery's worker and beat do this work; this command helps them."))
        next_time = dict.fromkeys(PERIODIC, 0.0)
        while not stop.wait(0.2):
            engine.run_due()
            mails.deliver_due()
            webhooks.deliver_due()
            for job in PERIODIC:
                if time.monotonic() >= next_time[job]:
                    next_time[job] = time.monotonic() + job.seconds
                    current_app.tasks[job.task].apply(throw=True)
