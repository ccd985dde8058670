"""A backup brought back before Odoo listens, over a real PostgreSQL: wholly or not at all, whenever it is killed."""

import hashlib
import io
import signal
import zipfile
from pathlib import Path

import pytest

from provisioning.odoo.bootstrap.backup import Failed
from provisioning.odoo.bootstrap.snapshot import Instance
from tests.provisioning.odoo.containers import PASSWORD_HASH, Role
from tests.provisioning.odoo.kept import Kept, drop_databases, names
from tests.provisioning.odoo.little_door import LittleDoor
from tests.provisioning.odoo.test_bootstrap import administrator, ask

OTHER_HASH = PASSWORD_HASH[:-4] + "AAAA"
RESTORED = {"PROV_RESTORE": "RS-1", "PROV_ACCESS_REVISION": "OP-1", "PROV_ADMIN_PASSWORD_HASH": OTHER_HASH}
THEN, NOW = b"as it was then", b"as it is now"
REPLACED_BY = "UPDATE ir_config_parameter SET value = %s WHERE key = 'eazynova.replaced_by'"
COUNTED = {"modules": 3, "attachments": 7, "users": 1, "missingFiles": 0, "files": 1}


def stored(content):
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return f"{digest[:2]}/{digest}"


def attach(container, content):
    name = stored(content)
    file = container.data / "filestore" / container.database / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    ask(container, f"INSERT INTO ir_attachment (name, store_fname) VALUES ('theirs', '{name}')")


@pytest.fixture(scope="module")
def used_then(installed, tmp_path_factory):
    """What is kept of a container that was used, backed up and used again, and the door that has the backup of then."""
    container = installed.copy(tmp_path_factory.mktemp("used"))
    attach(container, THEN)
    ask(container, "INSERT INTO res_partner (lang) VALUES ('then')")
    ask(container, "INSERT INTO mail_mail (state) VALUES ('outgoing'), ('sent')")
    [(attachments,)] = ask(container, "SELECT count(*) FROM ir_attachment")
    with LittleDoor() as door:
        door.take_backup(container, {stored(THEN): THEN}, ("base", "crm", "account"), attachments)
        attach(container, NOW)
        ask(container, "UPDATE res_partner SET lang = 'now' WHERE lang = 'then'")
        kept = Kept(container)
        yield kept, door
        kept.drop()
        door.shutdown()


@pytest.fixture(scope="module")
def restored_since(used_then, tmp_path_factory):
    """What is kept of it once the restoration RS-1 has succeeded."""
    kept, door = used_then
    container = kept.copy(tmp_path_factory.mktemp("restored"))
    try:
        container.start(**RESTORED, **door.variables).wait_until_serving().stop()
    finally:
        container.clean_up()
    assert state_of(container) == "then"
    kept = Kept(container)
    yield kept
    kept.drop()


@pytest.fixture
def door(used_then):
    with LittleDoor() as server:
        server.archive, server.facts = used_then[1].archive, dict(used_then[1].facts)
        yield server
        server.shutdown()


@pytest.fixture
def used(copy_of, used_then):
    """A container that was used, backed up, used again and stopped; the door has the backup of then."""
    return copy_of(used_then[0])


@pytest.fixture
def restored(copy_of, restored_since):
    """The same, but the restoration RS-1 has brought back the state of then; it was stopped since."""
    return copy_of(restored_since)


def databases(container):
    return {name.removeprefix(container.database) for name in names(container.database)}


def folders(container):
    names = [path.name for path in (container.data / "filestore").iterdir()]
    return {name.removeprefix(container.database) for name in names}


def state_of(container):
    """ "then", "now", or what it is between."""
    [(languages,)] = ask(container, "SELECT string_agg(lang, ',') FROM res_partner WHERE lang IN ('then', 'now')")
    files = container.data / "filestore" / container.database
    has = {name for name, content in (("then", THEN), ("now", NOW)) if (files / stored(content)).exists()}
    password = administrator(container)[1]
    if (languages, has, password) == ("then", {"then"}, OTHER_HASH):
        return "then"
    if (languages, has, password) == ("now", {"then", "now"}, PASSWORD_HASH):
        return "now"
    return f"between: {languages} {has} {password}"


