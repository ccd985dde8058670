"""Two-factor sign-in as staff meet it: enrolling, proving, losing the phone, guessing."""

import io

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants.models import AuditEntry, Authenticator, RecoveryCodes
from tests.tenants.sign_in.conftest import PERIOD, code_of, recovery_codes_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def required(settings):
    settings.ADMIN_REQUIRE_2FA = True


@pytest.fixture
def enrolled(person):
    """Enrolled, with recovery codes, and signed out again."""
    person.sign_in()
    person.recovery = recovery_codes_on(person.enrol())
    person.client.logout()
    person.later()
    return person


def acts():
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def test_staff_without_a_second_factor_are_led_to_enrol_before_anything_else(required, person):
    wanted = reverse("admin:tenants_plan_changelist")
    page = person.client.post(
        f"{reverse('admin:login')}?next={wanted}",
        {"username": "olga", "password": "a-long-pass-phrase", "next": wanted},
        follow=True,
    )
    assert page.resolver_match.url_name == "second_factor_enrol"
    assert "data:image/svg+xml;base64," in page.content.decode()
    assert page.context["next"] == wanted
    assert not person.is_in()
    person.enrol()
    assert person.is_in()


def test_every_page_and_every_act_stays_shut_until_the_second_factor(enrolled, make_instance):
    instance = make_instance(state="ready")
    enrolled.sign_in()
    act = reverse("admin:tenants_instance_act", args=[instance.pk, "suspend"])
    for address in (reverse("admin:index"), reverse("admin:tenants_instance_changelist"), act):
        assert enrolled.client.get(address).status_code == 302
    assert enrolled.client.post(act, {"reason": "stolen password"}).status_code == 302
    assert instance.active_operation() is None


def test_the_code_of_the_app_opens_the_console_and_leads_where_one_wanted_to_go(enrolled):
    enrolled.sign_in()
    wanted = reverse("admin:tenants_plan_changelist")
    assert enrolled.prove(enrolled.code(), next=wanted).headers["Location"] == wanted
    assert enrolled.is_in()


def test_whoever_knew_the_session_before_the_second_factor_has_nothing_of_it_afterwards(enrolled):
    enrolled.sign_in()
    overheard = Client()
    overheard.cookies["sessionid"] = enrolled.client.cookies["sessionid"].value
    enrolled.prove(enrolled.code())
    assert enrolled.is_in()
    assert overheard.get(reverse("admin:index")).status_code == 302


def test_nobody_is_led_to_another_site_afterwards(enrolled):
    enrolled.sign_in()
    answer = enrolled.prove(enrolled.code(), next="https://evil.example/")
    assert answer.headers["Location"] == reverse("admin:index")


def test_a_code_works_once(enrolled):
    enrolled.sign_in()
    code = enrolled.code()
    enrolled.prove(code)
    enrolled.client.logout()
    enrolled.sign_in()
    page = enrolled.prove(code)
    assert "déjà servi" in page.content.decode()
    assert not enrolled.is_in()


def test_wrong_codes_are_answered_more_and_more_slowly(enrolled):
    enrolled.sign_in()
    for _attempt in range(3):
        enrolled.prove("000000")
        enrolled.later(10)
    enrolled.prove("000000")
    page = enrolled.prove(enrolled.code())
    assert not enrolled.is_in()
    assert page.context["form"].errors["code"]
    enrolled.later(PERIOD)
    enrolled.prove(enrolled.code())
    assert enrolled.is_in()


def test_ten_wrong_codes_lock_the_account_out(enrolled):
    enrolled.sign_in()
    pages = [enrolled.prove("000000") for _attempt in range(configured.AXES_FAILURE_LIMIT)]
    assert [page.status_code for page in pages] == [200] * 9 + [429]
    enrolled.later(20 * PERIOD)
    assert enrolled.prove(enrolled.code()).status_code == 429
    assert not enrolled.is_in()


def test_a_recovery_code_opens_the_console_once(enrolled):
    enrolled.sign_in()
    enrolled.prove(enrolled.recovery[0].upper())
    assert enrolled.is_in()
    enrolled.client.logout()
    enrolled.sign_in()
    enrolled.prove(enrolled.recovery[0])
    assert not enrolled.is_in()
    enrolled.later()
    enrolled.prove(enrolled.recovery[1])
    assert enrolled.is_in()
    assert "8 codes" in enrolled.client.get(reverse("admin:second_factor")).content.decode()


def test_new_recovery_codes_replace_the_old_ones(enrolled):
    enrolled.sign_in()
    enrolled.prove(enrolled.code())
    fresh = recovery_codes_on(enrolled.client.post(reverse("admin:second_factor_codes")))
    assert len(set(fresh) | set(enrolled.recovery)) == 20
    enrolled.client.logout()
    enrolled.sign_in()
    enrolled.prove(enrolled.recovery[0])
    assert not enrolled.is_in()
    enrolled.later()
    enrolled.prove(fresh[0])
    assert enrolled.is_in()


