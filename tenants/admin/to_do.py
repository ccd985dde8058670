"""Which instances need a person now: by the same conditions as the alerts, and those that lose money."""

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.alerts import conditions
from tenants.models import Alert, Instance

PARAMETER = "to_do"
ANYTHING = "any"
LOSS = "loss"
# what is to do, and for which instances
Found = dict[str, list[int]]

LABELS: dict[str, str | Promise] = {
    Alert.Kind.FAILED: _("work has failed"),
    Alert.Kind.STUCK: _("work is stuck"),
    Alert.Kind.MAIL: _("an e-mail did not arrive"),
    Alert.Kind.INSTANCE: _("it does not answer"),
    Alert.Kind.AFTERWARDS: _("its backups or its settings are not confirmed"),
    Alert.Kind.BACKUP: _("its deletion waits for a last backup"),
    Alert.Kind.UNTOLD: _("its end waits: the e-mail that tells of it did not arrive"),
    LOSS: _("it costs more than it brings"),
}


def find(instance: Instance | None = None) -> Found:
    """By one statement, for all instances or for one."""
    loss = Instance.objects.live().filter(price_per_month__gt=0, price_per_month__lt=F("estimated_cost"))
    sources: list[tuple[str, QuerySet[Any], str]] = [
        (Alert.Kind.FAILED, conditions.failed(), "instance"),
        (Alert.Kind.STUCK, conditions.stuck(), "instance"),
        (Alert.Kind.MAIL, conditions.lost_mails().exclude(instance=None), "instance"),
        (Alert.Kind.INSTANCE, conditions.silent(), "instance"),
        (Alert.Kind.AFTERWARDS, conditions.unattended(), "instance"),
        (Alert.Kind.BACKUP, conditions.waiting_for_last_backup(), "instance"),
        (Alert.Kind.UNTOLD, conditions.untold_ends(), "pk"),
        (LOSS, loss, "pk"),
    ]
    first, *others = (
        (rows.filter(**{column: instance.pk}) if instance else rows).order_by().values_list(Value(name), F(column))
        for name, rows, column in sources
    )
    found: Found = defaultdict(list)
    for name, pk in first.union(*others):
        found[name].append(pk)
    return found


def all_of(found: Found) -> set[int]:
    return {pk for pks in found.values() for pk in pks}


def needs_of(instance: Instance) -> list[str]:
    """Why it needs a person, in words; of a row that the filter has let through."""
    return [str(label) for name, label in LABELS.items() if getattr(instance, f"needs_{name}", False)]


class ToDoFilter(admin.SimpleListFilter):
    title = _("to do")
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ANYTHING, gettext("anything")), *((name, str(label)) for name, label in LABELS.items())]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Instance]") -> "QuerySet[Instance]":
        wanted = self.value()
        if wanted not in (ANYTHING, *LABELS):
            return queryset
        found = find()
        chosen = all_of(found) if wanted == ANYTHING else set(found.get(wanted, ()))
        # the few numbers themselves: the database plans a query with them better than with the conditions
        needs = {
            f"needs_{name}": ExpressionWrapper(Q(pk__in=pks), BooleanField()) for name, pks in found.items() if pks
        }
        return queryset.filter(pk__in=chosen).annotate(**needs)
