"""A drill: a backup brought back into a unit of the house, proven, counted, written down, and the unit removed."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Backup, Restore
from tenants.alerts import conditions
from tenants.models import Alert, Instance, Mail, Partner, Plan, RestoreDrill
from tenants.services import drills
from tests.journeys.test_backup import call, site, work_until  # noqa: F401  fixtures
from tests.journeys.test_restore import backed_up

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def instance(call):  # noqa: F811
    Partner.objects.filter(is_house=True).update(reply_to="house@eazynova.fr")
    return Instance.objects.get()


def ended(drill):
    drills.tend()
    drill.refresh_from_db()
    return drill.state != "running" and drill.unit.state == "decommissioning"


def test_a_drill_proves_a_backup_and_leaves_nothing_but_its_row(instance, call, client, capsys):  # noqa: F811
    backup = backed_up(instance)
    call_command("restore_drill", "--instance", "acme-corp")
    [drill] = RestoreDrill.objects.all()
    work_until(lambda: ended(drill))
    assert (drill.state, drill.reason, drill.backup) == ("proven", "", backup)
    assert drill.facts["attachments"]["backup"] == 3
    assert Backup.objects.get(pk=backup.pk).proven_at
    assert drills.last_proof(instance) == backup
    # the customer's own goes on, and nobody is written to
    assert Instance.objects.get(pk=instance.pk).state == "ready"
    assert Mail.objects.filter(kind="welcome").count() == 1
    capsys.readouterr()
    call_command("restore_drill", "--certificate", drill.public_id)
    told = json.loads(capsys.readouterr().out)
    assert (told["loginProven"], told["backup"]["sha256"]) == (True, drill.backup.sha256)
    answer = call("GET", f"/instances/{instance.public_id}/backups").json()
    assert answer["lastRestorationProvenAt"] == answer["data"][0]["restorationProvenAt"]
    client.force_login(User.objects.create_superuser("amelie"))
    page = client.get(reverse("admin:tenants_restoredrill_certificate", args=[drill.pk]))
    assert drill.backup.sha256 in page.content.decode()
    assert client.get(page.wsgi_request.path + "?format=json").json() == told
    assert drills.begin_due() == []


def test_a_drill_that_fails_tells_staff_the_reason_and_its_unit_is_removed_too(instance):
    backup = backed_up(instance)
    Backup.objects.filter(pk=backup.pk).update(sha256="0" * 64)
    [drill] = drills.begin_due()
    work_until(lambda: ended(drill))
    assert (drill.state, drill.reason) == ("failed", "restore_damaged")
    [alert] = [each for each in conditions.present() if each.kind == Alert.Kind.DRILL]
    assert (alert.topic, alert.references) == ("restore_damaged", ("acme-corp",))
    assert drills.last_proof(instance) is None


def test_a_count_that_nobody_reported_proves_nothing(instance):
    backed_up(instance)
    drill = drills.begin(instance)
    work_until(lambda: Instance.objects.get(pk=drill.unit_id).state == "ready")
    Restore.objects.update(facts={"users": 1})
    work_until(lambda: ended(drill))
    assert (drill.state, drill.reason) == ("failed", "restore_counts_differ")
    assert drills.certificate(drill)["loginProven"], "the login was not what failed"


def test_one_that_cannot_be_begun_or_ended_keeps_no_other_from_it(instance, make_instance):
    """A sold-out plan, a unit that somebody works on, and what failed last month: the next customer's turn comes."""
    made = backed_up(instance)
    nameless = make_instance("nothing-yet", state="ready")
    kept = Backup.objects.filter(pk=made.pk).values().get()
    kept |= {"id": None, "public_id": "BK-NOTHINGYET", "key": "nowhere", "instance_id": nameless.pk}
    Backup.objects.create(**kept)
    Plan.objects.update(takes_orders=False)
    failed = drills.begin(nameless)
    drills._end(failed, "restore_damaged", "")
    # its unit is still being made, so it cannot be removed yet, and the drill of the other is judged all the same
    [drill] = drills.begin_due(1)
    assert drill.instance == instance
    work_until(lambda: ended(drill))
    assert drill.state == "proven"
    # who failed is tried again after a month, who was proven after a year
    for row, days in ((drill, 40), (failed, 31)):
        RestoreDrill.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))
    assert [each.instance for each in drills.begin_due()] == [nameless]


def test_what_has_no_backup_cannot_be_tried_out(instance):
    with pytest.raises(CommandError):
        call_command("restore_drill", "--instance", "acme-corp")
    assert drills.begin_due() == []
    assert not RestoreDrill.objects.exists()
