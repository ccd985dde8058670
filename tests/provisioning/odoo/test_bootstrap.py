"""The bootstrap as a container's first process, over a real PostgreSQL."""

import hashlib
import time

import pytest

from tests.provisioning.odoo.containers import PASSWORD_HASH, SECRET, Role

MARKED = "SELECT value FROM ir_config_parameter WHERE key = 'eazynova.provisioned'"
FOLDED = """L'Étoile "d'Or" & Fils $(rm -rf /) `id` <b>ü</b> 🥐 %s %(x)s {} \\n Robert'); DROP TABLE res_company;--"""


def ask(container, query, *values):
    return Role.administer(query, *values, database=container.database)


def administrator(container):
    [row] = ask(container, "SELECT login, password, name, email, lang, tz FROM res_users WHERE id = 2")
    return row


def test_a_fresh_database_becomes_the_customers_before_odoo_listens(make_container):
    container = make_container().start().wait_until_serving()
    assert administrator(container) == (
        "admin@acme.com", PASSWORD_HASH, "Zoé O'Hara", "admin@acme.com", "fr_FR", "Europe/Paris",
    )  # fmt: skip
    company = ask(
        container,
        "SELECT c.name, c.email, o.code, m.name FROM res_company c"
        " JOIN res_country o ON o.id = c.country_id JOIN res_currency m ON m.id = c.currency_id",
    )
    assert company == [("Acme", "admin@acme.com", "FR", "EUR")]
    assert ask(container, "SELECT count(*) FROM mail_mail") == [(0,)], "Odoo tells nobody of it: we do"
    assert dict(ask(container, "SELECT key, value FROM ir_config_parameter")) == {
        "web.base.url": "https://acme.example.com",
        "web.base.url.freeze": "True",
        "eazynova.provisioned": "1",
        "auth_signup.invitation_scope": "b2b",
        "eazynova.sign_up_closed": "1",
    }
    assert ask(container, "SELECT code FROM res_lang WHERE active ORDER BY code") == [("en_US",), ("fr_FR",)]


def test_the_database_is_closed_to_other_roles_and_has_odoos_extensions(make_container):
    container = make_container().start().wait_until_serving()
    assert Role.administer("SELECT has_database_privilege('pg_monitor', %s, 'CONNECT')", container.database) == [
        (False,)
    ]
    assert ask(
        container,
        "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()",
    ) == [("UTF8", "C")]
    assert {("pg_trgm",), ("unaccent",)} <= set(ask(container, "SELECT extname FROM pg_extension"))


def test_odoo_is_told_the_country_before_the_modules_and_the_owner_after_them(make_container):
    container = make_container().start().wait_until_serving()
    installation, server = container.commands()
    assert {"--load-language=fr_FR,en_US", "--without-demo=True", "--no-http"} <= set(installation)
    assert installation[:3] == ["shell", "-d", ""], "whatever database the image's configuration names"
    assert [entry["installs"] for entry in container.diary if "installs" in entry] == [["base"], ["crm", "account"]]
    assert {
        f"--db-filter=^{container.database}$", "--no-database-list", "--proxy-mode", "--workers=0",
        "--max-cron-threads=1", f"--http-port={container.port}",
    } <= set(server)  # fmt: skip
    assert server[:2] == ["-d", container.database]


def test_nothing_secret_or_misleading_reaches_odoo_its_arguments_or_the_log(make_container):
    strays = {"PGDATABASE": "railway", "PGOPTIONS": "-c nonsense=1", "ODOO_DB_NAME": "other", "ODOO_LIST_DB": "True"}
    strays |= {"HOST": "db", "USER": "odoo", "PASSWORD": "x", "ODOO_RC": "/etc/odoo/odoo.conf", "ODOO_SMTP_PORT": "25"}
    container = make_container().start(**strays).wait_until_serving()
    for entry in container.diary:
        environ = entry.get("environ", {})
        assert not {name for name in environ if name.startswith(("PROV_", "EAZYNOVA_"))}
        assert not {"PGDATABASE", "PGOPTIONS", "ODOO_DB_NAME", "ODOO_LIST_DB", "HOST", "PASSWORD"} & set(environ)
        if environ:
            assert environ["ODOO_RC"] == "/etc/odoo/odoo.conf"
            assert environ["ODOO_SMTP_PORT"] == "25"
            assert environ["ODOO_ADMIN_PASSWD"] == "master"
    told = container.log + str(container.commands())
    for secret in (PASSWORD_HASH, SECRET, container.environ["PGPASSWORD"], "master"):
        assert secret not in told
    assert [line for line in container.log.splitlines() if not line.startswith("prov: ")] == []


@pytest.mark.parametrize("company", [FOLDED, "Prix ${{Postgres.PGPASSWORD}} SARL", "'" * 40])
def test_nasty_values_are_stored_byte_for_byte(make_container, company):
    container = make_container(company=company, login="zoé.o'hara+odoo@exämple.fr").start().wait_until_serving()
    assert ask(container, "SELECT name, email FROM res_company") == [(company, "zoé.o'hara+odoo@exämple.fr")]


def test_a_second_start_changes_nothing_and_needs_no_owner(ready):
    ask(ready, "UPDATE res_users SET password = 'chosen since', login = 'new@acme.com' WHERE id = 2")
    calls = len(ready.commands())
    ready.start(PROV_ADMIN_PASSWORD_HASH=None, PROV_COMPANY_NAME=None).wait_until_serving()
    assert len(ready.commands()) == calls + 1
    assert administrator(ready)[:2] == ("new@acme.com", "chosen since")


