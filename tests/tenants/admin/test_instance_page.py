"""The page of one instance: where it stands, what can be done, and a diagnosis to hand on."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from provisioning import logcontext
from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance

pytestmark = pytest.mark.django_db
LIST = reverse("admin:tenants_instance_changelist")
READY = InstanceState.READY


def page_of(client, instance):
    return client.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()


def act(instance, name):
    return reverse("admin:tenants_instance_act", args=[instance.pk, name])


@pytest.fixture
def failed(order_instance):
    """A creation that was ordered by a request and has failed at Odoo's deployment."""
    with logcontext.bound(request="req_0123456789abcdef"):
        instance = order_instance()
    now = timezone.now()
    Operation.objects.update(
        state=OperationState.FAILED, reason="deployment_failed", message="says FAILED", ended_at=now
    )
    Step.objects.filter(position__lt=7).update(state=StepState.DONE)
    Step.objects.filter(code="deploy_odoo").update(state=StepState.FAILED, reason="deployment_failed", started_at=now)
    Instance.objects.update(state=InstanceState.FAILED)
    instance.resources.create(kind="project", name="project", external_id="project-1", state="present")
    return instance


def test_its_head_says_in_words_where_it_stands_and_what_to_do(sign_in, failed):
    page = page_of(sign_in("Support"), failed)
    head = page[page.index('id="now-title"') : page.index('id="timeline-title"')]
    assert re.search(r'<span class="pill failed">en échec</span>', head)
    assert "Installation et démarrage d’Odoo" in head
    assert "Lisez le journal du déploiement" in head
    assert "(&#x27;failed&#x27;" not in page


def test_the_end_that_comes_by_itself_stands_at_its_head(sign_in, make_instance):
    instance = make_instance(state=READY)
    client = sign_in("Operations")
    client.post(act(instance, "decommission"), {"reason": "left", "client_name": "acme-corp", "grace_days": 7})
    page = page_of(client, instance)
    assert "supprimée définitivement le" in page[: page.index('id="timeline-title"')]
    assert "suppression le" in client.get(LIST).content.decode()


def test_the_diagnosis_holds_what_a_colleague_needs_and_neither_the_customer_nor_a_secret(sign_in, failed):
    page = page_of(sign_in("Support"), failed)
    told = page[page.index('x-ref="diagnosis"') : page.index("</pre>")]
    operation = Operation.objects.get()
    for needed in (failed.public_id, operation.reference, "deployment_failed", "says FAILED", "req_0123456789abcdef"):
        assert needed in told
    assert "project-1" in told
    for kept in (failed.admin_email, failed.tenant.company, operation.secrets()["admin_password"], failed.status_token):
        assert kept not in told


@pytest.mark.parametrize("ask", [lambda one: one.public_id, lambda one: "req_0123456789abcdef", lambda one: "acme-co"])
def test_it_is_found_by_what_people_quote(sign_in, failed, make_instance, ask):
    make_instance("other-one")
    found = sign_in("Support").get(LIST, {"q": ask(failed)}).context["cl"].result_list
    assert [row.pk for row in found] == [failed.pk]


def test_an_operation_is_found_by_the_request_that_ordered_it(sign_in, failed, order_instance):
    order_instance("other-one")
    address = reverse("admin:provisioning_operation_changelist")
    found = sign_in("Support").get(address, {"q": "req_0123456789abcdef"}).context["cl"].result_list
    assert [row.instance_id for row in found] == [failed.pk]


def test_every_confirmation_says_what_will_happen(sign_in, make_instance):
    instance, client = make_instance(state=READY), sign_in("Operations")
    assert "Toutes les données sont conservées" in client.get(act(instance, "suspend")).content.decode()


def test_what_is_not_possible_now_offers_no_form(sign_in, make_instance):
    page = sign_in("Operations").get(act(make_instance(state=READY), "resume")).content.decode()
    assert 'role="alert"' in page
    assert 'name="confirmed"' not in page
    assert 'name="reason"' not in page


def test_what_is_to_be_changed_is_shown_as_it_is(sign_in, make_instance):
    instance = make_instance(state=READY)
    Instance.objects.update(expires_at=timezone.now() + timedelta(days=3))
    instance.refresh_from_db()
    client = sign_in("Operations")
    assert f'value="{instance.admin_email}"' in client.get(act(instance, "change_email")).content.decode()
    end = timezone.localtime(instance.expires_at)
    assert f'value="{end:%Y-%m-%dT%H:%M}"' in client.get(act(instance, "change_expiry")).content.decode()


def test_more_than_can_be_looked_through_are_not_acted_on_at_once(sign_in, make_instance, monkeypatch):
    monkeypatch.setattr("tenants.admin.action_pages.MOST_AT_ONCE", 1)
    chosen = [make_instance(f"acme-{number}", state=READY) for number in range(2)]
    form = {"action": "suspend_chosen", "_selected_action": [row.pk for row in chosen], "confirmed": "1"}
    page = sign_in("Operations").post(LIST, form, follow=True).content.decode()
    assert "1 instances à la fois" in page
    assert not Operation.objects.exists()


def test_a_search_that_finds_very_many_finds_them_all(sign_in, make_instance, monkeypatch):
    monkeypatch.setattr("tenants.admin.console.FEW", 1)
    for number in range(3):
        make_instance(f"acme-{number}")
    make_instance("other-one")
    found = sign_in("Support").get(LIST, {"q": "acme"}).context["cl"].result_list
    assert {row.client_name for row in found} == {"acme-0", "acme-1", "acme-2"}
