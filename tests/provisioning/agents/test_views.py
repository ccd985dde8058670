"""The agents' door: who may call, what is heard, and that one's token opens nothing of another's."""

import pytest

from provisioning.agents import tokens
from provisioning.backups import asking
from provisioning.models import Agent, Backup
from tests.provisioning.backups.little_agent import LittleAgent

pytestmark = pytest.mark.django_db
MANUAL = Backup.Occasion.MANUAL
REFUSED_BY_ITS_SHAPE = pytest.mark.any_store("it is refused by its shape, before anything would be kept")


@pytest.mark.parametrize("token", ["", "wrong", "é", "a" * 5_000])
def test_who_is_not_known_is_not_heard(client, instance, token):
    assert LittleAgent(client, token).call(report={"users": 3}).status_code == 401
    assert not Agent.objects.exists()


@REFUSED_BY_ITS_SHAPE
@pytest.mark.parametrize("body", ["[]", "7", "{", '{"job": 3}', '{"job": {"event": "sh -c reboot"}}', "[" * 50_000])
def test_what_is_no_call_is_refused(agent, body):
    answer = agent.client.post(
        "/agent/", body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {agent.token}"
    )
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "error": "not_a_call"})


STRANGE = [[], {}, None, 7, True, "a\0", "\ud800"]


@REFUSED_BY_ITS_SHAPE
@pytest.mark.parametrize("text", STRANGE, ids=ascii)
@pytest.mark.parametrize("place", ["event", "id", "etag", "odooVersion", "reason", "message", "from", "sha256"])
def test_a_value_of_another_type_or_that_cannot_be_kept_is_no_call(agent, text, place):
    asking.ask(agent_instance(agent), MANUAL)
    said = {"id": agent.job()["id"], "event": "failed", "reason": "x", "message": "y"}
    if place in ("etag", "odooVersion", "sha256"):
        said |= {"event": "done", "parts": [["a", 1]], "sha256": "0" * 64, "facts": {"odooVersion": "19.0"}}
    if place == "from":
        said |= {"event": "more"}
        text = 0 if text == 7 else text
    if place == "etag":
        said["parts"] = [[text, 1]]
    elif place == "odooVersion":
        said["facts"] = {"odooVersion": text}
    else:
        said[place] = text
    answer = agent.call(job=said)
    assert (answer.status_code, answer.json()) == (400, {"status": 400, "error": "not_a_call"})
    assert Backup.objects.get().state == Backup.State.RUNNING


@REFUSED_BY_ITS_SHAPE
@pytest.mark.parametrize(("place", "text"), [("id", "é"), ("reason", "é\n"), ("etag", "é"), ("etag", "a" * 200)])
def test_codes_are_of_printable_ascii(agent, place, text):
    asking.ask(agent_instance(agent), MANUAL)
    said = {"id": agent.job()["id"], "event": "failed", "reason": "x"}
    said |= {"event": "done", "parts": [[text, 1]]} if place == "etag" else {place: text}
    assert agent.call(job=said | {"sha256": "0" * 64, "facts": {}}).status_code == 400


def test_only_what_is_known_and_of_its_type_is_kept_of_a_report(agent):
    given = {"users": 3, "freeBytes": -1, "databaseBytes": "many", "odooVersion": "19.0\n", "schedulerAlive": True,
             "customers": ["Dupont"], "lastLogin": "2026-11-27T01:00:00Z", "filestoreBytes": True}  # fmt: skip
    assert agent.call(report=given).json() == {"next": 60}
    kept = {"users": 3, "schedulerAlive": True, "lastLogin": "2026-11-27T01:00:00Z"}
    assert Agent.objects.get().report == kept


@pytest.mark.parametrize(
    "odd", ["yesterday", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-13-45T00:00:00Z", ""]
)
def test_a_last_login_that_is_no_moment_is_none(agent, odd):
    agent.call(report={"lastLogin": odd, "freeBytes": 1, "totalBytes": 0})
    told = Agent.objects.get()
    assert (told.last_login_at, told.free_percent) == (None, None)


def test_when_somebody_last_worked_in_it_and_how_much_room_is_left_can_be_asked_for(agent):
    agent.call(report={"lastLogin": "2026-11-27T01:00:00Z", "freeBytes": 2, "totalBytes": 40})
    told = Agent.objects.get()
    assert (told.last_login_at.isoformat(), told.free_percent) == ("2026-11-27T01:00:00+00:00", 5)


def test_nothing_to_do_costs_one_read(agent, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert agent.call().json() == {"next": 60}


def test_a_new_token_ends_the_former_one_once_it_is_used(agent, instance):
    renewed = LittleAgent(agent.client, tokens.renew(instance.pk))
    assert agent.call().status_code == 200
    assert renewed.call().status_code == 200
    assert agent.call().status_code == 401


def test_a_revoked_token_opens_nothing(agent, instance):
    tokens.revoke(instance.pk)
    assert agent.call().status_code == 401


def test_one_instances_token_opens_nothing_of_anothers(agent, make_instance, client):
    other = LittleAgent(client, tokens.renew(make_instance("other-corp", state="ready").pk))
    backup = asking.ask(agent_instance(agent), MANUAL)
    job = agent.job()
    assert other.job() is None
    for event in ({"event": "more", "from": 1}, {"event": "failed", "reason": "x"},
                  {"event": "done", "parts": [["a", 1]], "sha256": "0" * 64, "facts": {}}):  # fmt: skip
        answer = other.call(job={"id": job["id"], **event})
        assert (answer.status_code, answer.json()) == (409, {"status": 409, "error": "no_such_job"})
    backup.refresh_from_db()
    assert backup.state == Backup.State.RUNNING


def agent_instance(agent):
    return Agent.objects.get(token_hash=tokens.digest(agent.token)).instance_id
