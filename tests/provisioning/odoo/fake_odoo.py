"""Stands in for the ``odoo`` program: the same arguments, tables, transactions and signals, in milliseconds.

It keeps a diary of its calls in FAKE_ODOO_DIR and, when the file ``pause`` there names a point, stays at that point
until it is killed.
"""

import json
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg2

from tests.provisioning.odoo.fake_orm import Env

DIRECTORY = Path(os.environ["FAKE_ODOO_DIR"])
KNOWN_MODULES = ("base", "web", "mail", "crm", "account", "sale_management")
BASE_TABLES = """
CREATE TABLE ir_module_module (id serial, name text, state text, latest_version text);
CREATE TABLE ir_config_parameter (id serial, key text UNIQUE, value text);
CREATE TABLE ir_attachment (id serial, name text, store_fname text);
CREATE TABLE mail_mail (id serial, state text, mail_message_id int);
CREATE TABLE mail_message (id serial);
CREATE TABLE discuss_channel (id serial, uuid text);
CREATE TABLE ir_actions_server (id serial, name text);
CREATE TABLE res_device_log (id serial, user_id int);
CREATE TABLE ir_cron (id serial, active bool);
INSERT INTO ir_cron (active) VALUES (true);
CREATE TABLE ir_default (id serial, field text, value text);
CREATE TABLE res_currency (id serial, name text);
CREATE TABLE res_country (id serial, code text, currency_id int);
CREATE TABLE res_lang (id serial, code text, active bool);
CREATE TABLE res_partner (id serial, lang text);
CREATE TABLE res_company (
    id serial, name text, email text, country_id int, currency_id int, partner_id int, edi_contact text);
CREATE TABLE res_users (
    id serial, login text, password text, name text, email text, lang text, tz text, active bool, totp_secret text);
CREATE TABLE res_users_apikeys (id serial, user_id int);
CREATE TABLE auth_totp_device (id serial, user_id int);
CREATE TABLE res_users_log (id serial, create_uid int);
INSERT INTO res_currency (name) VALUES ('USD'), ('EUR');
INSERT INTO res_country (code, currency_id) VALUES ('US', 1), ('FR', 2);
INSERT INTO res_partner (lang) VALUES ('en_US');
INSERT INTO res_company (name, currency_id, partner_id) VALUES ('YourCompany', 1, 1);
INSERT INTO res_users (login, password, name, active)
    VALUES ('__system__', '', 'System', false), ('admin', 'admin', 'Mitchell', true);
"""


def write_down(**entry):
    with (DIRECTORY / "diary.jsonl").open("a") as diary:
        diary.write(json.dumps(entry) + "\n")


def pass_point(name):
    pause = DIRECTORY / "pause"
    if pause.exists() and pause.read_text() == name:
        write_down(paused=name)
        while True:
            time.sleep(60)


def option(name, default=None):
    for position, argument in enumerate(sys.argv):
        if argument == name:
            return sys.argv[position + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return default


DATABASE = [option("-d")]


def connect():
    return psycopg2.connect(dbname=DATABASE[0])


def execute(statements, values=None):
    """In a transaction of its own, as Odoo does for each module."""
    link = connect()
    with link, link.cursor() as cursor:
        cursor.execute(statements, values)
    link.close()


def install(modules):
    if "base" in modules:
        execute("CREATE TABLE IF NOT EXISTS orm_signaling_registry (id serial)")
        pass_point("base begun")
        execute(BASE_TABLES)
        languages = option("--load-language", "en_US").split(",")
        for code in ("en_US", "fr_FR", "de_DE"):
            execute("INSERT INTO res_lang (code, active) VALUES (%s, %s)", (code, code in languages))
        for name in KNOWN_MODULES:
            execute(
                "INSERT INTO ir_module_module (name, state, latest_version) VALUES (%s, 'uninstalled', '19.0.1.0')",
                (name,),
            )
        files = Path(option("--data-dir")) / "filestore" / DATABASE[0]
        files.mkdir(parents=True, exist_ok=True)
        (files / f"icon-{os.getpid()}").touch()
    known = [name for name in modules if name in KNOWN_MODULES]
    execute("UPDATE ir_module_module SET state = 'to install' WHERE name = ANY(%s)", (known,))
    for name in known:
        pass_point(f"installing {name}")
        if (DIRECTORY / "broken").exists() and name in (DIRECTORY / "broken").read_text():
            return
        if (DIRECTORY / "lacking").exists() and name in (DIRECTORY / "lacking").read_text():
            sys.exit("ModuleNotFoundError: No module named 'phonenumbers'")
        if name == "crm":
            execute("INSERT INTO ir_config_parameter (key, value) VALUES ('auth_signup.invitation_scope', 'b2c')")
        execute("UPDATE ir_module_module SET state = 'installed' WHERE name = %s", (name,))
    pass_point(f"installed {','.join(known)}")


def run_shell():
    source = sys.stdin.read()
    if not DATABASE[0]:
        exec(source, {"__name__": "__main__", "odoo": PACKAGE})
        return
    env = Env(connect(), before_commit=lambda: pass_point("before commit of " + call_in(source)))
    sys.stdout.flush()
    exec(source, {"__name__": "__main__", "env": env, "self": env.ref("base.user_admin")})
    env.cr.rollback()
    pass_point("after commit of " + call_in(source))


class Registry:
    """As ``odoo.modules.registry.Registry``: makes a database Odoo's, and gives cursors to it."""

    def __init__(self, database):
        DATABASE[0] = database

    @classmethod
    def new(cls, database, *, update_module, install_modules):
        assert update_module
        cls(database)
        write_down(installs=install_modules)
        install(install_modules)

    @contextmanager
    def cursor(self):
        """Its transaction's boundaries are named after the function that commits."""
        writer = []

        def before_commit():
            writer.append(sys._getframe(2).f_code.co_name)
            pass_point(f"before commit of {writer[-1]}")

        env = Env(connect(), before_commit)
        yield env
        env.cr.rollback()
        if writer:
            pass_point(f"after commit of {writer[-1]}")


PACKAGE = SimpleNamespace(
    api=SimpleNamespace(SUPERUSER_ID=1, Environment=lambda env, user, context: env),
    modules=SimpleNamespace(registry=SimpleNamespace(Registry=Registry)),
)


def call_in(source):
    """The name of the function that the last line calls."""
    return source.strip().splitlines()[-1].partition("(")[0]


def serve():
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    family = socket.AF_INET6 if option("--http-interface") == "::" else socket.AF_INET
    with socket.create_server(
        ("", int(option("--http-port"))), family=family, dualstack_ipv6=family == socket.AF_INET6
    ) as door:
        door.settimeout(0.05)
        write_down(serving=True, uid=os.getuid())
        while (DIRECTORY / "stubborn").exists() or not {signal.SIGTERM, signal.SIGINT} & set(asked):
            if signal.SIGHUP in asked:
                asked.remove(signal.SIGHUP)
                write_down(reloaded=True)
            try:
                door.accept()[0].close()
            except TimeoutError:
                continue
    write_down(stopped=True)


def main():
    write_down(argv=sys.argv[1:], environ=dict(os.environ), pid=os.getpid())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    if sys.argv[1] == "--version":
        version = DIRECTORY / "version"
        sys.stdout.write(f"Odoo Server {version.read_text() if version.exists() else '19.0'}-20260908\n")
    elif sys.argv[1] == "shell":
        run_shell()
    elif sys.argv[1] == "neutralize":
        execute("UPDATE ir_cron SET active = false")
        pass_point("neutralized")
    elif option("-i"):
        install(option("-i").split(","))
    else:
        serve()


main()
