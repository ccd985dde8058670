"""Which customers to look after before they are lost: each a saved view of the list, counted on the first page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Length, Replace
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from provisioning.agents.report import LEAST_FREE_PERCENT
from provisioning.models import DailyUsage
from provisioning.models.costs import Measurement
from tenants.admin.console import MONEY
from tenants.costs import oddities
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail

PARAMETER = "at_risk"
# for those who may see money
DEAR = "dear"
SOON = timedelta(days=7)
# whoever has not come in by then may have got stuck
UNUSED_FOR = timedelta(days=2)
MOST_MEMORY = 0.9
RECENT = timedelta(days=30)
# of the last looks: so many without an answer are no chance
UNSTEADY = 3
MINUTES_A_DAY = 24 * 60
_Rows = QuerySet[Instance]


@dataclass(frozen=True)
class View:
    """``rows`` narrows the list, the most pressing first; ``told`` says of one of them how bad it is."""

    label: str | Promise
    rows: Callable[[_Rows], _Rows]
    told: Callable[[Instance], str]
    order: str = "-pk"


def views_for(request: HttpRequest) -> dict[str, View]:
    return {name: view for name, view in VIEWS.items() if name != DEAR or request.user.has_perm(MONEY)}


def counts(**beside: QuerySet[Any]) -> dict[str, int]:
    """How many each view holds, and each of those ``beside`` them, by one statement."""
    counted: dict[str, QuerySet[Any]] = {name: view.rows(_living()) for name, view in VIEWS.items()} | beside
    first, *others = (
        rows.order_by().annotate(view=Value(name)).values_list("view", "pk") for name, rows in counted.items()
    )
    found = dict.fromkeys(counted, 0)
    for name, _pk in first.union(*others):
        found[name] += 1
    return found


def told_of(instance: Instance) -> str:
    """How bad it is, of a row that the filter has let through."""
    name = getattr(instance, "risk", "")
    return VIEWS[name].told(instance) if name else ""


class AtRiskFilter(admin.SimpleListFilter):
    title = _("at risk")
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(view.label)) for name, view in views_for(request).items()]

    def queryset(self, request: HttpRequest, queryset: _Rows) -> _Rows:
        name = self.value() or ""
        view = views_for(request).get(name)
        if view is None:
            return queryset
        chosen = view.rows(queryset.filter(pk__in=_living())).annotate(risk=Value(name)).order_by(view.order)
        return chosen.select_related("agent", "probe", "tenant__partner", "plan")


def _living() -> _Rows:
    return Instance.objects.of_customers().filter(state=InstanceState.READY)


def _trial_ends(rows: _Rows) -> _Rows:
    return rows.filter(plan__lifetime_days__isnull=False, expires_at__lt=timezone.now() + SOON)


def _never_used(rows: _Rows) -> _Rows:
    return rows.filter(
        ready_at__lt=timezone.now() - UNUSED_FOR, agent__reported_at__isnull=False, agent__last_login_at=None
    )


def _no_space(rows: _Rows) -> _Rows:
    """As its agent says; where none has spoken yet, by what Railway measured on a volume on the last day."""
    most = settings.RAILWAY_VOLUME_GB * (1 - LEAST_FREE_PERCENT / 100) * MINUTES_A_DAY
    full = Exists(_measured(Measurement.DISK).filter(value__gt=most))
    return rows.filter(Q(agent__free_percent__lt=LEAST_FREE_PERCENT) | (Q(agent__free_percent=None) & full))


def _no_memory(rows: _Rows) -> _Rows:
    """What Railway measured on the last day that is over, on average, beside what the plan allows."""
    minutes = _measured(Measurement.MEMORY).order_by().values("instance").annotate(sum=Sum("value")).values("sum")
    allowed = (F("plan__odoo_memory_gb") + F("plan__postgres_memory_gb")) * MINUTES_A_DAY
    return rows.annotate(memory=minutes, allowed=allowed).filter(memory__gt=F("allowed") * MOST_MEMORY)


def _measured(what: Measurement) -> QuerySet[DailyUsage]:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return DailyUsage.objects.filter(instance=OuterRef("pk"), day=yesterday, measurement=what)


def _lost_mail(rows: _Rows) -> _Rows:
    lost = Mail.objects.filter(
        instance=OuterRef("pk"),
        recipient=OuterRef("admin_email"),
        state__in=(Mail.State.BOUNCED, Mail.State.COMPLAINED),
        created_at__gt=timezone.now() - RECENT,
    )
    return rows.filter(Exists(lost))


def _unsteady(rows: _Rows) -> _Rows:
    steady = Length(Replace("probe__outcomes", Value("n"), Value("")))
    unanswered = Length("probe__outcomes") - steady
    return rows.annotate(unanswered=unanswered, looks=Length("probe__outcomes")).filter(unanswered__gte=UNSTEADY)


def _dear(rows: _Rows) -> _Rows:
    return rows.filter(pk__in=oddities.dear().order_by().values("instance"))


def _day(moment: datetime | None) -> str:
    return formats.date_format(localtime(moment), "SHORT_DATE_FORMAT") if moment else ""


def _free(instance: Instance) -> str:
    agent = getattr(instance, "agent", None)
    if agent is None or agent.free_percent is None:
        return str(_("as Railway measured, no agent yet"))
    return _("%(percent)s %% free") % {"percent": agent.free_percent}


def _percent_of_memory(instance: Any) -> str:
    return _("%(percent)s %% of its memory") % {"percent": round(100 * instance.memory / instance.allowed)}


VIEWS: dict[str, View] = {
    "trial_ends": View(
        _("trial ends within a week"), _trial_ends, lambda each: _day(each.expires_at), order="expires_at"
    ),
    "never_used": View(
        _("nobody has logged in"),
        _never_used,
        lambda each: _("ready since %(day)s") % {"day": _day(each.ready_at)},
        order="ready_at",
    ),
    "no_space": View(
        _("disk nearly full"),
        _no_space,
        _free,
        order="agent__free_percent",
    ),
    "no_memory": View(_("memory nearly full"), _no_memory, _percent_of_memory, order="-memory"),
    "lost_mail": View(_("an e-mail bounced or was complained about"), _lost_mail, lambda each: each.admin_email),
    "unsteady": View(
        _("often does not answer"),
        _unsteady,
        lambda each: _("%(no)s of %(all)s looks") % {"no": each.unanswered, "all": each.looks},  # type: ignore[attr-defined]
        order="-unanswered",
    ),
    DEAR: View(_("its cost eats its price"), _dear, lambda each: ""),
}
