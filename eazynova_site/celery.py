"""Celery's app and the one list of everything periodic, which the embedded worker uses too."""

import os
from dataclasses import dataclass

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eazynova_site.settings")


@dataclass(frozen=True)
class PeriodicJob:
    """``task`` is run every ``seconds``."""

    name: str
    task: str
    seconds: float


PERIODIC = (
    PeriodicJob("ring for due operations", "provisioning.tasks.sweep", 5),
    PeriodicJob("watch deployments", "provisioning.tasks.watch", settings.RAILWAY_POLL_SECONDS),
    PeriodicJob("ring for due mails", "tenants.tasks.sweep_mails", 10),
)

app = Celery("eazynova")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {job.name: {"task": job.task, "schedule": job.seconds} for job in PERIODIC}
