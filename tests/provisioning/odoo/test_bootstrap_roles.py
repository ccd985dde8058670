"""What Odoo, and whoever gets at its user, may do in PostgreSQL."""

import base64
import hashlib
import hmac
import os
from pathlib import Path

import psycopg2
import pytest

from tests import environment
from tests.provisioning.odoo.containers import Role, eventually

ATTRIBUTES = """
SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
       EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)
FROM pg_roles WHERE rolname = %s
"""
OWNERS = """
SELECT DISTINCT pg_get_userbyid(owner) FROM (
    SELECT relowner AS owner FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'reports'::regnamespace)
    UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = 'work'
    UNION ALL SELECT typowner FROM pg_type WHERE typname = 'mood'
    UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'reports'
    UNION ALL SELECT lomowner FROM pg_largeobject_metadata
    UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database()) owned
"""
THINGS = """
CREATE SCHEMA reports;
CREATE TABLE reports.lines (id serial, at int GENERATED ALWAYS AS IDENTITY);
CREATE VIEW reports.seen AS SELECT * FROM reports.lines;
CREATE MATERIALIZED VIEW reports.kept AS SELECT * FROM reports.lines;
CREATE SEQUENCE reports.numbers;
CREATE TYPE public.mood AS ENUM ('calm');
CREATE FUNCTION public.work() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
SELECT lo_create(0);
"""


def ask(container, query, *values):
    return Role.administer(query, *values, database=container.database)


def make_old(container):
    """As a release left it that had Odoo work as the server's superuser."""
    ask(container, f"REASSIGN OWNED BY {container.database} TO {container.role.name}")
    ask(container, f"SET ROLE {container.role.name}; {THINGS}")


def verifies(verifier, password):
    """Whether PostgreSQL keeps ``password`` as this SCRAM verifier."""
    _, parameters, keys = verifier.split("$")
    rounds, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return base64.b64decode(keys.split(":")[0]) == stored


def kept_password(role):
    [(verifier,)] = Role.administer("SELECT rolpassword FROM pg_authid WHERE rolname = %s", role)
    return verifier


def serving_as(container):
    return [entry["environ"] for entry in container.diary if "environ" in entry][-1]["PGUSER"]


def test_odoo_works_as_a_role_that_may_do_nothing_beyond_its_database(make_container):
    container = make_container().start().wait_until_serving()
    assert {entry["environ"]["PGUSER"] for entry in container.diary if "environ" in entry} == {container.database}
    assert Role.administer(ATTRIBUTES, container.database) == [(True, False, False, False, False, False, False)]
    assert ask(container, "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'res\\_%%'") == [
        (container.database,)
    ]


