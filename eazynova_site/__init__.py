"""The composition root: settings, addresses, Celery, checks. Nothing imports it."""

from eazynova_site.celery import app as celery_app

__all__ = ["celery_app"]
