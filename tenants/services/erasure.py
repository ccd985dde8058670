"""The customer's right to be forgotten (GDPR, article 17), but for what the law obliges a seller to keep."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from provisioning.models import Domain, OdooAddress, Operation
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
    WebhookDelivery,
    WebhookEvent,
)
from tenants.services import personal_data
from tenants.services.whose_end import CUSTOMER

YEAR = timedelta(days=366)
NOBODY = "erased"


def kept_until(session: CustomerSession) -> datetime | None:
    """Until when name and address of this person stay with what was sold for money; None: they need not."""
    days = [until for each in session.instances() if (until := _kept_until(each))]
    return max(days, default=None)


def erase(session: CustomerSession) -> None:
    """Forget the person with this seller, for ever, and sign all browsers out.

    What was sold for money keeps name and address for COMMERCIAL_RECORDS_YEARS from its end, the audit trail for good;
    what was free keeps neither. Raises StillLiving while an instance of the person has not ended, and LetterUnderWay
    while an e-mail about one is to be sent; then nothing is erased.
    """
    with transaction.atomic(), acting(CUSTOMER):
        # an order of the same customer waits for this row, or this waits for the order
        customers = list(personal_data.alone(session).select_for_update(of=("self",)))
        mine = list(session.instances().select_for_update(of=("self",), no_key=True))
        if any(each.state != InstanceState.DECOMMISSIONED for each in mine):
            raise StillLiving
        if Mail.objects.filter(instance__in=mine, state=Mail.State.QUEUED).exists():
            raise LetterUnderWay
        sold = {each.pk for each in mine if _kept_until(each)}
        for each in mine:
            AuditEntry.write("customer:erased", each.pk, after={"kept": each.pk in sold})
            if each.pk not in sold:
                _forget_order(each)
        _forget_letters(session, mine)
        _forget_forms(session)
        for row in customers:
            _forget_customer(row, kept=row.instances.filter(pk__in=sold).exists())
        CustomerSession.objects.filter(email=session.email, partner=session.partner_id).delete()


def _kept_until(instance: Instance) -> datetime | None:
    prices = Agreement.objects.filter(instance=instance, price_per_month__gt=0)
    changes = PlanChange.objects.filter(instance=instance, former_price__gt=0)
    if not (instance.price_per_month or prices.exists() or changes.exists()):
        return None
    until: datetime = (instance.ended_at or timezone.now()) + settings.COMMERCIAL_RECORDS_YEARS * YEAR
    return until if until > timezone.now() else None


def _forget_letters(session: CustomerSession, mine: list[Instance]) -> None:
    """Those about the person's instances, whoever got them; of others with another seller the address is not known."""
    elsewhere = {"email": session.email}
    alone = not any(
        rows.filter(**elsewhere).exclude(partner=session.partner_id).exists()
        for rows in (Tenant.objects, Signup.objects, CustomerSession.objects)
    )
    letters = Mail.objects.filter(instance__in=mine)
    if alone:
        letters |= Mail.objects.filter(instance=None, recipient=session.email)
        AddressProof.objects.filter(instance=None, partner=None, email=session.email).delete()
    for letter in letters:
        state = Mail.State.SUPERSEDED if letter.state == Mail.State.QUEUED else letter.state
        Mail.objects.filter(pk=letter.pk).update(recipient=_address(letter.pk), facts={}, error="", state=state)
    AddressProof.objects.filter(instance__in=mine).delete()
    AddressProof.objects.filter(partner=session.partner_id, email=session.email).delete()
    # what a partner is still to be told goes out, and then by age
    untold = WebhookDelivery.objects.filter(state=WebhookDelivery.State.QUEUED).values("event")
    WebhookEvent.objects.filter(instance__in=mine).exclude(pk__in=untold).delete()


def _forget_forms(session: CustomerSession) -> None:
    forms = Signup.objects.filter(email=session.email, partner=session.partner_id)
    forms.filter(instance=None).delete()
    for form in forms:
        Signup.objects.filter(pk=form.pk).update(company=NOBODY, client_name="", email=_address(form.pk), network="")


def _forget_customer(row: Tenant, *, kept: bool) -> None:
    forgotten: dict[str, str] = dict.fromkeys(("contact_name", "contact_phone", "notes"), "")
    if not kept:
        name = f"{NOBODY} {row.pk}"
        forgotten |= {"company": name, "company_key": name, "email": _address(row.pk)}
    Tenant.objects.filter(pk=row.pk).update(**forgotten)


def _forget_order(instance: Instance) -> None:
    """Its number stays: the certificate of its end and its last backup are found by it."""
    address = _address(instance.pk)
    for rows in (Agreement.objects, PlanChange.objects):
        rows.filter(instance=instance).update(email=address, network="")
    words = {instance.admin_email, instance.tenant.company, instance.client_name, instance.url, instance.database_name}
    for work in Operation.objects.filter(instance=instance):
        spec = work.spec | {"email": address, "company": NOBODY, "client_name": NOBODY}
        Operation.objects.filter(pk=work.pk).update(spec=spec, facts=_without(work.facts, words), sealed="")
    for domain in Domain.objects.filter(instance=instance):
        nameless = {"name": f"{NOBODY}-{domain.pk}.invalid", "mistakes": [], "certificate_error": ""}
        empty = dict.fromkeys(("zone", "target", "proof", "proof_host"), "")
        Domain.objects.filter(pk=domain.pk).update(**nameless, **empty)
    OdooAddress.objects.filter(instance=instance).delete()
    Instance.objects.filter(pk=instance.pk).update(
        admin_email=address, client_name=f"{NOBODY}-{instance.pk}", url="", own_domain="", database_name=NOBODY
    )


def _without(fact: Any, words: set[str]) -> Any:
    """The same without any text that names the person: one of these words, or an e-mail address."""
    if isinstance(fact, dict):
        return {name: kept for name, each in fact.items() if (kept := _without(each, words)) is not None}
    if isinstance(fact, list):
        return [kept for each in fact if (kept := _without(each, words)) is not None]
    named = isinstance(fact, str) and ("@" in fact or any(word and word in fact for word in words))
    return None if named else fact


def _address(number: int) -> str:
    # a name of its own in a domain that can never exist (RFC 2606)
    return f"{NOBODY}-{number}@erased.invalid"
