"""A status that has not changed costs one look, and one that has is never called unchanged, whoever changed it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from provisioning.models import Operation, Outage, Step
from provisioning.states import OperationKind, OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import ApiKey, Instance, StatusChange, status_triggers
from tenants.services import ending, keys, links, partners, retention
from tests import trials
from tests.provisioning.conftest import clock

__all__ = ["clock"]
pytestmark = pytest.mark.django_db
ESTIMATES = ("estimatedReadyAt",)


class Watcher:
    """Asks as somebody does who keeps the last answer, and is told the whole beside it."""

    def __init__(self, client, instance, **headers):
        self.client, self.path, self.headers = client, f"/api/instances/{instance.public_id}", headers
        self.etag, self.body, self.same, self.changed, self.refused = "", None, 0, 0, 0

    def get(self, etag=""):
        return self.client.get(self.path, headers=self.headers | ({"if-none-match": etag} if etag else {}))

    def look(self):
        # the whole first: what still holds after it held when it was told
        whole = self.get()
        asked = self.get(self.etag)
        if whole.status_code != 200:
            assert asked.status_code == whole.status_code, "what opens nothing any more opens nothing with a tag"
            self.refused += 1
            return
        body = {name: value for name, value in whole.json().items() if name not in ESTIMATES}
        if body.get("queue"):
            body["queue"].pop("estimatedStartAt")
        if self.etag and asked.status_code == 304:
            assert body == self.body, "it was called unchanged, and it is not"
            self.same += 1
        else:
            self.changed += 1
        self.etag, self.body = whole.headers["ETag"], body


@pytest.fixture
def watchers(client, order_instance):
    """A visitor, the partner's reading key, the key that ordered, the holder of the link."""
    house = partners.house()
    _reading, read_key = keys.issue(house, scopes=[ApiKey.Scope.READ])
    ordering, own_key = keys.issue(house)
    instance = order_instance(key=ordering)
    found = [
        Watcher(client, instance),
        Watcher(client, instance, authorization=f"Bearer {read_key}"),
        Watcher(client, instance, authorization=f"Bearer {own_key}"),
        Watcher(client, instance, **{"x-status-token": instance.status_token, "accept-language": "en"}),
    ]
    return instance, found


def look(found):
    for watcher in found:
        watcher.look()


def test_a_whole_life_is_never_called_unchanged_when_it_has_changed(watchers, clock, sandbox, settings):
    settings.API_KEY_RATE = settings.API_VISITOR_RATE = "99999/s"
    instance, found = watchers
    sandbox.faults.add(kind="error", operation="Configure", times=2)

    def run(operation):
        with trials.at_step("", StepState.RUNNING, lambda step: look(found)):
            done = trials.finish(operation, clock, sandbox)
        look(found)
        return done

    run(Operation.objects.get(instance=instance))
    assert found[2].body["adminPassword"]
    for act in ("suspend", "resume", "reset_password"):
        run(trials.order(act, Instance.objects.get(pk=instance.pk)))
    instance.refresh_from_db()
    assert found[3].refused, "a new password takes the link that was given before"
    found[3].headers["x-status-token"] = instance.status_token
    look(found)
    ending.schedule_decommission(instance, grace_days=5)
    look(found)
    assert found[1].body["decommissionAfter"]
    ending.undo_decommission(Instance.objects.get(pk=instance.pk))
    look(found)
    # by a writer that nobody thought of: SQL
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_instance SET admin_email = 'x@y.example' WHERE id = %s", [instance.pk])
    look(found)
    assert found[1].body["adminEmail"] == "x@y.example"
    Operation.objects.filter(instance=instance).exclude(sealed="").update(ended_at=timezone.now() - timedelta(days=400))
    retention.forget_passwords()
    look(found)
    assert "adminPassword" not in found[2].body
    # a link that is dead opens nothing, whatever tag is sent
    links.revoke(Instance.objects.get(pk=instance.pk))
    assert found[3].get(found[3].etag).status_code in (401, 403, 404)
    assert all(watcher.same for watcher in found)
    assert all(watcher.changed > 10 for watcher in found)


def test_a_tag_opens_nothing_to_who_may_not_ask(client, watchers, make_partner):
    _instance, (visitor, reader, owner, _holder) = watchers
    look([visitor, reader, owner])
    _row, stranger = keys.issue(make_partner())
    other = Watcher(client, _instance, authorization=f"Bearer {stranger}")
    assert other.get(owner.etag).status_code == 404
    assert visitor.get(owner.etag).status_code == 200, "another's tag is not this one's"
    assert owner.get(owner.etag).status_code == 304
    ApiKey.objects.update(revoked_at=timezone.now())
    assert owner.get(owner.etag).status_code == 401


