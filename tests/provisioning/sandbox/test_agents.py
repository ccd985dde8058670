"""The agents beside the sandbox's Odoos: when they live, whom they call, and what they pack."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from provisioning.odoo.bootstrap.backup import Failed
from provisioning.sandbox.odoo.database import fresh_records
from provisioning.sandbox.odoo.house import House, Inventory
from tests.provisioning.sandbox.caller import COMPANY, LOGIN, REMOVE, eventually, odoo_variables
from tests.provisioning.sandbox.conftest import OpenSandbox


class Door(ThreadingHTTPServer):
    """Writes down who calls, and has nothing to do for them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.tokens: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}/agent/"


class Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens.add(self.headers["Authorization"].removeprefix("Bearer "))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"next": 60}).encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[Door]:
    with Door() as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        yield door
        door.shutdown()


def living() -> int:
    return sum(thread.name == "sandbox-agent" for thread in threading.enumerate())


def test_an_agent_lives_exactly_while_its_odoo_runs(open_sandbox: OpenSandbox, door: Door) -> None:
    caller = open_sandbox(agent_pace=0.001)
    stack = caller.run(PROV_AGENT_URL=door.url, PROV_AGENT_TOKEN="first")
    eventually(lambda: "first" in door.tokens)
    assert living() == 1
    latest = caller.latest(stack, stack.odoo)
    assert latest
    caller.data(REMOVE, id=latest["id"])
    eventually(lambda: living() == 0)
    caller.deploy(stack, stack.odoo)
    eventually(lambda: living() == 1)
    caller.sandbox.reset()
    eventually(lambda: living() == 0)


@pytest.mark.parametrize(
    ("pace", "address"), [(0.001, "http://testserver/agent/"), (0.001, "https://127.example.com/"), (0.0, "")]
)
def test_no_agent_lives_where_nobody_wants_it_or_beyond_this_machine(
    open_sandbox: OpenSandbox, door: Door, pace: float, address: str
) -> None:
    caller = open_sandbox(agent_pace=pace)
    caller.run(PROV_AGENT_URL=address or door.url, PROV_AGENT_TOKEN="token")
    assert living() == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("services")
def test_the_dump_makes_the_database_in_a_real_postgresql() -> None:
    records = fresh_records(odoo_variables())
    records["res.users"]["9"] = {"login": "a\x00\ud800 'quoted' %s", "active": False, "limit": 2**40, 'odd"': [1]}
    with House("acme_prod", lambda: Inventory.of(records)).snapshot() as snapshot:
        dump = b"".join(snapshot.dump()).decode()
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA restored; SET LOCAL search_path TO restored")
        cursor.execute(dump)
        cursor.execute("SELECT login, active FROM res_users ORDER BY id")
        assert cursor.fetchall() == [(LOGIN, True), ("a? 'quoted' %s", False)]
        cursor.execute("SELECT name, (SELECT count(*) FROM ir_attachment) FROM res_company")
        assert cursor.fetchall() == [(COMPANY, 3)]


def test_a_house_tells_what_is_missing_and_when_no_backup_can_be_made() -> None:
    records = fresh_records(odoo_variables())
    away, lost = House("acme_prod", lambda: None), Inventory.of(records, has_files=False)
    assert "users" not in away.report()
    with pytest.raises(Failed, match="PostgreSQL"), away.snapshot():
        pass
    with House("acme_prod", lambda: lost).snapshot() as snapshot:
        assert (list(snapshot.files()), snapshot.facts()["missingFiles"]) == ([], 3)
    records["ir.module.module"]["1"]["state"] = "to install"
    changing = House("acme_prod", lambda: Inventory.of(records))
    assert changing.report()["modulesToInstall"] == 1
    with pytest.raises(Failed, match="an app"), changing.snapshot():
        pass
