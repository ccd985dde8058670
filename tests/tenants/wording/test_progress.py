"""Progress tells the truth: weighed by what each step usually takes, for a build and for an image apart."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from provisioning.engine import running
from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Blueprint, Instance, Plan
from tenants.wording.progress import progress_of, usual_seconds
from tests import factories

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def creation(name, *, built=False, seconds=None):
    """The creation of an instance; with ``seconds`` it has succeeded and each of its steps took so long."""
    plan = Plan.objects.get(code="demo")
    if built:
        plan.blueprint = Blueprint.objects.exclude(repository="").first()
        plan.save()
    operation = Operation.objects.get(instance=factories.order_instance(name))
    if seconds is not None:
        Step.objects.filter(operation=operation).update(
            state=StepState.DONE, started_at=NOW, ended_at=NOW + timedelta(seconds=seconds)
        )
        Operation.objects.filter(pk=operation.pk).update(state=OperationState.SUCCEEDED, ended_at=NOW)
    return operation


def test_without_history_the_recipe_guesses_and_a_build_is_given_more_time():
    image, build = usual_seconds("create", built=False), usual_seconds("create", built=True)
    assert build["deploy_odoo"] > image["deploy_odoo"]
    assert {code for code in image if image[code] != build[code]} == {"deploy_odoo"}


def test_the_median_of_past_creations_counts_and_one_that_was_slow_does_not():
    for number, seconds in enumerate((10, 12, 900)):
        creation(f"done-{number}", seconds=seconds)
    assert set(usual_seconds("create", built=False).values()) == {12}


def test_slow_builds_do_not_make_an_image_look_slow():
    creation("image", seconds=4)
    creation("build", built=True, seconds=400)
    assert usual_seconds("create", built=False)["deploy_odoo"] == 4
    assert usual_seconds("create", built=True)["deploy_odoo"] == 400


def test_a_step_that_takes_longer_than_usual_never_promises_the_past():
    creation("done", seconds=10)
    operation = creation("now")
    operation.steps.filter(position__lt=6).update(state=StepState.DONE)
    operation.steps.filter(code="deploy_odoo").update(state=StepState.WAITING, started_at=NOW - timedelta(minutes=1))
    progress = progress_of(operation, NOW)
    done, whole = 6, operation.steps.count()
    assert done / whole < progress.percent / 100 < (done + 1) / whole
    assert progress.current.code == "deploy_odoo"
    assert NOW + timedelta(seconds=20) < progress.estimated_end < NOW + timedelta(seconds=30)


@pytest.mark.parametrize("begun", [True, False])
@time_machine.travel(NOW, tick=False)
def test_what_takes_far_longer_than_usual_is_called_late_and_promises_nothing(begun):
    creation("done", seconds=60)
    operation = creation("now")
    if begun:
        operation.steps.filter(position=0).update(state=StepState.RUNNING, started_at=NOW)
    operation = Operation.objects.get(pk=operation.pk)
    soon, later = (progress_of(operation, NOW + timedelta(minutes=minutes)) for minutes in (2, 4))
    assert (soon.late, later.late) == (False, True)
    assert (soon.estimated_end is None, later.estimated_end) == (False, None)


def test_a_retried_step_begins_anew():
    operation = creation("again")
    operation.steps.filter(position=0).update(state=StepState.RUNNING, started_at=NOW - timedelta(days=1))
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.FAILED, ended_at=NOW, deadline_at=NOW)
    Instance.objects.update(state=InstanceState.FAILED)
    running.retry(Operation.objects.get(pk=operation.pk))
    progress = progress_of(Operation.objects.get(pk=operation.pk), timezone.now())
    assert (progress.percent, progress.late) == (0, False)


def test_progress_grows_while_a_long_step_is_under_way_and_is_whole_only_at_the_end():
    creation("done", seconds=100)
    operation = creation("now")
    seen = []
    for done in range(operation.steps.count()):
        operation.steps.filter(position__lt=done).update(state=StepState.DONE)
        operation.steps.filter(position=done).update(state=StepState.WAITING, started_at=NOW)
        operation = Operation.objects.get(pk=operation.pk)
        seen += [progress_of(operation, NOW + timedelta(seconds=seconds)).percent for seconds in (0, 40, 80, 3600)]
    assert seen == sorted(seen)
    assert all(first < second < third for first, second, third in zip(seen[::4], seen[1::4], seen[2::4], strict=True))
    assert seen[-1] < 100


def test_a_failed_creation_does_not_go_on_growing():
    operation = creation("stopped")
    operation.steps.filter(position=0).update(state=StepState.RUNNING, started_at=NOW)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.FAILED, ended_at=NOW)
    operation = Operation.objects.get(pk=operation.pk)
    percents = {progress_of(operation, NOW + timedelta(hours=hours)).percent for hours in (0, 5)}
    assert percents == {0}


def test_what_has_ended_promises_nothing():
    operation = creation("done", seconds=10)
    operation.refresh_from_db()
    progress = progress_of(operation, NOW)
    assert (progress.percent, progress.current, progress.estimated_end) == (100, None, None)