def test_a_restoration_brings_the_state_of_then_and_keeps_the_former_beside_it(used, door):
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert state_of(used) == "then"
    assert door.events() == ["begin", "loaded"]
    assert door.said[-1]["facts"] == COUNTED
    assert databases(used) == {"", "_former"} == folders(used)
    # by Odoo's role alone, as everything in the dump
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert ask(used, owners) == [(used.database,)]
    assert not (used.data / ".restoration").exists()
    calls = len(used.commands())
    used.stop()
    used.start(**RESTORED, **door.variables).wait_until_serving(2)
    assert (state_of(used), len(used.commands()) - calls, door.events()) == ("then", 1, ["begin", "loaded"])


def test_the_former_state_comes_back_with_the_access_that_it_had(restored, door):
    for serving in (1, 2):
        restored.start(**RESTORED, PROV_RESTORE_UNDO="RS-1", **door.variables).wait_until_serving(serving)
        assert state_of(restored) == "now"
        assert databases(restored) == {""} == folders(restored)
        restored.stop()


def test_a_second_restoration_replaces_what_the_first_left(restored, door):
    restored.start(**{**RESTORED, "PROV_RESTORE": "RS-2"}, **door.variables).wait_until_serving()
    assert state_of(restored) == "then"
    assert databases(restored) == {"", "_former"} == folders(restored)


def test_an_undo_never_brings_back_what_an_earlier_restoration_left(restored, door):
    # nobody is there to be asked, and it is given up before anything was loaded
    second = {**RESTORED, "PROV_RESTORE": "RS-2"}
    restored.start(**second).wait_until_serving()
    restored.stop()
    restored.start(**second, PROV_RESTORE_UNDO="RS-2").wait_until_serving(2)
    assert state_of(restored) == "then"
    assert databases(restored) == {"", "_former"} == folders(restored)


def test_while_nobody_says_what_is_wanted_all_stays_as_it_is_access_included(used, door):
    used.start(**RESTORED).wait_until_serving()
    assert state_of(used) == "now"
    used.stop()
    used.start(**RESTORED, **door.variables).wait_until_serving(2)
    assert state_of(used) == "then"


def test_the_agent_drops_only_what_the_restoration_itself_has_replaced(restored):
    former = restored.database + "_former"
    agent = Instance(restored.server, restored.database, restored.data)
    with pytest.raises(Failed, match="did not come from that restoration"):
        agent.drop_former("RS-2")
    Role.administer(REPLACED_BY, "RS-0", database=former)
    with pytest.raises(Failed, match="was not replaced by that restoration"):
        agent.drop_former("RS-1")
    assert databases(restored) == {"", "_former"} == folders(restored)
    Role.administer(REPLACED_BY, "RS-1", database=former)
    agent.drop_former("RS-1")
    assert databases(restored) == {""} == folders(restored)


@pytest.mark.parametrize("point", ["before commit of receive", "after commit of receive"])
def test_a_kill_while_odoo_receives_it_changes_nothing_and_is_mended_by_the_next_start(used, door, point):
    used.pause_at(point)
    used.start(**RESTORED, **door.variables).wait_until_paused()
    used.kill()
    used.go_on()
    assert state_of(used) == "now"
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert state_of(used) == "then"
    assert databases(used) == {"", "_former"} == folders(used)


KILLER = str(Path(__file__).parent / "killer")
# the bootstrap's own work, killed right before each of these
BOUNDARIES = [
    "fetching:fetch", "fetching:_check", "swapping:make_room", "database:create", "loading:load", "loading:_unpack",
    "swapping:note", "errand:loaded", "swapping:swap", "swapping:note:2", "swapping:_rename", "database:execute:8",
    "database:execute:9",
    "swapping:follow", "pathlib:rename:1", "pathlib:rename:2", "restoration:_clean_up",
]  # fmt: skip
UNDOING = [
    "swapping:bring_back", "swapping:follow_back", "pathlib:rename:1", "pathlib:rename:2", "swapping:remove:2",
    "swapping:remove:3", "restoration:_clean_up", "swapping:note",
]  # fmt: skip


