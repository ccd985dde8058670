"""A hand-over goes wrong: the order goes on, the customer only waits, and nothing is kept or held in vain."""

import pytest
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import circuit, clients
from provisioning.models import Operation, Outage, Resource
from provisioning.odoo.client import OdooClient
from provisioning.states import StepState
from tenants.models import Mail, Unit
from tenants.pool import counting
from tenants.services import access, instances
from tenants.services import pool as pools
from tests import trials
from tests.factories import order_instance
from tests.tenants.pool.looks import kinds, label_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("words", ["Invalid domain", "Domain limit exceeded for your plan", "The moon is full"])
def test_a_host_name_that_railway_refuses_breaks_no_unit_and_keeps_nobody_waiting(words, warm, sandbox, hand_over):
    (unit,) = warm()
    sandbox.faults.add(kind="field_refused", operation="serviceDomainUpdate", message=words)
    instance = hand_over()
    assert kinds(instance) == ["hand_over succeeded"]
    assert Unit.objects.get(handed_to=instance) == unit
    assert label_of(sandbox, instance) == f"eazynova-{unit.instance.client_name}"


def test_an_order_whose_name_railway_refuses_uses_up_no_units(warm, sandbox, clock, hand_over):
    warm(2)
    fault = sandbox.faults.add(kind="field_refused", operation="projectUpdate", message="Project name is reserved")
    instance = hand_over()
    assert kinds(instance) == ["hand_over failed"]
    assert instance.state == "failed", "as its creation would"
    assert sorted(unit.state for unit in Unit.objects.all()) == ["taken", "warm"]
    sandbox.faults.remove(fault)
    trials.finish(instances.retry(instance), clock, sandbox)
    assert kinds(instance) == ["hand_over succeeded"]


def test_a_name_that_a_lost_answer_gave_is_not_mistaken_for_somebody_elses(warm, sandbox, hand_over):
    warm()
    sandbox.faults.add(kind="lost_answer", operation="HandOver", times=1)
    sandbox.faults.add(
        kind="field_refused", operation="serviceDomainUpdate", message="The domain is already in use", after=1, times=1
    )
    assert label_of(sandbox, hand_over()) == "eazynova-acme-corp"


@pytest.mark.parametrize(
    ("why", "spoil"),
    [
        ("renamed by hand", {"name": "precious"}),
        ("somebody else's by now", {"description": "eazynova-instance=other-co-abcdefghij"}),
        ("about to be deleted", {"deletion_at": 4e9}),
    ],
)
def test_a_unit_that_is_not_as_it_was_prepared_is_never_handed_out(why, spoil, warm, sandbox, hand_over):
    first, second = warm(2)
    project = sandbox.workspace.store.projects[first.instance.project_id]
    for attribute, value in spoil.items():
        setattr(project, attribute, value)
    name = project.name
    instance = hand_over()
    assert kinds(instance) == ["hand_over failed", "hand_over succeeded"]
    assert project.name == name, "it is not touched"
    first.refresh_from_db()
    assert (first.state, first.broken_by, first.handed_to) == ("broken", "unit_unfit", None)
    assert Unit.objects.get(handed_to=instance) == second
    assert Resource.objects.get(instance=first.instance, kind="project").external_id == project.id
    assert Mail.objects.filter(instance=instance, purpose__startswith="welcome:").count() == 1


def test_a_unit_whose_services_somebody_stopped_is_never_handed_out(warm, sandbox, hand_over):
    (unit,) = warm()
    deployment = Resource.objects.get(instance=unit.instance, kind="deployment", name="odoo").external_id
    clients.railway().remove_deployments([deployment])
    instance = hand_over()
    assert kinds(instance) == ["hand_over failed", "create succeeded"]


def test_units_whose_proof_fails_go_and_the_order_goes_on_cold_with_its_own_name(warm, sandbox, hand_over):
    warm(2)
    fault = sandbox.faults.add(kind="wrong_language", times=2)
    instance = hand_over()
    sandbox.faults.remove(fault)
    assert kinds(instance) == ["hand_over failed", "hand_over failed", "create succeeded"]
    assert instance.database_name == "acme_corp_prod"
    assert [unit.broken_by for unit in Unit.objects.order_by("pk")] == ["odoo_wrong_language"] * 2
    assert {unit.state for unit in Unit.objects.all()} == {"draining"}, "they bear a customer's name and access"
    services = sandbox.state()["projects"][-1]["services"]
    assert [domain["label"] for service in services for domain in service["domains"]] == ["eazynova-acme-corp"]
    mails = Mail.objects.filter(instance=instance)
    assert [mail.kind for mail in mails] == ["welcome"], "of what went wrong the customer hears nothing"
    odoo = OdooClient(instance.url, instance.database_name)
    assert odoo.authenticate(instance.admin_email, instance.admin_password()).is_administrator


def test_a_creation_whose_answer_is_unclear_never_takes_the_project_that_its_unit_leaves_behind(
    warm, sandbox, hand_over
):
    (unit,) = warm()
    sandbox.faults.add(kind="wrong_language", times=1)
    sandbox.faults.add(kind="server_error", operation="ProjectCreate", times=1)
    instance = hand_over()
    assert kinds(instance) == ["hand_over failed", "create succeeded"]
    left = Resource.objects.get(instance=unit.instance, kind="project").external_id
    marked = [each for each in sandbox.state()["projects"] if instance.public_id in each["description"]]
    assert {each["id"] for each in marked} == {left, instance.project_id}
    assert instance.project_id != left


