"""A mail's row becomes a letter: what it may say, read at the moment when it is sent, in the customer's language."""

import logging
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.signing import TimestampSigner
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from provisioning.errors import Permanent, ProvisioningError
from provisioning.mail.letter import Letter
from provisioning.models import Operation
from provisioning.reasons import reason
from provisioning.sealing import SealBroken
from provisioning.states import OperationKind
from tenants.mails import notices, sign_in_notices
from tenants.mails.credentials import kept_password
from tenants.mails.plain_names import without_links
from tenants.mails.space_pages import space_page
from tenants.mails.told import Told
from tenants.models import Instance, Mail, Partner, Signup
from tenants.wording import dates

logger = logging.getLogger(__name__)

# of the purpose of a welcome that is sent once more
AGAIN = "welcome-again:"
RESTORED = "restored:"
CONFIRMATION_SALT = "tenants.signup.confirmation"
# the kinds of another address than the instance's own
FOREIGN = frozenset({Mail.Kind.EMAIL_CHANGED})


class Superseded(Exception):
    """What the mail says is over: its address is not the instance's any more, or what it announces will not come."""


def status_page(instance: Instance, token: str = "") -> str:
    """The address of the instance's progress page, with this token, else with the customer's present one."""
    return f"{settings.PUBLIC_BASE_URL}/instances/{instance.public_id}/?token={token or instance.status_token}"


def confirmation_purpose(ticket: str) -> str:
    return f"confirmation:{ticket}"


def composed(mail: Mail) -> Letter:
    """Raises Permanent for what cannot be written: it would fail the same way tomorrow, so staff are told today.

    A corrected address (Superseded), a database that is away for a moment and a secret whose key is missing for one
    raise what they raise.
    """
    try:
        return letter(mail)
    except (Superseded, ProvisioningError, DatabaseError, SealBroken):
        raise
    except Exception as error:
        logger.exception("Mail %s cannot be composed", mail.pk)
        raise Permanent(f"This mail cannot be composed: {type(error).__name__}.") from error


def letter(mail: Mail) -> Letter:
    """Raises Permanent, Superseded or whatever stands in the way."""
    with translation.override(mail.language):
        context = _context(mail)
        partner: Partner = context["partner"]
        context["imprint"] = _imprint(partner)
        template = "notice" if "notice" in context else mail.kind
        return Letter(
            to=mail.recipient,
            subject=" ".join(render_to_string(f"email/{template}.subject.txt", context).split()),
            text=render_to_string(f"email/{template}.txt", context),
            html=render_to_string(f"email/{template}.html", context),
            message_id=mail.message_id,
            reply_to=partner.reply_to,
            from_email=_sender(partner),
            metadata={"mail": mail.reference},
        )


def _imprint(partner: Partner) -> str:
    """Who sells and hosts; a partner's customers have bought from the partner."""
    sold = [settings.SELLER_NAME, settings.SELLER_ADDRESS] if partner.is_house else [partner.name]
    hosted = _("Hosted by %(host)s.") % {"host": settings.HOSTED_BY} if settings.HOSTED_BY else ""
    return " ".join(filter(None, [", ".join(filter(None, sold)) + "." if any(sold) else "", hosted]))


def _sender(partner: Partner) -> str | None:
    """A partner's customers know the partner: its name stands before our address, which alone may send."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return None if partner.is_house else formataddr((partner.name, address))


def _context(mail: Mail) -> dict[str, Any]:
    """What the templates may say. Raises Permanent when what the mail tells about is gone, and Superseded."""
    if mail.kind == Mail.Kind.CONFIRMATION:
        return _confirmation_context(mail)
    if mail.kind in sign_in_notices.NOTICES:
        return _sign_in_context(mail)
    instance = mail.instance
    if instance is None:
        raise Permanent("This mail has no instance to tell about.")
    password = None
    if mail.kind == Mail.Kind.WELCOME:
        password = kept_password(instance, proven_just_now=not mail.purpose.startswith(AGAIN))
    # read after the password: one that came with another address is not told to the former
    instance.refresh_from_db(
        fields=["admin_email", "link_revision", "state", "expires_at", "decommission_after", "own_domain"]
    )
    own = mail.kind not in FOREIGN
    if own and (mail.recipient != instance.admin_email or notices.overtaken(mail, instance)):
        raise Superseded
    context: dict[str, Any] = {
        "instance": instance,
        "company": without_links(instance.tenant.company),
        "partner": instance.tenant.partner,
        "reply_to": instance.tenant.partner.reply_to,
        "status_url": status_page(instance) if own else "",
        "space_url": space_page(instance.language, "instance", instance.public_id),
    }
    if mail.kind in notices.NOTICES:
        told = Told(mail, instance, context["company"], context["space_url"])
        return context | {"notice": notices.NOTICES[mail.kind](told)}
    return context | {"password": password} | _work(mail, instance)


def _work(mail: Mail, instance: Instance) -> dict[str, Any]:
    """What the welcome and the failure say of the work that they tell about."""
    failed = mail.kind == Mail.Kind.FAILURE
    last = Operation.objects.filter(instance=instance).order_by("-pk").first() if failed else None
    occasion = mail.facts.get("occasion", "")
    return {
        "new_password": occasion == OperationKind.RESET_PASSWORD,
        "new_address": occasion == OperationKind.CHANGE_EMAIL,
        "moment": _moment_restored(mail),
        "reference": last.reference if last else "",
        "sentence": reason(last.reason).sentence if last else "",
    }


def _moment_restored(mail: Mail) -> str:
    """Of which moment the state is that Odoo has again; empty for other mails."""
    if mail.kind != Mail.Kind.RESTORED:
        return ""
    operation = Operation.objects.get(reference=mail.purpose.removeprefix(RESTORED))
    return dates.precisely(datetime.fromisoformat(operation.facts["backup_of"]))


def _sign_in_context(mail: Mail) -> dict[str, Any]:
    """Of an address that asked for a code: when nobody has sold it anything there is nobody to write to."""
    said = sign_in_notices.NOTICES[mail.kind](mail)
    if said is None:
        raise Superseded
    partner, notice = said
    return {"notice": notice, "partner": partner, "reply_to": partner.reply_to}


def _confirmation_context(mail: Mail) -> dict[str, Any]:
    ticket = mail.purpose.removeprefix(confirmation_purpose(""))
    signup = Signup.objects.select_related("partner").filter(ticket=ticket).first()
    if signup is None:
        raise Permanent("The signup to be confirmed is gone.")
    token = TimestampSigner(salt=CONFIRMATION_SALT).sign(ticket)
    return {
        "company": without_links(signup.company),
        "until": dates.precisely(signup.expires_at) if signup.expires_at else "",
        "partner": signup.partner,
        "reply_to": signup.partner.reply_to,
        "confirm_url": f"{settings.PUBLIC_BASE_URL}/confirm/{token}/",
    }
