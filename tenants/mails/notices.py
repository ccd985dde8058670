"""What the mails about an instance's life say, see `email/notice.html`, and whether their news is over."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.lifecycle import InstanceState
from tenants.mails import deletion_notices, domain_notices
from tenants.mails.told import BY_CUSTOMER, BY_EXPIRY, CHANGE, Notice, Told
from tenants.models import Instance, Mail, PlanChange
from tenants.payments.providers import provider
from tenants.wording import dates, prices

# nothing else is said of what is being deleted
OF_THE_END = frozenset({Mail.Kind.DELETION_BEGUN, Mail.Kind.DELETED})


def overtaken(mail: Mail, instance: Instance) -> bool:
    """Whether what the mail announces will not come, or is over: then it is not sent any more."""
    begun = not Instance.objects.kept().filter(pk=instance.pk).exists()
    if mail.kind in domain_notices.NOTICES:
        return begun or domain_notices.is_over(mail)
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
    names = {"company": told.company, "date": told.date, "url": instance.address, "days": settings.EXPIRY_GRACE_DAYS}
    kept = ngettext(
        "Your data is then kept for %(days)d more day. After that it is deleted for good.",
        "Your data is then kept for %(days)d more days. After that it is deleted for good.",
        settings.EXPIRY_GRACE_DAYS,
    )
    stop = _("From then on nobody can log in to it.")
    if told.by == BY_CUSTOMER:
        asked = _("You have asked us to end your Odoo at %(url)s on %(date)s.") % names
        return Notice(
            _("Your Odoo for %(company)s stops on %(date)s") % names,
            (f"{asked} {stop}", kept % names, _("You have changed your mind? One click on your page takes that back.")),
            (_("Keep my Odoo"), told.page),
        )
    trial = instance.plan.is_demo
    why = (
        _("The trial of your Odoo at %(url)s ends on %(date)s.")
        if trial
        else _("Your Odoo at %(url)s has been ordered until %(date)s.")
    )
    return Notice(
        _("Your Odoo for %(company)s stops on %(date)s") % names,
        (
            f"{why % names} {stop}",
            kept % names,
            _("You would like to keep it? Tell us before that day and nothing changes: same address, same data."),
        ),
        (_("Keep my Odoo"), told.page),
        after=(_("You do not need it any more? Then there is nothing to do."),),
    )


def _suspended(told: Told) -> Notice:
    names = {"company": told.company, "seller": told.partner.name, "url": told.instance.address}
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


def _resumed(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.address}
    return Notice(
        _("The Odoo of %(company)s works again") % names,
        (
            _("Your Odoo at %(url)s is started, with everything as you left it. Log in as before.") % names,
            *deletion_notices.until(told.instance),
        ),
        (_("Open my Odoo"), told.instance.address),
    )


def _email_changed(told: Told) -> Notice:
    names = {"company": told.company, "url": told.instance.address}
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


def _plan_changed(told: Told) -> Notice:
    change = PlanChange.objects.select_related("plan", "former_plan").get(pk=told.mail.facts[CHANGE])
    names = {"company": told.company, "url": told.instance.url, "plan": change.plan.name}
    return Notice(
        _("The Odoo of %(company)s has the plan “%(plan)s”") % names,
        (
            _("Your Odoo at %(url)s now has the plan “%(plan)s”. Address, access and data are what they were.") % names,
            *((_("The trial is over: it goes on without an end."),) if change.former_plan.is_demo else ()),
            *filter(None, (provider().checkout(told.instance, change.plan).words,)),
        ),
        (_("Open my Odoo"), told.instance.url),
        facts=(
            (_("Plan"), change.plan.name),
            (_("Price"), prices.offered(change.price_per_month, change.currency)),
            (_("Agreed on"), dates.precisely(change.asked_at)),
            *(((_("Terms"), change.terms_version),) if change.terms_version else ()),
        ),
        after=(_("If nobody at your company asked for this, reply to this e-mail at once."),),
    )


def _plan_kept(told: Told) -> Notice:
    change = PlanChange.objects.select_related("plan", "former_plan").get(pk=told.mail.facts[CHANGE])
    names = {"company": told.company, "url": told.instance.url, "plan": change.plan.name}
    return Notice(
        _("The plan of the Odoo of %(company)s was not changed") % names,
        (
            _("The change to the plan “%(plan)s” did not succeed. Your Odoo at %(url)s is as it was before.") % names,
            _("You keep the plan “%(plan)s” at its price, and nothing more is charged.")
            % {"plan": change.former_plan.name},
            _("Our team has been told. You can order it again on your page."),
        ),
        (_("See my Odoo"), told.page),
    )


NOTICES: dict[str, Callable[[Told], Notice]] = {
    Mail.Kind.EXPIRES_SOON: _expires_soon,
    Mail.Kind.SUSPENDED: _suspended,
    Mail.Kind.RESUMED: _resumed,
    Mail.Kind.EMAIL_CHANGED: _email_changed,
    Mail.Kind.PLAN_CHANGED: _plan_changed,
    Mail.Kind.PLAN_KEPT: _plan_kept,
    **deletion_notices.NOTICES,
    **domain_notices.NOTICES,
}
