"""The console's pages with many rows: statements and server time of each, through Django's whole stack."""

import statistics
import time

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

LOOKS = 5
PAGES = {
    "first page": ("admin:index", ""),
    "instances": ("admin:tenants_instance_changelist", ""),
    "instances, searched": ("admin:tenants_instance_changelist", "?q=old10000-77"),
    "instances, to do": ("admin:tenants_instance_changelist", "?to_do=any"),
    "instances, at risk": ("admin:tenants_instance_changelist", "?at_risk=never_used"),
    "instances, by state": ("admin:tenants_instance_changelist", "?state__exact=ready"),
    "operations": ("admin:provisioning_operation_changelist", ""),
    "operations, searched": ("admin:provisioning_operation_changelist", "?q=old10000-77"),
    "customers": ("admin:tenants_tenant_changelist", ""),
    "e-mails": ("admin:tenants_mail_changelist", ""),
    "e-mails, searched": ("admin:tenants_mail_changelist", "?q=f77"),
    "webhook deliveries": ("admin:tenants_webhookdelivery_changelist", ""),
    "costs": ("admin:tenants_costline_changelist", ""),
    "costs, searched": ("admin:tenants_costline_changelist", "?q=old10000-77"),
    "backups": ("admin:provisioning_backup_changelist", ""),
    "audit trail": ("admin:tenants_auditentry_changelist", ""),
    "audit trail, searched": ("admin:tenants_auditentry_changelist", "?q=old10000-77"),
}


def measure() -> dict[str, tuple[int, float]]:
    """Statements and the median of milliseconds for each page, as a superuser sees it."""
    staff = User.objects.create_superuser("bench", "bench@example.com", "bench")
    client = Client()
    client.force_login(staff)
    found = {}
    with override_settings(ADMIN_REQUIRE_2FA=False, ALLOWED_HOSTS=["testserver"]):
        for name, (page, query) in PAGES.items():
            address = reverse(page) + query
            _look(client, address)
            with CaptureQueriesContext(connection) as asked:
                _look(client, address)
            found[name] = (len(asked), statistics.median(_look(client, address) for _ in range(LOOKS)))
    return found


def _look(client: Client, address: str) -> float:
    started = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}.")
    return 1000 * (time.perf_counter() - started)
