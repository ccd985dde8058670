"""A backup brought back, by the sandbox's Odoo with the code of the real start: what was there then is there again."""

import httpx
import pytest
from django.core.management import CommandError, call_command

from provisioning.backups import asking
from provisioning.engine.recipes import RECIPES
from provisioning.models import Agent, Backup, Operation, Restore
from provisioning.odoo.client import OdooClient
from provisioning.states import OperationKind, StepState
from tenants.errors import NotConfirmed, UnknownBackup, WrongState
from tenants.models import AuditEntry, Instance, Mail
from tenants.services import access, instances, preconditions, restores
from tests import trials
from tests.journeys.test_backup import call, site, work_until  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)


class Odoo:
    """What its customer does there, over its RPC."""

    def __init__(self, instance):
        self.instance = instance
        self.client = httpx.Client(base_url=instance.url)
        self.log_in()

    def log_in(self):
        password = self.instance.admin_password()
        OdooClient(self.instance.url, self.instance.database_name).authenticate(self.instance.admin_email, password)
        self._rpc("/web/session/authenticate",
                  db=self.instance.database_name, login=self.instance.admin_email, password=password)  # fmt: skip

    def _rpc(self, path, **params):
        answer = self.client.post(path, json={"jsonrpc": "2.0", "method": "call", "params": params}).json()
        return answer["result"]

    def call(self, model, method, *arguments):
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self._rpc(path, model=model, method=method, args=list(arguments), kwargs={})

    @property
    def company(self):
        return self.call("res.company", "read", [1], ["name"])[0]["name"]

    @company.setter
    def company(self, name):
        self.call("res.company", "write", [1], {"name": name})

    @property
    def logins(self):
        return {row["login"] for row in self.call("res.users", "search_read", [], ["login"])}


@pytest.fixture
def instance(call):  # noqa: F811
    return Instance.objects.get()


@pytest.fixture
def odoo(instance):
    return Odoo(instance)


@pytest.fixture
def backup(instance, odoo):
    """Of a state that is not there any more."""
    odoo.call("res.users", "create", {"login": "lea@example.com", "name": "Léa", "password": "x"})
    made = backed_up(instance)
    odoo.company = "Something else (entered later)"
    odoo.call("res.users", "create", {"login": "later@example.com", "name": "Later", "password": "x"})
    return made


def backed_up(instance):
    made = asking.ask(instance.pk, Backup.Occasion.MANUAL)
    work_until(lambda: Backup.objects.get(pk=made.pk).state == "good")
    made.refresh_from_db()
    return made


def ended(operation):
    operation.refresh_from_db()
    return operation.state != "active"


def test_a_partner_brings_a_backup_back_and_the_state_of_then_is_there(call, instance, odoo, backup):  # noqa: F811
    former = instance.admin_password()
    address = f"/instances/{instance.public_id}/restore"
    body = {"backupId": backup.public_id, "clientName": "acme-corp"}
    assert call("POST", address, body | {"clientName": "acme"}).json()["code"] == "not_confirmed"
    assert call("POST", address, body | {"backupId": "BK-NOBODY"}).json()["code"] == "unknown_backup"
    assert call("POST", address, body).status_code == 202
    assert call("POST", address, body).json()["code"] == "operation_in_progress"
    operation = Operation.objects.get(kind="restore")
    work_until(lambda: ended(operation))
    assert (operation.state, operation.reason) == ("succeeded", "")
    assert instance.admin_password() != former
    odoo.log_in()
    assert odoo.company == "L’Étoile & Léa's"
    assert {"lea@example.com"} < odoo.logins
    assert "later@example.com" not in odoo.logins
    # the present state was backed up before, and what was replaced goes when it is not needed any more
    assert Backup.objects.filter(occasion="before_change", state="good").exists()
    restore = Restore.objects.get()
    work_until(lambda: Restore.objects.filter(former_dropped_at__isnull=False).exists())
    assert (restore.state, Backup.objects.get(pk=backup.pk).proven_at) == ("proven", restore.ended_at)
    assert AuditEntry.objects.filter(act="restore_asked", instance=instance).exists()
    assert set(Mail.objects.filter(instance=instance).values_list("kind", flat=True)) == {"welcome", "restored"}


def test_what_no_backup_could_be_made_of_stays_beside_the_restored_state(instance, odoo, backup):
    Agent.objects.all().delete()
    operation = restores.restore(instance, backup.public_id, confirmation="acme-corp")
    work_until(lambda: ended(operation))
    assert (operation.state, operation.facts["without_backup"]) == ("succeeded", "agent_silent")
    backed_up(instance)
    assert not Restore.objects.get().former_dropped_at, "it is the only copy of what was there"


