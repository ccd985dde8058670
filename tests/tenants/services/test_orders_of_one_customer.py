"""Language, country and time zone are the order's: a stranger's order for the same name and address edits nobody."""

import pytest
from django.core import mail as mailbox
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from provisioning.models import Operation
from tenants.mails import outbox
from tenants.models import Instance, Tenant
from tenants.services import instances
from tests import factories

SAME = {"email": "boss@acme.example", "company": "Acme"}


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["service", "api", "form"])
def test_an_order_in_another_language_leaves_the_customer_and_its_first_instance_alone(client, settings, how):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SIGNUP_MIN_SECONDS = 0
    first = factories.order_instance("first", language="fr", **SAME)
    before = Tenant.objects.values().get()
    if how == "service":
        factories.order_instance("second", language="en", **SAME)
    else:
        names = {"clientName": "second", "adminEmail": SAME["email"], "companyName": SAME["company"]}
        address, body = ("/api/instances", names) if how == "api" else ("/signup", SAME)
        body = body | {"plan": "starter", "language": "en"}
        assert client.post(address, body, content_type="application/json").status_code == 202
    assert Tenant.objects.values().get() == before
    second = Instance.objects.exclude(pk=first.pk).get()
    first.refresh_from_db()
    seen = [(each.language, each.country, each.time_zone) for each in (first, second)]
    assert seen == [("fr", "FR", "Europe/Paris"), ("en", "", "UTC")]
    for instance, greeting in ((first, "Bonjour"), (second, "Hello")):
        assert outbox.deliver(outbox.write_failure(instance, instance.active_operation()).pk)
        assert mailbox.outbox[-1].body.startswith(greeting)


@pytest.mark.django_db
def test_every_work_on_an_instance_has_what_was_ordered_for_it():
    first = factories.order_instance("first", language="fr", **SAME)
    factories.order_instance("second", language="en", **SAME)
    instances.cancel(first)
    first.refresh_from_db()
    spec = instances.decommission(first).instance_spec
    assert (spec.language, spec.country, spec.timezone) == ("fr", "FR", "Europe/Paris")


@pytest.mark.django_db(transaction=True)
def test_existing_instances_take_over_what_they_were_created_with_else_what_the_customers_row_says():
    changed, plain = (
        factories.order_instance("changed", language="fr"),
        factories.order_instance("plain", language="en"),
    )
    Operation.objects.filter(instance=plain).delete()
    Tenant.objects.filter(pk=changed.tenant_id).update(language="en", country="")
    try:
        MigrationExecutor(connection).migrate([("tenants", "0027_versions")])
    finally:
        call_command("migrate", verbosity=0)
    found = Instance.objects.order_by("pk").values_list("language", "country", "time_zone")
    assert list(found) == [("fr", "FR", "Europe/Paris"), ("en", "", "UTC")]
