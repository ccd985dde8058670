"""Which images stand still, and which version of Odoo really runs."""

import pytest
from django.core import checks

from provisioning import driver
from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.models import AuditEntry, Blueprint
from tests import trials

pytestmark = pytest.mark.django_db

DIGEST = f"odoo@sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("image", "floats"),
    [
        ("odoo:19", True),
        ("odoo:19.0", True),
        ("odoo", True),
        ("odoo:latest", True),
        ("odoo:19.0-20260908", False),
        (DIGEST, False),
        ("registry.example:5000/odoo", True),
        ("ghcr.io/railwayapp-templates/postgres-ssl:17", True),
        ("ghcr.io/railwayapp-templates/postgres-ssl:17.11", False),
    ],
)
def test_an_image_stands_still_when_its_tag_names_one_build(image, floats):
    assert bool(Blueprint(code="x", kind="image", image=image).floating_images()) == floats


def test_what_is_sold_first_stands_still_and_the_check_warns_of_what_does_not():
    def warned():
        return [each.msg for each in checks.run_checks(databases=["default"]) if each.id == "eazynova.W010"]

    assert warned() == []
    Blueprint.objects.filter(kind="image").update(image="odoo:19")
    [told] = warned()
    assert "odoo:19" in told


def test_the_database_is_made_from_the_image_that_the_blueprint_names(sandbox, order_instance):
    instance = order_instance()
    Blueprint.objects.update(postgres_image="ghcr.io/railwayapp-templates/postgres-ssl:18.1")
    done = driver.drive(Operation.objects.get(instance=instance).pk, timeout=60, tick=lambda _: None)
    assert done.state == OperationState.SUCCEEDED
    images = {service["name"]: service["image"] for service in trials.only_project(sandbox, instance)["services"]}
    assert images == {
        "Postgres": "ghcr.io/railwayapp-templates/postgres-ssl:17.11",
        "odoo": "odoo:19.0-20260908",
    }, "as they were when it was ordered"
    instance.refresh_from_db()
    assert instance.odoo_version == done.facts["odoo_version"] != ""


def test_another_version_after_a_later_start_stands_in_the_audit_trail(sandbox, order_instance):
    instance = order_instance()
    driver.drive(Operation.objects.get(instance=instance).pk, timeout=60, tick=lambda _: None)
    type(instance).objects.update(odoo_version="19.0-20250101")
    for kind in ("suspend", "resume"):
        driver.drive(trials.order(kind, instance).pk, timeout=60, tick=lambda _: None)
    entry = AuditEntry.objects.get(act="odoo_version")
    instance.refresh_from_db()
    assert (entry.before, entry.after) == (
        {"odoo_version": "19.0-20250101"},
        {"odoo_version": instance.odoo_version},
    )
