"""Between tests the database comes back to what the migrations brought, whatever was done to it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection

from provisioning.models import Operation
from tenants.models import AuditEntry, Instance, Plan
from tests import factories
from tests.as_migrated import AsMigrated

pytestmark = pytest.mark.django_db(transaction=True)


def all_that_was_brought():
    return [list(model.objects.order_by("pk").values()) for model in (ContentType, Permission, Group, Plan)] + sorted(
        Group.permissions.through.objects.values_list("group", "permission")
    )


def test_what_was_written_goes_and_what_was_changed_or_deleted_comes_back():
    as_migrated, brought = AsMigrated(), all_that_was_brought()
    factories.order_instance("acme")
    Plan.objects.update(price_per_month=1)
    Group.objects.all().delete()
    as_migrated.come_back()
    assert not any(model.objects.exists() for model in (Instance, Operation, AuditEntry))
    assert all_that_was_brought() == brought


def test_afterwards_the_audit_trail_is_guarded_again():
    as_migrated = AsMigrated()
    factories.order_instance("acme")
    assert AuditEntry.objects.exists()
    as_migrated.come_back()
    factories.order_instance("acme")
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_auditentry")
    assert AuditEntry.objects.exists()
