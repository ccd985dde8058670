"""Live instances are looked at on a slow rota; silence is told after N of M, and recovery is noticed."""

import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from provisioning import driver
from provisioning.models import Operation
from provisioning.odoo.client import OdooClient
from tenants.alerts.conditions import present
from tenants.errors import PasswordNotKept
from tenants.models import Alert, AuditEntry, Instance, Mail, Probe
from tenants.services import access, instances, probes, welcome
from tests import factories
from tests.customers import CHANGES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def live(sandbox):
    """One proven instance at the sandbox."""
    instance = factories.order_instance()
    driver.drive(Operation.objects.get(instance=instance).pk, timeout=60, tick=lambda operation: None)
    instance.refresh_from_db()
    assert instance.state == "ready"
    return instance


def look(clock, settings):
    clock.shift(timedelta(minutes=settings.PROBE_INTERVAL_MINUTES, seconds=1))
    return probes.look_around()


def silent():
    return [condition.references for condition in present() if condition.kind == Alert.Kind.INSTANCE]


def test_a_live_instance_answers_and_its_customers_login_too(live, sandbox):
    assert probes.look_around() == 1
    probe = Probe.objects.get()
    assert (probe.outcomes, probe.error, probe.silent_since) == ("y", "", None)
    assert live.admin_password() is not None


def test_nobody_is_looked_at_twice_within_the_interval(live, clock, settings):
    assert probes.look_around() == 1
    assert probes.look_around() == 0
    assert look(clock, settings) == 1


def test_one_lost_look_is_no_silence_and_three_of_five_are(live, sandbox, clock, settings):
    probes.look_around()
    fault = sandbox.faults.add(kind="unreachable")
    for expected in (False, False, True):
        look(clock, settings)
        assert bool(silent()) == expected
    assert silent() == [(live.client_name,)]
    since = Probe.objects.get().silent_since
    sandbox.faults.remove(fault)
    look(clock, settings)
    assert Probe.objects.get().silent_since == since, "one good look is no recovery"
    for _ in range(2):
        look(clock, settings)
    assert not silent()
    assert Probe.objects.get().error == ""


@pytest.fixture
def told(live):
    """The welcome has been sent."""
    Mail.objects.update(state=Mail.State.SENT)


@pytest.mark.usefixtures("told")
def test_a_customer_who_changed_the_password_is_not_silent_and_never_locked_out(
    live, sandbox, clock, settings, monkeypatch
):
    with OdooClient(live.url, live.database_name) as odoo:
        odoo.change_password(live.admin_email, live.admin_password(), "her-own-Passw0rd")
    tried = []
    log_in = OdooClient.authenticate
    monkeypatch.setattr(OdooClient, "authenticate", lambda *given: tried.append(given) or log_in(*given))
    for _ in range(4):
        look(clock, settings)
    assert len(tried) == 1
    assert Probe.objects.get().outcomes == "yyyy"
    assert not silent()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("change", CHANGES)
def test_what_odoo_refuses_at_a_look_is_told_nowhere_any_more(live, client, change):
    dead = live.admin_password()
    CHANGES[change](live)
    probes.look_around()
    assert live.admin_password() is None
    page = f"/instances/{live.public_id}/"
    link = f"?token={live.status_token}"
    ask = client.post(f"{page}password{link}", headers={"Accept": "application/json"})
    assert ask.json() == {"password": None}
    assert "n’est plus conservé" in client.get(page + link).content.decode()
    assert "adminPassword" not in client.get(f"/api/instances/{live.public_id}{link}").json()
    with pytest.raises(PasswordNotKept):
        welcome.resend_welcome(live)
    assert dead not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.filter(act="password_forgotten").count() == 1


@pytest.mark.usefixtures("told")
def test_a_refusal_of_the_former_password_leaves_one_that_was_given_meanwhile(live, monkeypatch):
    log_in = OdooClient.authenticate

    def refused_late(*given):
        monkeypatch.setattr(OdooClient, "authenticate", log_in)
        driver.drive(access.reset_password(live).pk, timeout=60, tick=lambda operation: None)
        connection.close()
        return log_in(*given)

    monkeypatch.setattr(OdooClient, "authenticate", refused_late)
    probes.look_around()
    given = Instance.objects.get().admin_password()
    with OdooClient(live.url, live.database_name) as odoo:
        assert odoo.authenticate(live.admin_email, given)


def test_a_password_that_is_still_to_be_mailed_is_not_tried(live):
    CHANGES["password"](live)
    probes.look_around()
    assert live.admin_password() is not None


def test_what_is_being_worked_on_or_not_live_is_left_alone(live):
    instances.suspend(live)
    assert probes.look_around() == 0


def test_the_rota_takes_the_longest_unseen_first_and_not_too_many(live, sandbox, settings, clock):
    other = factories.make_instance("never-seen", state="ready")
    Instance.objects.filter(pk=other.pk).update(url="http://127.0.0.1:9")
    settings.PROBES_A_MINUTE = 1
    probes.look_around()
    first = set(Probe.objects.values_list("instance_id", flat=True))
    probes.look_around()
    assert set(Probe.objects.values_list("instance_id", flat=True)) == {live.pk, other.pk}
    assert len(first) == 1
    assert Probe.objects.get(instance=other).error == "odoo_not_reachable"


class BadNeighbour:
    """A web server that is no Odoo; its customers may make theirs answer anything."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with suppress(OSError):
                    answer(self)

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()


def live_at(url, name):
    instance = factories.make_instance(name, state="ready")
    Instance.objects.filter(pk=instance.pk).update(url=url)
    return instance


def begin(handler, **headers):
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def send_what_cannot_be_unpacked(handler):
    begin(handler, Content_Encoding="gzip", Content_Length="7")
    handler.wfile.write(b"no gzip")


def send_without_end(handler):
    begin(handler)
    while True:
        handler.wfile.write(b"x" * 65_536)


def drip(handler):
    begin(handler)
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [send_what_cannot_be_unpacked, send_without_end, drip])
def test_an_instance_that_answers_badly_is_silent_and_spoils_no_other_look(answer, live, monkeypatch):
    monkeypatch.setattr(probes, "TIMEOUT_SECONDS", 0.3)
    with BadNeighbour(answer) as neighbour:
        bad = live_at(neighbour.url, "bad")
        assert probes.look_around() == 2
    found = dict(Probe.objects.values_list("instance__client_name", "outcomes"))
    assert found == {bad.client_name: "n", live.client_name: "y"}


def test_a_look_that_lasts_is_not_begun_again_meanwhile():
    meanwhile = []

    def look_again(handler):
        meanwhile.append(probes.look_around())
        connection.close()
        begin(handler)

    with BadNeighbour(look_again) as neighbour:
        live_at(neighbour.url, "slow")
        assert probes.look_around() == 1
    assert meanwhile == [0]
    assert Probe.objects.get().outcomes == "n"
