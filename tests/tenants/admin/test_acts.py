"""Staff acts through the console's pages: permission, confirmation, one entry each, and what they bring about."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from provisioning import driver
from provisioning.models import Backup, Operation
from provisioning.states import OperationKind, OperationState
from tenants.admin.actions import ACTIONS
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Mail, Partner, Plan

pytestmark = pytest.mark.django_db
LIST = "admin:tenants_instance_changelist"
READY = InstanceState.READY


def act(instance, name):
    return reverse("admin:tenants_instance_act", args=[instance.pk, name])


def page_of(instance):
    return reverse("admin:tenants_instance_change", args=[instance.pk])


def order(**changes):
    house = Partner.objects.get(is_house=True)
    form = {"client_name": "new-corp", "email": "Ada@new.example", "company": "New", "partner": house.pk}
    return form | {"plan": Plan.objects.get(code="demo").pk, "language": "fr", "reason": "by telephone"} | changes


def test_an_instance_is_ordered_like_in_the_api_and_its_page_shows_the_way(sign_in):
    page = sign_in("Operations").post(reverse("admin:tenants_instance_add"), order(), follow=True)
    instance = Instance.objects.get()
    assert page.redirect_chain[-1][0] == page_of(instance)
    assert instance.admin_email == "ada@new.example"
    assert Operation.objects.get().kind == OperationKind.CREATE
    entry = AuditEntry.objects.get(act="staff:create")
    assert (entry.actor, entry.reason) == ("staff-Operations", "by telephone")


def test_an_order_with_a_name_that_is_taken_says_so_beside_the_field(sign_in, make_instance):
    make_instance("new-corp")
    page = sign_in("Operations").post(reverse("admin:tenants_instance_add"), order())
    assert page.context["form"].errors["client_name"]
    assert Instance.objects.count() == 1


def test_support_orders_nothing(sign_in):
    client = sign_in("Support")
    assert client.get(reverse("admin:tenants_instance_add")).status_code == 403
    assert client.post(reverse("admin:tenants_instance_add"), order()).status_code == 403
    assert not Instance.objects.exists()


def test_the_address_of_a_failed_creation_is_corrected_with_both_in_the_trail(sign_in, order_instance):
    instance = order_instance()
    Operation.objects.update(state="failed", ended_at=timezone.now())
    Instance.objects.update(state=InstanceState.FAILED)
    form = {"email": "right@acme.example", "reason": "typing error"}
    assert sign_in("Operations").post(act(instance, "change_email"), form).status_code == 302
    instance.refresh_from_db()
    assert (instance.admin_email, Operation.objects.get().spec["email"]) == ("right@acme.example",) * 2
    entry = AuditEntry.objects.get(act="change_email")
    assert entry.actor == "staff-Operations"
    assert (entry.before["email"], entry.after["email"]) == ("admin@acme-corp.example", "right@acme.example")


def test_an_end_is_changed_and_one_that_has_passed_is_refused_beside_its_field(sign_in, make_instance):
    instance = make_instance(state=READY)
    client, end = sign_in("Operations"), timezone.now() + timedelta(days=30)
    refused = client.post(act(instance, "change_expiry"), {"expires_at": "2020-01-01T00:00", "reason": "gift"})
    assert refused.context["form"].errors["expires_at"]
    client.post(act(instance, "change_expiry"), {"expires_at": f"{end:%Y-%m-%dT%H:%M}", "reason": "gift"})
    instance.refresh_from_db()
    assert abs(instance.expires_at - end) < timedelta(hours=13)


def test_many_are_decommissioned_only_with_their_number_and_a_reason(sign_in, make_instance):
    chosen = [make_instance(f"acme-{number}", state=READY) for number in range(2)]
    form = {"action": "decommission_chosen", "_selected_action": [row.pk for row in chosen]}
    client = sign_in("Operations")
    asked = client.post(reverse(LIST), form).content.decode()
    assert "acme-0" in asked
    assert "acme-1" in asked
    given = form | {"confirmed": "1", "grace_days": "7"}
    client.post(reverse(LIST), given | {"count": "3", "reason": "unpaid"})
    client.post(reverse(LIST), given | {"count": "2", "reason": ""})
    assert not Instance.objects.exclude(decommission_after=None).exists()
    client.post(reverse(LIST), given | {"count": "2", "reason": "unpaid"})
    assert Instance.objects.exclude(decommission_after=None).count() == 2
    assert set(AuditEntry.objects.filter(act="staff:decommission").values_list("reason", flat=True)) == {"unpaid"}


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.for_many])
def test_a_crafted_bulk_act_without_permission_changes_nothing(sign_in, make_instance, name):
    instance = make_instance(state=READY)
    entries = AuditEntry.objects.count()
    form = {"action": f"{name}_chosen", "_selected_action": [instance.pk], "confirmed": "1", "count": "1"}
    user_client = sign_in()
    user_client.post(reverse(LIST), form | {"reason": "mine", "grace_days": "7"})
    assert (AuditEntry.objects.count(), Operation.objects.count()) == (entries, 0)


@pytest.mark.parametrize("name", ACTIONS)
def test_no_act_happens_by_get_put_or_delete(sign_in, make_instance, name):
    instance = make_instance(state=READY)
    entries, client = AuditEntry.objects.count(), sign_in("superuser")
    assert client.get(act(instance, name) + "?confirmed=1&reason=x&client_name=acme-corp").status_code == 200
    assert client.put(act(instance, name)).status_code == 405
    assert client.delete(act(instance, name)).status_code == 405
    assert (AuditEntry.objects.count(), Operation.objects.count()) == (entries, 0)


def test_without_the_forms_own_token_nothing_happens(sign_in, make_instance):
    instance = make_instance(state=READY)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in("Operations").cookies
    assert strict.post(act(instance, "suspend"), {"reason": "forged"}).status_code == 403
    assert instance.active_operation() is None


def test_buttons_are_for_the_reader_and_say_why_when_they_cannot_work(sign_in, make_instance):
    instance = make_instance(state=READY)
    told = sign_in("Support").get(page_of(instance)).content.decode()
    assert act(instance, "suspend") not in told
    told = sign_in("Operations").get(page_of(instance)).content.decode()
    assert act(instance, "suspend") in told
    assert act(instance, "resume") not in told
    assert "<details><summary>" in told


def test_the_page_before_a_decommissioning_names_what_will_be_lost(sign_in, order_instance):
    instance = order_instance()
    Operation.objects.update(state="failed", ended_at=timezone.now())
    Instance.objects.update(state=InstanceState.FAILED)
    instance.resources.create(kind="volume", name="Postgres", external_id="vol-1", state="present")
    told = sign_in("Operations").get(act(instance, "decommission")).content.decode()
    for lost in ("Acme-Corp", "admin@acme-corp.example", "vol-1"):
        assert lost in told


@pytest.mark.parametrize(
    ("name", "kind"), [("suspend", "suspend"), ("reset_password", "renew_access"), ("resume", "resume")]
)
def test_work_on_a_live_instance_is_ordered_by_its_button(sign_in, make_instance, name, kind):
    instance = make_instance(state=InstanceState.SUSPENDED if name == "resume" else InstanceState.READY)
    assert sign_in("Operations").post(act(instance, name), {"reason": "asked for"}).status_code == 302
    assert instance.active_operation().kind == kind
    entry = AuditEntry.objects.get(act=f"staff:{name}")
    assert (entry.actor, entry.reason) == ("staff-Operations", "asked for")


def test_a_creation_is_cancelled_by_its_button(sign_in, order_instance):
    instance = order_instance()
    sign_in("Operations").post(act(instance, "cancel"), {"reason": "ordered twice"})
    assert instance.operations.get().state == OperationState.CANCELLED


def test_the_welcome_is_sent_again_by_its_button(sign_in, sandbox, order_instance):
    instance = order_instance()
    driver.drive(instance.operations.get().pk, timeout=60, tick=lambda operation: None)
    sign_in("Support").post(act(instance, "resend"), {"reason": "lost"})
    assert Mail.objects.filter(kind=Mail.Kind.WELCOME, instance=instance).count() == 2


def test_a_backup_becomes_a_new_instance_of_whoever_is_named(sign_in, make_instance, settings):
    settings.BACKUP_S3_BUCKET = "backups"
    instance = make_instance("acme-corp", state=READY)
    now = timezone.now()
    backup = Backup.objects.create(
        instance=instance, occasion="daily", state="good", size=1, sha256="a" * 64, key="k", taken_at=now, ended_at=now
    )
    client, address = sign_in("Operations"), act(instance, "into_new")
    form = {"backup": backup.public_id, "mode": "copy", "new_name": "acme-corp", "new_email": "Lea@acme.example"}
    sure = {"client_name": "acme-corp", "reason": "asked for by telephone"}
    assert "Sera perdu" not in client.get(address).content.decode(), "nothing is"
    taken = client.post(address, form | sure)
    assert taken.context["form"].errors["new_name"]
    assert client.post(address, form | {"new_name": "acme-copy", "reason": "x"}).context["form"].errors["client_name"]
    assert client.post(address, form | sure | {"new_name": "acme-copy"}).status_code == 302
    made = Instance.objects.get(client_name="acme-copy")
    assert (made.admin_email, made.restores.get().mode, made.restores.get().backup) == (
        "lea@acme.example",
        "copy",
        backup,
    )
    entry = AuditEntry.objects.get(act="staff:into_new")
    assert (entry.instance, entry.reason, entry.after["new_name"]) == (instance, "asked for by telephone", "acme-copy")
