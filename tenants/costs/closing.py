"""A month is closed once its values have settled; what Railway says otherwise later is a line of its own."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from provisioning.costs.prices import CURRENCY
from provisioning.costs.reading import begins, dollars, today
from provisioning.models import UsageDay
from tenants.costs.lines import end_of, month_of, rates_in, rewrite
from tenants.models import CostLine, CostMonth

# after its last day: the values of each day have been read again by then
CLOSED_AFTER = timedelta(days=4)
# then Railway is asked once more about the whole month
REREAD_AFTER = timedelta(days=10)
# dollars; less is rounding
LEAST = Decimal("0.01")


def close_due(workspaces: Iterable[str]) -> list[date]:
    """Close the months whose time has come and whose days were all read; say which. Asks Railway about each."""
    names, closed = list(workspaces), []
    for row in CostMonth.objects.filter(closed_at=None, month__lt=month_of(today())).order_by("month"):
        if today() >= end_of(row.month) + CLOSED_AFTER and _is_whole(row.month, names):
            close(row.month, names)
            closed.append(row.month)
    return closed


def close(month: date, workspaces: Iterable[str]) -> None:
    """From now on the lines of the month stand. What the days lack is first added as a line of its own."""
    rewrite(month)
    correct(month, workspaces, into=month)
    CostMonth.objects.filter(month=month, closed_at=None).update(closed_at=timezone.now())


def reread_due(workspaces: Iterable[str]) -> list[date]:
    """Ask Railway once more about each month that was closed for a while; say about which."""
    names, asked = list(workspaces), []
    for row in CostMonth.objects.filter(closed_at__isnull=False, reread_at=None).order_by("month"):
        if today() >= end_of(row.month) + REREAD_AFTER:
            correct(row.month, names, into=month_of(today()))
            CostMonth.objects.filter(pk=row.pk).update(reread_at=timezone.now())
            asked.append(row.month)
    return asked


def correct(month: date, workspaces: Iterable[str], *, into: date) -> int:
    """Book what Railway now says of the month beyond all that was booked, as lines of the month ``into``.

    Returns how many; a second call finds nothing more. Raises RailwayError, NotNow or UnknownWorkspace.
    """
    CostMonth.objects.get_or_create(month=into)
    booked = 0
    for workspace in workspaces:
        now = dollars(workspace, begins(month), begins(end_of(month)))
        with transaction.atomic():
            # two who correct at once book one after the other
            CostMonth.objects.select_for_update().get(month=into)
            lines = list(_corrections(month, workspace, now, into))
            CostLine.objects.bulk_create(lines)
        booked += len(lines)
    return booked


def _corrections(month: date, workspace: str, now: dict[str, Decimal], into: date) -> Iterable[CostLine]:
    about = CostLine.objects.filter(workspace=workspace)
    own = about.filter(month=month, corrects=None)
    sums = [
        dict(rows.order_by().values_list("project_id").annotate(Sum("cost_usd")))
        for rows in (own, about.filter(corrects=month))
    ]
    known = {each.project_id: each for each in own.select_related("instance").order_by("cost_usd")}
    rates = {currency: rate for day in rates_in(month).values() for currency, rate in day.items()}
    for project in sorted({*now, *sums[0], *sums[1]}):
        difference = now.get(project, Decimal(0)) - sum((each.get(project, Decimal(0)) for each in sums), Decimal(0))
        if abs(difference) >= LEAST:
            yield _correction(month, into, project, difference, known.get(project), rates, workspace)


def _correction(
    month: date,
    into: date,
    project: str,
    difference: Decimal,
    line: CostLine | None,
    rates: dict[str, str],
    workspace: str,
) -> CostLine:
    currency = line.currency if line else CURRENCY
    rate = "1" if currency == CURRENCY else rates.get(currency)
    return CostLine(
        month=into,
        corrects=month,
        workspace=workspace,
        project_id=project,
        bearer=line.bearer if line else "unknown",
        instance_id=line.instance_id if line else None,
        plan_id=line.plan_id if line else None,
        partner_id=line.partner_id if line else None,
        currency=currency,
        cost_usd=difference,
        cost=difference * Decimal(rate) if rate else None,
    )


def _is_whole(month: date, workspaces: list[str]) -> bool:
    """Every day between the first and the last that were read of it, in each workspace, and the last one of all."""
    days, last = (end_of(month) - month).days, end_of(month) - timedelta(days=1)
    for workspace in workspaces:
        read = set(
            UsageDay.objects.filter(workspace=workspace, day__gte=month, day__lte=last).values_list("day", flat=True)
        )
        began = min(read, default=last)
        if len(read) != days - (began - month).days:
            return False
    return True