def test_a_backup_of_what_was_brought_back_is_compared_with_that(instance, odoo, backup):
    operation = restores.restore(instance, backup.public_id, confirmation="acme-corp")
    work_until(lambda: ended(operation))
    # as if much had been entered after it
    backup.refresh_from_db()
    Backup.objects.exclude(pk=backup.pk).update(size=backup.size * 10)
    assert backed_up(instance), "a tenth of what was there before is no loss"


def test_a_restoration_that_stopped_between_two_states_is_what_a_retry_goes_on_with(instance, odoo, backup):
    operation = restores.restore(instance, backup.public_id, confirmation="acme-corp")
    instances.cancel(instance)
    work_until(lambda: ended(operation))
    Restore.objects.update(state="loaded", ended_at=None)
    # whatever was begun since
    access.reset_password(instance)
    instances.cancel(instance)
    work_until(lambda: not Operation.objects.active().exists())
    assert preconditions.retryable(instance) == operation


def test_what_cannot_be_logged_into_gives_way_to_the_former_state(site, instance, odoo, backup):  # noqa: F811
    former = instance.admin_password()
    site.faults.add(kind="login_fails")
    operation = restores.restore(instance, backup.public_id, confirmation="acme-corp")
    work_until(lambda: ended(operation))
    site.faults.clear()
    assert (operation.state, operation.reason) == ("failed", "odoo_login_refused")
    assert Restore.objects.get().state == "undone"
    assert instance.admin_password() == former
    odoo.log_in()
    assert odoo.company == "Something else (entered later)"
    assert "later@example.com" in odoo.logins
    Instance.objects.get().refresh_from_db()
    assert Instance.objects.get().state == "ready"


@pytest.mark.parametrize("opens", [True, False])
def test_workers_killed_at_each_step_leave_the_state_of_then_or_the_former_one(opens, site, instance, odoo, backup):  # noqa: F811
    if not opens:
        site.faults.add(kind="login_fails")
    operation, deaths = restores.restore(instance, backup.public_id, confirmation="acme-corp"), []

    def die(step):
        if step.operation_id == operation.pk and step.code not in deaths:
            deaths.append(step.code)
            raise trials.Killed

    with trials.at_step("", StepState.DONE, die):
        while not ended(operation):
            try:
                work_until(lambda: ended(operation))
            except trials.Killed:
                # as when the lease has run out
                Operation.objects.filter(pk=operation.pk).update(lease_token="", lease_expires_at=None)
    site.faults.clear()
    steps = [step.code for step in RECIPES[OperationKind.RESTORE].steps]
    assert deaths == (steps if opens else steps[:-1])
    assert operation.state == ("succeeded" if opens else "failed")
    assert Restore.objects.get().state == ("proven" if opens else "undone")
    odoo.log_in()
    assert odoo.company == ("L’Étoile & Léa's" if opens else "Something else (entered later)")


def test_a_backup_that_is_damaged_changes_nothing(instance, odoo, backup):
    Backup.objects.filter(pk=backup.pk).update(sha256="0" * 64)
    operation = restores.restore(instance, backup.public_id, confirmation="acme-corp")
    work_until(lambda: ended(operation))
    assert (operation.state, operation.reason) == ("failed", "restore_damaged")
    assert Restore.objects.get().state == "failed"
    odoo.log_in()
    assert odoo.company == "Something else (entered later)"


def test_what_is_refused_leaves_nothing_behind(instance, backup, settings):
    with pytest.raises(NotConfirmed):
        restores.restore(instance, backup.public_id, confirmation="")
    with pytest.raises(UnknownBackup):
        restores.restore(instance, "BK-", confirmation="acme-corp")
    Restore.objects.create(instance=instance, backup=backup, state="loaded")
    with pytest.raises(WrongState):
        restores.restore(instance, backup.public_id, confirmation="acme-corp")
    assert not Operation.objects.filter(kind="restore").exists()


def test_a_person_at_a_terminal_restores_and_is_asked_for_the_name(instance, odoo, backup, capsys):
    with pytest.raises(CommandError):
        call_command("backups", "restore", "acme-corp", backup.public_id, "--confirm", "other", "--reason", "why")
    call_command("backups", "restore", "acme-corp", backup.public_id, "--confirm", "acme-corp", "--reason", "Léa asked")
    operation = Operation.objects.get(kind="restore")
    assert operation.reference in capsys.readouterr().out
    assert AuditEntry.objects.get(act="restore_asked").reason == "Léa asked"


def test_who_waits_at_a_terminal_is_told_when_the_login_is_proven(site, instance, odoo, backup, capsys):  # noqa: F811
    call_command(
        "backups", "restore", "acme-corp", "latest", "--confirm", "acme-corp", "--reason", "to see it", "--wait"
    )
    told = capsys.readouterr().out
    assert backup.public_id in told
    assert Instance.objects.get().admin_password() in told, "the one that was printed before opens nothing any more"
    assert Operation.objects.get(kind="restore").state == "succeeded"
    odoo.log_in()
    assert odoo.company == "L’Étoile & Léa's"
