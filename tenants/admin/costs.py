"""What each month cost: the page with its charts, the price list and the rates."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from provisioning.models import Bearer, ExchangeRate, UsagePrice
from tenants.admin.console import ReadOnlyAdmin
from tenants.admin.plans import OfferAdmin
from tenants.costs.report import report
from tenants.models import CostLine, CostMonth
from tenants.templatetags.tenants_console import money

HEIGHT = 120
STEP = 20
MONTHS = 12


@dataclass(frozen=True)
class Part:
    """One bearer's share of a bar, in the chart's units, from ``top`` downwards."""

    bearer: str
    top: int
    height: int


@dataclass(frozen=True)
class Bar:
    day: date
    x: int
    dollars: Decimal
    parts: list[Part]
    amounts: list[Decimal]


class MonthFilter(admin.SimpleListFilter):
    """One month at a time, the newest by itself."""

    title = _("month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(f"{month:%Y-%m}", f"{month:%Y-%m}") for month in _months(request)]

    def choices(self, changelist: Any) -> Any:
        chosen = self._chosen()
        for value, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": bool(chosen) and value == f"{chosen:%Y-%m}", "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: "QuerySet[CostLine]") -> "QuerySet[CostLine]":
        month = self._chosen()
        return queryset.filter(month=month) if month else queryset

    def _chosen(self) -> date | None:
        newest = self.lookup_choices[0][0] if self.lookup_choices else ""
        return month_named(self.value()) or month_named(newest)


def _months(request: HttpRequest) -> dict[date, datetime | None]:
    """When each was closed, the newest first; read once for a request, whose sums and filter both want it."""
    known: dict[date, datetime | None] | None = getattr(request, "cost_months", None)
    if known is None:
        known = dict(CostMonth.objects.order_by("-month").values_list("month", "closed_at"))
        request.cost_months = known  # type: ignore[attr-defined]
    return known


def month_named(value: str | None) -> date | None:
    """None for what is no month."""
    try:
        return datetime.strptime(value or "", "%Y-%m").date()  # noqa: DTZ007  a month has no zone
    except ValueError:
        return None


@admin.register(CostLine)
class CostLineAdmin(ReadOnlyAdmin):
    """The lines of one month, below its sums and its chart."""

    list_before_template = "admin/costs.html"
    list_display = ("project", "bearer", "plan", "partner", "days", "dollars", "shown_cost", "shown_revenue", "left")
    exported = (
        *("month", "corrects", "workspace", "project_id", "bearer", "instance", "plan", "partner", "days", "currency"),
        *("cost_usd", "cost", "price", "revenue", "left"),
    )
    list_filter = (MonthFilter, "bearer", "plan", "partner", "currency")
    search_fields = ("project_id", "instance__client_name", "instance__public_id__iexact")
    list_select_related = ("instance", "plan", "partner")
    fields = (
        *("month", "corrects", "instance", "bearer", "plan", "partner", "project_id", "workspace"),
        *("days", "dollars", "shown_cost", "price", "shown_revenue", "left"),
    )
    readonly_fields = ("dollars", "shown_cost", "shown_revenue", "left")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        closed = _months(request)
        month = month_named(request.GET.get(MonthFilter.parameter_name)) or next(iter(closed), None)
        facts = facts_of(month, closed=bool(closed.get(month))) if month and request.method == "GET" else {}
        return super().changelist_view(request, {**facts, **(extra_context or {})})

    @admin.display(description=_("instance or project"), ordering="instance__client_name")
    def project(self, line: CostLine) -> str:
        return line.instance.client_name if line.instance else line.project_id

    @admin.display(description=_("cost (USD)"), ordering="cost_usd")
    def dollars(self, line: CostLine) -> str:
        return money(line.cost_usd, "USD")

    @admin.display(description=_("cost"))
    def shown_cost(self, line: CostLine) -> str:
        return _told(line.cost, line.currency)

    @admin.display(description=_("revenue"), ordering="revenue")
    def shown_revenue(self, line: CostLine) -> str:
        return _told(line.revenue, line.currency)

    @admin.display(description=_("margin"))
    def left(self, line: CostLine) -> str:
        return _told(line.margin, line.currency)


def facts_of(month: date, *, closed: bool) -> dict[str, Any]:
    """What the page says above the lines of a month."""
    told = report(month, most=0, closed=closed)
    labels = {value: str(label) for value, label in Bearer.choices}
    spent = CostLine.objects.order_by().values_list("month").annotate(dollars=Sum("cost_usd")).order_by("-month")
    return {
        "report": told,
        "bearer_labels": labels,
        "for_whom": [replace(each, name=labels.get(each.name, each.name)) for each in told.bearers],
        "bars": bars(told.days),
        "most_a_day": max((sum(sums.values()) for _day, sums in told.days), default=Decimal(0)),
        "months": [(f"{each:%Y-%m}", dollars) for each, dollars in spent[:MONTHS]],
    }


def bars(days: list[tuple[date, dict[str, Decimal]]]) -> list[Bar]:
    """One bar a day, its bearers one upon the other, the highest as high as the chart."""
    most = max((sum(sums.values()) for _day, sums in days), default=Decimal(0)) or Decimal(1)
    made = []
    for number, (day, sums) in enumerate(days):
        parts, bottom = [], HEIGHT
        for bearer in Bearer.values:
            height = round(HEIGHT * sums.get(bearer, Decimal(0)) / most)
            bottom -= height
            parts.append(Part(bearer, bottom, height))
        amounts = [sums.get(bearer, Decimal(0)) for bearer in Bearer.values]
        made.append(Bar(day, number * STEP, sum(amounts, Decimal(0)), parts, amounts))
    return made


def _told(amount: Decimal | None, currency: str) -> str:
    return "-" if amount is None else money(amount, currency)


@admin.register(UsagePrice)
class UsagePriceAdmin(OfferAdmin):
    """A new price is a new row with its day; one that was in force is only put right when it was wrong."""

    list_display = ("measurement", "valid_from", "price")
    list_filter = ("measurement",)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(OfferAdmin):
    """Days that were read keep the rate that they were read with."""

    list_display = ("currency", "valid_from", "per_dollar")
    list_filter = ("currency",)
