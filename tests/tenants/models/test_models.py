"""What must never be false is a constraint of the database; and the first offer is the one that was agreed."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone, translation

from provisioning.models import Operation, Resource
from tenants.lifecycle import InstanceState
from tenants.models import Blueprint, Instance, Partner, Plan

pytestmark = pytest.mark.django_db


def refused():
    return pytest.raises(IntegrityError)


def test_the_first_offer_is_there():
    assert Partner.objects.get(is_house=True).name == "EAZYNOVA"
    starter = Plan.objects.get(code="starter")
    assert (starter.price_per_month, starter.currency) == (Decimal(49), "USD")
    assert (starter.estimated_cost, starter.margin) == (Decimal(10), Decimal(39))
    assert Plan.objects.get(code="demo").lifetime_days == 14
    repository = Blueprint.objects.get(kind=Blueprint.Kind.REPOSITORY)
    assert (repository.repository, repository.branch) == ("MASITH-developpement/EAZYNOVA", "main")
    assert Blueprint.objects.get(kind=Blueprint.Kind.IMAGE).image == "odoo:19.0-20260908"


def test_a_plan_has_its_name_in_the_language_of_the_reader():
    plan = Plan.objects.get(code="starter")
    with translation.override("fr"):
        assert plan.name == "Essentiel"
    with translation.override("en"):
        assert plan.name == "Starter"


def test_there_is_one_house():
    with refused(), transaction.atomic():
        Partner.objects.create(name="Another house", is_house=True)


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "image"},
        {"kind": "image", "image": "odoo:19", "repository": "a/b"},
        {"kind": "repository", "repository": "a/b"},
        {"kind": "repository", "branch": "main"},
    ],
)
def test_a_blueprint_has_exactly_one_source(source):
    with refused(), transaction.atomic():
        Blueprint.objects.create(code="strange", **source)


@pytest.mark.parametrize("values", [{"price_per_month": -1}, {"estimated_cost": -1}, {"lifetime_days": 0}])
def test_a_plan_has_no_impossible_numbers(values):
    with refused(), transaction.atomic():
        Plan.objects.filter(code="starter").update(**values)


def test_a_plan_or_blueprint_in_use_cannot_be_deleted(make_instance):
    make_instance()
    with pytest.raises(ProtectedError):
        Plan.objects.get(code="demo").delete()
    with pytest.raises(ProtectedError):
        Blueprint.objects.get(code="odoo-19").delete()


def test_a_client_name_belongs_to_one_live_instance_and_is_free_again_afterwards(make_instance):
    first = make_instance()
    with refused(), transaction.atomic():
        Instance.objects.create(**_copy(first))
    Instance.objects.filter(pk=first.pk).update(state=InstanceState.DECOMMISSIONED)
    Instance.objects.create(**_copy(first))


def test_a_ready_instance_has_an_address(make_instance):
    instance = make_instance()
    with refused(), transaction.atomic():
        Instance.objects.filter(pk=instance.pk).update(state=InstanceState.READY)


def test_an_operation_has_an_end_exactly_when_it_ended(order_instance):
    operation = Operation.objects.get(instance=order_instance())
    with refused(), transaction.atomic():
        Operation.objects.filter(pk=operation.pk).update(state="succeeded")
    with refused(), transaction.atomic():
        Operation.objects.filter(pk=operation.pk).update(ended_at=timezone.now())


def test_the_ledger_holds_each_thing_once(make_instance):
    instance = make_instance()
    Resource.objects.create(instance=instance, kind="project", name="project", external_id="p-1", state="present")
    with refused(), transaction.atomic():
        Resource.objects.create(instance=instance, kind="project", name="project")
    with refused(), transaction.atomic():
        Resource.objects.create(instance=instance, kind="project", name="other", external_id="p-1", state="gone")
    with refused(), transaction.atomic():
        Resource.objects.create(instance=instance, kind="service", name="odoo", state="present")


def test_the_price_of_the_day_of_the_order_is_kept(make_instance):
    instance = make_instance(plan_code="starter")
    Plan.objects.filter(code="starter").update(price_per_month=99)
    instance.refresh_from_db()
    assert instance.price_per_month == 49
    assert instance.margin == 39


def test_the_instance_id_cannot_be_guessed_from_the_name():
    ids = {Instance.new_public_id("acme-corp") for _ in range(200)}
    assert len(ids) == 200
    assert all(len(public_id) == len("acme-corp-k3v9x2mq7t") for public_id in ids)


def _copy(instance):
    values = {field.name: getattr(instance, field.name) for field in Instance._meta.fields if field.name != "id"}
    return values | {"public_id": Instance.new_public_id(instance.client_name), "state": InstanceState.REQUESTED}
