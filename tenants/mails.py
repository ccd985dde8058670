"""E-mails: written as rows with the news they tell, sent by a retried task, never lost and never told twice."""

import logging
from datetime import timedelta
from email.utils import make_msgid

from django.conf import settings
from django.db.models import F
from django.db.transaction import on_commit
from django.template.loader import render_to_string
from django.utils import timezone, translation

from provisioning.errors import Permanent, ProvisioningError
from provisioning.mail.letter import Letter, send
from provisioning.models import Operation
from tenants.models import Instance, Mail
from tenants.signals import mail_due

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(hours=2)


def write_welcome(instance: Instance, operation: Operation) -> Mail:
    """Inside the transaction that makes the instance ready; one a proven credential, however often it is called."""
    return _write(Mail.Kind.WELCOME, instance, purpose=f"welcome:{operation.reference}")


def write_welcome_again(instance: Instance) -> Mail:
    """The same welcome once more, because somebody asked; two who ask at the same moment get one mail."""
    number = Mail.objects.filter(instance=instance, kind=Mail.Kind.WELCOME).count()
    return _write(Mail.Kind.WELCOME, instance, purpose=f"welcome-again:{instance.public_id}:{number}")


def deliver(mail_id: int) -> bool:
    """Send the mail if it is due; True when it was handed to the provider by this call.

    The claim is a conditional update that also schedules the next attempt, so a crash in between
    leads to a repetition later, with the same Message-ID.
    """
    mail = _claim(mail_id)
    if mail is None:
        return False
    try:
        provider_id = send(_letter(mail))
    except ProvisioningError as error:
        _record_failure(mail, error)
        return False
    Mail.objects.filter(pk=mail.pk).update(
        state=Mail.State.SENT, sent_at=timezone.now(), provider_id=provider_id, error=""
    )
    return True


def deliver_due(limit: int = 100) -> int:
    """Send what is due here and now: for those who have no broker."""
    return sum(deliver(pk) for pk in list(Mail.objects.due().values_list("pk", flat=True)[:limit]))


def sweep(limit: int = 500) -> int:
    """Ring for every mail that is due."""
    due = list(Mail.objects.due().values_list("pk", flat=True)[:limit])
    for mail_id in due:
        mail_due.send(Mail, mail_id=mail_id)
    return len(due)


def _write(kind: Mail.Kind, instance: Instance, *, purpose: str) -> Mail:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    mail, created = Mail.objects.get_or_create(
        purpose=purpose,
        defaults={
            "kind": kind,
            "instance": instance,
            "recipient": instance.admin_email,
            "language": instance.tenant.language,
            "message_id": make_msgid(domain=domain),
        },
    )
    if created:
        on_commit(lambda: mail_due.send_robust(Mail, mail_id=mail.pk))
    return mail


def _claim(mail_id: int) -> Mail | None:
    mail = Mail.objects.select_related("instance__tenant__partner").filter(pk=mail_id).first()
    if mail is None:
        return None
    pause = min(timedelta(seconds=30 * 2**mail.attempts), LONGEST_PAUSE)
    won = (
        Mail.objects.due()
        .filter(pk=mail_id, attempts=mail.attempts)
        .order_by()
        .update(attempts=F("attempts") + 1, run_after=timezone.now() + pause)
    )
    mail.attempts += 1
    return mail if won else None


def _letter(mail: Mail) -> Letter:
    instance = mail.instance
    if instance is None:
        raise Permanent("This mail has no instance to tell about.")
    partner = instance.tenant.partner
    context = {
        "instance": instance,
        "company": instance.tenant.company,
        "password": instance.admin_password(),
        "partner": partner,
        "reply_to": partner.reply_to,
    }
    with translation.override(mail.language):
        return Letter(
            to=mail.recipient,
            subject=" ".join(render_to_string(f"email/{mail.kind}.subject.txt", context).split()),
            text=render_to_string(f"email/{mail.kind}.txt", context),
            html=render_to_string(f"email/{mail.kind}.html", context),
            message_id=mail.message_id,
            reply_to=partner.reply_to,
            metadata={"mail": str(mail.pk)},
        )


def _record_failure(mail: Mail, error: ProvisioningError) -> None:
    final = isinstance(error, Permanent) or mail.attempts >= MAX_ATTEMPTS
    logger.warning("Mail %s could not be sent: %s", mail.pk, error.message)
    changes: dict[str, object] = {"error": error.message}
    if final:
        changes["state"] = Mail.State.FAILED
    Mail.objects.filter(pk=mail.pk, state=Mail.State.QUEUED).update(**changes)
