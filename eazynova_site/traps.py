"""System checks of traps: nothing stops, and something is lost, shared or sent to the wrong place."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _

from eazynova_site.checks import LOCAL_MAIL, Check, Found, error, in_production, warning
from eazynova_site.console import RAILWAY_HOST


@in_production
def a_rehearsal_is_told_apart() -> Found:
    real = urlsplit(settings.RAILWAY_API_URL).hostname == RAILWAY_HOST
    if settings.SANDBOX and real:
        yield error(
            24,
            _("SANDBOX=1, but RAILWAY_API_URL is Railway's own: what is tried out would be created and charged."),
            _("Remove SANDBOX for production, or let RAILWAY_API_URL lead to `manage.py sandbox` for a rehearsal."),
        )
    elif settings.SANDBOX:
        yield warning(
            11,
            _("SANDBOX=1: this is a REHEARSAL. Instances, backups and e-mails are not real."),
            _("For production, make another .env with ./install, and begin with an empty database."),
        )


def trying_out_is_not_at_railway(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:
    """With DEBUG on as well: a test must never cost anything, nor a live instance live among tests."""
    url = settings.TEST_MODE_URL
    if url and (url == settings.RAILWAY_API_URL or (urlsplit(url).hostname or "").endswith("railway.com")):
        hint = _("It leads to a sandbox of its own: `manage.py sandbox --test-mode`.")
        return [error(25, _("TEST_MODE_URL leads to where live instances are created."), hint)]
    return []


@in_production
def files_are_collected() -> Found:
    if not settings.STATIC_COLLECTED:
        yield warning(
            16,
            _("The files of the pages were not collected: browsers fetch them anew for every page."),
            _("Run: python manage.py collectstatic --noinput"),
        )


@in_production
def rows_outlive_the_container() -> Found:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield warning(
            12,
            _("DATABASE_URL is SQLite: all that we know of customers ends with the container or its disk."),
            _("Set DATABASE_URL to a PostgreSQL database."),
        )


@in_production
def the_proxy_is_counted() -> Found:
    """https ends at a proxy: who does not count it takes all visitors for one."""
    if not settings.TRUSTED_PROXY_HOPS:
        yield warning(
            13,
            _("TRUSTED_PROXY_HOPS is 0: behind a proxy all visitors share one address and its limits."),
            _("Set it to the number of proxies in front (Railway, or Caddy of compose.yml: 1)."),
        )


@in_production
def mail_can_be_delivered() -> Found:
    smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if settings.SANDBOX or settings.EMAIL_BACKEND.startswith(LOCAL_MAIL):
        return
    if smtp and settings.EMAIL_HOST in ("", "localhost", "127.0.0.1"):
        yield warning(
            14,
            _("EMAIL_HOST is this machine itself: a container has no mail server."),
            _("Write the host of your mail provider, and EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."),
        )
    if smtp and settings.EMAIL_HOST_PASSWORD and not settings.EMAIL_USE_TLS:
        yield warning(
            15,
            _("EMAIL_USE_TLS is off: the password of the mail server and customers' passwords travel in clear."),
            _("Remove the line, or set EMAIL_USE_TLS=1."),
        )


CHECKS: tuple[Check, ...] = (
    a_rehearsal_is_told_apart,
    trying_out_is_not_at_railway,
    files_are_collected,
    rows_outlive_the_container,
    the_proxy_is_counted,
    mail_can_be_delivered,
)
