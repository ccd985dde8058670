"""What happened to an instance, newest first, and what we own for it at Railway."""

from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from provisioning.models import Step
from provisioning.reasons import reason
from provisioning.recipes import step_definition
from tenants.models import Instance, WebhookDelivery

RAILWAY = "https://railway.com/project/"
Line = tuple[datetime, str | Promise, str | Promise, str]


def timeline_of(instance: Instance) -> SafeString:
    """Steps, e-mails, webhooks, changes of state and staff acts."""
    lines = [*_steps(instance), *_mails(instance), *_webhooks(instance), *_acts(instance)]
    lines.sort(key=lambda line: line[0], reverse=True)
    rows = ((f"{localtime(at):%Y-%m-%d %H:%M:%S}", what, how, details) for at, what, how, details in lines)
    body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
    return format_html("<table>{}</table>", body)


def ledger_of(instance: Instance) -> SafeString:
    rows = (
        (row.kind, row.name, row.external_id, row.get_state_display(), row.status)
        for row in instance.resources.order_by("pk")
    )
    body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
    if not instance.project_id:
        return format_html("<table>{}</table>", body)
    address = RAILWAY + instance.project_id
    return format_html('<table>{}</table><a href="{}" rel="noreferrer">{}</a>', body, address, address)


def _steps(instance: Instance) -> list[Line]:
    rows = Step.objects.filter(operation__instance=instance).exclude(started_at=None).select_related("operation")
    return [(row.started_at, _what(row), _how(row), row.message) for row in rows if row.started_at]


def _what(row: Step) -> str:
    label = step_definition(row.operation.kind, row.code).label
    return f"{row.operation.reference} · {row.operation.get_kind_display()} · {label}"


def _how(row: Step) -> str:
    seconds = f", {(row.ended_at - row.started_at).total_seconds():.1f} s" if row.ended_at and row.started_at else ""
    why = f": {reason(row.reason).sentence}" if row.reason else ""
    return f"{row.get_state_display()} ({row.attempts}×{seconds}){why}"


def _mails(instance: Instance) -> list[Line]:
    return [
        (row.created_at, row.get_kind_display(), row.get_state_display(), f"{row.recipient} {row.error}")
        for row in instance.mails.all()
    ]


def _webhooks(instance: Instance) -> list[Line]:
    rows = WebhookDelivery.objects.filter(event__instance=instance).select_related("event", "endpoint")
    return [(row.event.created_at, row.event.type, row.get_state_display(), row.endpoint.url) for row in rows]


def _acts(instance: Instance) -> list[Line]:
    return [
        (row.at, row.act, row.actor, " ".join(str(part) for part in (row.reason, row.before, row.after) if part))
        for row in instance.audit_entries.all()
    ]
