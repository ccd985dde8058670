from django.apps import AppConfig
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
