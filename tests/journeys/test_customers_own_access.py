"""A customer who followed the welcome mail (own password, own login, second factor) can still be helped."""

import pytest
from django.core import mail as mailbox

from provisioning import driver
from provisioning.models import Operation
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused
from provisioning.states import OperationKind, OperationState
from tenants.mails import outbox
from tenants.models import AuditEntry, Instance, Mail
from tenants.services import access, instances, welcome
from tests.customers import CHANGES

pytestmark = pytest.mark.django_db(transaction=True)
HELP = {
    "reset_password": access.reset_password,
    "change_email": lambda instance: access.change_email(instance, "right@acme.example"),
}


def finished(operation):
    return driver.drive(operation.pk, timeout=60, tick=lambda _: None)


@pytest.fixture
def ready(sandbox, order_instance, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    instance = order_instance()
    finished(Operation.objects.get(instance=instance))
    outbox.deliver_due()
    mailbox.outbox.clear()
    return Instance.objects.get(pk=instance.pk)


@pytest.mark.parametrize("help_", HELP)
@pytest.mark.parametrize("change", CHANGES)
def test_a_new_access_is_given_proven_and_mailed_whatever_the_customer_changed(ready, change, help_):
    dead = ready.admin_password()
    CHANGES[change](ready)
    done = finished(HELP[help_](ready))
    assert done.state == OperationState.SUCCEEDED, (done.reason, done.message)
    ready.refresh_from_db()
    given = ready.admin_password()
    assert given != dead
    with OdooClient(ready.url, ready.database_name) as odoo:
        assert odoo.authenticate(ready.admin_email, given).is_administrator
        for login, password in (("boss", dead), (ready.admin_email, dead), ("boss", "her-own-Passw0rd")):
            with pytest.raises(LoginRefused):
                odoo.authenticate(login, password)
    outbox.deliver_due()
    [welcome_mail] = [message for message in mailbox.outbox if message.to == [ready.admin_email]]
    assert given in welcome_mail.body
    assert "double authentification, elle est maintenant désactivée" in " ".join(welcome_mail.body.split())
    assert dead not in str([message.body for message in mailbox.outbox])


def test_the_dead_password_is_forgotten_as_soon_as_odoo_has_refused_it(ready, sandbox):
    CHANGES["password"](ready)
    sandbox.faults.add(kind="failed", service="odoo")
    failed = finished(access.reset_password(ready))
    assert (failed.state, failed.reason) == (OperationState.FAILED, "deployment_failed")
    assert ready.admin_password() is None, "neither the dead one nor the one that was never proven"
    assert AuditEntry.objects.get(act="password_forgotten").actor == failed.reference
    sandbox.faults.clear()
    assert finished(instances.retry(ready)).state == OperationState.SUCCEEDED
    with OdooClient(ready.url, ready.database_name) as odoo:
        assert odoo.authenticate(ready.admin_email, ready.admin_password()).is_administrator


def test_a_retry_helps_too_when_the_customer_was_faster_than_the_proof(ready, sandbox):
    sandbox.faults.add(kind="manager_open")
    failed = finished(access.reset_password(ready))
    assert failed.reason == "odoo_manager_open"
    sandbox.faults.clear()
    OdooClient(ready.url, ready.database_name).change_password(
        ready.admin_email, failed.secrets()["admin_password"], "her-own-Passw0rd"
    )
    done = finished(instances.retry(ready))
    assert (done.kind, done.state) == (OperationKind.RESET_PASSWORD, OperationState.SUCCEEDED)


@pytest.mark.parametrize("fault", ["login_fails", "manager_open"])
@pytest.mark.parametrize("help_", HELP)
def test_after_a_change_that_failed_neither_the_former_password_nor_an_unproven_one_is_told(
    ready, sandbox, client, help_, fault
):
    sandbox.faults.add(kind=fault)
    assert finished(HELP[help_](ready)).state == OperationState.FAILED
    answer = client.get(f"/api/instances/{ready.public_id}?token={ready.status_token}").json()
    assert "adminPassword" not in answer
    page = f"/instances/{ready.public_id}/password?token={ready.status_token}"
    assert client.post(page, headers={"Accept": "application/json"}).json() == {"password": None}
    sandbox.faults.clear()
    assert finished(instances.retry(ready)).state == OperationState.SUCCEEDED
    with OdooClient(ready.url, ready.database_name) as odoo:
        ready.refresh_from_db()
        assert odoo.authenticate(ready.admin_email, ready.admin_password()).is_administrator


@pytest.mark.parametrize("change", CHANGES)
def test_a_welcome_sent_again_holds_no_dead_password(ready, change):
    dead = ready.admin_password()
    CHANGES[change](ready)
    welcome.resend_welcome(ready)
    outbox.deliver_due()
    [again] = mailbox.outbox
    html = again.alternatives[0][0]
    assert dead not in again.body + html
    assert "nous ne le conservons plus" in again.body
    assert "nous ne le conservons plus" in html
    assert ready.url in again.body
    assert ready.admin_password() is None


def test_a_welcome_sent_again_while_odoo_does_not_answer_is_sent_all_the_same(ready, sandbox):
    welcome.resend_welcome(ready)
    sandbox.faults.add(kind="unreachable")
    outbox.deliver_due()
    [again] = mailbox.outbox
    assert ready.admin_password() in again.body
    assert Mail.objects.filter(state=Mail.State.SENT).count() == 2
