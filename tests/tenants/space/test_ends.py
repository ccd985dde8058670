"""The end of an Odoo in its customer's hands: now or on a day, taken back, and never later than its seller's end."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Mail
from tenants.services import ending
from tests.tenants.space.conftest import at, letters, stopped

pytestmark = pytest.mark.django_db


def test_an_end_is_one_form_and_its_undoing_one_click_which_starts_it_again(inside, odoo):
    inside.post(at(odoo, "fin/"), when="now", reason="Trop cher")
    odoo.refresh_from_db()
    entry = AuditEntry.objects.get(act="schedule_decommission")
    assert (entry.actor, entry.reason) == ("customer", "Trop cher")
    assert Mail.objects.get(kind=Mail.Kind.DELETION_SCHEDULED).facts == {"by": "customer"}
    stopped(odoo)
    page = inside.get(at(odoo)).content.decode()
    assert "Garder mon Odoo" in page
    inside.post(at(odoo, "garder/"))
    odoo.refresh_from_db()
    assert odoo.decommission_after is None
    assert Operation.objects.active().get().kind == OperationKind.RESUME


def test_an_end_that_is_undone_while_it_is_being_stopped_is_started_by_a_click_later(inside, odoo):
    inside.post(at(odoo, "fin/"), when="now")
    inside.post(at(odoo, "garder/"))
    stopped(odoo)
    assert "Le redémarrer" in inside.get(at(odoo)).content.decode()
    inside.post(at(odoo, "redemarrer/"))
    assert Operation.objects.active().get().kind == OperationKind.RESUME


def test_an_end_on_a_day_comes_in_the_evening_of_that_day_and_can_be_taken_back(inside, odoo):
    day = timezone.localdate() + timedelta(days=20)
    inside.post(at(odoo, "fin/"), when="day", day=day.isoformat())
    odoo.refresh_from_db()
    assert timezone.localtime(odoo.expires_at).date() == day
    inside.post(at(odoo, "garder/"))
    odoo.refresh_from_db()
    assert odoo.expires_at is None


def test_a_chosen_day_is_told_at_once_and_so_is_its_being_taken_back(inside, odoo, settings):
    settings.EXPIRY_REMINDER_DAYS = [7]
    Instance.objects.update(expires_at=timezone.now() + timedelta(days=40))
    for _time in range(2):
        choose(inside, odoo, 5)
        (chosen,) = letters()
        assert "Vous nous avez demandé de mettre fin à votre Odoo" in chosen.body
        assert "Un clic sur votre page" in chosen.body
        assert ending.remind_of_ends() == 0, "what was written a moment ago needs no reminder"
        inside.post(at(odoo, "garder/"))
        (kept,) = letters()
        assert kept.subject == "L’Odoo de Café Étoile est conservé"
        assert "Il est à vous jusqu’au" in kept.body, "the seller's end is the end again"


def test_a_chosen_day_comes_as_the_customers_own_and_is_undone_by_one_click(inside, odoo):
    choose(inside, odoo, 5)
    letters()
    with time_machine.travel(odoo.expires_at + timedelta(minutes=1)):
        assert [act for act, _instance in ending.expire()] == ["suspend"]
        odoo.refresh_from_db()
        (letter,) = letters()
        assert "Vous nous avez demandé de supprimer votre Odoo" in letter.body
        assert "un clic" in letter.body
        stopped(odoo)
        inside.sign_in()
        assert "Garder mon Odoo</button>" in inside.get(at(odoo)).content.decode()
        inside.post(at(odoo, "garder/"))
        odoo.refresh_from_db()
        assert (odoo.decommission_after, odoo.expires_at) == (None, None)
        assert Operation.objects.active().get().kind == OperationKind.RESUME


def test_a_chosen_day_of_what_is_stopped_meanwhile_can_be_taken_back_and_none_is_chosen_then(inside, odoo):
    choose(inside, odoo, 5)
    Instance.objects.update(state=InstanceState.SUSPENDED)
    inside.post(at(odoo, "garder/"))
    odoo.refresh_from_db()
    assert odoo.expires_at is None
    assert 'value="day"' not in inside.get(at(odoo, "fin/")).content.decode()
    assert choose(inside, odoo, 5).status_code == 422
    assert odoo.expires_at is None


@pytest.mark.parametrize(("actor", "one_click"), [("customer", True), ("seller", False), ("expiry", False)])
def test_the_letter_of_a_deletion_promises_one_click_only_where_there_is_one(inside, odoo, actor, one_click):
    if actor == "customer":
        inside.post(at(odoo, "fin/"), when="now")
    else:
        ending.schedule_decommission(odoo, by=actor)
    (letter,) = letters()
    assert ("un clic" in letter.body) is one_click
    assert ("répondez à cet e-mail" in letter.body) is not one_click


@pytest.mark.parametrize("day", ["", "tomorrow", "2020-01-01", "9999-12-31", "0000-00-00", "2026-02-31", "\x00"])
def test_a_day_that_is_none_is_refused_beside_the_form(inside, odoo, day):
    answer = inside.post(at(odoo, "fin/"), when="day", day=day)
    assert answer.status_code in (400, 422)
    odoo.refresh_from_db()
    assert (odoo.expires_at, odoo.decommission_after) == (None, None)


def test_nobody_prolongs_a_trial_by_naming_a_later_day(inside, odoo):
    end = timezone.now() + timedelta(days=10)
    Instance.objects.update(expires_at=end)
    later = (timezone.localdate() + timedelta(days=40)).isoformat()
    assert inside.post(at(odoo, "fin/"), when="day", day=later).status_code == 422
    assert Instance.objects.get().expires_at == end


def choose(person, instance, days):
    day = timezone.localdate() + timedelta(days=days)
    answer = person.post(at(instance, "fin/"), when="day", day=day.isoformat())
    instance.refresh_from_db()
    return answer


@pytest.mark.parametrize("times", [1, 2])
def test_an_earlier_day_that_is_taken_back_leaves_the_end_of_the_trial(inside, odoo, times):
    end = timezone.now() + timedelta(days=10)
    Instance.objects.update(expires_at=end)
    for _time in range(times):
        choose(inside, odoo, 5)
        assert odoo.expires_at < end
        inside.post(at(odoo, "garder/"))
        odoo.refresh_from_db()
        assert odoo.expires_at == end
    assert inside.post(at(odoo, "garder/")).status_code == 409, "what is left is the seller's"


def test_an_earlier_day_is_no_step_towards_a_later_one(inside, odoo):
    end = timezone.now() + timedelta(days=10)
    Instance.objects.update(expires_at=end)
    choose(inside, odoo, 5)
    assert choose(inside, odoo, 40).status_code == 422
    assert choose(inside, odoo, 7).status_code == 200
    assert timezone.localtime(odoo.expires_at).date() == timezone.localdate() + timedelta(days=7)


def test_the_end_that_a_seller_sets_later_holds_instead_of_the_customers(inside, odoo):
    choose(inside, odoo, 5)
    prolonged = timezone.now() + timedelta(days=30)
    ending.change_expiry(odoo, prolonged)
    assert inside.post(at(odoo, "garder/")).status_code == 409
    assert choose(inside, odoo, 40).status_code == 422
    assert Instance.objects.get().expires_at == prolonged


def test_nobody_outlives_a_trial_by_ending_it_and_taking_that_back_after_its_end(inside, odoo, settings):
    settings.DECOMMISSION_GRACE_DAYS = 14
    end = timezone.now() + timedelta(days=3)
    Instance.objects.update(expires_at=end)
    inside.post(at(odoo, "fin/"), when="now")
    stopped(odoo)
    scheduled = odoo.decommission_after
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        page = inside.get(at(odoo)).content.decode()
        assert "mailto:" in page
        assert inside.post(at(odoo, "garder/")).status_code == 409
        assert inside.post(at(odoo, "redemarrer/")).status_code == 409
    odoo.refresh_from_db()
    assert (odoo.expires_at, odoo.decommission_after) == (end, scheduled)


def test_an_end_that_is_taken_back_in_time_starts_what_was_stopped_until_the_trial_ends(inside, odoo):
    end = timezone.now() + timedelta(days=3)
    Instance.objects.update(expires_at=end)
    inside.post(at(odoo, "fin/"), when="now")
    stopped(odoo)
    inside.post(at(odoo, "garder/"))
    odoo.refresh_from_db()
    assert (odoo.expires_at, odoo.decommission_after) == (end, None)
    assert Operation.objects.active().get().kind == OperationKind.RESUME


def test_what_is_stopped_by_its_customer_is_not_started_after_the_end_of_its_trial(inside, odoo):
    Instance.objects.update(expires_at=timezone.now() + timedelta(days=3))
    inside.post(at(odoo, "fin/"), when="now")
    inside.post(at(odoo, "garder/"))
    stopped(odoo)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert inside.post(at(odoo, "redemarrer/")).status_code == 409
    assert not Operation.objects.active().exists()


def test_what_the_seller_or_the_end_of_a_trial_has_stopped_is_not_the_customers_to_start(inside, odoo):
    ending.schedule_decommission(odoo, grace_days=7)
    stopped(odoo)
    assert inside.post(at(odoo, "garder/")).status_code == 409
    assert inside.post(at(odoo, "redemarrer/")).status_code == 409
    odoo.refresh_from_db()
    assert odoo.decommission_after is not None
    assert not Operation.objects.active().exists()


def test_who_ends_and_keeps_it_all_day_long_is_stopped_and_writes_no_more_letters(inside, odoo, settings):
    settings.CUSTOMERS_ACT_RATE = "4/d"
    answers = []
    day = timezone.localdate() + timedelta(days=9)
    Instance.objects.update(expires_at=None)
    for _ in range(3):
        answers.append(inside.post(at(odoo, "fin/"), when="day", day=day.isoformat()).status_code)
        answers.append(inside.post(at(odoo, "garder/")).status_code)
    assert answers == [200, 200, 200, 200, 429, 429]
    assert Mail.objects.filter(instance=odoo, kind=Mail.Kind.DELETION_UNDONE).count() == 2


def test_an_act_that_is_refused_costs_nothing(inside, odoo, settings):
    settings.CUSTOMERS_ACT_RATE = settings.RESEND_RATE = "1/d"
    Instance.objects.update(state=InstanceState.SUSPENDED)
    for word in ("mot-de-passe/", "mot-de-passe/", "fin/"):
        answer = inside.post(at(odoo, word), when="day", day="yesterday")
        assert answer.status_code in (409, 422), word
    Instance.objects.update(state=InstanceState.READY)
    assert inside.post(at(odoo, "mot-de-passe/")).status_code == 200
