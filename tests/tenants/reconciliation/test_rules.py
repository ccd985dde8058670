"""What a comparison refuses, leaves out or finishes later, and how the command tells it."""

import json
from io import StringIO

import httpx
import pytest
from django.core.management import CommandError

from provisioning.ledger.entries import Ledger
from provisioning.models import Resource
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Reconciliation
from tenants.services import reconciliation
from tenants.services.reconciliation import Rules
from tests import factories, trials
from tests.tenants.reconciliation.looks import (
    RULES,
    assert_put_right,
    later,
    look,
    mutations_since,
    place,
    project,
    requests,
    run_command,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


def test_instances_that_are_being_worked_on_are_left_out(ready, railway, sandbox, clock):
    instance = ready()
    project(railway, sandbox, instance)
    later(clock)
    trials.order("suspend", instance)
    run = look(apply=True)
    assert (run.differences, run.acts) == ([], [])


def test_more_than_may_be_touched_at_once_is_refused_as_a_whole(gone, railway, sandbox, clock):
    for name in ("client-a", "client-b", "client-c"):
        project(railway, sandbox, gone(name))
    later(clock)
    before = requests(sandbox)
    for rules in (Rules(RULES.older_than, 2, 100), Rules(RULES.older_than, 100, 60)):
        run = look(rules, apply=True)
        assert (len(run.differences), run.acts, run.applied) == (3, [], False)
        assert "3" in run.refusal
    assert mutations_since(sandbox, before) == set()
    assert len(look(Rules(RULES.older_than, 3, 100), apply=True).acts) == 3


def test_nothing_is_done_when_railway_lists_unbelievably_little(ready, gone, railway, sandbox, clock):
    project(railway, sandbox, gone("leaked"))
    for name in ("client-a", "client-b"):
        railway.schedule_project_deletion(place(ready(name))["project_id"])
    later(clock, 49)
    sandbox.advance(0)
    run = look(apply=True)
    assert run.acts == []
    assert run.refusal


@pytest.fixture
def double(ready, railway, sandbox, clock):
    """A second project of an instance that is ready, which a comparison would delete."""
    made = project(railway, sandbox, ready())
    later(clock)
    return made


def _rename(sandbox, project_id, **values):
    """As a person does in Railway's dashboard."""
    told = {
        "query": "mutation($id: String!, $input: ProjectUpdateInput!) { projectUpdate(id: $id, input: $input) { id } }",
        "variables": {"id": project_id, "input": values},
    }
    answer = httpx.post(sandbox.url, json=told, headers={"Authorization": f"Bearer {sandbox.token}"})
    assert "errors" not in answer.json(), answer.text


MEANWHILE = {
    "the instance has failed": (
        "changed meanwhile",
        lambda sandbox, double: Instance.objects.update(state=InstanceState.FAILED),
    ),
    "an operation has begun": (
        "changed meanwhile",
        lambda sandbox, double: trials.order("suspend", Instance.objects.get()),
    ),
    "the project got another name": (
        "changed meanwhile",
        lambda sandbox, double: _rename(sandbox, double.id, name="for the lawyers"),
    ),
    "the project got another description": (
        "changed meanwhile",
        lambda sandbox, double: _rename(sandbox, double.id, description=f"{double.description} keep"),
    ),
    "the instance has moved into the project": (
        "not ours",
        lambda sandbox, double: Resource.objects.filter(kind="project", name="project").update(external_id=double.id),
    ),
    "the project stands in another ledger": (
        "not ours",
        lambda sandbox, double: Ledger(factories.make_instance("other-corp").pk, "default").take(
            "project", "project", double.id
        ),
    ),
}


@pytest.mark.parametrize("change", MEANWHILE)
def test_what_changes_between_the_look_and_the_confirmation_is_left_alone(change, double, sandbox):
    outcome, act = MEANWHILE[change]

    def somebody_takes_minutes_to_confirm(run):
        act(sandbox, double)
        return True

    run = look(apply=True, confirm=somebody_takes_minutes_to_confirm)
    assert [each["outcome"] for each in run.acts] == [outcome]
    assert [each["deletionAt"] for each in sandbox.state()["projects"]] == [None, None]


def test_what_is_not_confirmed_is_not_done(double, sandbox):
    assert look(apply=True, confirm=lambda run: False).acts == []
    assert sandbox.state(double.id)["projects"][0]["deletionAt"] is None


def test_a_deletion_that_was_interrupted_is_finished_by_the_next_run(ready, railway, sandbox, clock):
    instance = ready()
    double = project(railway, sandbox, instance)
    later(clock)
    sandbox.faults.add(kind="server_error", operation="ProjectScheduleDelete", times=1)
    assert [each["outcome"] for each in look(apply=True).acts] == ["railway_lost_answer"]
    assert_put_right()
    assert sandbox.state(double.id)["projects"][0]["deletionAt"] is not None


def test_a_workspace_that_cannot_be_read_is_said_so_and_tried_again(ready, sandbox):
    ready()
    sandbox.faults.add(kind="server_error")
    run = reconciliation.reconcile_daily()
    assert list(run.errors) == ["default"]
    assert run.differences == []
    sandbox.faults.clear()
    assert reconciliation.reconcile_daily().errors == {}
    assert reconciliation.reconcile_daily() is None


def test_the_daily_run_changes_nothing_unless_a_setting_says_so(ready, railway, sandbox, clock, settings):
    project(railway, sandbox, ready())
    later(clock)
    run = reconciliation.reconcile_daily()
    assert (len(run.differences), run.applied, run.acts) == (1, False, [])
    later(clock)
    settings.RECONCILE_APPLY = True
    assert [each["outcome"] for each in reconciliation.reconcile_daily().acts] == ["done"]
    later(clock, 24 * 91)
    reconciliation.reconcile_daily()
    assert Reconciliation.objects.count() == 1


def test_the_command_tells_a_person_and_a_script(gone, railway, sandbox, clock):
    leak = project(railway, sandbox, gone())
    later(clock)
    told = run_command()
    assert "Projets chez Railway\u00a0: 1" in told
    assert "acme-corp" in told
    with pytest.raises(CommandError):
        run_command("--apply")
    found = json.loads(run_command("--json", "--apply", "--yes", "--max", "1", "--share", "100"))
    assert [(each["externalId"], each["outcome"]) for each in found["acts"]] == [(leak.id, "done")]
    assert json.loads(run_command("--json", "--workspace", "default"))["acts"] == []


def test_the_command_fails_when_it_refuses(gone, railway, sandbox, clock):
    for name in ("client-a", "client-b"):
        project(railway, sandbox, gone(name))
    later(clock)
    with pytest.raises(CommandError) as refused:
        run_command("--apply", "--yes", "--max", "1")
    assert refused.value.returncode == 3
    with pytest.raises(CommandError, match="nowhere"):
        run_command("--workspace", "nowhere")


class Terminal(StringIO):
    """A person who has typed this."""

    def isatty(self):
        return True


def test_a_person_confirms_by_typing_how_many_changes_there_are(gone, railway, sandbox, clock, monkeypatch):
    leak = project(railway, sandbox, gone())
    later(clock)
    for typed, done in (("yes", False), ("2", False), ("1", True)):
        monkeypatch.setattr("sys.stdin", Terminal(f"{typed}\n"))
        run_command("--apply", "--share", "100")
        assert (sandbox.state(leak.id)["projects"][0]["deletionAt"] is not None) is done
