"""The site's Celery app with cheap password hashes: the stand-in would otherwise spend both cores on checking them."""

from eazynova_site.celery import app
from provisioning.odoo import container

__all__ = ["app"]

container.PASSWORD_ROUNDS = 1_000