def test_nothing_that_odoo_can_look_at_tells_the_administrators_password(make_container):
    container = make_container().start(PROV_DATABASE_SECRET="a well kept secret").wait_until_serving()
    secrets = [container.environ["PGPASSWORD"], "a well kept secret"]
    for process in [container.process.pid, *(entry["pid"] for entry in container.diary if "pid" in entry)]:
        path = Path(f"/proc/{process}/environ")
        told = path.read_text() if path.exists() else ""
        assert not [secret for secret in secrets if secret in told], process
    assert not [secret for secret in secrets if secret in str(container.diary)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can tell what others may look at")
def test_only_root_can_look_into_the_bootstrap(make_container):
    container = make_container().start().wait_until_serving()
    assert Path(f"/proc/{container.process.pid}/environ").stat().st_uid == 0


def test_the_administrators_first_password_opens_nothing_any_more(make_container, role):
    first = kept_password(role.name)
    container = make_container().start(PROV_DATABASE_SECRET="a well kept secret").wait_until_serving()
    second = kept_password(role.name)
    assert verifies(first, role.password)
    assert not verifies(second, role.password)
    assert not verifies(second, "a well kept secret")
    container.stop()
    container.start(PROV_DATABASE_SECRET="a well kept secret").wait_until_serving(2)


def test_a_database_of_the_superuser_is_given_to_odoos_own_role_at_the_next_start(ready):
    make_old(ready)
    ready.start().wait_until_serving()
    assert ask(ready, OWNERS) == [(ready.database,)]
    assert serving_as(ready) == ready.database
    assert "becomes that of a role of its own" in ready.log


def test_a_trigger_for_whoever_commands_is_gone_before_the_superuser_commands_there(ready):
    make_old(ready)
    ask(
        ready,
        "CREATE FUNCTION public.rise() RETURNS event_trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN EXECUTE 'ALTER ROLE {ready.database} SUPERUSER'; END $$;"
        " CREATE EVENT TRIGGER rise ON ddl_command_end EXECUTE FUNCTION public.rise()",
    )
    ready.start().wait_until_serving()
    assert Role.administer(ATTRIBUTES, ready.database)[0][1] is False


def test_a_view_in_the_place_of_a_table_runs_nothing_as_the_superuser(ready):
    ask(
        ready,
        f"SET ROLE {ready.database}; CREATE TABLE public.who (name text);"
        " CREATE FUNCTION public.tell() RETURNS text LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO public.who VALUES (current_user); RETURN 'x'; END $$;"
        " ALTER TABLE ir_config_parameter RENAME TO parameters;"
        " CREATE VIEW ir_config_parameter AS SELECT id, key, value, public.tell() AS told FROM parameters",
    )
    ready.start(PROV_WAIT="1").wait_until_serving()
    assert set(ask(ready, "SELECT name FROM public.who")) <= {(ready.database,)}


def test_a_kill_in_the_middle_of_the_gift_is_mended_by_the_next_start(ready):
    make_old(ready)
    for number in range(150):
        ask(ready, f"SET ROLE {ready.role.name}; CREATE TABLE more_{number} (id int)")
    last = ask(ready, "SELECT relname FROM pg_class WHERE relname LIKE 'more\\_%%' ORDER BY oid DESC LIMIT 1")[0][0]
    holder = psycopg2.connect(environment.DATABASE_URL, dbname=ready.database)
    holder.cursor().execute(f"LOCK TABLE {last} IN ACCESS SHARE MODE")
    ready.start()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    eventually(lambda: Role.administer(waiting, ready.database), "the gift's wait")
    ready.kill()
    given = f"SELECT count(*) FROM pg_class WHERE relname LIKE 'more\\_%%' AND relowner = '{ready.database}'::regrole"
    assert 0 < ask(ready, given)[0][0] < 150
    holder.close()
    ready.start().wait_until_serving()
    assert ask(ready, given) == [(150,)]
    assert ask(ready, OWNERS) == [(ready.database,)]


def test_an_ordinary_role_that_was_given_to_us_is_odoos_own(make_container, role):
    name = f"{role.name}_plain"
    Role.administer(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'plain'")
    container = make_container()
    container.start(PGUSER=name, PGPASSWORD="plain").wait_until_serving()
    assert serving_as(container) == name
    container.stop()
    Role.administer(f"DROP DATABASE {container.database}")
    Role.administer(f"DROP ROLE {name}")


def test_strangers_cannot_sign_up_until_the_customer_lets_them(ready):
    scope = "SELECT value FROM ir_config_parameter WHERE key = 'auth_signup.invitation_scope'"
    assert ask(ready, scope) == [("b2b",)]
    ask(ready, "UPDATE ir_config_parameter SET value = 'b2c' WHERE key = 'auth_signup.invitation_scope'")
    ready.start().wait_until_serving()
    assert ask(ready, scope) == [("b2c",)]


def test_a_sign_up_that_an_app_opened_later_is_closed_at_the_next_start(make_container):
    container = make_container(modules=("account",)).start().wait_until_serving()
    container.stop()
    ask(container, "INSERT INTO ir_config_parameter (key, value) VALUES ('auth_signup.invitation_scope', 'b2c')")
    container.start().wait_until_serving(2)
    assert ask(container, "SELECT value FROM ir_config_parameter WHERE key = 'auth_signup.invitation_scope'") == [
        ("b2b",)
    ]


def test_the_first_screens_files_are_there_before_odoo_listens(make_container):
    container = make_container().start().wait_until_serving()
    assert {("web.assets_web.js",), ("web.assets_web.css",), ("web.assets_frontend.css",)} <= set(
        ask(container, "SELECT name FROM ir_attachment")
    )
