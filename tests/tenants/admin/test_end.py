"""The end of an instance as staff see it: what waits for a backup, and the certificate."""

import pytest
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Step
from provisioning.states import OperationKind, StepState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance
from tenants.services import instances
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db


def act(instance):
    return reverse("admin:tenants_instance_act", args=[instance.pk, "without_backup"])


def test_going_on_without_a_backup_wants_the_name_typed_and_a_reason_and_is_audited(sign_in, make_instance):
    instance = make_instance(state=InstanceState.SUSPENDED)
    operation = instances.start_work(instance, OperationKind.DECOMMISSION)
    client = sign_in("Operations")
    assert client.post(act(instance), {"client_name": "acme-corp", "reason": "x"}).context["form"].errors
    Step.objects.filter(operation=operation, code="last_backup").update(state=StepState.WAITING)
    assert client.post(act(instance), {"client_name": "acme-corp", "reason": ""}).context["form"].errors
    assert client.post(act(instance), {"client_name": "acme", "reason": "x"}).context["form"].errors
    operation.refresh_from_db()
    assert "backup_waived" not in operation.facts
    assert client.post(act(instance), {"client_name": "acme-corp", "reason": "he wants no copy"}).status_code == 302
    operation.refresh_from_db()
    assert operation.facts["backup_waived"]
    entry = AuditEntry.objects.get(act="staff:without_backup")
    assert (entry.actor, entry.reason) == ("staff-Operations", "he wants no copy")


def test_nobody_without_the_right_to_decommission_goes_on_without_a_backup(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    assert sign_in("Support").post(act(instance), {"client_name": "acme-corp", "reason": "x"}).status_code == 403


def test_the_certificate_of_the_end_is_a_page_and_json_and_the_partners_key_reads_it(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY)
    page = reverse("admin:tenants_instance_end", args=[instance.pk])
    staff = sign_in("Operations")
    assert staff.get(page).status_code == 404
    instance.resources.create(kind="project", name="project", external_id="p-1", state="gone", gone_at=timezone.now())
    Instance.objects.update(state=InstanceState.DECOMMISSIONED, ended_at=timezone.now())
    instance.refresh_from_db()
    assert "p-1" in staff.get(page).content.decode()
    told = staff.get(page, {"format": "json"}).json()
    assert [row["id"] for row in told["deleted"]] == ["p-1"]
    caller = Caller(key_of(instance.tenant.partner))
    assert caller("GET", f"/instances/{instance.public_id}").json()["certificate"] == told
