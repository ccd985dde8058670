from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Customers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import receivers, tasks  # noqa: F401, PLC0415  models are not there before
        from tenants.api import cors  # noqa: F401, PLC0415  it hears whose web site asks
        from tenants.mails import tracking  # noqa: F401, PLC0415  models are not there before
        from tenants.sign_in import news  # noqa: F401, PLC0415  it hears of failed sign-ins

        post_migrate.connect(_make_triggers, sender=self, dispatch_uid="status_triggers")


def _make_triggers(using: str, **news: Any) -> None:
    from tenants.models import status_triggers  # noqa: PLC0415  models are not there before

    status_triggers.install(connections[using])
