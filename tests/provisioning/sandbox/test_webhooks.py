"""Notification rules and what they deliver."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.provisioning.sandbox.caller import Caller, eventually

CREATE = """mutation Create($input: CreateNotificationRuleInput!) {
  notificationRuleCreate(input: $input) { id projectId eventTypes channels { id config } } }"""


class Inbox:
    def __init__(self) -> None:
        self.received: list[tuple[dict[str, Any], str]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.received.append((json.loads(body), self.headers.get("X-Hook-Secret", "")))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.server.shutdown()
    inbox.server.server_close()


def rule(caller: Caller, inbox: Inbox, *events: str, project: str | None = None) -> dict[str, Any]:
    channel = {"type": "webhook", "url": inbox.url, "headers": {"X-Hook-Secret": "hush"}}
    wanted = {"workspaceId": caller.sandbox.workspace_id, "projectId": project, "eventTypes": events}
    made: dict[str, Any] = caller.data(CREATE, input=wanted | {"channelConfigs": [channel]})["notificationRuleCreate"]
    return made


def test_a_success_is_delivered_with_the_rules_headers(caller: Caller, inbox: Inbox) -> None:
    made = rule(caller, inbox, "Deployment.deployed", "Deployment.failed")
    assert made["channels"][0]["config"] == {"type": "webhook", "url": inbox.url}
    stack = caller.run()
    eventually(lambda: len(inbox.received) == 2)
    payload, secret = next(found for found in inbox.received if found[0]["resource"]["service"]["name"] == "odoo")
    latest = caller.latest(stack, stack.odoo)
    assert latest
    assert secret == "hush"
    assert payload["type"] == "Deployment.deployed"
    assert payload["details"]["status"] == "SUCCESS"
    assert payload["resource"]["deployment"]["id"] == latest["id"]
    assert payload["resource"]["project"]["id"] == stack.project
    assert payload["timestamp"].endswith("Z")


def test_a_rule_of_one_project_hears_of_no_other(caller: Caller, inbox: Inbox) -> None:
    other = caller.run("acme-1")
    stack = caller.prepare("acme-2")
    rule(caller, inbox, "deployment.DEPLOYED", project=stack.project)
    caller.deploy(other, other.postgres)
    caller.deploy(stack, stack.postgres)
    eventually(lambda: inbox.received)
    assert {payload["resource"]["project"]["id"] for payload, _ in inbox.received} == {stack.project}


def test_rules_can_be_listed_changed_and_removed(caller: Caller, inbox: Inbox) -> None:
    made = rule(caller, inbox, "Deployment.deployed")
    update = """mutation Update($id: String!, $input: UpdateNotificationRuleInput!) {
      notificationRuleUpdate(id: $id, input: $input) { eventTypes } }"""
    caller.data(update, id=made["id"], input={"eventTypes": ["Deployment.failed"]})
    listing = "query List($w: String!) { notificationRules(workspaceId: $w) { id eventTypes } }"
    listed = caller.data(listing, w=caller.sandbox.workspace_id)["notificationRules"]
    assert listed == [{"id": made["id"], "eventTypes": ["Deployment.failed"]}]
    caller.data("mutation Delete($id: String!) { notificationRuleDelete(id: $id) }", id=made["id"])
    assert caller.data(listing, w=caller.sandbox.workspace_id)["notificationRules"] == []


def test_a_receiver_that_is_gone_disturbs_nothing(caller: Caller) -> None:
    wanted = {"workspaceId": caller.sandbox.workspace_id, "eventTypes": ["Deployment.deployed"]}
    channel = {"type": "webhook", "url": "http://127.0.0.1:1/nobody"}
    caller.data(CREATE, input=wanted | {"channelConfigs": [channel]})
    assert caller.run().address
    assert "Invalid" in caller.message(
        CREATE, input=wanted | {"channelConfigs": [{"type": "webhook", "url": "file:///"}]}
    )
