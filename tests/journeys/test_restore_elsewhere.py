"""A backup that becomes a new instance, what is done when it cannot, and a customer who restores in a browser."""

# ruff: noqa: F811  (fixtures are known by their names)
import re

import pytest
from django.core import mail as mailbox
from django.core.management import call_command

from provisioning.models import Backup, Operation, Restore
from tenants.mails import outbox
from tenants.models import Instance
from tenants.services import access, instances, restores
from tests.journeys.test_backup import call, site, work_until  # noqa: F401  fixtures
from tests.journeys.test_restore import Odoo, backup, instance, odoo  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_copy_is_another_database_that_writes_to_nobody_and_the_original_goes_on(call, instance, odoo, backup):
    call_command("backups", "copy", "acme-corp", backup.public_id, "--as", "acme-copy", "--reason", "a test of Léa's")
    work_until(lambda: not Operation.objects.active().exists())
    made = Instance.objects.get(client_name="acme-copy")
    assert made.state == "ready", Operation.objects.get(instance=made).message
    copy = Odoo(made)
    assert copy.company == "L’Étoile & Léa's"
    assert "lea@example.com" in copy.logins
    assert "later@example.com" not in copy.logins
    assert copy.call("ir.config_parameter", "get_param", "database.is_neutralized") == "True"
    assert copy.call("ir.config_parameter", "get_param", "web.base.url") == made.url
    assert odoo.company == "Something else (entered later)"
    assert Backup.objects.get(pk=backup.pk).proven_at


def test_a_creation_whose_backup_cannot_be_loaded_fails_with_the_reason(instance, backup):
    Backup.objects.filter(pk=backup.pk).update(sha256="0" * 64)
    made = restores.into_new(backup, Restore.Mode.MOVE, client_name="acme-new", email="lea@example.com")
    work_until(lambda: not Operation.objects.active().exists())
    creation = Operation.objects.get(instance=made)
    assert (creation.state, creation.reason) == ("failed", "restore_damaged")


def test_a_creation_whose_backup_could_not_be_loaded_goes_on_once_it_can(instance, backup):
    was = backup.sha256
    Backup.objects.filter(pk=backup.pk).update(sha256="0" * 64)
    made = restores.into_new(backup, Restore.Mode.MOVE, client_name="acme-new", email="lea@new.example")
    work_until(lambda: not Operation.objects.active().exists())
    made.refresh_from_db()
    assert made.state == "failed"
    Backup.objects.filter(pk=backup.pk).update(sha256=was)
    instances.retry(made)
    work_until(lambda: not Operation.objects.active().exists())
    made.refresh_from_db()
    assert made.state == "ready", Operation.objects.get(instance=made).message
    assert "lea@example.com" in Odoo(made).logins
    assert made.restores.get().state == "proven"


def test_an_owner_who_is_somebody_else_in_the_backup_is_corrected_and_the_creation_goes_on(instance, backup):
    made = restores.into_new(backup, Restore.Mode.MOVE, client_name="acme-new", email="lea@example.com")
    work_until(lambda: not Operation.objects.active().exists())
    made.refresh_from_db()
    assert (made.state, made.restores.get().reason) == ("failed", "restore_owner_refused")
    access.change_email(made, "lea@new.example")
    instances.retry(made)
    work_until(lambda: not Operation.objects.active().exists())
    made.refresh_from_db()
    assert made.state == "ready", Operation.objects.get(instance=made).message
    assert "lea@new.example" in Odoo(made).logins


def test_what_was_to_begin_with_a_backup_and_is_deleted_keeps_it_no_longer(instance, backup):
    made = restores.into_new(backup, Restore.Mode.COPY, client_name="acme-copy", email="lea@new.example")
    instances.cancel(made)
    made.refresh_from_db()
    instances.decommission(made)
    work_until(lambda: not Operation.objects.active().exists())
    made.refresh_from_db()
    assert (made.state, made.restores.get().state) == ("decommissioned", "failed")


def test_a_customer_restores_in_a_browser_without_scripts_and_opens_odoo_as_it_was(
    visitor, live_server, settings, instance, odoo, backup
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.deliver_due()
    page = visitor(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"{live_server.url}/espace/odoo/{instance.public_id}/")
    page.fill("#id_email", instance.admin_email)
    page.click("form button.main")
    outbox.deliver_due()
    page.fill("#id_code", re.search(r"\b(\d{3}) (\d{3})\b", mailbox.outbox[-1].body).expand(r"\1\2"))
    page.click("form button.main")
    page.click("text=Voir les sauvegardes")
    page.click("text=Restaurer")
    page.fill("#id_name", "acme-corp")
    page.click("button.danger")
    assert "en cours de restauration" in page.inner_text("[role=status]")
    work_until(lambda: not Operation.objects.active().exists())
    page.reload()
    assert "Une sauvegarde a été restaurée." in page.inner_text(".events")
    odoo.log_in()
    assert odoo.company == "L’Étoile & Léa's"
    assert "later@example.com" not in odoo.logins