def kill_before(container, boundary, **variables):
    path = f"{KILLER}:{container.environ['PYTHONPATH']}"
    container.start(PYTHONPATH=path, KILLED_BEFORE=boundary, **variables)
    assert container.ended() == -signal.SIGKILL, container.log


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_kill_before_any_step_of_the_bootstrap_is_mended_by_the_next_start(used, door, boundary):
    kill_before(used, boundary, **RESTORED, **door.variables)
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert state_of(used) == "then"
    assert databases(used) == {"", "_former"} == folders(used)
    # what an earlier start has counted is not lost with it
    assert [news["facts"] for news in door.said if news["event"] == "loaded"][-1] == COUNTED


@pytest.mark.parametrize("boundary", UNDOING)
def test_a_kill_while_the_former_state_comes_back_is_mended_by_the_next_start(restored, door, boundary):
    kill_before(restored, boundary, **RESTORED, PROV_RESTORE_UNDO="RS-1", **door.variables)
    restored.start(**RESTORED, PROV_RESTORE_UNDO="RS-1", **door.variables).wait_until_serving()
    assert state_of(restored) == "now"
    assert databases(restored) == {""} == folders(restored)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"archive": b"PK not a zip"}, "damaged"),
        ({"sha256": "0" * 64}, "damaged"),
        ({"facts": {"attachments": 4711}}, "counts_differ"),
        ({"facts": {"filestoreBytes": 2**60}}, "no_room"),
        ({"facts": {"databaseBytes": 2**60}}, "no_room"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_brought_back_is_said_and_changes_nothing(used, door, change, reason):
    vars(door).update(change)
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert (state_of(used), door.events()) == ("now", ["begin", "failed"])
    assert door.said[-1]["reason"] == reason
    assert databases(used) == {""} == folders(used)
    used.stop()
    # and it is not tried again
    used.start(**RESTORED, **door.variables).wait_until_serving(2)
    assert (state_of(used), door.events()) == ("now", ["begin", "failed"])


def test_another_version_and_a_newer_module_are_refused(used, door):
    (used.directory / "version").write_text("18.0")
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert (state_of(used), door.said[-1]["reason"]) == ("now", "other_version")


def test_statements_of_a_dump_have_no_more_rights_than_odoo(used, door):
    """A customer could have a dump of their own making; PostgreSQL's administrator must not run it."""
    door.archive = with_dump(door.archive, b"\nCREATE ROLE intruder SUPERUSER;\n")
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert (state_of(used), door.said[-1]["reason"]) == ("now", "load_failed")
    assert Role.administer("SELECT 1 FROM pg_roles WHERE rolname = 'intruder'") == []


def with_dump(archive, addition):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry) + (addition if entry == "dump.sql" else b""))
    return made.getvalue()


def test_a_download_goes_on_where_it_was_cut_off_with_a_fresh_address(used, door):
    door.cuts = [1000, 1000]
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert state_of(used) == "then"
    assert door.ranges == [0, 1000, 2000]
    assert door.events() == ["begin", "begin", "begin", "loaded"]


def test_what_is_not_wanted_any_more_is_left(used, door):
    door.refuses = {"loaded"}
    used.start(**RESTORED, **door.variables).wait_until_serving()
    assert state_of(used) == "now"
    assert databases(used) == {""} == folders(used)


def test_a_new_instance_begins_with_a_copy_that_writes_to_nobody(used, door, make_container):
    door.flags = {"newIdentity": True, "neutralise": True, "ownAddress": True}
    ask(used, "INSERT INTO ir_config_parameter (key, value) VALUES ('database.uuid', 'original')")
    copy = make_container("copy", login="owner@copy.com", base_url="https://copy.example.com")
    copy.database = used.database + "_c"
    copy.environ["PROV_DB"] = copy.database
    copy.start(PROV_RESTORE="RS-9", **door.variables).wait_until_serving()
    assert administrator(copy)[:2] == ("owner@copy.com", PASSWORD_HASH)
    assert ask(copy, "SELECT active FROM ir_cron") == [(False,)]
    assert ask(copy, "SELECT state FROM mail_mail") == [("sent",)]
    addresses = ask(copy, "SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'")
    assert addresses == [("https://copy.example.com",)]
    assert ask(copy, "SELECT count(*) FROM res_partner WHERE lang = 'then'") == [(1,)]
    assert databases(copy) == {""}
    drop_databases(copy.database)
    Role.administer(f"DROP ROLE {copy.database}")
