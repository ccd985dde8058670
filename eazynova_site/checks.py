"""System checks: with DEBUG off, a half-configured site does not start, and says what is missing.

``manage.py`` runs them before every command; the web server and Celery ask `refuse_half_configuration`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.site_backup import keys
from provisioning.site_backup.errors import SiteBackupKeysMissing
from tenants.services import legal

TAG = "eazynova"
LEAST_SECRET = 32
LEAST_SECRET_KEY = 50
BACKUP_SETTINGS = ("BACKUP_S3_ENDPOINT", "BACKUP_S3_ACCESS_KEY_ID", "BACKUP_S3_SECRET_ACCESS_KEY")
LOCAL_MAIL = tuple(f"django.core.mail.backends.{kind}." for kind in ("console", "dummy", "filebased", "locmem"))

Found = Iterable[checks.CheckMessage]
Check = Callable[..., list[checks.CheckMessage]]


def refuse_half_configuration() -> None:
    """Raises ImproperlyConfigured with one line for each error of this module's checks."""
    errors = [found for found in checks.run_checks(tags=[TAG]) if found.level >= checks.ERROR]
    if errors:
        lines = sorted(f"{found.id}: {found.msg} {found.hint}" for found in errors)
        raise ImproperlyConfigured("\n".join(lines))