def test_units_that_fail_one_customer_after_the_other_are_made_no_more(warm, pool, sandbox, hand_over):
    for number in range(counting.MOST_FAILURES):
        (unit,) = warm()
        sandbox.workspace.store.projects[unit.instance.project_id].name = "renamed by hand"
        pools.pause(pool)
        assert kinds(hand_over(f"acme-{number}")) == ["hand_over failed", "create succeeded"]
        pool.is_paused = False
        pool.save()
    assert counting.standing(pool).is_stopped
    assert pools.fill(pool) == 0
    pools.resume(pool)
    assert not counting.standing(pool).failures
    (unit,) = warm()
    hand_over("well-corp")
    assert not counting.standing(pool).failures


def test_an_answer_of_railway_that_is_lost_is_made_good_by_asking_again(warm, sandbox, hand_over):
    warm()
    sandbox.faults.add(kind="partial", operation="HandOver", times=1)
    assert kinds(hand_over()) == ["hand_over succeeded"]


def test_an_answer_of_odoo_that_is_lost_is_made_good_by_looking(warm, sandbox, hand_over):
    warm()
    sandbox.faults.add(kind="call_lost_answer", operation="run", times=1)
    instance = hand_over()
    assert kinds(instance) == ["hand_over succeeded"]
    assert OdooClient(instance.url, instance.database_name).authenticate(
        instance.admin_email, instance.admin_password()
    )


def test_an_answer_of_odoo_that_is_lost_in_an_outage_of_railway_is_made_good_too(warm, sandbox, clock, hand_over):
    """Such a try is not counted: the next one is the first again."""
    warm()
    sandbox.faults.add(kind="call_lost_answer", operation="run", times=1)

    def railway_fails(step):
        Outage.objects.create(workspace="default", kind=Outage.Kind.API, opened_at=timezone.now())
        circuit.forget()

    instance = order_instance()
    operation = Operation.objects.active().get(instance=instance)
    with trials.at_step("give_name", StepState.DONE, railway_fails):
        running.run(operation.pk)
    Outage.objects.update(ended_at=timezone.now())
    circuit.forget()
    trials.finish(operation, clock, sandbox)
    assert kinds(instance) == ["hand_over succeeded"]


def test_a_session_that_odoo_has_forgotten_is_opened_anew(warm, hand_over):
    (unit,) = warm()
    prepared = Operation.objects.get(instance=unit.instance, kind="prepare")
    prepared.seal(prepared.secrets() | {"unit_session": "forgotten"})
    prepared.save(update_fields=["sealed"])
    assert kinds(hand_over()) == ["hand_over succeeded"]


def test_an_address_corrected_after_a_cancelled_hand_over_is_the_one_that_is_handed_over(warm, sandbox, clock):
    warm()
    instance = order_instance()
    instances.cancel(instance)
    instance.refresh_from_db()
    assert instance.state == "failed"
    access.change_email(instance, "right@acme-corp.example")
    instance.refresh_from_db()
    instances.retry(instance)
    trials.finish(Operation.objects.active().get(instance=instance), clock, sandbox)
    instance.refresh_from_db()
    assert (instance.state, instance.admin_email) == ("ready", "right@acme-corp.example")
    assert OdooClient(instance.url, instance.database_name).authenticate(
        "right@acme-corp.example", instance.admin_password()
    )


def test_what_failed_keeps_no_secret_once_another_way_goes_on(warm, sandbox, hand_over):
    warm()
    sandbox.faults.add(kind="wrong_language", times=1)
    instance = hand_over()
    assert kinds(instance) == ["hand_over failed", "create succeeded"]
    assert Operation.objects.get(instance=instance, kind="hand_over").secrets() == {}
    assert OdooClient(instance.url, instance.database_name).authenticate(
        instance.admin_email, instance.admin_password()
    )


@pytest.mark.parametrize("why", ["too old", "of a former image"])
def test_a_hand_over_that_is_retried_late_goes_on_without_its_unit(why, warm, pool, sandbox, clock):
    (unit,) = warm()
    instance = order_instance()
    instances.cancel(instance)
    if why == "too old":
        clock.shift(7 * 86_400 + 1)
    else:
        pool.plan.blueprint.image = "odoo:19.0-20261101"
        pool.plan.blueprint.save()
    instance.refresh_from_db()
    trials.finish(instances.retry(instance), clock, sandbox)
    assert kinds(instance) == ["hand_over cancelled", "create succeeded"]
    assert Operation.objects.get(instance=instance, kind="hand_over").secrets() == {}
    unit.refresh_from_db()
    assert (unit.state, unit.handed_to, unit.broken_by) == ("draining", None, "")
    assert [operation.kind for operation in Operation.objects.made_by().filter(instance=instance)] == ["create"]


def test_a_hand_over_that_is_retried_in_time_goes_on_with_its_unit(warm, sandbox, clock):
    (unit,) = warm()
    instance = order_instance()
    instances.cancel(instance)
    instance.refresh_from_db()
    trials.finish(instances.retry(instance), clock, sandbox)
    assert kinds(instance) == ["hand_over succeeded"]
    assert Unit.objects.get(handed_to=instance) == unit
