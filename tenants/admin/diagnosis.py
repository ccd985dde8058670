"""Where an instance stands: for the head of its page, and as a text for a ticket or a colleague."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning.engine.recipes import step_label
from provisioning.models import Operation
from provisioning.reasons import Reason, reason
from provisioning.states import OperationState, StepState
from tenants.admin.timeline import Line, Owned
from tenants.models import Instance

LINES = 12


@dataclass(frozen=True)
class Now:
    """The work that is under way or has stopped last, the step that it came to, and why it is there."""

    operation: Operation | None = None
    step: str | Promise = ""
    code: str = ""
    message: str = ""

    @property
    def why(self) -> Reason | None:
        return reason(self.code) if self.code else None

    @property
    def failed(self) -> bool:
        return self.operation is not None and self.operation.state == OperationState.FAILED


def now_of(instance: Instance) -> Now:
    """Nothing when its last work has succeeded."""
    last = instance.operations.order_by("-pk").first()
    if last is None or last.state == OperationState.SUCCEEDED:
        return Now()
    at = last.steps.exclude(state=StepState.DONE).order_by("position").first()
    label = step_label(last.kind, at.code) if at else ""
    code = last.reason or (at.reason if at else "")
    return Now(last, label, code, last.message or (at.message if at else ""))


def diagnosis_of(instance: Instance, now: Now, timeline: list[Line], owned: list[Owned]) -> str:
    """It names neither the customer's company, nor the e-mail address, nor any secret: it may leave the house."""
    address = settings.PUBLIC_BASE_URL + reverse("admin:tenants_instance_change", args=[instance.pk])
    facts = [
        (_("instance"), f"{instance.public_id} ({instance.get_state_display()})"),
        (_("console"), address),
        (_("at"), _moment(timezone.now())),
        (_("workspace"), instance.workspace),
        *_work(now),
        *((f"Railway {each.row.kind} {each.row.name}", _thing(each)) for each in owned if each.row.external_id),
    ]
    told = [_("%(thing)s: %(what)s") % {"thing": name, "what": value} for name, value in facts]
    return "\n".join([*told, "", *(_line(line) for line in timeline[:LINES])])


def _work(now: Now) -> list[tuple[str, str]]:
    work = now.operation
    if work is None:
        return []
    facts = [(_("operation"), f"{work.reference} {work.get_kind_display()} ({work.get_state_display()})")]
    facts += [(_("step"), str(now.step))] if now.step else []
    facts += [(_("reason"), f"{now.code} – {now.why.sentence}")] if now.why else []
    facts += [(_("message"), now.message)] if now.message else []
    facts += [(_("request id"), work.request_id)] if work.request_id else []
    return [*facts, (_("deadline"), _moment(work.deadline_at))]


def _thing(each: Owned) -> str:
    return " ".join(filter(None, (each.row.external_id, each.row.state, each.row.status)))


def _line(line: Line) -> str:
    return " · ".join(
        str(part) for part in (f"{line.at:%Y-%m-%d %H:%M:%S}", line.source, line.what, line.state) if part
    )


def _moment(at: datetime) -> str:
    return formats.date_format(localtime(at), "Y-m-d H:i:s T")
