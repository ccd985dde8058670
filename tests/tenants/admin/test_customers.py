"""What staff keep about the people of a customer: written by those who speak with them, read by whom it is about."""

import pytest
from django.urls import reverse

from tenants.models import AuditEntry, CustomerSession, Tenant
from tenants.services import customer_sessions, personal_data

pytestmark = pytest.mark.django_db
GIVEN = {"contact_name": "Léa Martin", "contact_phone": "+33 6 12 34 56 78", "notes": "Calls on Mondays.\nTwo shops."}


@pytest.fixture
def customer(make_instance):
    return make_instance("acme").tenant


def page_of(customer):
    return reverse("admin:tenants_tenant_change", args=[customer.pk])


@pytest.mark.parametrize("group", ["Support", "Operations"])
def test_a_contact_and_notes_are_kept_and_found_and_not_in_the_trail_that_keeps_for_ever(sign_in, customer, group):
    client = sign_in(group)
    assert client.post(page_of(customer), GIVEN | {"company": "Other"}).status_code == 302
    customer.refresh_from_db()
    assert {name: getattr(customer, name).replace("\r", "") for name in GIVEN} == GIVEN
    assert customer.company != "Other", "what was ordered stays as it was"
    entry = AuditEntry.objects.get(act="tenant:changed")
    assert "Léa" not in str(entry.after)
    assert "Mondays" not in str(entry.after)
    assert entry.actor
    found = client.get(reverse("admin:tenants_tenant_changelist"), {"q": "Martin"}).content.decode()
    assert "Léa Martin" in found


def test_whoever_may_only_look_changes_nothing(sign_in, customer):
    client = sign_in("")
    assert client.post(page_of(customer), GIVEN).status_code in (302, 403)
    assert Tenant.objects.get(pk=customer.pk).notes == ""


def test_the_person_reads_them_among_all_that_is_kept(customer):
    Tenant.objects.filter(pk=customer.pk).update(**GIVEN)
    session, _key = customer_sessions.start(
        customer.email, customer.partner, language="fr", browser="", network="", known=True
    )
    assert isinstance(session, CustomerSession)
    told = personal_data.of(session)["companies"][0]
    assert (told["contact"], told["telephone"], told["notes"]) == tuple(GIVEN.values())