def in_production(check: Callable[[], Found]) -> Check:
    def run(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:
        return [] if settings.DEBUG else list(check())

    run.__name__ = check.__name__
    return run


def error(number: int, message: str | Promise, hint: str | Promise) -> checks.Error:
    return checks.Error(str(message), hint=str(hint), id=f"eazynova.E{number:03}")


def warning(number: int, message: str | Promise, hint: str | Promise) -> checks.Warning:
    return checks.Warning(str(message), hint=str(hint), id=f"eazynova.W{number:03}")


@in_production
def secrets_are_set() -> Found:
    if not settings.SECRET_KEY_CONFIGURED or len(settings.SECRET_KEY) < LEAST_SECRET_KEY:
        yield error(
            1,
            _("SECRET_KEY is missing or shorter than 50 characters."),
            _("Set it to a long random text, the same for all processes."),
        )
    if not settings.ENCRYPTION_KEYS_CONFIGURED:
        yield error(2, _("ENCRYPTION_KEYS is missing."), _new_key_hint())


def encryption_keys_are_usable(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:
    """With DEBUG on as well: the first sealed secret would otherwise fail in the middle of an operation."""
    try:
        for key in settings.ENCRYPTION_KEYS:
            Fernet(key)
    except ValueError:
        return [error(3, _("A key of ENCRYPTION_KEYS is malformed."), _new_key_hint())]
    return []


@in_production
def railway_is_configured() -> Found:
    if not settings.RAILWAY_API_TOKEN:
        yield error(
            4, _("RAILWAY_API_TOKEN is missing."), _("Create a workspace token at Railway: Account Settings, Tokens.")
        )
    if not settings.RAILWAY_WORKSPACE_ID:
        yield error(
            5, _("RAILWAY_WORKSPACE_ID is missing."), _("Copy it from Railway: Workspace Settings, Workspace ID.")
        )
    plain = not settings.RAILWAY_API_URL.startswith("https://") or settings.INSTANCE_URL_SCHEME != "https"
    if (plain or settings.DNS_SANDBOX) and not settings.SANDBOX:
        yield error(
            6,
            _("RAILWAY_API_URL or INSTANCE_URL_SCHEME is not https, or DNS_SANDBOX is set."),
            _("These are for the sandbox only: remove the lines, or set SANDBOX=1 for a rehearsal."),
        )
    if 0 < len(settings.RAILWAY_WEBHOOK_SECRET) < LEAST_SECRET:
        yield error(
            7,
            _("RAILWAY_WEBHOOK_SECRET is shorter than 32 characters."),
            _("It is part of a public address: write a longer random text, or leave it empty to do without webhooks."),
        )


def further_workspaces_are_complete(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:
    """With DEBUG on as well: an order would otherwise be taken and then fail."""
    found: list[checks.CheckMessage] = []
    further = settings.RAILWAY_WORKSPACES
    for name, given in further.items():
        variable = f"RAILWAY_WORKSPACE_{name.upper().replace('-', '_')}"
        if name in ("default", "test") or not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
            message = str(_("RAILWAY_WORKSPACES holds %(name)s, which cannot be a name.")) % {"name": repr(name)}
            found.append(error(20, message, _("Use lower-case letters, digits, hyphens; not “default” nor “test”.")))
        elif not (given["identifier"] and given["token"]):
            message = str(_("The workspace %(name)s has no id or no token.")) % {"name": name}
            found.append(error(21, message, str(_("Set %(name)s_ID and %(name)s_TOKEN.")) % {"name": variable}))
    ids = [settings.RAILWAY_WORKSPACE_ID, *(given["identifier"] for given in further.values())]
    if len(ids) != len(set(ids)):
        hint = _("Each would count the same budget for itself: keep one of them.")
        found.append(error(22, _("Two names stand for one Railway workspace."), hint))
    return found


@in_production
def processes_can_share_the_database() -> Found:
    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    several = settings.WEB_CONCURRENCY > 1
    if sqlite and (several or settings.REDIS_URL):
        yield error(
            8,
            _("SQLite cannot serve several web processes (WEB_CONCURRENCY) or Celery workers (REDIS_URL)."),
            _("Set DATABASE_URL to a PostgreSQL database."),
        )
    if several and not settings.REDIS_URL:
        yield error(
            9,
            _("Several web processes would each count rate limits for themselves."),
            _("Set REDIS_URL, so that they share a cache, or WEB_CONCURRENCY=1."),
        )


@in_production
def the_public_address_is_known() -> Found:
    local = urlsplit(settings.PUBLIC_BASE_URL).hostname in ("localhost", "127.0.0.1")
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield error(
            10,
            _("ALLOWED_HOSTS is empty or allows every host."),
            _("List the host names under which this site is reached, separated by commas."),
        )
    if not settings.PUBLIC_BASE_URL.startswith("https://") or (local and not settings.SANDBOX):
        yield error(
            11,
            _("PUBLIC_BASE_URL is missing or is not a public https address."),
            _("Links in e-mails begin with it: write for instance https://portal.example.com."),
        )


@in_production
def mail_reaches_customers() -> Found:
    anymail = settings.EMAIL_BACKEND.startswith("anymail.")
    if settings.EMAIL_BACKEND.startswith(LOCAL_MAIL) and not settings.SANDBOX:
        yield error(
            12,
            _("EMAIL_BACKEND keeps e-mails on this machine."),
            _("Name an Anymail backend and its ANYMAIL_ key, or django.core.mail.backends.smtp.EmailBackend."),
        )
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        yield error(
            13,
            _("DEFAULT_FROM_EMAIL is missing."),
            _("Write the sender of the e-mails, for instance EAZYNOVA <bonjour@example.com>."),
        )
    if anymail and len(settings.ANYMAIL.get("WEBHOOK_SECRET", "")) < LEAST_SECRET:
        yield error(
            14,
            _("ANYMAIL_WEBHOOK_SECRET is missing or short: anybody could report bounces."),
            _("Write user:password, both random, and give the provider the same in its webhook's address."),
        )
    if not settings.STAFF_ALERT_EMAILS and not settings.ALERT_WEBHOOK_URL:
        yield warning(
            1,
            _("STAFF_ALERT_EMAILS and ALERT_WEBHOOK_URL are empty: nobody is told of failures and outages."),
            _("List the addresses of staff, separated by commas."),
        )


@in_production
def staff_sign_in_with_two_factors() -> Found:
    if not settings.ADMIN_REQUIRE_2FA:
        yield warning(
            2,
            _("ADMIN_REQUIRE_2FA is off: a stolen password opens the staff console."),
            _("Remove the line, or set ADMIN_REQUIRE_2FA=1."),
        )


@in_production
def backups_are_kept_elsewhere() -> Found:
    if not settings.BACKUP_S3_BUCKET:
        yield warning(
            5,
            _("BACKUP_S3_BUCKET is empty: customers' data live at Railway only, and one token can delete them."),
            _("Set BACKUP_S3_* to storage of another company."),
        )
        return
    missing = [name for name in BACKUP_SETTINGS if not getattr(settings, name)]
    if missing:
        yield error(
            19,
            _("%(names)s: missing, so no backup can be stored.") % {"names": ", ".join(missing)},
            _("See .env.example."),
        )
    plain = settings.BACKUP_S3_ENDPOINT and not settings.BACKUP_S3_ENDPOINT.startswith("https://")
    if plain and not settings.SANDBOX:
        yield error(
            20,
            _("BACKUP_S3_ENDPOINT does not begin with https://: customers' data would travel in clear."),
            _("Write the https address that the storage's provider gives."),
        )


def images_stand_still(
    app_configs: Any = None, databases: Sequence[str] | None = None, **options: Any
) -> list[checks.CheckMessage]:
    """Asked with a database only (``check --database default``, ``migrate``)."""
    from tenants.models import Blueprint  # noqa: PLC0415  models are not there before

    if not databases:
        return []
    try:
        moving = [(each.code, image) for each in Blueprint.objects.all() for image in each.floating_images()]
    except DatabaseError:
        # before the first migration
        return []
    return [
        checks.Warning(
            str(_("The blueprint %(code)s names %(image)s, whose tag moves.") % {"code": code, "image": image}),
            hint=str(_("Write a dated tag or a digest in the console: else a start may bring another version.")),
            id="eazynova.W010",
        )
        for code, image in moving
    ]


@in_production
def our_own_database_is_backed_up() -> Found:
    if settings.BACKUP_S3_BUCKET and not settings.SITE_BACKUP_KEYS:
        yield warning(
            6,
            _("SITE_BACKUP_KEYS is empty: our own database is not backed up, and it alone knows every customer."),
            _("Set it to a key of age, and keep a copy elsewhere: see docs/backups.md."),
        )


def site_backup_keys_are_usable(app_configs: Any = None, **options: Any) -> list[checks.CheckMessage]:
    """With DEBUG on as well: the first backup would otherwise fail in the night."""
    try:
        keys.parsed(tuple(settings.SITE_BACKUP_KEYS))
    except SiteBackupKeysMissing:
        hint = "python -c 'from pyrage import x25519; print(x25519.Identity.generate())'"
        return [
            error(23, _("A key of SITE_BACKUP_KEYS is malformed."), _("Make one with: %(command)s") % {"command": hint})
        ]
    return []


@in_production
def customers_know_who_sells() -> Found:
    if settings.SANDBOX:
        return
    lacking = [] if settings.SELLER_NAME else ["SELLER_NAME"]
    lacking += [f"{kind}.fr.txt" for kind in legal.KINDS if kind not in legal.present()]
    if lacking:
        yield checks.Warning(
            str(_("No page says who sells, under which terms: %(lacking)s missing.") % {"lacking": ", ".join(lacking)}),
            hint=str(
                _("Name the seller, and put the legal notice, the terms and the privacy policy into LEGAL_FOLDER.")
            ),
            id="eazynova.W017",
        )


def _new_key_hint() -> Promise:
    return _("Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'")


CHECKS: tuple[Check, ...] = (
    secrets_are_set,
    encryption_keys_are_usable,
    railway_is_configured,
    further_workspaces_are_complete,
    processes_can_share_the_database,
    the_public_address_is_known,
    mail_reaches_customers,
    staff_sign_in_with_two_factors,
    backups_are_kept_elsewhere,
    our_own_database_is_backed_up,
    site_backup_keys_are_usable,
    customers_know_who_sells,
)
