"""E-mails: written as rows with the news they tell, sent by a retried task, never lost and never told twice."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.transaction import on_commit
from django.utils import timezone

from provisioning.errors import Permanent, ProvisioningError, Temporary
from provisioning.mail.letter import send
from provisioning.mail.message_ids import new_message_id
from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.mails import composing
from tenants.models import Instance, Mail, Signup
from tenants.signals import mail_due

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
LONGEST_PAUSE = timedelta(hours=2)
# a slow mail server may take so long to say that it has the mail: nobody sends it again meanwhile
LONGEST_SENDING = timedelta(minutes=2)


def write_welcome(instance: Instance, operation: Operation, *, occasion: str = OperationKind.CREATE) -> Mail:
    """Inside the transaction that makes the instance ready; one a proven credential, however often it is called.

    ``occasion`` says what is new to one who has been here before: RESET_PASSWORD or CHANGE_EMAIL.
    """
    return _write(Mail.Kind.WELCOME, instance, purpose=f"welcome:{operation.reference}", occasion=occasion)


def write_welcome_again(instance: Instance) -> Mail:
    """The same welcome once more, because somebody asked; two who ask at the same moment get one mail."""
    number = Mail.objects.filter(instance=instance, kind=Mail.Kind.WELCOME).count()
    return _write(Mail.Kind.WELCOME, instance, purpose=f"{composing.AGAIN}{instance.public_id}:{number}")


def write_failure(instance: Instance, operation: Operation) -> Mail:
    """Inside the transaction that ends the creation; once an operation, however often it is retried."""
    return _write(Mail.Kind.FAILURE, instance, purpose=f"failure:{operation.reference}")


def supersede(instance: Instance, former: str) -> None:
    """Inside the transaction that replaces this address: what still waits to be sent to it is not sent any more."""
    unsent = Mail.objects.filter(instance=instance, recipient=former, state__in=(Mail.State.QUEUED, Mail.State.FAILED))
    unsent.exclude(kind=Mail.Kind.EMAIL_CHANGED).update(state=Mail.State.SUPERSEDED)


def write_confirmation(signup: Signup) -> Mail:
    """Inside the transaction that writes the signup."""
    return queue(Mail.Kind.CONFIRMATION, composing.confirmation_purpose(signup.ticket), signup.email, signup.language)


def write_restored(instance: Instance, operation: Operation) -> Mail:
    """Inside the transaction that ends a restoration."""
    return _write(Mail.Kind.RESTORED, instance, purpose=f"{composing.RESTORED}{operation.reference}")


def deliver(mail_id: int) -> bool:
    """Send the mail if it is due; True when it was handed to the provider by this call.

    The claim is a conditional update that also schedules the next attempt, so a crash in between
    leads to a repetition later, with the same Message-ID.
    """
    mail = _claim(mail_id)
    if mail is None:
        return False
    try:
        provider_id = send(composing.composed(mail))
    except composing.Superseded:
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
    return _begin_anew(mail, Mail.State.FAILED)


def sweep(limit: int = 500) -> int:
    """Ring for every mail that is due and that nobody has been told of."""
    due = list(Mail.objects.unheard().values_list("pk", flat=True)[:limit])
    Mail.objects.filter(pk__in=due).update(rung_at=timezone.now())
    for mail_id in due:
        mail_due.send(Mail, mail_id=mail_id)
    return len(due)


def _write(kind: Mail.Kind, instance: Instance, *, purpose: str, **facts: object) -> Mail:
    return queue(kind, purpose, instance.admin_email, instance.language, instance, facts=facts)


def queue(
    kind: Mail.Kind,
    purpose: str,
    recipient: str,
    language: str,
    instance: Instance | None = None,
    **columns: object,
) -> Mail:
    """One news, once: the same ``purpose`` again is the mail that there is, to be sent after all if it was overtaken
    before it was sent. Call it in the transaction of the news. Of an instance in test mode it is never sent.

    ``columns`` are others of :class:`Mail`: the moment that it ``announces``, its ``facts``.
    """
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
                state=Mail.State.WITHHELD if instance is not None and instance.is_test else Mail.State.QUEUED,
                **columns,
            )
    except IntegrityError:
        mail = Mail.objects.get(purpose=purpose)
        _begin_anew(mail, Mail.State.SUPERSEDED)
        return mail
    on_commit(lambda: mail_due.send_robust(Mail, mail_id=mail.pk))
    return mail


def _begin_anew(mail: Mail, state: Mail.State) -> bool:
    now = timezone.now()
    with transaction.atomic():
        ended = Mail.objects.filter(pk=mail.pk, state=state)
        begun = ended.update(state=Mail.State.QUEUED, attempts=0, run_after=now, rung_at=now)
        if begun:
            on_commit(lambda: mail_due.send_robust(Mail, mail_id=mail.pk))
    return bool(begun)


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


def _record_failure(mail: Mail, error: ProvisioningError) -> None:
    final = isinstance(error, Permanent) or mail.attempts >= MAX_ATTEMPTS
    logger.warning("Mail %s could not be sent: %s", mail.pk, error.message)
    changes: dict[str, object] = {"error": error.message}
    if final:
        changes["state"] = Mail.State.FAILED
    else:
        changes["run_after"] = timezone.now() + _pause(mail.attempts - 1)
    Mail.objects.filter(pk=mail.pk, state=Mail.State.QUEUED).update(**changes)
