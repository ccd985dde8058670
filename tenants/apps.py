from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Customers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import groups  # noqa: PLC0415  models are not there before

        post_migrate.connect(groups.bring, sender=self, dispatch_uid="bring_staff_groups")
        from tenants import mail_events, receivers, tasks  # noqa: F401, PLC0415  they hear the engine's news
        from tenants.api import cors  # noqa: F401, PLC0415  it hears whose web site asks
