"""What the mails about an instance's life say, as one design that text and HTML share: see `email/notice.html`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.backups import bucket
from provisioning.models import Backup, Resource
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail, Partner
from tenants.wording import dates

# so long at least before anything is stopped or deleted by itself, the customer has been told
NOTICE = timedelta(days=1)
# who has brought it about, among the facts of the work and of the mail
BY = "by"
# nothing else is said of what is being deleted
OF_THE_END = frozenset({Mail.Kind.DELETION_BEGUN, Mail.Kind.DELETED})
BY_EXPIRY, BY_CUSTOMER, BY_SELLER = "expiry", "customer", "seller"


@dataclass(frozen=True)
class Notice:
    """``facts`` are pairs of a label and its value; ``action`` is the words of the one button and its address."""

    title: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    facts: tuple[tuple[str, str], ...] = field(default=())
    after: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Told:
    """``page`` is where its customer sees and decides what becomes of the instance."""

    mail: Mail
    instance: Instance
    company: str
    page: str

    @property
    def partner(self) -> Partner:
        return self.instance.tenant.partner

    @property
    def by(self) -> str:
        """Who has brought it about: BY_EXPIRY, BY_CUSTOMER, or whoever sold it."""
        return str(self.mail.facts.get(BY, ""))

    @property
    def date(self) -> str:
        """When what is announced comes at the earliest: a mail that goes out late names no day that is too near."""
        return dates.day_or_hour(max(self.mail.announces or timezone.now(), timezone.now() + NOTICE))


def overtaken(mail: Mail, instance: Instance) -> bool:
    """Whether what the mail announces will not come, or is over: then it is not sent any more."""
    begun = not Instance.objects.kept().filter(pk=instance.pk).exists()
    return (begun and mail.kind not in OF_THE_END) or _is_over(mail, instance)


def _is_over(mail: Mail, instance: Instance) -> bool:
    match mail.kind:
        case Mail.Kind.EXPIRES_SOON:
            return instance.state != InstanceState.READY or instance.expires_at != mail.announces
        case Mail.Kind.DELETION_SCHEDULED | Mail.Kind.DELETION_SOON:
            return instance.decommission_after != mail.announces
        case Mail.Kind.SUSPENDED:
            stopped = instance.state == InstanceState.SUSPENDED or instance.decommission_after is not None
            return not stopped or instance.decommission_after != mail.announces
        case Mail.Kind.RESUMED:
            return instance.state != InstanceState.READY
        case Mail.Kind.DELETION_UNDONE:
            return instance.decommission_after is not None
    return False


def _expires_soon(told: Told) -> Notice:
    instance = told.instance
    names = {"company": told.company, "date": told.date, "url": instance.url, "days": settings.EXPIRY_GRACE_DAYS}
    kept = ngettext(
        "Your data is then kept for %(days)d more day. After that it is deleted for good.",
        "Your data is then kept for %(days)d more days. After that it is deleted for good.",
        settings.EXPIRY_GRACE_DAYS,
    )
    return Notice(
        _("Your Odoo for %(company)s stops on %(date)s") % names,
        (
            (_("The trial of your Odoo at %(url)s ends on %(date)s.") if instance.plan.is_demo else
             _("Your Odoo at %(url)s has been ordered until %(date)s.")) % names
            + " " + _("From then on nobody can log in to it."),
            kept % names,
            _("You would like to keep it? Tell us before that day and nothing changes: same address, same data."),
        ),
        (_("Keep my Odoo"), told.page),
        after=(_("You do not need it any more? Then there is nothing to do."),),
    )  # fmt: skip


def _suspended(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.url}
    if told.by == BY_EXPIRY:
        trial = told.instance.plan.is_demo
        why = _("The trial period of your Odoo is over.") if trial else _("The period of your order is over.")
        why += " " + _("We stop it now; nobody can log in at %(url)s any more.") % names
    elif told.by == BY_CUSTOMER:
        why = _("As you have asked, your Odoo at %(url)s is stopped: nobody can log in.") % names
    else:
        why = _("%(seller)s has stopped your Odoo at %(url)s: nobody can log in for the moment.") % names
    if told.mail.announces:
        kept = _("All your data is kept until %(date)s. On that day it is deleted, and nobody can bring it back.")
        kept %= {"date": told.date}
    else:
        kept = _("All your data is kept. Nothing is deleted without a letter from us that names the day.")
    return Notice(
        _("The Odoo of %(company)s is suspended") % names,
        (why, kept, _("To go on, open your page or reply to this e-mail: it starts again as you left it.")),
        (_("Keep my Odoo"), told.page),
    )


def _deletion_scheduled(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.url, "date": told.date}
    return Notice(
        _("The Odoo of %(company)s will be deleted on %(date)s") % names,
        (
            _by(told, names),
            _("It is stopped first, and deleted with all its data on %(date)s. Until then one click takes that back.")
            % names,
            *_last_backup(told.instance),
        ),
        (_("Keep my Odoo"), told.page),
        after=(_asked_by_nobody(),),
    )


def _deletion_soon(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.url, "date": told.date}
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
    names = {"company": told.company, "url": told.instance.url}
    stopped = told.instance.state == InstanceState.SUSPENDED and told.instance.active_operation() is None
    return Notice(
        _("The Odoo of %(company)s is kept") % names,
        (
            _("Its deletion was taken back: nothing is deleted, and all your data is there."),
            *((_("It is still stopped. Open your page to start it again."),) if stopped else ()),
        ),
        (_("See my Odoo"), told.page),
    )


def _deletion_begun(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.url}
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
    names = {"company": told.company, "url": instance.url, "date": dates.precisely(ended)}
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


def _resumed(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.url}
    end = told.instance.expires_at
    until = (_("It is yours until %(date)s.") % {"date": dates.day_or_hour(end)},) if end else ()
    return Notice(
        _("The Odoo of %(company)s works again") % names,
        (_("Your Odoo at %(url)s is started, with everything as you left it. Log in as before.") % names, *until),
        (_("Open my Odoo"), told.instance.url),
    )


def _email_changed(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.url}
    return Notice(
        _("The address of the EAZYNOVA instance of %(company)s was changed") % names,
        (
            _(
                "The administrator of the instance at %(url)s now logs in with another e-mail address. This address "
                "does not open it any more."
            )
            % names,
            _("If nobody at your company asked for this, reply to this e-mail at once."),
        ),
    )


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
    Mail.Kind.EXPIRES_SOON: _expires_soon,
    Mail.Kind.SUSPENDED: _suspended,
    Mail.Kind.RESUMED: _resumed,
    Mail.Kind.DELETION_SCHEDULED: _deletion_scheduled,
    Mail.Kind.DELETION_SOON: _deletion_soon,
    Mail.Kind.DELETION_UNDONE: _deletion_undone,
    Mail.Kind.DELETION_BEGUN: _deletion_begun,
    Mail.Kind.DELETED: _deleted,
    Mail.Kind.EMAIL_CHANGED: _email_changed,
}
