"""E-mails: written as rows with the news they tell, sent by a retried task, never lost and never told twice."""

import logging
from datetime import timedelta
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.signing import TimestampSigner
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.db.transaction import on_commit
from django.template.loader import render_to_string
from django.utils import timezone, translation

from provisioning.errors import Permanent, ProvisioningError, Temporary
from provisioning.mail.letter import Letter, send
from provisioning.mail.message_ids import new_message_id
from provisioning.models import Operation
from provisioning.reasons import reason
from provisioning.sealing import SealBroken
from tenants.mails.credentials import kept_password
from tenants.mails.plain_names import without_links
from tenants.models import Instance, Mail, Partner, Signup
from tenants.signals import mail_due
from tenants.wording import dates

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(hours=2)
# a slow mail server may take so long to say that it has the mail: nobody sends it again meanwhile
LONGEST_SENDING = timedelta(minutes=2)
# of the purpose of a welcome that is sent once more
AGAIN = "welcome-again:"
CONFIRMATION_SALT = "tenants.signup.confirmation"


class Superseded(Exception):
    """The address of the mail is not the instance's any more: neither its password nor its link is told there."""


def write_welcome(instance: Instance, operation: Operation) -> Mail:
    """Inside the transaction that makes the instance ready; one a proven credential, however often it is called."""
    return _write(Mail.Kind.WELCOME, instance, purpose=f"welcome:{operation.reference}")


def write_welcome_again(instance: Instance) -> Mail:
    """The same welcome once more, because somebody asked; two who ask at the same moment get one mail."""
    number = Mail.objects.filter(instance=instance, kind=Mail.Kind.WELCOME).count()
    return _write(Mail.Kind.WELCOME, instance, purpose=f"{AGAIN}{instance.public_id}:{number}")


def write_failure(instance: Instance, operation: Operation) -> Mail:
    """Inside the transaction that ends the creation; once an operation, however often it is retried."""
    return _write(Mail.Kind.FAILURE, instance, purpose=f"failure:{operation.reference}")


def write_expires_soon(instance: Instance, days: int) -> Mail:
    """Once for each end that the instance is given and each of the days before it that have come."""
    return _write(Mail.Kind.EXPIRES_SOON, instance, purpose=reminder_purpose(instance, days))


def reminder_purpose(instance: Instance, days: int) -> str:
    return f"expires:{instance.public_id}:{instance.expires_at:%Y%m%dT%H%M%S}:{days}"


def write_email_changed(instance: Instance, operation: Operation, former: str) -> Mail:
    """To the address that was replaced, so that nobody loses access without being told."""
    return _queue(Mail.Kind.EMAIL_CHANGED, f"email-changed:{operation.reference}", former, instance.language, instance)


def supersede(instance: Instance, former: str) -> None:
    """Inside the transaction that replaces this address: what still waits to be sent to it is not sent any more."""
    unsent = Mail.objects.filter(instance=instance, recipient=former, state__in=(Mail.State.QUEUED, Mail.State.FAILED))
    unsent.exclude(kind=Mail.Kind.EMAIL_CHANGED).update(state=Mail.State.SUPERSEDED)


def write_confirmation(signup: Signup) -> Mail:
    """Inside the transaction that writes the signup."""
    return _queue(Mail.Kind.CONFIRMATION, _confirmation_purpose(signup.ticket), signup.email, signup.language)


def status_page(instance: Instance, token: str = "") -> str:
    """The address of the instance's progress page, with this token, else with the customer's present one."""
    return f"{settings.PUBLIC_BASE_URL}/instances/{instance.public_id}/?token={token or instance.status_token}"


def deliver(mail_id: int) -> bool:
    """Send the mail if it is due; True when it was handed to the provider by this call.

    The claim is a conditional update that also schedules the next attempt, so a crash in between
    leads to a repetition later, with the same Message-ID.
    """
    mail = _claim(mail_id)
    if mail is None:
        return False
    try:
        provider_id = send(_composed(mail))
    except Superseded:
        Mail.objects.filter(pk=mail.pk, state=Mail.State.QUEUED).update(state=Mail.State.SUPERSEDED)
        return False
    except ProvisioningError as error:
        _record_failure(mail, error)
        return False
    except Exception as error:
        logger.exception("Mail %s could not be sent", mail.pk)
        _record_failure(mail, Temporary(type(error).__name__))
        return False
    row = Mail.objects.filter(pk=mail.pk)
    row.update(sent_at=timezone.now(), provider_id=provider_id)
    # the provider's report may have been faster
    row.filter(state__in=(Mail.State.QUEUED, Mail.State.FAILED)).update(state=Mail.State.SENT, error="")
    return True


def deliver_due(limit: int = 100) -> int:
    """Send what is due here and now: for those who have no broker."""
    return sum(deliver(pk) for pk in list(Mail.objects.due().values_list("pk", flat=True)[:limit]))


def send_again(mail: Mail) -> bool:
    """Begin anew with one that was given up; False when it was not. It is the same mail, with the same Message-ID."""
    now = timezone.now()
    with transaction.atomic():
        given_up = Mail.objects.filter(pk=mail.pk, state=Mail.State.FAILED)
        begun = given_up.update(state=Mail.State.QUEUED, attempts=0, run_after=now, rung_at=now)
        if begun:
            on_commit(lambda: mail_due.send_robust(Mail, mail_id=mail.pk))
    return bool(begun)


