"""Railway's measurements of a day become rows; every call may be repeated, the newest reading stands."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from provisioning.costs import jumps
from provisioning.costs.prices import PriceList
from provisioning.gate import clients
from provisioning.models import Bearer, DailyUsage, ExchangeRate, UsageDay
from provisioning.railway.results import Usage

DAY = timedelta(days=1)
# values may lag (docs.railway.com): each day is read again on the two days after it
SETTLES = timedelta(days=2)
ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Bearing:
    """For whom a project ran; of which instance it is, if it is one's."""

    bearer: Bearer
    instance_pk: int | None = None


# whose the projects with these ids were, at the beginning of this day, in this workspace
Bearings = Callable[[str, date, Collection[str]], Mapping[str, Bearing]]
UNKNOWN = Bearing(Bearer.UNKNOWN)


def today() -> date:
    """Railway's day is that of UTC."""
    return timezone.now().astimezone(UTC).date()


def begins(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def read_day(workspace: str, day: date, bearings: Bearings) -> UsageDay:
    """Write down what the workspace used on that whole day. Raises RailwayError, NotNow or UnknownWorkspace."""
    used = clients.railway(workspace).usage(clients.workspace_id(workspace), begins(day), begins(day + DAY))
    found = _added(used)
    projects = {project for project, _service, _measurement in found}
    whose, prices = bearings(workspace, day, projects), PriceList.read()
    rows = []
    for (project, service, measurement), value in found.items():
        bearing = whose.get(project, UNKNOWN)
        rows.append(
            DailyUsage(
                workspace=workspace,
                day=day,
                project_id=project,
                service_id=service,
                measurement=measurement,
                value=value,
                cost=prices.cost(measurement, value, day),
                bearer=bearing.bearer,
                instance_id=bearing.instance_pk,
            )
        )
    return _keep(workspace, day, rows, len(projects))


def dollars(workspace: str, start: datetime, end: datetime) -> dict[str, Decimal]:
    """What each project cost between two moments, asked anew, once for each span of days with the same prices."""
    prices, railway = PriceList.read(), clients.railway(workspace)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for first, following in prices.spans(start.date(), end.date() + DAY):
        since, until = max(start, begins(first)), min(end, begins(following))
        for each in railway.usage(clients.workspace_id(workspace), since, until) if since < until else ():
            spent[each.project_id or ""] += prices.cost(each.measurement, each.value, first)
    return dict(spent)


def unread(workspace: str, first: date) -> list[date]:
    """The whole days since ``first`` that were never read, or too soon after their end; oldest first."""
    last, now = today() - DAY, timezone.now()
    read = dict(UsageDay.objects.filter(workspace=workspace, day__gte=first).values_list("day", "read_at"))
    days = [first + number * DAY for number in range((last - first).days + 1)]
    return [day for day in days if day not in read or _has_settled_since(day, read[day], now)]


def rates_of(day: date) -> dict[str, str]:
    """For each currency its rate of that day, as text."""
    known = ExchangeRate.objects.filter(valid_from__lte=day).order_by("valid_from")
    return {currency: str(rate) for currency, rate in known.values_list("currency", "per_dollar")}


def _has_settled_since(day: date, read_at: datetime, now: datetime) -> bool:
    """It was read before its values had settled, and a day has passed since."""
    return read_at < begins(day + DAY + SETTLES) and now - read_at > DAY - timedelta(hours=1)


def _added(used: Iterable[Usage]) -> dict[tuple[str, str, str], float]:
    found: dict[tuple[str, str, str], float] = defaultdict(float)
    for each in used:
        found[each.project_id or "", each.service_id or "", each.measurement] += each.value
    return {key: value for key, value in found.items() if value}


def _keep(workspace: str, day: date, rows: Sequence[DailyUsage], projects: int) -> UsageDay:
    by_bearer: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_bearer[row.bearer] += row.cost
    with transaction.atomic():
        kept, _created = UsageDay.objects.get_or_create(workspace=workspace, day=day, defaults={"rates": rates_of(day)})
        # two who read at once write one after the other
        kept = UsageDay.objects.select_for_update().get(pk=kept.pk)
        DailyUsage.objects.filter(workspace=workspace, day=day).delete()
        DailyUsage.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        kept.read_at, kept.projects = timezone.now(), projects
        kept.by_bearer = {bearer: str(amount) for bearer, amount in by_bearer.items()}
        # a rate that was not known then is better than none
        kept.rates = rates_of(day) | kept.rates
        kept.jumps = jumps.find(workspace, day)
        kept.save()
    return kept
