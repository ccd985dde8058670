from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core.checks import Tags, register

from eazynova_site import checks, reporting, traps


class SiteConfig(AppConfig):
    name = "eazynova_site"
    verbose_name = "EAZYNOVA"

    def ready(self) -> None:
        for check in (*checks.CHECKS, *traps.CHECKS):
            register(check, checks.TAG)
        register(checks.images_stand_still, Tags.database)
        reporting.start()


class ConsoleConfig(admin_apps.AdminConfig):
    """Django's admin with our own door."""

    default = False

    default_site = "tenants.sign_in.site.ConsoleSite"