def sweep(limit: int = 500) -> int:
    """Ring for every mail that is due and that nobody has been told of."""
    due = list(Mail.objects.unheard().values_list("pk", flat=True)[:limit])
    Mail.objects.filter(pk__in=due).update(rung_at=timezone.now())
    for mail_id in due:
        mail_due.send(Mail, mail_id=mail_id)
    return len(due)


def _write(kind: Mail.Kind, instance: Instance, *, purpose: str) -> Mail:
    return _queue(kind, purpose, instance.admin_email, instance.language, instance)


def _queue(kind: Mail.Kind, purpose: str, recipient: str, language: str, instance: Instance | None = None) -> Mail:
    try:
        # the news is nearly always new: looking first would be a look in vain
        with transaction.atomic():
            mail = Mail.objects.create(
                purpose=purpose,
                kind=kind,
                instance=instance,
                recipient=recipient,
                language=language,
                message_id=new_message_id(),
            )
    except IntegrityError:
        return Mail.objects.get(purpose=purpose)
    on_commit(lambda: mail_due.send_robust(Mail, mail_id=mail.pk))
    return mail


def _confirmation_purpose(ticket: str) -> str:
    return f"confirmation:{ticket}"


def _claim(mail_id: int) -> Mail | None:
    mail = Mail.objects.select_related("instance__tenant__partner").filter(pk=mail_id).first()
    if mail is None:
        return None
    pause = max(_pause(mail.attempts), LONGEST_SENDING)
    won = (
        Mail.objects.due()
        .filter(pk=mail_id, attempts=mail.attempts)
        .order_by()
        .update(attempts=F("attempts") + 1, run_after=timezone.now() + pause)
    )
    mail.attempts += 1
    return mail if won else None


def _pause(attempts: int) -> timedelta:
    return min(timedelta(seconds=30 * 2**attempts), LONGEST_PAUSE)


def _composed(mail: Mail) -> Letter:
    """Raises Permanent for what cannot be written: it would fail the same way tomorrow, so staff are told today.

    A corrected address (Superseded), a database that is away for a moment and a secret whose key is missing for one
    raise what they raise.
    """
    try:
        return _letter(mail)
    except (Superseded, ProvisioningError, DatabaseError, SealBroken):
        raise
    except Exception as error:
        logger.exception("Mail %s cannot be composed", mail.pk)
        raise Permanent(f"This mail cannot be composed: {type(error).__name__}.") from error


def _letter(mail: Mail) -> Letter:
    with translation.override(mail.language):
        context = _context(mail)
        partner: Partner = context["partner"]
        return Letter(
            to=mail.recipient,
            subject=" ".join(render_to_string(f"email/{mail.kind}.subject.txt", context).split()),
            text=render_to_string(f"email/{mail.kind}.txt", context),
            html=render_to_string(f"email/{mail.kind}.html", context),
            message_id=mail.message_id,
            reply_to=partner.reply_to,
            from_email=_sender(partner),
            metadata={"mail": mail.reference},
        )


def _sender(partner: Partner) -> str | None:
    """A partner's customers know the partner: its name stands before our address, which alone may send."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return None if partner.is_house else formataddr((partner.name, address))


def _context(mail: Mail) -> dict[str, Any]:
    """What the templates may say. Raises Permanent when what the mail tells about is gone, and Superseded."""
    if mail.kind == Mail.Kind.CONFIRMATION:
        return _confirmation_context(mail)
    instance = mail.instance
    if instance is None:
        raise Permanent("This mail has no instance to tell about.")
    password = None
    if mail.kind == Mail.Kind.WELCOME:
        password = kept_password(instance, proven_just_now=not mail.purpose.startswith(AGAIN))
    # read after the password: one that came with another address is not told to the former
    instance.refresh_from_db(fields=["admin_email", "link_revision"])
    own = mail.kind != Mail.Kind.EMAIL_CHANGED
    if own and mail.recipient != instance.admin_email:
        raise Superseded
    failed = mail.kind == Mail.Kind.FAILURE
    last = Operation.objects.filter(instance=instance).order_by("-pk").first() if failed else None
    return {
        "instance": instance,
        "company": without_links(instance.tenant.company),
        "password": password,
        "end": dates.day(instance.expires_at) if instance.expires_at else "",
        "reference": last.reference if last else "",
        "sentence": reason(last.reason).sentence if last else "",
        "partner": instance.tenant.partner,
        "reply_to": instance.tenant.partner.reply_to,
        "status_url": status_page(instance) if own else "",
    }


def _confirmation_context(mail: Mail) -> dict[str, Any]:
    ticket = mail.purpose.removeprefix(_confirmation_purpose(""))
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


def _record_failure(mail: Mail, error: ProvisioningError) -> None:
    final = isinstance(error, Permanent) or mail.attempts >= MAX_ATTEMPTS
    logger.warning("Mail %s could not be sent: %s", mail.pk, error.message)
    changes: dict[str, object] = {"error": error.message}
    if final:
        changes["state"] = Mail.State.FAILED
    else:
        changes["run_after"] = timezone.now() + _pause(mail.attempts - 1)
    Mail.objects.filter(pk=mail.pk, state=Mail.State.QUEUED).update(**changes)
