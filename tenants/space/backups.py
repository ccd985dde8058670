"""The backups of an instance, as its customer sees them: what there is, one more, one taken away, one brought back.

Whoever takes all data away, or replaces it, has proven the address within the last quarter of an hour.
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from provisioning.backups import bucket
from provisioning.models import Backup, Restore
from provisioning.reasons import reason
from tenants.errors import DomainError, NotConfirmed, UnknownBackup
from tenants.limits import occasions
from tenants.models import Instance, Partner
from tenants.services import backups, drills, exports, preconditions, restores
from tenants.space.doors import Visit, as_customer, signed_in
from tenants.space.instances import DONE, own
from tenants.wording import dates

_S = Restore.State


@signed_in("POST")
def page(visit: Visit, public_id: str) -> HttpResponse:
    """What there is; a POST asks for one more."""
    instance = own(visit, public_id)
    if visit.request.method != "POST":
        return _show(visit, instance, done=DONE.get(visit.request.GET.get("done", ""), ""))
    try:
        with as_customer(instance, occasions.backup(instance.public_id)):
            backups.back_up(instance)
    except DomainError as error:
        return _show(visit, instance, 409, refused=str(error))
    return visit.onward("backups", public_id, done="backup")


@signed_in("POST", lately=True)
def download(visit: Visit, public_id: str, backup_id: str) -> HttpResponse:
    """A POST hands out an address of the storage that is good for some minutes."""
    instance = own(visit, public_id)
    backup = _own(instance, backup_id)
    if visit.request.method != "POST":
        return visit.show("download", instance=instance, backup=_row(backup))
    try:
        with as_customer(instance, occasions.customers_export(instance.public_id)):
            export = exports.export(instance, backup)
    except DomainError as error:
        return _show(visit, instance, 409, refused=str(error))
    return visit.show("export", instance=instance, export=export)


@signed_in("POST", lately=True)
def restore(visit: Visit, public_id: str, backup_id: str) -> HttpResponse:
    """Says what is replaced; a POST with the name of the instance begins it."""
    instance = own(visit, public_id, Partner.Part.RESTORE)
    backup = _own(instance, backup_id)
    if (error := preconditions.why_not("restore", instance)) is not None:
        return _show(visit, instance, 409, refused=str(error))
    facts: dict[str, Any] = {"instance": instance, "backup": _row(backup)}
    if visit.request.method != "POST":
        return visit.show("restore", **facts)
    given = visit.request.POST.get("name", "").strip()
    try:
        with as_customer(instance):
            restores.restore(instance, backup.public_id, confirmation=given.lower())
    except NotConfirmed:
        wrong = _("This is not the name of your Odoo: type it as it is written here.")
        return visit.show("restore", 422, **facts, given=given, error=wrong)
    except DomainError as error:
        return _show(visit, instance, 409, refused=str(error))
    return visit.onward("instance", public_id, done="restore")


def _show(visit: Visit, instance: Instance, status: int = 200, **more: Any) -> HttpResponse:
    """``more`` may hold ``done`` or ``refused``, in words."""
    if not bucket.configured():
        raise Http404
    proven = drills.last_proof(instance)
    last = Restore.objects.filter(instance=instance, mode=Restore.Mode.SAME).order_by("-pk").first()
    context = {
        "instance": instance,
        "rows": [_row(each) for each in restores.restorable(instance)],
        "under_way": Backup.objects.filter(instance=instance, state__in=Backup.OPEN).exists(),
        "proven": dates.day(proven.proven_at) if proven and proven.proven_at else "",
        "back_up": preconditions.why_not("back_up", instance) is None,
        "restore": instance.tenant.partner.opens(Partner.Part.RESTORE)
        and preconditions.why_not("restore", instance) is None,
        "went_wrong": reason(last.reason).sentence if last and last.state in (_S.FAILED, _S.UNDONE) else "",
    }
    return visit.show("backups", status, **(context | more))


def _own(instance: Instance, backup_id: str) -> Backup:
    """Raises Http404 for one that is another's, is not good or was erased."""
    try:
        return restores.find(instance, backup_id)
    except UnknownBackup as error:
        raise Http404 from error


def _row(backup: Backup) -> dict[str, Any]:
    return {
        "id": backup.public_id,
        "taken": dates.precisely(backup.taken_at or backup.created_at),
        "occasion": backup.get_occasion_display(),
        "size": filesizeformat(backup.size or 0),
        "proven": dates.day(backup.proven_at) if backup.proven_at else "",
    }
