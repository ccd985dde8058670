"""What staff hear: each condition opens, groups and ends, by e-mail and at a Slack-compatible webhook."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import budget, clients, outages
from provisioning.gate.budget import OutOfBudget
from provisioning.models import Operation
from provisioning.railway.errors import RailwayError
from provisioning.states import OperationState
from provisioning.vitals import heartbeat
from tenants.alerts import evaluation
from tenants.lifecycle import InstanceState
from tenants.models import Alert, AlertNote, Instance, Mail, Reconciliation, WebhookEndpoint
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "T000/very-secret-path"


@pytest.fixture(autouse=True)
def _staff(settings):
    settings.STAFF_ALERT_EMAILS = ["ops@example.com"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def slack(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    with PartnerSite() as site:
        settings.ALERT_WEBHOOK_URL = f"{site.url}&key={PATH}"
        yield site


def fail(count, reason="railway_plan_limit", make=None):
    for number in range(count):
        instance = make(f"client-{number}")
        Operation.objects.filter(instance=instance).update(
            state=OperationState.FAILED, reason=reason, ended_at=timezone.now()
        )
        Instance.objects.filter(pk=instance.pk).update(state=InstanceState.FAILED)


def is_over(clock):
    clock.shift(timedelta(minutes=3))
    evaluation.evaluate()
    return not Alert.objects.filter(closed_at=None).exists()


def test_many_failures_for_one_reason_are_one_alert_and_one_recovery_note(order_instance, clock, slack):
    fail(30, make=order_instance)
    for _ in range(4):
        evaluation.evaluate()
        clock.shift(30)
    [letter] = mail.outbox
    reference = Operation.objects.order_by("-pk").first().reference
    assert (letter.to, letter.subject) == (
        ["ops@example.com"],
        "EAZYNOVA\u00a0: des opérations ont échoué (railway_plan_limit)",
    )
    assert "30 en ce moment" in letter.body
    assert reference in letter.body
    assert f"http://testserver{reverse('admin:tenants_instance_changelist')}" in letter.body
    assert [json.loads(body)["text"].count(reference) for _path, _headers, body in slack.received] == [1]
    Instance.objects.update(state=InstanceState.DECOMMISSIONED)
    assert is_over(clock)
    assert "terminé" in mail.outbox[1].subject
    assert "au plus 30" in mail.outbox[1].body
    assert (len(mail.outbox), len(slack.received)) == (2, 2)


def test_each_reason_is_an_alert_and_a_retry_handles_it(order_instance, clock):
    fail(2, make=order_instance)
    Operation.objects.filter(instance__client_name="client-1").update(reason="deployment_failed")
    assert evaluation.evaluate() == 2
    for operation in Operation.objects.all():
        running.retry(operation)
    assert is_over(clock)


def test_an_operation_that_nobody_takes_up_or_that_is_past_its_deadline_is_stuck(order_instance, clock):
    order_instance()
    assert evaluation.evaluate() == 0
    clock.shift(timedelta(minutes=6))
    assert evaluation.evaluate() == 1
    assert Alert.objects.get().kind == Alert.Kind.STUCK
    running.cancel(Operation.objects.get())
    assert is_over(clock)
    late = running.retry(Operation.objects.get())
    Operation.objects.update(run_after=timezone.now() + timedelta(hours=2), deadline_at=timezone.now())
    clock.shift(timedelta(minutes=6))
    evaluation.evaluate()
    assert Alert.objects.get(closed_at=None).references == [late.reference]


def test_a_mail_that_came_back_is_told_until_a_later_one_is_taken(make_instance, clock):
    instance = make_instance(state=InstanceState.READY)
    row = {"instance": instance, "kind": Mail.Kind.WELCOME, "recipient": "a@b.example"}
    Mail.objects.create(**row, purpose="one", message_id="<1@x>", state=Mail.State.BOUNCED)
    assert evaluation.evaluate() == 1
    assert "acme-corp" in mail.outbox[0].body
    Mail.objects.create(**row, purpose="two", message_id="<2@x>", state=Mail.State.SENT)
    assert is_over(clock)


def test_an_endpoint_that_we_disabled_is_told_and_one_that_its_owner_disabled_is_not(make_partner, clock):
    partner = make_partner()
    WebhookEndpoint.objects.create(partner=partner, url="https://a.example", state="disabled", disabled_reason="")
    assert evaluation.evaluate() == 0
    ours = WebhookEndpoint.objects.create(
        partner=partner, url="https://b.example", state="disabled", disabled_reason="failing"
    )
    assert evaluation.evaluate() == 1
    WebhookEndpoint.objects.filter(pk=ours.pk).update(state="active", disabled_reason="")
    assert is_over(clock)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [({"kind": "server_error"}, Alert.Kind.OUTAGE), ({"kind": "token_refused"}, Alert.Kind.TOKEN)],
    ids=["outage", "token"],
)
def test_an_outage_of_railway_is_one_alert_and_one_recovery_note(fault, kind, sandbox, order_instance, clock):
    for number in range(3):
        order_instance(f"client-{number}")
    sandbox.faults.add(**fault)
    for _ in range(3):
        with pytest.raises(RailwayError):
            clients.railway().check_token()
    outages.tend()
    Operation.objects.update(run_after=timezone.now() + timedelta(hours=3), deadline_at=timezone.now())
    if kind == Alert.Kind.TOKEN:
        Operation.objects.update(deadline_at=timezone.now() + timedelta(hours=3))
    for _ in range(5):
        assert evaluation.evaluate() == 1
        clock.shift(timedelta(minutes=10))
    assert Alert.objects.get().kind == kind
    sandbox.faults.clear()
    outages.tend()
    assert is_over(clock)
    assert len(mail.outbox) == 2


def test_a_budget_that_is_nearly_used_is_told(settings, sandbox, clock):
    settings.RAILWAY_REQUESTS_PER_HOUR = 20
    for _ in range(19):
        with suppress(OutOfBudget):
            clients.railway().platform_status()
    assert evaluation.evaluate() == 1
    assert Alert.objects.get().kind == Alert.Kind.BUDGET


def test_a_process_that_lived_and_fell_silent_is_told_and_its_return_too(clock):
    assert evaluation.evaluate() == 0
    heartbeat.beat(heartbeat.BEAT)
    clock.shift(timedelta(minutes=10))
    assert evaluation.evaluate() == 1
    assert (Alert.objects.get().kind, Alert.objects.get().topic) == (Alert.Kind.SILENT, "beat")
    clock.shift(timedelta(minutes=3))
    heartbeat.beat(heartbeat.BEAT)
    assert is_over(clock)


def test_reminders_come_at_most_once_an_interval(order_instance, clock, settings):
    settings.ALERT_REMINDER_HOURS = 2
    fail(1, make=order_instance)
    for _ in range(20):
        evaluation.evaluate()
        clock.shift(timedelta(minutes=10))
    assert ["toujours" in letter.subject for letter in mail.outbox] == [False, True]


def test_a_message_that_could_not_be_sent_is_sent_later_and_the_other_one_is_not_repeated(
    order_instance, clock, slack, caplog
):
    slack.status = 500
    fail(1, make=order_instance)
    evaluation.evaluate()
    evaluation.evaluate()
    slack.status = 200
    clock.shift(40)
    evaluation.evaluate()
    evaluation.evaluate()
    assert (len(mail.outbox), len(slack.received)) == (1, 2)
    assert not AlertNote.objects.filter(sent_at=None).exists()
    assert PATH not in caplog.text
    assert PATH not in str(list(AlertNote.objects.values()))


def test_a_condition_that_flickers_stays_one_alert(order_instance, clock):
    fail(1, make=order_instance)
    for _ in range(3):
        evaluation.evaluate()
        Operation.objects.update(state=OperationState.CANCELLED)
        clock.shift(60)
        evaluation.evaluate()
        Operation.objects.update(state=OperationState.FAILED)
        clock.shift(30)
    assert len(mail.outbox) == 1


def test_staff_see_alerts_and_outages_and_change_neither(sign_in, order_instance):
    fail(1, make=order_instance)
    evaluation.evaluate()
    client = sign_in("superuser")
    for name in ("tenants_alert", "provisioning_outage"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    page = client.get(reverse("admin:tenants_alert_changelist")).content.decode()
    assert "railway_plan_limit" in page


def test_what_the_last_comparison_found_is_told_and_what_is_on_its_way_out_is_not(clock):
    row = Reconciliation.objects.create(ended_at=timezone.now(), differences=[{"kind": "deletion_pending"}])
    evaluation.evaluate()
    assert not Alert.objects.exists()
    row.differences += [{"kind": "leak_unknown"}, {"kind": "leak_unknown"}]
    row.save()
    evaluation.evaluate()
    alert = Alert.objects.get()
    assert (alert.kind, alert.count, alert.references) == ("difference", 2, ["leak_unknown"])
    Reconciliation.objects.create(ended_at=timezone.now())
    assert is_over(clock)


def test_every_workspace_has_its_own_budget_alert(settings, clock):
    settings.RAILWAY_REQUESTS_PER_HOUR = 10
    settings.RAILWAY_WORKSPACES = {"paid": {"identifier": "p", "token": "t", "capacity": 0}}
    with suppress(OutOfBudget):
        for _ in range(10):
            budget.before("paid", "Logs")
    evaluation.evaluate()
    assert [(alert.kind, alert.topic) for alert in Alert.objects.all()] == [("budget", "paid")]
