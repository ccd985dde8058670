"""A database that begins with a seed, over a real PostgreSQL: wholly, or installed as ever, whenever it is killed."""

import contextlib
import socket

import pytest

from provisioning.odoo.bootstrap.outcome import LATER
from tests.provisioning.odoo.containers import PASSWORD_HASH, Role
from tests.provisioning.odoo.kept import drop_databases
from tests.provisioning.odoo.little_door import LittleDoor
from tests.provisioning.odoo.test_bootstrap import administrator, ask
from tests.provisioning.odoo.test_restoration import (
    BOUNDARIES,
    attach,
    databases,
    folders,
    kill_before,
    stored,
)

SEED = {"PROV_SEED": "RS-7"}
FILE = b"of every Odoo"
NOBODY = "x7f@pool.invalid"
FLAGS = {"newIdentity": True, "neutralise": False, "handOver": True, "ownAddress": True}
LEFT_BY_NOBODY = """
UPDATE res_users SET login = 'x7f@pool.invalid', email = login, name = login WHERE id = 2;
UPDATE res_company SET name = 'EAZYNOVA', email = 'x7f@pool.invalid', edi_contact = 'x7f@pool.invalid';
INSERT INTO ir_config_parameter (key, value)
    VALUES ('database.uuid', 'of the seed'), ('database.secret', 'of the seed'), ('eazynova.restore', 'RS-1');
INSERT INTO ir_actions_server (name) VALUES ('eazynova hand-over'), ('their own');
INSERT INTO mail_message DEFAULT VALUES;
INSERT INTO mail_mail (state, mail_message_id) VALUES ('sent', 1), ('outgoing', NULL);
INSERT INTO res_users_log (create_uid) VALUES (2);
INSERT INTO res_device_log (user_id) VALUES (2);
INSERT INTO res_users_apikeys (user_id) VALUES (2);
INSERT INTO auth_totp_device (user_id) VALUES (2);
INSERT INTO discuss_channel (uuid) VALUES ('of the seed');
INSERT INTO res_partner (lang) VALUES ('seed');
"""


@pytest.fixture(scope="module")
def seed(installed, tmp_path_factory):
    """The door that has the backup of a warm unit."""
    unit = installed.copy(tmp_path_factory.mktemp("unit"))
    attach(unit, FILE)
    Role.administer(LEFT_BY_NOBODY, database=unit.database)
    [(attachments,)] = ask(unit, "SELECT count(*) FROM ir_attachment")
    with LittleDoor() as door:
        door.take_backup(unit, {stored(FILE): FILE}, ("base", "crm", "account"), attachments)
        door.shutdown()
    drop_databases(unit.database)
    return door


@pytest.fixture
def door(seed):
    with LittleDoor() as server:
        server.archive, server.facts, server.flags = seed.archive, dict(seed.facts), dict(FLAGS)
        yield server
        server.shutdown()


@pytest.fixture
def fresh(make_container):
    """A container that nothing was ever in."""
    return make_container(login="zoe@acme.com", company="Acme & Fils", base_url="https://acme.example.com")


def is_grown(container):
    return ask(container, "SELECT count(*) FROM res_partner WHERE lang = 'seed'") == [(1,)]


def installations(container):
    return sum("installs" in entry for entry in container.diary)


def parameters(container):
    return dict(ask(container, "SELECT key, value FROM ir_config_parameter"))


def assert_is_theirs(container):
    """What an ordinary creation leaves: the owner's access, company and address, and one database."""
    assert administrator(container)[:4] == ("zoe@acme.com", PASSWORD_HASH, "Zoé O'Hara", "zoe@acme.com")
    assert administrator(container)[4:] == ("fr_FR", "Europe/Paris")
    assert ask(container, "SELECT name, email FROM res_company") == [("Acme & Fils", "zoe@acme.com")]
    assert parameters(container)["web.base.url"] == "https://acme.example.com"
    assert parameters(container)["auth_signup.invitation_scope"] == "b2b"
    assert databases(container) == {""} == folders(container)


def test_a_seed_takes_the_place_of_the_installation(fresh, door):
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert is_grown(fresh)
    assert installations(fresh) == 0
    assert_is_theirs(fresh)
    assert (fresh.data / "filestore" / fresh.database / stored(FILE)).read_bytes() == FILE
    assert door.events() == ["begin", "loaded"]
    fresh.stop()
    fresh.start(**SEED, **door.variables).wait_until_serving(2)
    assert door.events() == ["begin", "loaded"], "it is asked for once"
    assert_is_theirs(fresh)


