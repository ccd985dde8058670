"""What the mails about a deletion say: that it will come, was taken back, has begun, is done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.backups import bucket
from provisioning.models import Backup, Resource
from tenants.lifecycle import InstanceState
from tenants.mails.told import BY_CUSTOMER, BY_EXPIRY, Notice, Told
from tenants.models import Instance, Mail
from tenants.wording import dates


def _deletion_scheduled(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.address, "date": told.date}
    return Notice(
        _("The Odoo of %(company)s will be deleted on %(date)s") % names,
        (
            _by(told, names),
            _("It is stopped first, and deleted with all its data on %(date)s.") % names + " " + _undoing(told),
            *_last_backup(told.instance),
        ),
        (_("Keep my Odoo"), told.page),
        after=(_asked_by_nobody(),),
    )


def _deletion_soon(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.address, "date": told.date}
    return Notice(
        _("Last reminder: the Odoo of %(company)s is deleted on %(date)s") % names,
        (
            _("Your Odoo at %(url)s and all its data are deleted on %(date)s. Nobody can bring them back then.")
            % names,
            _("If you would like to keep it, this is the moment to say so."),
            *_last_backup(told.instance),
        ),
        (_("Keep my Odoo"), told.page),
    )


def _deletion_undone(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.address}
    stopped = told.instance.state == InstanceState.SUSPENDED and told.instance.active_operation() is None
    return Notice(
        _("The Odoo of %(company)s is kept") % names,
        (
            _("Its end was taken back: nothing is deleted, and all your data is there."),
            *((_("It is still stopped. Open your page to start it again."),) if stopped else ()),
            *until(told.instance),
        ),
        (_("See my Odoo"), told.page),
    )


def _deletion_begun(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.address}
    if told.instance.ready_at is None:
        return Notice(
            _("Your order for %(company)s has ended") % names,
            (
                _("The creation of your Odoo was given up. What had been set up for it is being removed."),
                _("It was never handed over, so nothing of yours is lost, and nothing is charged."),
            ),
        )
    return Notice(
        _("The Odoo of %(company)s is being deleted") % names,
        (_by(told, names), _("It is being deleted now, with all its data."), *_last_backup(told.instance)),
        after=(_asked_by_nobody(),),
    )


def _deleted(told: Told) -> Notice:
    instance = told.instance
    ended = instance.ended_at or timezone.now()
    names = {"company": told.company, "url": instance.address, "date": dates.precisely(ended)}
    facts = [(_("Certificate of"), instance.public_id), (_("Deleted on"), names["date"])]
    gone = Resource.objects.filter(instance=instance, gone_at__isnull=False).exclude(external_id="")
    if kinds := ", ".join(_counted(gone)):
        facts.append((_("Deleted"), kinds))
    backup = Backup.objects.filter(public_id=told.mail.facts.get("backup", ""), instance=instance).first()
    kept = _("No copy of your data is kept with us.")
    if backup is not None and backup.erased_at is None:
        until = dates.day(max(ended + timedelta(days=settings.BACKUP_FINAL_DAYS), backup.locked_until or ended))
        kept = _("One last backup is kept until %(date)s, in case you miss something; then it is erased.")
        kept %= {"date": until}
        facts += [(_("Last backup"), f"{backup.public_id} ({_('kept until')} {until})"), ("SHA-256", backup.sha256)]
    return Notice(
        _("The Odoo of %(company)s is deleted") % names,
        (
            _("Your Odoo at %(url)s exists no more: its database, its files and its address are gone.") % names
            if instance.url else _("What had been set up for your Odoo is gone."),
            kept,
            _("Besides we keep what the law asks us to keep: what you ordered, and what we wrote to you."),
            _("This e-mail is your certificate of the deletion. Keep it."),
        ),
        facts=tuple(facts),
    )  # fmt: skip


def _undoing(told: Told) -> str:
    """Only what the customer has asked for is the customer's to take back, and only while there is an order."""
    end, deleted = told.instance.expires_at, told.mail.announces
    if told.by != BY_CUSTOMER:
        return _("To keep it, open your page or reply to this e-mail before that day.")
    if end is not None and deleted is not None and timezone.now() < end < deleted:
        return _("Until %(date)s one click takes that back.") % {"date": dates.day_or_hour(end)}
    return _("Until then one click takes that back.")


def until(instance: Instance) -> tuple[str, ...]:
    """Until when what goes on is its customer's, if there is an end."""
    end = instance.expires_at
    return (_("It is yours until %(date)s.") % {"date": dates.day_or_hour(end)},) if end else ()


def _by(told: Told, names: dict[str, Any]) -> str:
    if told.by == BY_CUSTOMER:
        return _("You have asked us to delete your Odoo at %(url)s.") % names
    if told.by == BY_EXPIRY:
        return _("The time for which your Odoo at %(url)s was kept is over.") % names
    return _("%(seller)s has ended your Odoo at %(url)s.") % names


def _last_backup(instance: Instance) -> tuple[str, ...]:
    if instance.ready_at is None or not bucket.configured():
        return ()
    days = settings.BACKUP_FINAL_DAYS
    return (
        ngettext(
            "A last backup is made first and kept for %(days)d day.",
            "A last backup is made first and kept for %(days)d days.",
            days,
        )
        % {"days": days},
    )


def _asked_by_nobody() -> str:
    return _("If nobody at your company asked for this, reply to this e-mail at once.")


def _counted(gone: Any) -> list[str]:
    words = {
        "project": _("the isolated space"),
        "service": _("the programs"),
        "volume": _("the storage of the database and of the files"),
        "domain": _("the address"),
    }
    found = set(gone.values_list("kind", flat=True))
    return [word for kind, word in words.items() if kind in found]


NOTICES: dict[str, Callable[[Told], Notice]] = {
    Mail.Kind.DELETION_SCHEDULED: _deletion_scheduled,
    Mail.Kind.DELETION_SOON: _deletion_soon,
    Mail.Kind.DELETION_UNDONE: _deletion_undone,
    Mail.Kind.DELETION_BEGUN: _deletion_begun,
    Mail.Kind.DELETED: _deleted,
}
