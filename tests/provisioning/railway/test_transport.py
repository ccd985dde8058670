"""One request: its headers, its hooks, its repetition, and a real connection that is lost."""

import json
import re
import socket
import threading
import tomllib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import time_machine

from provisioning.errors import Temporary
from provisioning.railway import errors, exchange, transport
from provisioning.railway.client import RailwayClient
from tests.provisioning.railway.little_apps import TOKEN, Railway, client_of, refused

STABLE = {"data": {"platformStatus": {"isStable": True, "incident": None, "maintenance": None}}}
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def test_a_request_names_itself_and_avoids_the_edges_limit():
    railway = Railway(STABLE)
    client_of(railway, source="shop").platform_status()
    request = railway.requests[0]
    assert request.url.params["source"] == "shop"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert re.fullmatch(r"eazynova-provisioning/[\d.]+", request.headers["user-agent"])
    assert railway.operations == ["PlatformStatus"]


def test_the_version_is_the_projects():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == transport.VERSION


def test_a_read_is_repeated_once_when_its_connection_is_lost():
    railway = Railway(httpx.RemoteProtocolError("closed"), STABLE)
    assert client_of(railway).platform_status().stable
    assert len(railway.requests) == 2


@pytest.mark.parametrize(
    "failure", [httpx.RemoteProtocolError("closed"), httpx.ReadTimeout("slow"), httpx.Response(502)]
)
def test_a_change_is_never_repeated(failure):
    railway = Railway(failure)
    with pytest.raises(errors.LostAnswer):
        client_of(railway).delete_domain("d")
    assert len(railway.requests) == 1


@pytest.mark.parametrize(("failure", "requests"), [(httpx.ReadError("reset"), 2), (httpx.ReadTimeout("slow"), 1)])
def test_a_read_is_not_repeated_for_ever_nor_after_a_time_out(failure, requests):
    railway = Railway(failure)
    with pytest.raises(errors.LostAnswer):
        client_of(railway).platform_status()
    assert len(railway.requests) == requests


def test_the_budget_can_prevent_a_request():
    def no_budget(document):
        raise Temporary(f"No budget for {document}.", code="waiting_for_budget", retry_after=3)

    railway = Railway(STABLE)
    with pytest.raises(Temporary, match="No budget for PlatformStatus"):
        client_of(railway, before=no_budget).platform_status()
    assert railway.requests == []


def test_each_request_is_accounted_for():
    seen = []
    headers = {"X-RateLimit-Limit": "10000", "X-RateLimit-Remaining": "9999", "Retry-After": "4"}
    railway = Railway(
        httpx.ConnectError("no"), refused("Not Authorized", headers=headers), httpx.Response(200, json=STABLE)
    )
    client = client_of(railway, after=seen.append)
    for _ in range(2):
        with pytest.raises(errors.RailwayError):
            client.platform_status()
    client.platform_status()
    assert [each.outcome for each in seen] == ["railway_unreachable", "railway_not_authorized", "ok"]
    assert [each.status for each in seen] == [None, 200, 200]
    assert (seen[1].limit, seen[1].remaining, seen[1].retry_after) == (10000, 9999, 4)
    assert seen[1].trace_id == "trace-1"
    assert all(each.document == "PlatformStatus" and each.seconds >= 0 for each in seen)


def test_a_failure_to_account_does_not_lose_the_answer(caplog):
    def broken(done):
        raise ZeroDivisionError

    railway = Railway({"data": {"serviceInstanceDeployV2": "deployment-1"}})
    assert client_of(railway, after=broken).deploy(service_id="s", environment_id="e") == "deployment-1"
    assert "could not be accounted for" in caplog.text


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=45), usegmt=True), 45),
        (format_datetime(NOW - timedelta(seconds=45), usegmt=True), 0),
        ("99999999", 86_400),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_the_time_to_wait_is_read_from_seconds_or_a_date(value, seconds):
    with time_machine.travel(NOW, tick=False):
        assert exchange.retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize("value", ["60", "1788264060", "1788264060000", "2026-09-01T12:01:00Z"])
def test_the_reset_of_the_budget_is_read_however_it_is_written(value):
    with time_machine.travel(NOW, tick=False):
        assert exchange.reset_at({"x-ratelimit-reset": value}) == (NOW + timedelta(seconds=60)).timestamp()


def test_an_absent_reset_is_none():
    assert exchange.reset_at({}) is None
    assert exchange.count({"x": "many"}, "x") is None


class Peer:
    """A real server on loopback: reads each request and answers with the next of ``answers``, None hangs up."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/graphql/v2"
        self.connections = 0
        self.requests = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while self._answers:
            connection, _ = self._listener.accept()
            self.connections += 1
            with connection, connection.makefile("rb") as stream:
                while self._answers and self._read(stream):
                    answer = self._answers.pop(0)
                    if answer is None:
                        break
                    body = json.dumps(answer).encode()
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        self._listener.close()

    def _read(self, stream):
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.requests += len(stream.read(length)) > 0
        return length > 0


def test_a_connection_is_kept_for_the_next_request():
    peer = Peer(STABLE, STABLE, STABLE)
    with RailwayClient(url=peer.url, token=TOKEN) as client:
        for _ in range(3):
            client.platform_status()
    assert (peer.connections, peer.requests) == (1, 3)


def test_a_change_whose_connection_closes_without_an_answer_is_unclear():
    peer = Peer(None)
    with RailwayClient(url=peer.url, token=TOKEN) as client, pytest.raises(errors.LostAnswer) as raised:
        client.delete_domain("d")
    assert raised.value.unclear
    assert peer.requests == 1


def test_a_read_survives_a_connection_that_closes_without_an_answer():
    peer = Peer(None, STABLE)
    with RailwayClient(url=peer.url, token=TOKEN) as client:
        assert client.platform_status().stable
    assert peer.connections == 2


def test_nobody_listening_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/graphql/v2"
    with RailwayClient(url=url, token=TOKEN) as client, pytest.raises(errors.Unreachable) as raised:
        client.deploy(service_id="s", environment_id="e")
    assert not raised.value.unclear


def test_threads_share_a_client():
    railway = Railway(STABLE)
    client = client_of(railway)
    results = []
    threads = [threading.Thread(target=lambda: results.append(client.platform_status().stable)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert results == [True] * 8
