"""What needs a person is one click away: the first page counts it, the list tells why, alerts lead to it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.alerts import notes
from tenants.lifecycle import InstanceState
from tenants.models import Alert, Instance, Mail, Probe

pytestmark = pytest.mark.django_db
LIST = reverse("admin:tenants_instance_changelist")
READY = InstanceState.READY


@pytest.fixture
def cast(order_instance, make_instance):
    """One instance for each thing to do, and one that is well."""
    Operation.objects.filter(instance=order_instance("broken")).update(
        state=OperationState.FAILED, reason="deployment_failed", ended_at=timezone.now()
    )
    Instance.objects.filter(client_name="broken").update(state=InstanceState.FAILED)
    Mail.objects.create(instance=make_instance("unread", state=READY), kind="welcome", purpose="p", state="bounced")
    Probe.objects.create(instance=make_instance("mute", state=READY), silent_since=timezone.now())
    Instance.objects.filter(pk=make_instance("dear", state=READY).pk).update(price_per_month=5, estimated_cost=9)
    Instance.objects.filter(pk=make_instance("gift", state=READY).pk).update(price_per_month=0, estimated_cost=9)
    make_instance("well", state=READY)


def listed(client, wanted):
    return {row.client_name for row in client.get(LIST, {"to_do": wanted}).context["cl"].result_list}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("any", {"broken", "unread", "mute", "dear"}),
        ("failed", {"broken"}),
        ("mail", {"unread"}),
        ("instance", {"mute"}),
        ("loss", {"dear"}),
        ("stuck", set()),
        ("nonsense", {"broken", "unread", "mute", "dear", "gift", "well"}),
    ],
)
def test_the_list_holds_exactly_those_that_need_a_person(sign_in, cast, wanted, names):
    assert listed(sign_in("Support"), wanted) == names


def test_list_and_page_say_what_is_to_do(sign_in, cast):
    client = sign_in("Support")
    assert "un e-mail n’est pas arrivé" in client.get(LIST, {"to_do": "any"}).content.decode()
    instance = Instance.objects.get(client_name="unread")
    page = client.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()
    assert "À faire\u00a0: un e-mail n’est pas arrivé" in page


def test_the_first_page_counts_them_and_leads_to_them(sign_in, cast):
    page = sign_in("Support").get(reverse("admin:index"))
    assert page.context["to_do"] == 4
    assert f'href="{LIST}?to_do=any"' in page.content.decode()


def test_an_alert_leads_to_its_own_instances(sign_in, cast):
    page = notes.page_of(Alert(kind=Alert.Kind.FAILED, topic="deployment_failed"))
    shown = sign_in("Support").get(page).context["cl"].result_list
    assert {row.client_name for row in shown} == {"broken"}
