"""The console through its own pages: who may do what, and what each act leaves behind."""

from decimal import Decimal

import pytest
from django.urls import reverse

from provisioning import driver
from provisioning.models import Operation
from provisioning.reconciliation.differences import Act, Difference, Kind
from tenants.lifecycle import InstanceState
from tenants.models import ApiKey, AuditEntry, Instance, Reconciliation
from tenants.services import instances, partners

pytestmark = pytest.mark.django_db


def act(instance, name):
    return reverse("admin:tenants_instance_act", args=[instance.pk, name])


def destroy(client, instance, **changes):
    form = {"reason": "left us", "client_name": instance.client_name, "grace_days": 7}
    return client.post(act(instance, "decommission"), form | changes)


def test_support_retries_what_failed_and_the_trail_tells_who_and_why(sign_in, order_instance):
    instance = order_instance()
    instances.cancel(instance)
    sign_in("Support").post(act(instance, "retry"), {"reason": "quota raised"})
    entry = AuditEntry.objects.get(act="staff:retry")
    assert (entry.actor, entry.reason) == ("staff-Support", "quota raised")
    assert AuditEntry.objects.filter(act="state", actor="staff-Support").exists()
    assert Instance.objects.get().state == InstanceState.PROVISIONING


def test_support_neither_decommissions_nor_sees_keys(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    client = sign_in("Support")
    assert destroy(client, instance).status_code == 403
    assert client.get(reverse("admin:tenants_apikey_changelist")).status_code == 403
    assert Instance.objects.get().decommission_after is None


@pytest.mark.parametrize("name", ["retry", "cancel", "suspend", "resume", "decommission", "reset_password"])
def test_a_crafted_post_without_permission_changes_nothing(sign_in, make_instance, name):
    instance = make_instance(state=InstanceState.READY)
    entries = AuditEntry.objects.count()
    assert sign_in().post(act(instance, name), {"reason": "mine"}).status_code == 403
    assert AuditEntry.objects.count() == entries


def test_reading_the_confirmation_page_changes_nothing(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    assert sign_in("Operations").get(act(instance, "suspend")).status_code == 200
    assert instance.active_operation() is None


def test_decommissioning_wants_the_client_name_typed_and_can_be_undone(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    client = sign_in("Operations")
    assert destroy(client, instance, client_name="other").status_code == 200
    assert Instance.objects.get().decommission_after is None
    assert destroy(client, instance).status_code == 302
    assert Instance.objects.get().decommission_after is not None
    client.post(act(instance, "undo_decommission"), {"reason": "came back"})
    assert Instance.objects.get().decommission_after is None


def test_the_list_finds_by_address_and_asks_few_questions(sign_in, make_instance, django_assert_max_num_queries):
    for number in range(5):
        make_instance(f"acme-{number}")
    client = sign_in("Support")
    with django_assert_max_num_queries(15):
        page = client.get(reverse("admin:tenants_instance_changelist"), {"q": "admin@acme-3.example"})
    assert b"acme-3" in page.content
    assert b"acme-4" not in page.content


def test_bulk_acts_are_confirmed_and_permitted(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    form = {"action": "suspend_chosen", "_selected_action": [instance.pk]}
    address = reverse("admin:tenants_instance_changelist")
    client = sign_in("Operations")
    assert client.post(address, form).status_code == 200
    assert instance.active_operation() is None
    client.post(address, form | {"confirmed": "1", "reason": "unpaid"})
    assert instance.active_operation() is not None


def test_the_instance_page_shows_its_timeline(sign_in, order_instance):
    instance = order_instance()
    page = sign_in("Support").get(reverse("admin:tenants_instance_change", args=[instance.pk]))
    assert b"provisioning" in page.content


@pytest.mark.parametrize("name", ["apikey", "webhookendpoint", "plan", "blueprint", "partner", "mail", "tenant"])
def test_every_list_opens_for_operations(sign_in, name):
    ApiKey.issue(partners.house(), kind="live", scopes=["read"])
    assert sign_in("Operations").get(reverse(f"admin:tenants_{name}_changelist")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_log_page_shows_what_the_services_said_and_filters_it(sandbox, sign_in, order_instance):
    instance = order_instance()
    driver.drive(Operation.objects.get().pk, timeout=60, tick=lambda _: None)
    address = reverse("admin:tenants_instance_logs", args=[instance.pk])
    page = sign_in("Support").get(address).content.decode()
    assert "odoo" in page
    assert "{{" not in page
    assert page.count("\n") > 5


def test_a_reconciliation_is_told_in_words(sign_in):
    leak = Difference(Kind.LEAK_ENDED, "default", client_name="etoile", thing="project project", act=Act.DELETE)
    told = leak.costing(Decimal(9), "USD").as_json()
    run = Reconciliation.objects.create(differences=[told], acts=[told | {"outcome": "done"}])
    page = sign_in("Support").get(reverse("admin:tenants_reconciliation_change", args=[run.pk])).content.decode()
    for words in ("etoile", "après sa suppression définitive", "9,00 USD", "supprimer"):
        assert words in page
    assert "leak_ended" not in page


def test_the_way_to_a_page_is_that_of_the_sidebar_and_names_stay_as_they_are(sign_in, make_instance):
    instance = make_instance("acme")
    client = sign_in("Operations")
    page = client.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()
    head = page.partition("<main")[2].partition('id="now"')[0] or page
    way = [head.index(each) for each in (">Instances</span>", ">Instances</a>", ">acme</a>")]
    assert way == sorted(way)
    plan = client.get(reverse("admin:tenants_plan_change", args=[instance.plan_id])).content.decode()
    assert ">Offres</span>" in plan


@pytest.mark.parametrize(
    "name", ["cancel", "suspend", "reset_password", "change_email", "revoke_links", "change_expiry", "decommission"]
)
def test_an_act_that_takes_something_from_a_customer_wants_a_reason(sign_in, make_instance, name):
    instance = make_instance(state=InstanceState.READY)
    page = sign_in("Operations").post(act(instance, name), {"reason": ""})
    assert page.context["form"].errors["reason"]