def test_nothing_of_nobodys_and_no_key_of_the_seed_is_left(fresh, door):
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert "of the seed" not in parameters(fresh).values()
    assert len(parameters(fresh)["database.uuid"]) == 36
    assert ask(fresh, "SELECT uuid FROM discuss_channel") != [("of the seed",)]
    assert ask(fresh, "SELECT name FROM ir_actions_server") == [("their own",)]
    assert ask(fresh, "SELECT edi_contact FROM res_company") == [("zoe@acme.com",)]
    traces = ("mail_mail", "mail_message", "res_users_log", "res_device_log", "res_users_apikeys", "auth_totp_device")
    assert [ask(fresh, f"SELECT count(*) FROM {trace}") for trace in traces] == [[(0,)]] * len(traces)
    assert ask(fresh, "SELECT active FROM ir_cron") == [(True,)], "it is no copy that writes to nobody"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"archive": b"PK not a zip"}, "damaged"),
        ({"sha256": "0" * 64}, "damaged"),
        ({"facts": {"attachments": 4711}}, "counts_differ"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_grow_is_said_and_installed(fresh, door, change, reason):
    vars(door).update(change)
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert door.said[-1]["reason"] == reason
    assert (is_grown(fresh), installations(fresh)) == (False, 2)
    assert_is_theirs(fresh)
    fresh.stop()
    fresh.start(**SEED, **door.variables).wait_until_serving(2)
    assert door.events() == ["begin", "failed"]
    assert installations(fresh) == 2


def test_a_seed_of_a_newer_odoo_is_installed_instead(fresh, door):
    (fresh.directory / "version").write_text("18.0")
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert (door.said[-1]["reason"], is_grown(fresh)) == ("other_version", False)
    assert_is_theirs(fresh)


@pytest.mark.parametrize("event", ["begin", "loaded"])
def test_what_nobody_wants_any_more_is_installed(fresh, door, event):
    door.refuses = {event}
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert (is_grown(fresh), installations(fresh)) == (False, 2)
    assert_is_theirs(fresh)


def test_where_nobody_can_be_asked_it_is_installed_at_once(fresh):
    fresh.start(**SEED).wait_until_serving()
    assert installations(fresh) == 2
    assert_is_theirs(fresh)


def test_visitors_meet_nothing_before_it_is_the_owners(fresh, door):
    fresh.pause_at("before commit of receive")
    fresh.start(**SEED, **door.variables).wait_until_paused()
    with pytest.raises(ConnectionRefusedError), contextlib.closing(connect(fresh)):
        pass


def connect(container):
    return socket.create_connection(("127.0.0.1", container.port), 2)


def test_what_is_served_already_is_never_replaced_by_a_seed(ready, door):
    before = administrator(ready)
    ready.start(**SEED, **door.variables).wait_until_serving()
    assert (is_grown(ready), administrator(ready), door.events()) == (False, before, [])


def test_a_lost_database_of_a_volume_that_was_served_is_never_seeded(ready, door):
    drop_databases(ready.database)
    ready.start(**SEED, **door.variables)
    assert (ready.ended(), door.events()) == (3, [])


def test_a_seed_whose_login_was_not_proven_goes_again_and_is_installed(fresh, door):
    fresh.start(**SEED, **door.variables).wait_until_serving().stop()
    for serving in (2, 3):
        fresh.start(**SEED, PROV_RESTORE_UNDO="RS-7", **door.variables).wait_until_serving(serving)
        assert (is_grown(fresh), installations(fresh)) == (False, 2)
        assert_is_theirs(fresh)
        fresh.stop()
    assert not (fresh.data / "filestore" / fresh.database / stored(FILE)).exists()


@pytest.mark.parametrize(
    "boundary", [each for each in BOUNDARIES if each not in ("swapping:note:2", "pathlib:rename:2")]
)
def test_a_kill_before_any_step_is_mended_by_the_next_start(fresh, door, boundary):
    kill_before(fresh, boundary, **SEED, **door.variables)
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert (is_grown(fresh), installations(fresh)) == (True, 0)
    assert_is_theirs(fresh)


@pytest.mark.parametrize("point", ["before commit of receive", "after commit of receive"])
def test_a_kill_while_odoo_receives_it_is_mended_by_the_next_start(fresh, door, point):
    fresh.pause_at(point)
    fresh.start(**SEED, **door.variables).wait_until_paused()
    fresh.kill()
    fresh.go_on()
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert (is_grown(fresh), installations(fresh)) == (True, 0)
    assert_is_theirs(fresh)


def test_what_was_proven_stays_whatever_the_environment_still_says(fresh, door):
    fresh.start(**SEED, **door.variables).wait_until_serving().stop()
    door.refuses = {"uproot"}
    fresh.start(**SEED, PROV_RESTORE_UNDO="RS-7", **door.variables).wait_until_serving(2)
    assert (is_grown(fresh), installations(fresh)) == (True, 0)
    assert_is_theirs(fresh)


def test_nothing_is_deleted_while_nobody_says_that_it_goes(fresh, door):
    fresh.start(**SEED, **door.variables).wait_until_serving().stop()
    fresh.start(**SEED, PROV_RESTORE_UNDO="RS-7")
    assert (fresh.ended(), is_grown(fresh)) == (LATER, True)
    fresh.start(**SEED, PROV_RESTORE_UNDO="RS-7", **door.variables).wait_until_serving(2)
    assert (is_grown(fresh), installations(fresh)) == (False, 2)


@pytest.mark.parametrize(
    "boundary", ["errand:uproot", "seeding:_uproot", "swapping:remove:1", "database:drop", "installation:_install"]
)
def test_a_kill_while_it_goes_again_is_mended_by_the_next_start(fresh, door, boundary):
    fresh.start(**SEED, **door.variables).wait_until_serving().stop()
    kill_before(fresh, boundary, **SEED, PROV_RESTORE_UNDO="RS-7", **door.variables)
    fresh.start(**SEED, PROV_RESTORE_UNDO="RS-7", **door.variables).wait_until_serving(2)
    assert (is_grown(fresh), installations(fresh)) == (False, 2)
    assert_is_theirs(fresh)


def test_an_installation_in_a_seeds_place_that_was_killed_begins_anew(fresh, door):
    door.sha256 = "0" * 64
    fresh.pause_at("installing crm")
    fresh.start(**SEED, **door.variables).wait_until_paused()
    fresh.kill()
    fresh.go_on()
    door.refuses = {"begin"}
    fresh.start(**SEED, **door.variables).wait_until_serving()
    assert not is_grown(fresh)
    assert_is_theirs(fresh)
