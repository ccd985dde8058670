"""The trail only grows: neither the models, nor SQL, nor any page changes what it says."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from tenants.models import AuditEntry
from tenants.models.audit import AppendOnly

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(order_instance):
    order_instance()
    return AuditEntry.objects.last()


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.update(actor="nobody"),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["actor"]),
        lambda entry: AuditEntry.objects.bulk_create(
            [entry], update_conflicts=True, update_fields=["actor"], unique_fields=["pk"]
        ),
        lambda entry: AuditEntry._base_manager.all().delete(),
        lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"actor": "nobody"}),
    ],
)
def test_the_models_refuse_every_change(entry, change):
    with pytest.raises(AppendOnly):
        change(entry)


def test_a_new_entry_does_not_overwrite_an_old_one(entry):
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry(pk=entry.pk, act="forged").save()
    entry.refresh_from_db()
    assert entry.act != "forged"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditentry SET actor = 'nobody'",
        "DELETE FROM tenants_auditentry",
        "TRUNCATE tenants_auditentry",
        "TRUNCATE tenants_instance CASCADE",
    ],
)
def test_the_database_refuses_every_change(entry, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


@pytest.mark.parametrize("verb", ["change", "delete", "add"])
def test_no_page_changes_an_entry_even_for_a_superuser(sign_in, entry, verb):
    client = sign_in("superuser")
    if verb == "add":
        address = reverse("admin:tenants_auditentry_add")
    else:
        address = reverse(f"admin:tenants_auditentry_{verb}", args=[entry.pk])
    answer = client.post(address, {"post": "yes", "actor": "nobody", "act": "forged", "before": "{}", "after": "{}"})
    assert answer.status_code == 403
    assert not AuditEntry.objects.filter(act="forged").exists()


def test_no_permission_to_change_the_trail_exists():
    codes = apps.get_model("auth", "Permission").objects.filter(content_type__model="auditentry")
    assert list(codes.values_list("codename", flat=True)) == ["view_auditentry"]


def test_the_groups_came_with_the_migrations_and_what_staff_make_of_them_stays():
    support = Group.objects.get(name="Support")
    assert support.permissions.filter(codename="retry_instance").exists()
    support.permissions.set([])
    call_command("migrate", verbosity=0)
    assert not support.permissions.exists()
