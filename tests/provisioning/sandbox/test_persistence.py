"""A sandbox that is stopped and started again goes on where it was."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from provisioning.sandbox import Sandbox
from tests.provisioning.sandbox.caller import LOGIN, PASSWORD, Caller, eventually, get
from tests.provisioning.sandbox.test_creation import authenticate
from tests.provisioning.sandbox.test_schema import ROOT


def test_everything_is_there_again_and_deployed_odoos_answer(tmp_path: Path) -> None:
    caller = Caller(Sandbox(tmp_path).start())
    stack = caller.run()
    before = caller.state_of(stack)
    caller.close()
    with pytest.raises(httpx.ConnectError):
        get(stack.url)
    again = Caller(Sandbox(tmp_path).start())
    assert again.sandbox.url == caller.sandbox.url
    assert again.state_of(stack) == before
    assert "result" in authenticate(stack.url, LOGIN, PASSWORD)
    other = again.run("acme-2")
    assert other.address != stack.address
    again.close()


def test_an_unfinished_deployment_is_finished_after_the_restart(tmp_path: Path) -> None:
    caller = Caller(Sandbox(tmp_path, deploy_seconds=600).start())
    stack = caller.prepare()
    deployment = caller.deploy(stack, stack.postgres)
    caller.sandbox.advance(300)
    caller.close()
    again = Caller(Sandbox(tmp_path, deploy_seconds=600).start())
    assert again.status(deployment) == "DEPLOYING"
    again.sandbox.advance(300)
    assert again.status(deployment) == "SUCCESS"
    again.close()


def test_reset_forgets_all_and_frees_the_addresses(tmp_path: Path) -> None:
    caller = Caller(Sandbox(tmp_path).start())
    stack = caller.run()
    caller.sandbox.faults.add(kind="error")
    caller.sandbox.reset()
    state = caller.sandbox.state()
    assert (state["projects"], state["faults"], state["requests"]) == ([], [], {})
    with pytest.raises(httpx.ConnectError):
        get(stack.url)
    caller.run()
    caller.close()


def test_stop_frees_the_ports_at_once() -> None:
    sandbox = Sandbox().start()
    port = int(sandbox.url.split(":")[2].split("/")[0])
    sandbox.stop()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_taken_port_is_an_error_at_start() -> None:
    with Sandbox() as first:
        port = int(first.url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=port).start()


def test_an_odoo_port_that_is_taken_everywhere_is_an_error_at_start() -> None:
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            Sandbox(odoo_port=other.getsockname()[1]).start()


def test_one_that_was_stopped_can_be_started_again(tmp_path: Path) -> None:
    caller = Caller(Sandbox(tmp_path).start())
    stack = caller.run()
    caller.sandbox.stop()
    caller.sandbox.start()
    assert get(f"{stack.url}/web/health").status_code == 200
    caller.close()


def test_the_control_door_needs_the_token() -> None:
    with Sandbox() as sandbox:
        assert get(sandbox.control_url + "state").status_code == 401


def test_state_clock_and_reset_work_over_http() -> None:
    caller = Caller(Sandbox(deploy_seconds=100).start())
    stack = caller.prepare()
    deployment = caller.deploy(stack, stack.postgres)
    assert caller.http.post(caller.sandbox.control_url + "clock", json={"advance": 100}).status_code == 200
    assert caller.status(deployment) == "SUCCESS"
    state = caller.http.get(caller.sandbox.control_url + "state", params={"project": "acme-1"}).json()
    assert state["requests"]["Deploy"] == 1
    assert state["projects"][0]["services"][0]["deploymentCount"] == 1
    fault = caller.http.post(caller.sandbox.control_url + "faults", json={"kind": "error", "times": 1}).json()[0]
    assert caller.http.get(caller.sandbox.control_url + "faults").json() == [fault]
    assert caller.http.delete(caller.sandbox.control_url + f"faults?id={fault['id']}").json() == []
    assert caller.http.post(caller.sandbox.control_url + "reset").status_code == 200
    assert caller.http.get(caller.sandbox.control_url + "nothing").status_code == 404
    caller.close()


def test_the_command_says_where_it_listens_and_ends_cleanly() -> None:
    command = [
        sys.executable,
        "manage.py",
        "sandbox",
        "--port",
        "0",
        "--odoo-port",
        "0",
        "--s3-port",
        "0",
        "--speed",
        "0",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        url = lines[1].strip().removeprefix("RAILWAY_API_URL=")
        answer = httpx.post(
            url, json={"query": "{ apiToken { workspaces { id } } }"}, headers={"Authorization": "Bearer sandbox-token"}
        )
        assert answer.json()["data"]
        process.send_signal(signal.SIGTERM)
        eventually(lambda: process.poll() is not None)
        assert process.returncode == 0


def test_its_dns_listens_where_it_did_unless_somebody_else_does_now(tmp_path):
    with Sandbox(tmp_path) as first:
        former = first.dns
    with Sandbox(tmp_path) as again:
        assert again.dns == former
    host, _colon, port = former.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((host, int(port)))
        with Sandbox(tmp_path) as elsewhere:
            assert elsewhere.dns != former
        with pytest.raises(OSError, match="in use"):
            Sandbox(tmp_path, dns_port=int(port)).start()
