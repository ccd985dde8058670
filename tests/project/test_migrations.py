"""A release must live with the schema of the next, so that a rollback is only another image: a linter reads each."""

import pytest
from django.conf import settings
from django_migration_linter import MigrationLinter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("services")]

# before these nobody runs a release that a migration could break
FIRST_RELEASE = {"tenants": 45, "provisioning": 20}
# of that time, and good for seeing that the linter sees
BREAKING = {
    "provisioning.0004_budgets_and_queues",
    "tenants.0018_plan_takes_orders",
    "tenants.0022_alike_names_are_unique",
}
# what a migration may say of itself, with its reason beside it: django_migration_linter.IgnoreMigration()


def test_the_former_release_can_live_with_every_migration_since_the_first():
    linter = MigrationLinter(
        str(settings.BASE_DIR), include_apps=list(FIRST_RELEASE), database="default", no_cache=True, no_output=True
    )
    found = set()
    for migration in linter._gather_all_migrations():
        if migration.app_label in FIRST_RELEASE:
            before = linter.nb_erroneous
            linter.lint_migration(migration)
            if linter.nb_erroneous > before:
                found.add(f"{migration.app_label}.{migration.name}")
    assert found >= BREAKING, "the linter sees nothing"
    released = {name for name in found if number(name) > FIRST_RELEASE[name.partition(".")[0]]}
    assert released == set(), "new columns need a default in the database or no NOT NULL"


def number(name):
    return int(name.partition(".")[2][:4])
