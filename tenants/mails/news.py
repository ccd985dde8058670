"""The news of an instance's life, written as mails: of every end the customer hears before it comes.

Each is written in the transaction of the change that it tells about. What has been told is read from the same rows.
"""

import hashlib
from datetime import datetime

from django.utils import timezone

from provisioning.models import Domain, Operation
from tenants.mails import outbox
from tenants.mails.told import BY, BY_CUSTOMER, BY_EXPIRY, BY_SELLER, CHANGE, NOTICE
from tenants.models import Instance, Mail, PlanChange
from tenants.models.mail import MailQuerySet

OF_STOPPING = (Mail.Kind.EXPIRES_SOON,)
OF_DELETING = (Mail.Kind.SUSPENDED, Mail.Kind.DELETION_SCHEDULED, Mail.Kind.DELETION_SOON)


def write_expires_soon(instance: Instance, days: int, *, by: str = BY_EXPIRY) -> Mail:
    """Once for each end that the instance is given, each of the days before it that have come, and each address."""
    purpose = f"expires:{_dated(instance, instance.expires_at)}:{days}"
    return _write(Mail.Kind.EXPIRES_SOON, instance, purpose, announces=instance.expires_at, facts={BY: by})


def write_end_chosen(instance: Instance, choice: int) -> Mail:
    """Its customer has chosen ``expires_at``: each ``choice``, by its number, is news of its own."""
    purpose = f"end-chosen:{instance.public_id}:{choice}"
    return _write(Mail.Kind.EXPIRES_SOON, instance, purpose, announces=instance.expires_at, facts={BY: BY_CUSTOMER})


def write_end_undone(instance: Instance, choice: int) -> Mail:
    """Its customer has taken such a day back."""
    return _write(Mail.Kind.DELETION_UNDONE, instance, f"end-undone:{instance.public_id}:{choice}")


def write_suspended(instance: Instance, purpose: str, *, by: str = BY_SELLER) -> Mail:
    """Stopped; and when its deletion is scheduled, until when its data is kept."""
    return _write(
        Mail.Kind.SUSPENDED, instance, f"suspended:{purpose}", announces=instance.decommission_after, facts={BY: by}
    )


def write_resumed(instance: Instance, operation: Operation) -> Mail:
    return _write(Mail.Kind.RESUMED, instance, f"resumed:{operation.reference}")


def write_deletion_scheduled(instance: Instance, *, by: str = BY_SELLER) -> Mail:
    """It will be deleted at ``decommission_after``."""
    purpose = f"deletion:{_dated(instance, instance.decommission_after)}"
    kind = Mail.Kind.DELETION_SCHEDULED
    return _write(kind, instance, purpose, announces=instance.decommission_after, facts={BY: by})


def write_deletion_soon(instance: Instance) -> Mail:
    """Once more, shortly before."""
    purpose = f"deletion-soon:{_dated(instance, instance.decommission_after)}"
    return _write(Mail.Kind.DELETION_SOON, instance, purpose, announces=instance.decommission_after)


def write_deletion_undone(instance: Instance, former: datetime | None) -> Mail:
    return _write(Mail.Kind.DELETION_UNDONE, instance, f"deletion-undone:{_dated(instance, former)}")


def write_deletion_begun(instance: Instance, operation: Operation, *, by: str = BY_SELLER) -> Mail:
    """At once, without a date that was told before."""
    return _write(Mail.Kind.DELETION_BEGUN, instance, f"deletion-begun:{operation.reference}", facts={BY: by})


def write_deleted(instance: Instance, operation: Operation, backup: str) -> Mail:
    """The certificate; ``backup`` is the public id of the last one, or empty."""
    return _write(Mail.Kind.DELETED, instance, f"deleted:{operation.reference}", facts={"backup": backup})


def write_plan_changed(instance: Instance, change: PlanChange) -> Mail:
    return _write(Mail.Kind.PLAN_CHANGED, instance, f"plan-changed:{change.pk}", facts={CHANGE: change.pk})


def write_plan_kept(instance: Instance, change: PlanChange) -> Mail:
    """What was ordered did not come true, and nothing is another."""
    return _write(Mail.Kind.PLAN_KEPT, instance, f"plan-kept:{change.pk}", facts={CHANGE: change.pk})


def write_email_changed(instance: Instance, operation: Operation, former: str) -> Mail:
    """To the address that was replaced, so that nobody loses access without being told."""
    purpose = f"email-changed:{operation.reference}"
    return outbox.queue(Mail.Kind.EMAIL_CHANGED, purpose, former, instance.language, instance)


def write_domain_on(instance: Instance, domain: Domain) -> Mail:
    """Once each time that it is switched on."""
    purpose = f"domain-on:{domain.public_id}:{domain.switched_on_at:%Y%m%dT%H%M%S}"
    return _write(Mail.Kind.DOMAIN_ON, instance, purpose, facts={"domain": domain.public_id})


def write_domain_broken(instance: Instance, domain: Domain) -> Mail:
    """Once each time that it is certain."""
    purpose = f"domain-broken:{domain.public_id}:{domain.broken_at:%Y%m%dT%H%M%S}"
    return _write(Mail.Kind.DOMAIN_BROKEN, instance, purpose, facts={"domain": domain.public_id})


def stopping_notices(instance: Instance) -> MailQuerySet:
    """Those that tell the present address of this very end, on their way, arrived or lost."""
    return _notices(instance, OF_STOPPING, instance.expires_at)


def deletion_notices(instance: Instance) -> MailQuerySet:
    """The same of the day on which it is deleted."""
    return _notices(instance, OF_DELETING, instance.decommission_after)


def told_at(notices: MailQuerySet) -> datetime | None:
    """When the first of them went out, and was not reported lost; None: the customer does not know."""
    arrived = notices.filter(state__in=Mail.ARRIVED).exclude(sent_at=None)
    return arrived.order_by("sent_at").values_list("sent_at", flat=True).first()


def told_in_time(notices: MailQuerySet) -> bool:
    """Whether the customer has known for as long as `told.NOTICE`."""
    told = told_at(notices)
    return told is not None and told <= timezone.now() - NOTICE


def _notices(instance: Instance, kinds: tuple[Mail.Kind, ...], moment: datetime | None) -> MailQuerySet:
    own = Mail.objects.standing().filter(instance=instance, recipient=instance.admin_email)
    return own.filter(kind__in=kinds, announces=moment)


def _dated(instance: Instance, moment: datetime | None) -> str:
    address = hashlib.sha256(instance.admin_email.encode()).hexdigest()[:8]
    return f"{instance.public_id}:{moment:%Y%m%dT%H%M%S}:{address}" if moment else f"{instance.public_id}:{address}"


def _write(
    kind: Mail.Kind,
    instance: Instance,
    purpose: str,
    *,
    announces: datetime | None = None,
    facts: dict[str, object] | None = None,
) -> Mail:
    return outbox.queue(
        kind, purpose, instance.admin_email, instance.language, instance, announces=announces, facts=facts or {}
    )
