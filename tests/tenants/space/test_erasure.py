"""The right to be forgotten: nothing that was free leads to the person, what was sold stays, nobody else's goes."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Agreement, AuditEntry, CustomerSession, Instance, Mail, Signup, Tenant
from tenants.services import agreements, certificates
from tests.tenants.space.conftest import EMAIL, letters, make_odoo

WORDS = (EMAIL, "marie", "Étoile", "etoile")
PAGE = "mes-donnees/effacer/"


def end(instance, **values):
    Instance.objects.filter(pk=instance.pk).update(
        state=InstanceState.DECOMMISSIONED, ended_at=timezone.now(), **values
    )


@pytest.fixture
def ended(inside, odoo):
    """A trial that was lived in: ordered by a form, written to, spoken with, ended."""
    Operation.objects.create(
        instance=odoo, kind=OperationKind.CREATE, state=OperationState.SUCCEEDED,
        deadline_at=timezone.now(), ended_at=timezone.now(),
        spec={"email": EMAIL, "company": "Café Étoile", "client_name": "etoile"}, facts={"url": odoo.url, "kept": 1},
    )  # fmt: skip
    Signup.objects.create(ticket="t", partner=odoo.tenant.partner, plan=odoo.plan, company="Café Étoile", email=EMAIL,
                          instance=odoo)  # fmt: skip
    Tenant.objects.filter(pk=odoo.tenant_id).update(contact_name="Marie Curie", contact_phone="06", notes="likes marie")
    Mail.objects.create(instance=odoo, kind="welcome", purpose="w", recipient=EMAIL, message_id="m", state="sent")
    agreements.write(odoo, EMAIL)
    Agreement.objects.update(price_per_month=0)
    end(odoo)
    return odoo


def traces():
    """Every row that still holds a word of the person, but for the audit trail and the number of the instance."""
    found = []
    for model in apps.get_models():
        if model is AuditEntry or model._meta.app_label not in ("tenants", "provisioning"):
            continue
        for row in model._base_manager.all().values():
            told = " ".join(str(value) for name, value in row.items() if name not in ("public_id", "database_name"))
            found += [f"{model.__name__}: {word}" for word in WORDS if word in told]
    return found


def test_of_a_trial_nothing_leads_to_the_person_any_more(inside, ended):
    assert {each.partition(":")[0] for each in traces()} >= {"Tenant", "Instance", "Signup", "Mail", "CustomerSession"}
    page = inside.post(PAGE, email=EMAIL.upper())
    assert "Vos données sont effacées" in page.content.decode()
    assert traces() == []
    assert inside.get().redirect_chain, "signed out"
    ended.refresh_from_db()
    assert certificates.of(ended) is not None, "the certificate is found by its number"
    assert AuditEntry.objects.get(act="customer:erased").actor == "customer"


def test_what_was_sold_stays_with_its_name_and_says_until_when(inside, ended):
    Agreement.objects.update(price_per_month=19)
    said = inside.get(PAGE).content.decode()
    assert str(timezone.now().year + 10) in said
    inside.post(PAGE, email=EMAIL)
    ended.refresh_from_db()
    assert (ended.admin_email, ended.tenant.company, ended.tenant.contact_name) == (EMAIL, "Café Étoile", "")
    assert Agreement.objects.get().email == EMAIL
    assert not Mail.objects.filter(recipient=EMAIL).exists()
    assert not CustomerSession.objects.exists()


def test_what_was_sold_long_ago_is_forgotten_too(inside, ended):
    Agreement.objects.update(price_per_month=19, agreed_at=timezone.now() - timedelta(days=11 * 366))
    inside.post(PAGE, email=EMAIL)
    assert traces() == []


@pytest.mark.parametrize("why", ["another address is typed", "one lives", "a letter is under way", "the proof is old"])
def test_nothing_is_erased_when(inside, ended, why):
    given = EMAIL
    if why == "another address is typed":
        given = "luc@etoile.example"
    elif why == "one lives":
        make_odoo("second")
    elif why == "a letter is under way":
        Mail.objects.update(state="queued")
    else:
        CustomerSession.objects.update(created_at=timezone.now() - timedelta(hours=1))
    before = sorted(traces())
    page = inside.client.post(f"/espace/{PAGE}", {"email": given})
    assert page.status_code == (303 if why == "the proof is old" else 422)
    assert sorted(traces()) == before


def test_others_keep_what_is_theirs(inside, ended, make_partner):
    """The same address with another seller, and a colleague's Odoo of the same customer."""
    elsewhere = make_odoo("atelier", partner=make_partner("Atelier"))
    colleague = make_odoo("colleague", company="Café Étoile")
    Instance.objects.filter(pk=colleague.pk).update(admin_email="luc@etoile.example", tenant=ended.tenant)
    inside.post(PAGE, email=EMAIL)
    elsewhere.refresh_from_db()
    colleague.refresh_from_db()
    assert (elsewhere.admin_email, elsewhere.tenant.email) == (EMAIL, EMAIL)
    assert (colleague.admin_email, colleague.tenant.contact_name) == ("luc@etoile.example", "Marie Curie")
    assert letters() == []
