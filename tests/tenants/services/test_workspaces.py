"""Several Railway workspaces: chosen once by plan and room, each with its own token, budget and turns."""

import pytest

from eazynova_site import checks
from provisioning.engine import running
from provisioning.gate import budget
from provisioning.gate.workspaces import configured
from provisioning.models import Operation, Resource, Slot
from provisioning.sandbox.sandbox import Sandbox
from tenants.errors import NoRoom
from tenants.models import Instance, Plan
from tenants.services import instances
from tests.tenants.api.conftest import Caller
from tests.tenants.api.test_idempotency import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    """A workspace of its own for demonstrations, with room for two."""
    with Sandbox(token="demo-token", workspace_id="5a4db0c0-0000-4000-8000-000000000002") as running:
        settings.RAILWAY_WORKSPACES = {
            "demo": {"identifier": running.workspace_id, "token": running.token, "capacity": 2}
        }
        Plan.objects.filter(code="demo").update(workspace="demo")
        yield running


def test_demonstrations_and_what_is_paid_live_apart(demo, sandbox, settings, order_instance):
    settings.RAILWAY_REQUESTS_PER_HOUR = 1000
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 31
    trial, paid = order_instance("client-a"), order_instance("client-b", plan_code="starter")
    for instance, stage in ((trial, demo), (paid, sandbox)):
        settings.RAILWAY_API_URL = stage.url
        running.run(Operation.objects.get(instance=instance).pk)
        assert [project["name"] for project in stage.state()["projects"]] == [f"eazynova-{instance.client_name}"]
    assert set(Resource.objects.filter(instance=trial).values_list("workspace", flat=True)) == {"demo"}
    assert budget.state("demo").remaining == budget.state("default").remaining < 1000
    assert set(Slot.objects.filter(key__startswith="project").values_list("key", flat=True)) == {
        "project_create:default", "project_create:demo"
    }  # fmt: skip


def test_a_full_workspace_takes_no_order_and_says_what_to_do(demo, order_instance):
    order_instance("client-a")
    order_instance("client-b")
    refused = Caller()("POST", "/instances", {"clientName": "client-c", "adminEmail": "a@b.example", "plan": "demo"})
    assert (refused.status_code, refused.json()["code"]) == (503, "no_room")
    assert refused["Retry-After"]
    assert Instance.objects.count() == Operation.objects.count() == 2
    assert order_instance("client-d", plan_code="starter").workspace == "default"


def test_what_has_ended_makes_room_again(demo, order_instance):
    order_instance("client-a")
    last = order_instance("client-b")
    Instance.objects.filter(pk=last.pk).update(state="decommissioned")
    assert order_instance("client-c").workspace == "demo"


def test_the_first_with_room_of_several_is_taken(demo, order_instance):
    Plan.objects.filter(code="demo").update(workspace="demo, unheard-of, default")
    taken = [order_instance(f"client-{number}").workspace for number in range(3)]
    assert taken == ["demo", "demo", "default"]


def test_an_instance_stays_where_it_is_when_its_plan_moves(demo, make_instance):
    instance = make_instance(state="ready")
    Plan.objects.filter(code="demo").update(workspace="default")
    instance.refresh_from_db()
    assert instances.suspend(instance).instance_spec.workspace == "demo"


def test_a_plan_whose_workspace_is_not_configured_takes_no_order(order_instance):
    Plan.objects.filter(code="demo").update(workspace="unheard-of")
    with pytest.raises(NoRoom):
        order_instance()


@pytest.mark.parametrize(
    ("further", "found"),
    [
        ({}, []),
        ({"demo": {"identifier": "other", "token": "t", "capacity": 0}}, []),
        ({"Démo": {"identifier": "other", "token": "t", "capacity": 0}}, ["eazynova.E020"]),
        ({"default": {"identifier": "other", "token": "t", "capacity": 0}}, ["eazynova.E020"]),
        ({"demo": {"identifier": "other", "token": "", "capacity": 0}}, ["eazynova.E021"]),
        ({"demo": {"identifier": "sandbox-workspace", "token": "t", "capacity": 0}}, ["eazynova.E022"]),
    ],
)
def test_a_half_configured_workspace_is_refused_at_start(settings, further, found):
    settings.RAILWAY_WORKSPACES = further
    assert [error.id for error in checks.further_workspaces_are_complete()] == found


def test_no_token_is_shown_by_accident(demo):
    assert "demo-token" not in repr(configured())


@pytest.mark.django_db(transaction=True)
def test_of_ten_orders_at_once_no_more_are_taken_than_there_is_room(services, demo, settings):
    settings.SIGNUP_RATE = "100/h"
    orders = [{"clientName": f"client-{n}", "adminEmail": f"a@b{n}.example", "plan": "demo"} for n in range(10)]
    answers = together(10, lambda number: Caller()("POST", "/instances", orders[number]).status_code)
    assert sorted(answers) == [202] * 2 + [503] * 8
    assert Instance.objects.count() == 2
