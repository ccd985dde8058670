"""What happened to an instance, as its customer reads it: newest first, without a word about machinery."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.models import AuditEntry, Instance, Mail
from tenants.wording import dates

MOST = 30
DONE: dict[str, str | Promise] = {
    OperationKind.CREATE: _("Your Odoo was created and checked."),
    # the same to a customer: of an Odoo that had been made before it was ordered
    OperationKind.HAND_OVER: _("Your Odoo was created and checked."),
    OperationKind.SUSPEND: _("It was stopped; its data is kept."),
    OperationKind.RESUME: _("It was started again."),
    OperationKind.RESET_PASSWORD: _("The administrator got a new password."),
    OperationKind.RENEW_ACCESS: _("The administrator got a new access."),
    OperationKind.CHANGE_EMAIL: _("The administrator’s address was changed."),
    OperationKind.RESTORE: _("A backup was restored."),
    OperationKind.CHANGE_PLAN: _("The plan was changed."),
    OperationKind.DECOMMISSION: _("It was deleted."),
}
ACTS: dict[str, str | Promise] = {
    "schedule_decommission": _("Its deletion was scheduled."),
    "undo_decommission": _("Its deletion was taken back."),
    "change_expiry": _("The day of its end was changed."),
    "links_revoked": _("The links given so far were made invalid."),
    "backup_asked": _("A backup was asked for."),
    "exported": _("A backup was handed out."),
    "domain_added": _("A domain of your own was added."),
    "domain_on": _("Your own domain was switched on."),
    "domain_broken": _("Something was wrong at your own domain."),
    "domain_removed": _("Your own domain was removed."),
    "restore_asked": _("The restoration of a backup was asked for."),
    "plan_change_asked": _("Another plan was ordered."),
    "plan_change_undone": _("The order of another plan was taken back."),
}
WRITTEN: dict[str, str | Promise] = {
    Mail.Kind.WELCOME: _("We sent the access by e-mail."),
    Mail.Kind.EXPIRES_SOON: _("We wrote that its end is near."),
    Mail.Kind.SUSPENDED: _("We wrote that it is suspended."),
    Mail.Kind.DELETION_SCHEDULED: _("We wrote on which day it is deleted."),
    Mail.Kind.DELETION_SOON: _("We reminded you that it is about to be deleted."),
    Mail.Kind.PLAN_KEPT: _("We wrote that the plan could not be changed."),
    Mail.Kind.DELETED: _("We sent the certificate of its deletion."),
}


@dataclass(frozen=True)
class Event:
    at: datetime
    what: str | Promise

    @property
    def day(self) -> str:
        return dates.precisely(self.at)


def history_of(instance: Instance) -> list[Event]:
    found = [*_work(instance), *_acts(instance), *_mails(instance)]
    return sorted(found, key=lambda event: event.at, reverse=True)[:MOST]


def _work(instance: Instance) -> Iterator[Event]:
    done = Operation.objects.filter(instance=instance, state=OperationState.SUCCEEDED, kind__in=DONE)
    for operation in done.exclude(ended_at=None).order_by("-pk")[:MOST]:
        yield Event(operation.ended_at or operation.created_at, DONE[operation.kind])


def _acts(instance: Instance) -> Iterator[Event]:
    for entry in AuditEntry.objects.filter(instance=instance, act__in=ACTS).order_by("-pk")[:MOST]:
        yield Event(entry.at, ACTS[entry.act])


def _mails(instance: Instance) -> Iterator[Event]:
    sent = Mail.objects.filter(instance=instance, kind__in=WRITTEN).exclude(sent_at=None)
    for mail in sent.order_by("-pk")[:MOST]:
        yield Event(mail.sent_at or mail.created_at, WRITTEN[mail.kind])
