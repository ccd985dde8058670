"""What happened to an instance, newest first, and what we own for it at Railway."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from provisioning.engine.recipes import step_label
from provisioning.models import Resource, Step
from provisioning.reasons import reason
from provisioning.states import StepState
from tenants.admin import audit_words
from tenants.models import AuditEntry, Instance, WebhookDelivery

RAILWAY = "https://railway.com/project/"
# of each kind: a page is read by a person
SHOWN = 200
Words = str | Promise
KINDS: dict[str, Words] = {
    "project": _("project"),
    "environment": _("environment"),
    "service": _("service"),
    "volume": _("volume"),
    "volume_instance": _("volume in its environment"),
    "domain": _("web address"),
    "deployment": _("deployment"),
}
BAD = ("failed", "bounced", "complained")


@dataclass(frozen=True)
class Line:
    """One thing that happened. ``source`` says which kind of thing, ``mark`` how it ended: "bad" or empty."""

    at: datetime
    source: Words
    what: Words
    state: Words = ""
    mark: str = ""
    attempts: int = 0
    took: timedelta | None = None
    why: Words = ""
    advice: Words = ""
    details: str = ""


@dataclass(frozen=True)
class Owned:
    """One row of the ledger and its page in Railway's dashboard."""

    row: Resource
    kind: Words
    link: str


def timeline_of(instance: Instance) -> list[Line]:
    """Steps, e-mails, webhooks, changes of state and staff acts."""
    lines = [*_steps(instance), *_mails(instance), *_webhooks(instance), *_acts(instance)]
    return [replace(line, at=localtime(line.at)) for line in sorted(lines, key=lambda line: line.at, reverse=True)]


def ledger_of(instance: Instance) -> list[Owned]:
    rows = list(instance.resources.order_by("pk"))
    return [Owned(row, KINDS.get(row.kind, row.kind), _link(row, rows)) for row in rows]


def _link(row: Resource, rows: list[Resource]) -> str:
    """Railway's page of the thing; its project's where it has none of its own."""
    ids = {(other.kind, other.name): other.external_id for other in rows if other.external_id}
    project = ids.get(("project", "project"), "")
    if not project or not row.external_id:
        return ""
    if row.kind == "deployment" and ("service", row.name) in ids:
        return f"{RAILWAY}{project}/service/{ids['service', row.name]}?id={row.external_id}"
    if row.kind == "service":
        return f"{RAILWAY}{project}/service/{row.external_id}"
    return RAILWAY + project


def _steps(instance: Instance) -> list[Line]:
    rows = Step.objects.filter(operation__instance=instance).exclude(started_at=None).select_related("operation")
    return [_step(row, row.started_at) for row in rows.order_by("-pk")[:SHOWN] if row.started_at]


def _step(row: Step, at: datetime) -> Line:
    operation, known = row.operation, reason(row.reason) if row.reason else None
    return Line(
        at,
        f"{operation.get_kind_display()} {operation.reference}",
        step_label(operation.kind, row.code),
        row.get_state_display(),
        "bad" if row.state == StepState.FAILED else "",
        row.attempts,
        row.ended_at - at if row.ended_at else None,
        known.sentence if known else "",
        known.advice if known and row.state == StepState.FAILED else "",
        row.message,
    )


def _mails(instance: Instance) -> list[Line]:
    return [
        Line(
            row.created_at,
            _("E-mail"),
            row.get_kind_display(),
            row.get_state_display(),
            "bad" if row.state in BAD else "",
            row.attempts,
            details=f"{row.recipient} {row.error}".strip(),
        )
        for row in instance.mails.order_by("-pk")[:SHOWN]
    ]


def _webhooks(instance: Instance) -> list[Line]:
    rows = WebhookDelivery.objects.filter(event__instance=instance).select_related("event", "endpoint")
    return [
        Line(
            row.event.created_at,
            _("Webhook"),
            row.event.type,
            row.get_state_display(),
            "bad" if row.state in BAD else "",
            row.tries,
            details=row.endpoint.url,
        )
        for row in rows.order_by("-pk")[:SHOWN]
    ]


def _acts(instance: Instance) -> list[Line]:
    return [_act(row) for row in instance.audit_entries.order_by("-pk")[:SHOWN]]


def _act(row: AuditEntry) -> Line:
    return Line(
        row.at,
        audit_words.actor_of(row),
        audit_words.act_of(row),
        why=audit_words.reason_of(row),
        details=audit_words.changes_of(row),
    )
