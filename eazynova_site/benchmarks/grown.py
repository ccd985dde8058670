"""What grows with the months: usage by day with lines of its months, backups, and what is known of each instance."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from provisioning.costs import reading
from provisioning.models import Agent, Backup, Bearer, DailyUsage, Measurement, UsageDay
from tenants.costs import lines
from tenants.models import CostLine, CostMonth, Instance, Probe

DAYS, BACKUPS, MONTHS = 6, 5, 3
AT_ONCE = 2000


def meter(made: Sequence[Instance]) -> None:
    """For each instance thirty rows of usage, a line of each month, five backups, an agent and a probe."""
    last = reading.today() - reading.DAY
    for number in range(DAYS):
        _day(made, last - timedelta(days=number))
    months = [lines.month_of(last - timedelta(days=31 * number)) for number in range(MONTHS)]
    CostMonth.objects.bulk_create(CostMonth(month=month) for month in months)
    CostLine.objects.bulk_create((_line(each, month) for each in made for month in months), batch_size=AT_ONCE)
    now = timezone.now()
    Backup.objects.bulk_create(
        (
            Backup(instance=each, occasion="daily", state="good", key="k", size=10**7, sha256="0" * 64, taken_at=now)
            for each in made
            for _time in range(BACKUPS)
        ),
        batch_size=AT_ONCE,
    )
    Agent.objects.bulk_create(
        (
            Agent(instance=each, token_hash=f"bench{each.pk}", reported_at=now, last_login_at=now, free_percent=50)
            for each in made
        ),
        batch_size=AT_ONCE,
    )
    Probe.objects.bulk_create((Probe(instance=each, outcomes="y" * 10) for each in made), batch_size=AT_ONCE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _day(made: Sequence[Instance], day: date) -> None:
    UsageDay.objects.create(workspace="default", day=day, projects=len(made), by_bearer={"customer": str(len(made))})
    DailyUsage.objects.bulk_create(
        (
            DailyUsage(
                workspace="default", day=day, project_id=f"project{each.pk}", measurement=measurement, value=100.0,
                cost=Decimal("0.05"), bearer=Bearer.CUSTOMER, instance=each,
            )
            for each in made
            for measurement in Measurement.values
        ),
        batch_size=AT_ONCE,
    )  # fmt: skip


def _line(each: Instance, month: date) -> CostLine:
    return CostLine(
        month=month, workspace="default", bearer=Bearer.CUSTOMER, project_id=f"project{each.pk}", instance=each,
        plan_id=each.plan_id, currency="USD", cost=Decimal(8), cost_usd=Decimal(8), price=Decimal(30),
        revenue=Decimal(30), days=30,
    )  # fmt: skip