def test_an_outage_is_news_without_any_change_of_the_instance(watchers, clock):
    _instance, (visitor, *_others) = watchers
    look([visitor])
    Outage.objects.create(workspace="default", kind=Outage.Kind.API, opened_at=timezone.now(), cause="railway_paused")
    clock.shift(2)
    look([visitor])
    assert visitor.changed == 2


def test_a_percentage_that_grows_with_the_clock_is_a_change_every_ten_seconds(watchers, clock):
    instance, (visitor, *_others) = watchers
    begin(instance, "deploy_odoo")
    seen = set()
    for _second in range(40):
        clock.shift(1)
        look([visitor])
        seen.add(visitor.body["progress"])
    assert len(seen) == visitor.changed == 5
    assert visitor.same == 35


def begin(instance, code):
    step = Step.objects.filter(operation__instance=instance, code=code)
    Step.objects.filter(operation__instance=instance, position__lt=step.get().position).update(state=StepState.DONE)
    step.update(state=StepState.RUNNING, started_at=timezone.now())


def test_whoever_watches_is_called_back_later_while_the_end_is_far(watchers, clock):
    instance, (visitor, *_others) = watchers
    far = visitor.get()
    begin(instance, "prove_login")
    near = visitor.get()
    assert (far.headers["Retry-After"], near.headers["Retry-After"]) == ("15", "5")
    same = visitor.get(near.headers["ETag"])
    assert (same.status_code, same.headers["Retry-After"]) == (304, "5")


def statements(act):
    with CaptureQueriesContext(connection) as asked:
        answer = act()
    return answer.status_code, len(asked)


@pytest.mark.parametrize("state", [InstanceState.PROVISIONING, InstanceState.READY, InstanceState.FAILED])
def test_what_is_unchanged_costs_one_look_and_the_whole_three_statements(client, watchers, make_instance, state):
    instance, (_visitor, _reader, owner, _holder) = watchers
    if state != InstanceState.PROVISIONING:
        ended = {"state": OperationState.SUCCEEDED if state == InstanceState.READY else OperationState.FAILED}
        Operation.objects.filter(instance=instance).update(**ended, ended_at=timezone.now())
    Instance.objects.filter(pk=instance.pk).update(state=state, url="https://x.example", ready_at=timezone.now())
    owner.look()
    status, whole = statements(owner.get)
    # a finished instance tells its password, while it is kept
    assert (status, whole) == (200, 3 if state == InstanceState.READY else 2)
    # who asks is one statement, what is unchanged the other
    assert statements(lambda: owner.get(owner.etag)) == (304, 2)


def test_what_nobody_is_told_changes_no_version(watchers):
    instance, _found = watchers
    before = StatusChange.objects.count()
    Operation.objects.filter(instance=instance).update(lease_token="x", lease_expires_at=timezone.now(), wakes=7)
    Step.objects.filter(operation__instance=instance).update(attempts=3, message="for staff")
    Instance.objects.filter(pk=instance.pk).update(odoo_version="19.0")
    assert StatusChange.objects.count() == before
    Operation.objects.filter(instance=instance, kind=OperationKind.CREATE).update(reason="cancelled")
    assert StatusChange.objects.count() == before + 1


def test_triggers_that_were_lost_come_back(watchers):
    instance, _found = watchers
    table = " ON tenants_instance" if connection.vendor == "postgresql" else ""
    name = "status_changed_update" if table else "status_changed_tenants_instance_update"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{table}")
    status_triggers.install(connection)
    before = StatusChange.objects.count()
    Instance.objects.filter(pk=instance.pk).update(link_revision=9)
    assert StatusChange.objects.count() == before + 1


def test_a_tag_that_nobody_was_given_is_none(watchers):
    _instance, (visitor, *_others) = watchers
    for tag in (
        f'W/"s1.1-{"9" * 5000}-5-0.fr.0"',
        'W/"s1.1-٣-5-0.fr.0"',
        f'W/"s{"f" * 99}.1-1-5-0.fr.0"',
        'W/"s1.1-1-99-"',
    ):
        assert visitor.get(tag).status_code == 200


def test_a_status_is_told_although_a_step_was_deleted_by_hand(watchers):
    instance, (visitor, *_others) = watchers
    Step.objects.filter(operation__instance=instance, position=0).delete()
    assert visitor.get().status_code == 200