def test_a_new_revision_changes_login_and_password_once_and_never_again(ready):
    other = PASSWORD_HASH[:-4] + "AAAA"
    renewal = {"PROV_ACCESS_REVISION": "OP-1", "PROV_ADMIN_LOGIN": "New@acme.com", "PROV_ADMIN_PASSWORD_HASH": other}
    for serving in (1, 2):
        ready.start(**renewal).wait_until_serving(serving)
        assert administrator(ready)[0] == "new@acme.com"
        if serving == 1:
            assert administrator(ready)[1] == other
            ask(ready, "UPDATE res_users SET password = 'chosen since' WHERE id = 2")
        ready.stop()
    assert administrator(ready)[1] == "chosen since"
    assert other not in ready.log
    assert ask(ready, "SELECT count(*) FROM mail_mail") == [(0,)]


def test_a_renewal_takes_the_second_factor_and_of_another_login_the_keys_too(ready):
    for serving, login, keys in ((1, "admin@acme.com", 1), (2, "new@acme.com", 0)):
        ask(ready, "UPDATE res_users SET totp_secret = 'JBSWY3DPEHPK3PXP' WHERE id = 2")
        ask(ready, "DELETE FROM res_users_apikeys")
        ask(ready, "INSERT INTO res_users_apikeys (user_id) VALUES (2)")
        ask(ready, "INSERT INTO auth_totp_device (user_id) VALUES (2)")
        ready.start(PROV_ACCESS_REVISION=f"OP-{serving}", PROV_ADMIN_LOGIN=login).wait_until_serving(serving)
        left = "SELECT count(*) FROM {} WHERE user_id = 2"
        assert ask(ready, left.format("auth_totp_device")) == [(0,)]
        assert ask(ready, left.format("res_users_apikeys")) == [(keys,)]
        assert ask(ready, "SELECT coalesce(totp_secret, '') FROM res_users WHERE id = 2") in ([("",)], [("false",)])
        ready.stop()


def test_a_renewal_that_cannot_be_done_leaves_the_old_access_and_odoo_serving(ready):
    ask(ready, "INSERT INTO res_users (login, active) VALUES ('taken@acme.com', true)")
    ready.start(PROV_ACCESS_REVISION="OP-1", PROV_ADMIN_LOGIN="taken@acme.com").wait_until_serving()
    assert administrator(ready)[:2] == ("admin@acme.com", PASSWORD_HASH)
    assert "keeps the old access" in ready.log


@pytest.mark.parametrize(
    "point",
    [
        "base begun",
        "installing base",
        "installed base",
        "before commit of set_country",
        "after commit of set_country",
        "installing account",
        "installed crm,account",
        "before commit of hand_over",
        "after commit of hand_over",
    ],
)
def test_a_kill_at_any_boundary_is_mended_by_the_next_start(make_container, point):
    container = make_container()
    container.pause_at(point)
    container.start().wait_until_paused()
    container.kill()
    container.go_on()
    container.start().wait_until_serving()
    assert administrator(container)[:2] == ("admin@acme.com", PASSWORD_HASH)
    assert ask(container, MARKED) == [("1",)]
    assert ask(container, "SELECT count(*) FROM res_company") == [(1,)]
    assert ask(container, "SELECT count(*) FROM ir_module_module WHERE state = 'installed'") == [(3,)]
    assert len(list((container.data / "filestore" / container.database).iterdir())) == 1


def test_kills_at_any_moment_are_mended_by_the_next_start(make_container):
    container = make_container()
    for milliseconds in (40, 120, 200, 280, 360, 440, 600, 800):
        container.start()
        time.sleep(milliseconds / 1000)
        container.kill()
    served = container.count(serving=True)
    container.start().wait_until_serving(served + 1)
    assert administrator(container)[:2] == ("admin@acme.com", PASSWORD_HASH)
    assert ask(container, MARKED) == [("1",)]


def fingerprint(container):
    rows = ask(container, "SELECT table_name, column_name FROM information_schema.columns ORDER BY 1, 2")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        "CREATE TABLE somebodys (id int)",
        "CREATE SCHEMA theirs; CREATE TABLE theirs.rows (id int)",
        "CREATE TABLE ir_module_module (id int); CREATE TABLE res_users_log AS SELECT 1 AS id",
    ],
)
def test_a_database_that_somebody_uses_is_not_touched(make_container, role, content):
    container = make_container()
    Role.administer(f"CREATE DATABASE {container.database} OWNER {role.name}")
    ask(container, f"SET ROLE {role.name}; {content}")
    before = fingerprint(container)
    assert container.start().ended() == 3
    assert fingerprint(container) == before
    assert container.commands() == []


def test_files_whose_database_is_lost_are_kept_for_a_person(ready):
    Role.administer(f"DROP DATABASE {ready.database}")
    assert ready.start().ended() == 3
    assert list((ready.data / "filestore" / ready.database).iterdir())
    assert Role.administer("SELECT 1 FROM pg_database WHERE datname = %s", ready.database) == []


def test_of_two_at_once_one_installs_and_the_other_finds_it_ready(make_container):
    first, second = make_container("first"), make_container("second")
    first.start()
    second.start()
    first.wait_until_serving()
    second.wait_until_serving()
    assert sorted(len(one.commands()) for one in (first, second)) == [1, 2]
    assert administrator(first)[:2] == ("admin@acme.com", PASSWORD_HASH)
