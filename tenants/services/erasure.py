"""The customer's right to be forgotten (GDPR, article 17), but for what the law obliges a seller to keep."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from provisioning.models import Operation
from tenants.audit import acting
from tenants.errors import LetterUnderWay, StillLiving
from tenants.lifecycle import InstanceState
from tenants.models import (
    AddressProof,
    Agreement,
    AuditEntry,
    CustomerSession,
    Instance,
    Mail,
    PlanChange,
    Signup,
    Tenant,
    WebhookEvent,
)
from tenants.services.whose_end import CUSTOMER

YEAR = timedelta(days=366)
NOBODY = "erased"


def kept_until(session: CustomerSession) -> datetime | None:
    """Until when name and address of this person stay with what was sold for money; None: they need not."""
    last = _paid(session).order_by("agreed_at").last()
    return last.agreed_at + settings.COMMERCIAL_RECORDS_YEARS * YEAR if last else None


def erase(session: CustomerSession) -> None:
    """Forget the person with this seller, for ever, and sign all browsers out.

    What was sold for money keeps name and address for COMMERCIAL_RECORDS_YEARS, the audit trail for good; what was free
    keeps neither. Raises StillLiving while an instance of the person has not ended, and LetterUnderWay while an e-mail
    to it is to be sent; then nothing is erased.
    """
    with transaction.atomic(), acting(CUSTOMER):
        mine = list(session.instances().select_for_update(of=("self",), no_key=True))
        if any(each.state != InstanceState.DECOMMISSIONED for each in mine):
            raise StillLiving
        letters = Mail.objects.filter(Q(instance__in=mine) | Q(instance=None), recipient=session.email)
        if letters.filter(state=Mail.State.QUEUED).exists():
            raise LetterUnderWay
        sold = set(_paid(session).values_list("instance_id", flat=True))
        for each in mine:
            AuditEntry.write("customer:erased", each.pk, after={"kept": each.pk in sold})
        for letter in letters:
            Mail.objects.filter(pk=letter.pk).update(recipient=_address(letter.pk), facts={}, error="")
        AddressProof.objects.filter(Q(instance__in=mine) | Q(instance=None), email=session.email).delete()
        WebhookEvent.objects.filter(instance__in=mine).delete()
        _forget_orders(session, mine, sold)
        CustomerSession.objects.filter(email=session.email, partner=session.partner_id).delete()


def _paid(session: CustomerSession) -> QuerySet[Agreement]:
    since = timezone.now() - settings.COMMERCIAL_RECORDS_YEARS * YEAR
    return Agreement.objects.filter(instance__in=session.instances(), price_per_month__gt=0, agreed_at__gt=since)


def _forget_orders(session: CustomerSession, mine: list[Instance], sold: set[int]) -> None:
    for form in Signup.objects.filter(email=session.email, partner=session.partner_id):
        Signup.objects.filter(pk=form.pk).update(company=NOBODY, client_name="", email=_address(form.pk), network="")
    for each in mine:
        if each.pk not in sold:
            _forget_order(each)
    # a customer of whom another address has an instance goes on to be one
    others = Instance.objects.exclude(pk__in=[each.pk for each in mine]).values("tenant")
    theirs = Q(email=session.email) | Q(instances__in=mine)
    customers = Tenant.objects.filter(theirs, partner=session.partner_id).exclude(pk__in=others).distinct()
    for row in customers:
        forgotten: dict[str, str] = dict.fromkeys(("contact_name", "contact_phone", "notes"), "")
        if not row.instances.filter(pk__in=sold).exists():
            name = f"{NOBODY} {row.pk}"
            forgotten |= {"company": name, "company_key": name, "email": _address(row.pk)}
        Tenant.objects.filter(pk=row.pk).update(**forgotten)


def _forget_order(instance: Instance) -> None:
    """Its number stays: the certificate of its end and its last backup are found by it."""
    former, address = instance.admin_email, _address(instance.pk)
    for rows in (Agreement.objects, PlanChange.objects):
        rows.filter(instance=instance).update(email=address, network="")
    for work in Operation.objects.filter(instance=instance):
        spec = work.spec | {"email": address, "company": NOBODY, "client_name": NOBODY}
        facts = {name: fact for name, fact in work.facts.items() if fact not in (former, instance.url)}
        Operation.objects.filter(pk=work.pk).update(spec=spec, facts=facts, sealed="")
    Instance.objects.filter(pk=instance.pk).update(
        admin_email=address, client_name=f"{NOBODY}-{instance.pk}", url="", database_name=NOBODY
    )


def _address(number: int) -> str:
    # a name of its own in a domain that can never exist (RFC 2606)
    return f"{NOBODY}-{number}@erased.invalid"
