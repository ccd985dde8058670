"""The right to be forgotten: nothing that was free leads to the person, what was sold stays, nobody else's goes."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from provisioning.models import Domain, Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import (
    Agreement,
    AuditEntry,
    CustomerSession,
    Instance,
    Mail,
    Signup,
    Tenant,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tenants.models.webhook import WebhookEvents
from tenants.services import agreements, certificates
from tenants.webhooks import deliveries
from tests.tenants.space.conftest import EMAIL, letters, make_odoo

WORDS = (EMAIL, "marie", "Étoile", "etoile")
PAGE = "mes-donnees/effacer/"


def end(instance, **values):
    Instance.objects.filter(pk=instance.pk).update(
        **{"state": InstanceState.DECOMMISSIONED, "ended_at": timezone.now(), "price_per_month": 0} | values
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
    Agreement.objects.update(price_per_month=19, agreed_at=timezone.now() - timedelta(days=20 * 366))
    end(ended, ended_at=timezone.now() - timedelta(days=11 * 366))
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


def test_what_was_sold_without_a_form_stays_too_counted_from_its_end(inside, odoo):
    """By API, console or command no agreement is written; and who paid until yesterday is in yesterday's invoice."""
    end(odoo, price_per_month=49)
    Instance.objects.update(created_at=timezone.now() - timedelta(days=15 * 366))
    inside.post(PAGE, email=EMAIL)
    odoo.refresh_from_db()
    assert odoo.admin_email == EMAIL


def test_nothing_stays_in_what_stands_beside(inside, odoo):
    """A change of plan that failed, a corrected address with its letters, an own domain, an order never confirmed."""
    former = {"spec": {"email": EMAIL, "company": "Café Étoile"}, "modules": ["crm"]}
    for kind, facts in (
        ("change_plan", {"former": former}),
        ("change_email", {"current_email": "marie@former.example"}),
    ):
        Operation.objects.create(
            instance=odoo, kind=kind, state=OperationState.FAILED, deadline_at=timezone.now(), ended_at=timezone.now(),
            spec={"email": EMAIL}, facts=facts,
        )  # fmt: skip
    Mail.objects.create(instance=odoo, kind="welcome", purpose="f", recipient="marie@former.example", message_id="f",
                        state="sent", facts={"company": "Café Étoile"})  # fmt: skip
    Domain.objects.create(instance=odoo, name="erp.marie-etoile.fr", zone="marie-etoile.fr", state="removed",
                          mistakes=[{"host": "erp.marie-etoile.fr"}])  # fmt: skip
    Signup.objects.create(ticket="u", partner=odoo.tenant.partner, plan=odoo.plan, company="Café Étoile", email=EMAIL)
    end(odoo)
    inside.post(PAGE, email=EMAIL)
    assert traces() == []
    assert Operation.objects.filter(facts__former__modules=["crm"]).exists(), "what names nobody stays"


def test_another_sellers_letters_are_not_this_ones(inside, ended, make_partner):
    other = make_partner("Atelier")
    Signup.objects.create(ticket="b", partner=other, plan=ended.plan, company="B", email=EMAIL)
    Mail.objects.create(kind="confirmation", purpose="b", recipient=EMAIL, message_id="b", state="queued")
    assert inside.post(PAGE, email=EMAIL).status_code == 200
    assert Mail.objects.get(purpose="b").recipient == EMAIL
    assert not Mail.objects.filter(instance=ended, recipient=EMAIL).exists()


def test_a_partner_is_still_told_of_the_end(inside, ended):
    WebhookEndpoint.objects.create(partner=ended.tenant.partner, url="https://p.example/x")
    deliveries.announce(ended, WebhookEvents.DECOMMISSIONED)
    inside.post(PAGE, email=EMAIL)
    assert WebhookEvent.objects.get(instance=ended).type == WebhookEvents.DECOMMISSIONED
    WebhookDelivery.objects.update(state="delivered")


def test_the_former_address_reads_nothing_of_its_successor(inside, odoo):
    make_odoo("second", company="Garage Martin")
    Tenant.objects.filter(pk=odoo.tenant_id).update(notes="of the successor")
    Instance.objects.filter(pk=odoo.pk).update(admin_email="luc@etoile.example")
    told = json.loads(inside.client.get("/espace/mes-donnees/data.json").content)
    assert "of the successor" not in str(told)
