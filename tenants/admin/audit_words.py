"""How the console tells the audit trail's entries: its codes and values as a person reads them."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import formats
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin.actions import ACTIONS
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance

Words = str | Promise

ACTS: dict[str, Words] = {
    "state": _("state changed"),
    "schedule_decommission": _("decommissioning scheduled"),
    "undo_decommission": _("decommissioning undone"),
    "change_expiry": _("end changed"),
    "change_email": _("e-mail address: correction asked for"),
    "backup_asked": _("a backup was asked for"),
    "exported": _("its data and the exit kit were handed out"),
    "pool:changed": _("the pool was changed"),
    "drill_begun": _("a drill was begun"),
    "drill_ended": _("a drill has ended"),
    "restored_into_new": _("ordered from a backup"),
    "domain_added": _("an own domain was added"),
    "domain_on": _("an own domain was switched on"),
    "domain_broken": _("an own domain was told as broken"),
    "domain_removed": _("an own domain was removed"),
    "restore_asked": _("a restoration was asked for"),
    "plan_change_asked": _("another plan was ordered"),
    "plan_change_undone": _("the order of another plan was taken back"),
    "plan_changed": _("plan changed"),
    "staff:restore": _("restored from a backup"),
    "staff:believe_backup": _("a backup was asked for, however small"),
    "staff:into_new": _("a new instance was ordered from a backup"),
    "backup_waived": _("decided to go on without a backup"),
    "password_forgotten": _("password forgotten: Odoo does not take it any more"),
    "links_revoked": _("status links revoked"),
    "email_changed": _("e-mail address corrected"),
    "odoo_version": _("Odoo version"),
    "handed_over": _("a warm unit was handed over"),
    "signin": _("signed in"),
    "signin:failed": _("sign-in failed"),
    "signin:locked": _("locked out after too many attempts"),
    "seed_asked": _("a seed was asked for"),
    "customer:erased": _("the customer had name and address erased"),
    "staff:customers_page": _("looked at the customer’s page"),
    "staff:create": _("Create an instance"),
    **{
        f"{whose}:{action.name}": action.label
        for whose in ("staff", "partner", "customer")
        for action in ACTIONS.values()
    },
}
# what follows the thing's name
DONE: dict[str, Words] = {
    "added": _("added"),
    "changed": _("changed"),
    "removed": _("removed"),
    "exported": _("exported"),
    "replayed": _("sent again"),
    "secret_rotated": _("new signing secret"),
    "password_changed": _("password changed"),
    "unlocked": _("unlocked"),
    "let_through": _("let through"),
    "issued": _("issued"),
    "rotated": _("replaced"),
    "revoked": _("revoked"),
    "enrolled": _("set up"),
    "replaced": _("replaced"),
    "passed": _("passed"),
    "recovery_code_used": _("recovery code used"),
    "recovery_codes_renewed": _("recovery codes renewed"),
    "close": _("row closed"),
    "adopt": _("written into the ledger"),
    "stop": _("stopped"),
    "delete": _("deletion scheduled"),
}
THINGS: dict[str, Words] = {
    "second_factor": _("two-factor sign-in"),
    "reconcile": _("reconciliation"),
    "user": _("user"),
    "group": _("group"),
}
NAMES: dict[str, Words] = {
    "address": _("address"),
    "backup": _("backup"),
    "domain": _("domain"),
    "email": _("e-mail"),
    "grace_days": _("days in which it can be undone"),
    "operation": _("operation"),
    "overlap_ends": _("the old key works until"),
    "partner": _("partner"),
    "rows": _("rows"),
    "since": _("since"),
    "successor": _("successor"),
    "thing": _("kind"),
    "external_id": _("id at Railway"),
}
ACTORS: dict[str, Words] = {"": _("the system"), "expiry": _("expiry"), "customer": _("the customer")}


def act_of(entry: AuditEntry) -> str:
    """What was done; a code that nobody has named is told as it is."""
    if entry.act in ACTS:
        return str(ACTS[entry.act])
    thing, _colon, what = entry.act.partition(":")
    if what not in DONE:
        return entry.act
    model = _model(thing)
    name = THINGS.get(thing) or (model._meta.verbose_name if model else thing)
    return gettext("%(thing)s: %(what)s") % {"thing": name, "what": DONE[what]}


def actor_of(entry: AuditEntry) -> str:
    return str(ACTORS.get(entry.actor, entry.actor))


def reason_of(entry: AuditEntry) -> str:
    """Staff's own words; the system's in the reader's language."""
    return gettext(entry.reason) if entry.reason and entry.actor in ACTORS else entry.reason


def changes_of(entry: AuditEntry) -> str:
    """Each value that was changed or said: ``state: being created → failed``."""
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    return ", ".join(_change(entry, name) for name in names if entry.before.get(name) != entry.after.get(name))


def _change(entry: AuditEntry, name: str) -> str:
    before, after = (_value(name, values.get(name)) for values in (entry.before, entry.after))
    told = f"{before or '–'} → {after or '–'}" if name in entry.before else after
    return gettext("%(thing)s: %(what)s") % {"thing": _name(entry, name), "what": told}


def _name(entry: AuditEntry, name: str) -> str:
    model = Instance if entry.instance_id else _model(entry.act.partition(":")[0])
    if model is None or name in NAMES:
        return str(NAMES.get(name, name.replace("_", " ")))
    try:
        return str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name.replace("_", " ")


def _value(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "state" and value in InstanceState.values:
        return str(InstanceState(value).label)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is not None:
        return formats.date_format(localtime(moment), "SHORT_DATETIME_FORMAT")
    return str(value)


def parse_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text) if len(text) > 10 else None
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None


def _model(name: str) -> Any:
    return next((model for model in apps.get_models() if model._meta.model_name == name), None)
