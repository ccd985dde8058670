from django.apps import AppConfig
from django.core.checks import register

from eazynova_site import checks


class SiteConfig(AppConfig):
    name = "eazynova_site"
    verbose_name = "EAZYNOVA"

    def ready(self) -> None:
        for check in checks.CHECKS:
            register(check, checks.TAG)
