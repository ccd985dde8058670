"""Nobody is suspended or deleted untold: every way to both, and the notice that comes at least a day before."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail as mailbox
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.admin.actions import ACTIONS
from tenants.alerts import conditions
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Alert, ApiKey, Instance, Mail
from tenants.services import access, ending, instances, keys

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)
STOPS = frozenset({OperationKind.SUSPEND, OperationKind.DECOMMISSION})
OF_AN_END = {Mail.Kind.SUSPENDED, Mail.Kind.DELETION_SCHEDULED, Mail.Kind.DELETION_BEGUN}


@pytest.fixture
def ready(make_instance, make_partner):
    return make_instance(state=InstanceState.READY, partner=make_partner("Alice Conseil"))


@pytest.fixture
def expired(make_instance):
    instance = make_instance(state=InstanceState.READY)
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    instance.refresh_from_db()
    return instance


def by_api(method, path):
    def act(instance, staff):
        every = [ApiKey.Scope.READ, ApiKey.Scope.WRITE, ApiKey.Scope.DELETE]
        _row, key = keys.issue(instance.tenant.partner, kind=ApiKey.Kind.SECRET, scopes=every)
        address = f"/api/instances/{instance.public_id}{path}"
        answer = Client().generic(method, address, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 202, answer.content

    return act


def in_the_console(name, **form):
    def act(instance, staff):
        address = reverse("admin:tenants_instance_act", args=[instance.pk, name])
        form_sent = {"reason": "unpaid", "client_name": instance.client_name, **form}
        assert staff.post(address, form_sent).status_code == 302

    return act


def of_many(name, **form):
    def act(instance, staff):
        address = reverse("admin:tenants_instance_changelist")
        chosen = {"action": f"{name}_chosen", "_selected_action": [instance.pk], "confirmed": "1", "reason": "unpaid"}
        staff.post(address, chosen | {"count": "1"} | form)

    return act


def by_expiry(instance, staff):
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    call_command("expire_instances", stdout=StringIO())
    Mail.objects.exclude(announces=None).update(state=Mail.State.SENT, sent_at=timezone.now() - 2 * DAY)
    call_command("expire_instances", stdout=StringIO())


WAYS = {
    "a partner suspends": by_api("POST", "/suspend"),
    "a partner ends": by_api("DELETE", ""),
    "a partner ends at once": by_api("DELETE", "?immediately=true"),
    "staff suspends": in_the_console("suspend"),
    "staff ends": in_the_console("decommission", grace_days="3"),
    "staff ends at once": in_the_console("decommission", grace_days="0"),
    "staff suspends many": of_many("suspend"),
    "staff ends many": of_many("decommission", grace_days="3"),
    "the end comes by itself": by_expiry,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_is_stopped_or_deleted_is_told_who_why_and_until_when(way, ready, sign_in, finish):
    WAYS[way](ready, sign_in("superuser"))
    finish(ready)
    assert ready.state in (InstanceState.SUSPENDED, InstanceState.DECOMMISSIONED)
    written = Mail.objects.filter(instance=ready, kind__in=OF_AN_END)
    assert {mail.recipient for mail in written} == {ready.admin_email}
    assert any(mail.announces == ready.decommission_after for mail in written)
    if ready.state == InstanceState.DECOMMISSIONED:
        assert Mail.objects.filter(instance=ready, kind=Mail.Kind.DELETED).exists()


def test_every_button_that_stops_something_is_among_the_ways_that_are_walked(make_instance):
    stopping = set()
    given = {
        "email": "x@other.example",
        "expires_at": NOW + 900 * DAY,
        "grace_days": 3,
        "plan": "starter",
        "when": "now",
    }
    for number, (name, action) in enumerate(ACTIONS.items()):
        instance = make_instance(f"corp-{number}", state=InstanceState.READY)
        if action.why_not(instance) is None:
            action.run(instance, given)
        if Operation.objects.filter(instance=instance, kind__in=STOPS).exists():
            stopping.add(name)
    assert stopping == {"suspend", "decommission"}


def test_an_end_waits_until_its_customer_has_known_of_it_for_a_day(expired):
    assert ending.expire() == []
    notice = Mail.objects.get()
    assert (notice.kind, notice.announces) == (Mail.Kind.EXPIRES_SOON, expired.expires_at)
    with time_machine.travel(timezone.now() + 5 * DAY, tick=False):
        assert ending.expire() == [], "the provider was away for five days"
        assert outbox.deliver(notice.pk)
        assert ending.expire() == []
        assert ending.stops_at(expired) == timezone.now() + DAY
    with time_machine.travel(timezone.now() + 6 * DAY, tick=False):
        assert [act for act, _instance in ending.expire()] == ["suspend"]
    assert Mail.objects.filter(kind=Mail.Kind.EXPIRES_SOON).count() == 1


def test_a_notice_that_goes_out_late_names_a_day_that_is_still_to_come(expired, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Instance.objects.update(expires_at="2026-03-01T10:00:00Z", language="en")
    with time_machine.travel("2026-03-06T10:00:00Z", tick=False):
        ending.expire()
        assert outbox.deliver(Mail.objects.get().pk)
    assert "stops on March 7, 2026 at 11:00 AM" in mailbox.outbox[0].subject


def test_a_deletion_waits_for_its_notice_as_well(expired, told, finish):
    told()
    ending.expire()
    finish(expired)
    with time_machine.travel(timezone.now() + 30 * DAY, tick=False):
        assert ending.expire() == []
        outbox.deliver_due()
        assert ending.expire() == []
    with time_machine.travel(timezone.now() + 31 * DAY, tick=False):
        assert [act for act, _instance in ending.expire()] == ["decommission"]


@pytest.mark.parametrize("lost", [Mail.State.BOUNCED, Mail.State.FAILED])
def test_a_notice_that_was_lost_stops_nothing_and_is_brought_to_a_person(expired, lost):
    ending.expire()
    Mail.objects.update(state=lost, sent_at=timezone.now())
    with time_machine.travel(timezone.now() + 9 * DAY):
        assert ending.expire() == []
        assert Mail.objects.count() == 1, "it is not written again and again"
        (alert,) = [each for each in conditions.present() if each.kind == Alert.Kind.UNTOLD]
        assert alert.references == (expired.client_name,)


def test_a_complaint_says_that_the_notice_was_read(expired):
    ending.expire()
    Mail.objects.update(state=Mail.State.COMPLAINED, sent_at=timezone.now() - 2 * DAY)
    assert not conditions.untold_ends().exists()
    assert [act for act, _instance in ending.expire()] == ["suspend"]


def test_a_notice_that_was_overtaken_is_sent_when_its_day_is_the_end_again(expired):
    ending.expire()
    end = expired.expires_at
    Instance.objects.update(expires_at=end + 30 * DAY)
    outbox.deliver_due()
    assert Mail.objects.get().state == Mail.State.SUPERSEDED
    Instance.objects.update(expires_at=end)
    assert ending.expire() == []
    assert outbox.deliver_due() == 1
    with time_machine.travel(timezone.now() + 1.1 * DAY):
        assert [act for act, _instance in ending.expire()] == ["suspend"]


def test_a_deletion_at_once_after_a_day_of_which_nobody_knew_is_told_when_it_begins(ready):
    ending.schedule_decommission(ready, grace_days=1)
    Operation.objects.all().delete()
    Mail.objects.update(state=Mail.State.BOUNCED, sent_at=timezone.now())
    with time_machine.travel(timezone.now() + 2 * DAY):
        ready.refresh_from_db()
        instances.decommission(ready)
    assert Mail.objects.filter(kind=Mail.Kind.DELETION_BEGUN).exists()


def test_what_was_announced_and_has_begun_is_not_announced_any_more(ready, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ending.schedule_decommission(ready, grace_days=7)
    Operation.objects.all().delete()
    ready.refresh_from_db()
    instances.decommission(ready)
    outbox.deliver_due()
    assert Mail.objects.get(kind=Mail.Kind.DELETION_SCHEDULED).state == Mail.State.SUPERSEDED
    assert [mail.subject for mail in mailbox.outbox] == ["L’Odoo de Acme-Corp est en cours de suppression"]
    with time_machine.travel(timezone.now() + 6 * DAY):
        assert ending.remind_of_ends() == 0
    with time_machine.travel(timezone.now() + 8 * DAY):
        assert (ending.expire(), ending.untold()) == ([], [])


def test_a_corrected_address_is_told_anew(expired, told):
    told()
    access.change_email(expired, "right@acme.example")
    Operation.objects.all().delete()
    Instance.objects.update(admin_email="right@acme.example")
    assert ending.expire() == []
    assert Mail.objects.filter(kind=Mail.Kind.EXPIRES_SOON, recipient="right@acme.example").count() == 1


def test_what_is_kept_after_all_is_no_longer_said_to_end(expired, told, finish, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    told()
    ending.expire()
    finish(expired)
    ending.undo_decommission(expired)
    outbox.deliver_due()
    assert [mail.subject for mail in mailbox.outbox] == ["L’Odoo de Acme-Corp est conservé"]
    assert Mail.objects.get(kind=Mail.Kind.SUSPENDED).state == Mail.State.SUPERSEDED


def test_a_deletion_is_announced_once_more_two_days_before(ready):
    ending.schedule_decommission(ready, grace_days=7)
    Mail.objects.update(state=Mail.State.SENT, sent_at=timezone.now())
    assert ending.remind_of_ends() == 0
    with time_machine.travel(timezone.now() + timedelta(days=5, hours=1)):
        assert [ending.remind_of_ends(), ending.remind_of_ends()] == [1, 0]
    assert Mail.objects.get(kind=Mail.Kind.DELETION_SOON).announces == Instance.objects.get().decommission_after


def test_whoever_works_again_is_told_so(ready, finish):
    Instance.objects.update(state=InstanceState.SUSPENDED)
    ready.refresh_from_db()
    instances.resume(ready)
    finish(ready)
    assert Mail.objects.get().kind == Mail.Kind.RESUMED


def test_the_certificate_names_what_was_deleted_when_and_what_is_kept(ready, finish, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    instances.decommission(ready)
    finish(ready)
    outbox.deliver_due()
    begun, deleted = (message.body for message in mailbox.outbox)
    assert "Alice Conseil a mis fin à votre Odoo" in begun
    assert ready.public_id in deleted
    assert "Nous ne conservons aucune copie de vos données." in deleted
