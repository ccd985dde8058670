"""manage.py doctor: is everything well, and if not, what mends it."""

import json
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from eazynova_site.doctor import inside, outside
from eazynova_site.doctor.findings import Finding, Level, Look, good, looked

MARKS = {Level.GOOD: "✓", Level.WARNING: "!", Level.WRONG: "✗"}


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Check the settings and everything that the site stands on; exit status 1 when something is wrong.")

    # it runs them itself, and tells all of them
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))
        parser.add_argument("--mail-to", metavar=_("ADDRESS"), help=_("send a test letter there"))
        parser.add_argument("--offline", action="store_true", help=_("ask nobody outside of this machine"))

    def handle(self, *args: Any, **options: Any) -> None:
        found = [finding for subject, look, mend in _looks(options) for finding in looked(subject, look, mend)]
        found = [*_settings(), *found]
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_json() for finding in found], ensure_ascii=False))
        else:
            for finding in found:
                self._tell(finding)
        if any(finding.level is Level.WRONG for finding in found):
            raise SystemExit(1)

    def _tell(self, finding: Finding) -> None:
        styles = {Level.WARNING: self.style.WARNING, Level.WRONG: self.style.ERROR}
        style = styles.get(finding.level, self.style.SUCCESS)
        self.stdout.write(style(f"{MARKS[finding.level]} {finding.subject}: {finding.said}"))
        if finding.mend:
            self.stdout.write(f"    {finding.mend}")


def _settings() -> list[Finding]:
    """Every system check, those of deployment and of the database too."""
    found = checks.run_checks(include_deployment_checks=True)
    told = [
        Finding(
            each.id or "check",
            Level.WRONG if each.level >= checks.ERROR else Level.WARNING,
            str(each.msg),
            str(each.hint or ""),
        )
        for each in found
        if not each.is_silenced() and each.level >= checks.WARNING
    ]
    return told or [good("settings", _("The settings are whole"))]


def _looks(options: dict[str, Any]) -> list[tuple[str, Look, str]]:
    """What is asked, and what mends it when nobody answers."""
    floating = partial(_floating)
    within: list[tuple[str, Look, str]] = [
        ("database", inside.database, _("See that PostgreSQL runs and DATABASE_URL leads to it.")),
        ("images", floating, ""),
        ("broker", inside.broker, _("See that Redis runs and REDIS_URL leads to it.")),
        ("workers", inside.workers, _("See that the database and Redis answer.")),
        ("agents", outside.agents, ""),
        ("disk", inside.disk, ""),
    ]
    if options["offline"]:
        return within
    beyond: list[tuple[str, Look, str]] = [
        ("railway", outside.railway, _("See RAILWAY_API_TOKEN, RAILWAY_WORKSPACE_ID and https://status.railway.com")),
        ("test mode", outside.test_mode, _("See TEST_MODE_URL and the service testmode of compose.yml.")),
        ("mail", outside.mail, _("See EMAIL_HOST, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.")),
        ("storage", outside.storage, _("See BACKUP_S3_* and the provider's own page.")),
        ("site", outside.site, _("See that PUBLIC_BASE_URL, its DNS record and the proxy lead here.")),
    ]
    if address := options["mail_to"]:
        beyond.append(("mail", partial(outside.letter, address), _("Read what the provider answered in the log.")))
    return [*within, *beyond]


def _floating() -> Any:
    for each in checks.run_checks(tags=[checks.Tags.database], databases=["default"]):
        if each.level >= checks.WARNING:
            yield Finding(each.id or "images", Level.WARNING, str(each.msg), str(each.hint or ""))
