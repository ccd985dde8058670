"""manage.py logs shows what the services said as Railway's own tool does, without what a log must not show."""

import json
import threading
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from provisioning import driver
from provisioning.models import Operation, Resource
from provisioning.redaction import HIDDEN
from tenants.models import Blueprint, Plan
from tests.factories import order_instance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def instance(sandbox):
    instance = order_instance()
    driver.drive(Operation.objects.get().pk, timeout=60, tick=lambda _: None)
    return instance


def logs(*arguments):
    out = StringIO()
    call_command("logs", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def crash(sandbox, service, words, at=None):
    """The container of a service ends with these words."""
    deployment = sandbox.workspace.store.deployments[
        Resource.objects.filter(kind="deployment", name=service).latest("pk").external_id
    ]
    deployment.problem = words
    deployment.history.append(((at or datetime.now(UTC)).timestamp(), "CRASHED"))
    return deployment


def test_both_services_are_told_in_the_order_of_time_one_alone_or_as_json_on_demand(instance):
    told = logs("acme-corp")
    assert [line.split()[2] for line in told.splitlines()] == ["postgres", "postgres", "odoo", "odoo"]
    assert "database system is ready to accept connections" in told
    assert "postgres" not in logs(instance.public_id, "--service", "odoo")
    rows = [json.loads(line) for line in logs("acme-corp", "--json").splitlines()]
    assert [row["service"] for row in rows] == ["postgres", "postgres", "odoo", "odoo"]
    assert all(datetime.fromisoformat(row["time"]) and row["message"] for row in rows)


def test_a_build_is_told_apart_from_what_runs_and_is_pointed_to_when_it_failed(sandbox, capsys):
    sandbox.faults.add(kind="failed", service="odoo", message="no such module: sale_plus")
    Plan.objects.filter(code="demo").update(blueprint=Blueprint.objects.get(code="eazynova"))
    order_instance()
    driver.drive(Operation.objects.get().pk, timeout=60, tick=lambda _: None)

    assert "Cloning" not in logs("acme-corp")
    assert "--build" in capsys.readouterr().err
    built = logs("acme-corp", "--build", "--service", "odoo")
    assert "Cloning" in built
    assert "no such module: sale_plus" in built
    assert "postgres" not in built


def test_no_secret_of_the_service_or_of_ours_is_shown_and_no_terminal_is_told_what_to_do(instance, sandbox, settings):
    settings.LOGGED_SECRETS = [sandbox.token]
    given = crash(sandbox, "odoo", "").variables
    secrets = [given["PROV_DATABASE_SECRET"], given["PROV_AGENT_TOKEN"], given["PROV_ADMIN_PASSWORD_HASH"]]
    crash(
        sandbox,
        "odoo",
        f"asked with {' '.join(secrets)} {sandbox.token} of postgres://odoo:hunter2@db/acme "
        "GET /web/reset_password?token=abc123def \x1b[31mred\x1b[0m \x1b]0;owned\x07",
    )
    told = logs("acme-corp", "--service", "odoo")
    for hidden in (*secrets, sandbox.token, "hunter2", "abc123def", "\x1b", "\x07"):
        assert hidden not in told
    assert HIDDEN in told
    assert "red \\x1b]0;owned\\x07" in told


def test_what_is_left_out_and_what_cannot_be_read_is_as_asked(instance, sandbox):
    crash(sandbox, "odoo", "long ago", at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert "long ago" in logs("acme-corp")
    assert "long ago" not in logs("acme-corp", "--since", "1h")
    assert "long ago" in logs("acme-corp", "--since", "2026-01-02 03:04:05+00:00")
    assert logs("acme-corp", "--filter", "READY TO ACCEPT").count("\n") == 1
    assert logs("acme-corp", "--service", "postgres", "--lines", "1").count("\n") == 1
    with pytest.raises(CommandError, match="15m"):
        call_command("logs", "acme-corp", "--since", "yesterday")
    sandbox.faults.add(kind="server_error", operation="Logs", times=9)
    with pytest.raises(CommandError, match="odoo: "):
        logs("acme-corp")
    with pytest.raises(CommandError) as refused:
        logs("nobody\x00")
    assert refused.value.returncode == 2


def test_what_is_said_meanwhile_follows_once(instance, sandbox):
    class Screen(StringIO):
        """Somebody reads; Odoo speaks a moment later; the third reading ends it."""

        def write(self, text):
            super().write(text)
            if "running on 0.0.0.0:8069" in text:
                threading.Timer(0.05, crash, (sandbox, "odoo", "the last words")).start()
            if "the last words" in text:
                raise KeyboardInterrupt

    screen = Screen()
    call_command("logs", "acme-corp", "--follow", stdout=screen, no_color=True)
    told = screen.getvalue()
    assert told.count("the last words") == 1
    assert told.count("database system is ready") == 1