@pytest.mark.parametrize("page", ["second_factor_codes", "second_factor_remove"])
def test_a_password_alone_neither_renews_nor_removes_nor_replaces(enrolled, page):
    enrolled.sign_in()
    answer = enrolled.client.post(reverse(f"admin:{page}"))
    assert answer.headers["Location"] == reverse("admin:second_factor")
    assert enrolled.client.get(reverse("admin:second_factor_enrol")).status_code == 302
    assert enrolled.client.post(reverse("admin:second_factor_enrol"), {"code": "123456"}).status_code == 302
    assert len(RecoveryCodes.objects.get().digests) == 10


def test_whoever_has_enrolled_is_asked_even_where_it_is_not_required(enrolled):
    enrolled.sign_in()
    assert not enrolled.is_in()
    enrolled.prove(enrolled.code())
    enrolled.client.post(reverse("admin:second_factor_remove"))
    enrolled.client.logout()
    enrolled.sign_in()
    assert enrolled.is_in()


def test_where_it_is_required_it_is_not_turned_off(required, enrolled):
    enrolled.sign_in()
    enrolled.prove(enrolled.code())
    enrolled.client.post(reverse("admin:second_factor_remove"))
    assert Authenticator.objects.exists()


def test_an_offer_is_used_once_and_only_by_its_person(person, client):
    person.sign_in()
    page = client.get(reverse("admin:second_factor_enrol"))
    offer = page.context["form"]["offer"].value()
    person.enrol()
    person.later()
    again = client.post(reverse("admin:second_factor_enrol"), {"offer": offer, "code": "000000"})
    assert again.status_code == 302
    client.logout()
    User.objects.create_superuser("paul", password="another-long-phrase")
    person.sign_in(name="paul", password="another-long-phrase")
    stolen = client.post(reverse("admin:second_factor_enrol"), {"offer": offer, "code": "000000"})
    assert stolen.status_code == 302
    assert not Authenticator.objects.filter(user__username="paul").exists()


@pytest.mark.parametrize(("minutes", "stored"), [(29, True), (31, False)])
def test_an_offered_key_is_good_for_half_an_hour(person, minutes, stored):
    person.sign_in()
    page = person.client.get(reverse("admin:second_factor_enrol"))
    person.later(minutes * 60)
    code = code_of(page.context["typed"].replace(" ", ""))
    offer = page.context["form"]["offer"].value()
    person.client.post(reverse("admin:second_factor_enrol"), {"offer": offer, "code": code})
    assert Authenticator.objects.exists() is stored


def test_the_key_and_the_codes_are_nowhere_in_clear(person):
    person.sign_in()
    page = person.client.get(reverse("admin:second_factor_enrol"))
    key, offer = page.context["typed"].replace(" ", ""), page.context["form"]["offer"].value()
    codes = recovery_codes_on(person.enrol())
    stored = str(list(Authenticator.objects.values())) + str(list(RecoveryCodes.objects.values()))
    stored += str(dict(person.client.session)) + str(list(AuditEntry.objects.values()))
    assert key not in offer
    for secret in (key, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in stored
    assert codes[0] not in person.client.get(reverse("admin:second_factor")).content.decode()


def test_a_lost_phone_is_reset_from_the_shell_and_the_trail_tells(required, enrolled):
    said = io.StringIO()
    call_command("reset_two_factor", "olga", "--reason", "phone lost", stdout=said)
    assert not Authenticator.objects.exists()
    assert not RecoveryCodes.objects.exists()
    entry = AuditEntry.objects.get(act="second_factor:removed")
    assert (entry.subject, entry.reason) == ("olga", "phone lost")
    assert entry.actor.startswith("shell:")
    with pytest.raises(CommandError):
        call_command("reset_two_factor", "nobody")


def test_the_trail_tells_of_sign_ins_and_of_the_second_factor(enrolled):
    enrolled.sign_in(password="wrong")
    enrolled.sign_in(password="wrong")
    enrolled.sign_in()
    enrolled.prove(enrolled.code())
    expected = ["signin", "second_factor:enrolled", "signin:failed", "signin", "second_factor:passed"]
    assert [act for act in acts() if act != "second_factor:recovery_codes"] == expected


def test_a_removed_second_factor_shuts_the_sessions_that_it_opened(required, enrolled):
    enrolled.sign_in()
    enrolled.prove(enrolled.code())
    call_command("reset_two_factor", "olga", stdout=io.StringIO())
    assert not enrolled.is_in()


def test_one_can_leave_half_way(enrolled):
    enrolled.sign_in()
    enrolled.client.post(reverse("admin:second_factor_leave"))
    assert "_auth_user_id" not in enrolled.client.session


def test_the_database_has_no_table_with_keys_in_clear():
    assert not [name for name in connection.introspection.table_names() if name.startswith("otp_")]
