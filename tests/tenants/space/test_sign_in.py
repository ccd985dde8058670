"""The customer's own door: a code to the address, and nothing that tells a stranger whose customer somebody is."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail as mailbox
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.limits import counters, policies
from tenants.limits.counters import Claim
from tenants.models import AddressProof, CustomerSession, Instance
from tenants.services import address_proof, customer_sessions
from tests import factories
from tests.tenants.space.conftest import EMAIL, SAFARI, Person, code_in, letters, link_in, make_odoo

pytestmark = pytest.mark.django_db


def is_in(answer):
    return answer.status_code == 200 and "Café Étoile" in answer.content.decode()


def test_a_code_from_the_mailbox_opens_the_space_and_the_language_follows_the_address(odoo, person):
    assert is_in(person.sign_in())
    english = Person(space="/en/space/")
    assert is_in(english.sign_in())
    assert mailbox.outbox[1].subject == "Your code to sign in"
    assert b'lang="en"' in english.get().content


@pytest.mark.parametrize("written", ["{} ", " {}", "{:.3} {:.0}"])
def test_a_code_is_taken_with_or_without_its_space(odoo, person, written):
    person.ask()
    code = code_in(letters()[-1])
    assert is_in(person.enter(f"{code[:3]} {code[3:]}" if ":" in written else written.format(code)))


def test_a_wrong_code_says_so_and_the_right_one_still_works(odoo, person):
    person.ask()
    code = code_in(letters()[-1])
    wrong = person.enter(f"{(int(code) + 1) % 10**6:06d}")
    assert wrong.status_code == 422
    assert "Ce n’est pas le code" in wrong.content.decode()
    assert is_in(person.enter(code))


def test_a_code_is_guessed_at_five_times_then_it_is_dead(odoo, person):
    person.ask()
    code = code_in(letters()[-1])
    for number in range(1, 6):
        person.enter(f"{(int(code) + number) % 10**6:06d}")
    assert not is_in(person.enter(code))
    assert not CustomerSession.objects.exists()


def test_a_code_works_once_and_for_fifteen_minutes(odoo, person):
    person.ask()
    code = code_in(letters()[-1])
    proof = AddressProof.objects.get()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert not is_in(person.enter(code))
    assert is_in(person.enter(code))
    with pytest.raises(address_proof.CodeOver):
        address_proof.check(proof, code)


def test_an_address_of_several_sellers_that_was_proven_opens_one_session(odoo, person):
    other = factories.make_partner("Bob Services")
    make_odoo("sold", partner=other)
    person.ask()
    page = person.enter(code_in(letters()[-1]))
    chosen = {"proven": page.context["proven"], "seller": str(other.pk)}
    for _time in range(2):
        Client().post("/espace/connexion/vendeur/", chosen)
    assert CustomerSession.objects.count() == 1


def test_the_code_of_one_browser_opens_nothing_in_another(odoo, person):
    person.ask()
    code = code_in(letters()[-1])
    stranger = Person()
    stranger.ask()
    assert not is_in(stranger.enter(code))


def test_a_scanner_that_follows_the_link_uses_nothing_up_and_the_button_signs_in_once(odoo, person):
    person.ask()
    address = link_in(letters()[-1])
    for _look in range(3):
        assert Client().get(address).status_code == 200
    assert not CustomerSession.objects.exists()
    phone = Client()
    assert is_in(phone.post(address, follow=True))
    assert not is_in(Client().post(address, follow=True))
    assert Client().get(address).status_code == 410


@pytest.mark.parametrize("token", ["nonsense", "é", "%00", "a:b", "x" * 400])
def test_a_made_up_link_opens_nothing(odoo, token):
    assert Client().get(f"/espace/connexion/lien/{token}/").status_code in (400, 404, 410)


def test_an_unknown_address_is_answered_alike_with_the_same_work_and_no_mail(odoo):
    answers, works = [], []
    for email in (EMAIL, "nobody@nowhere.example"):
        person = Person()
        with CaptureQueriesContext(connection) as work:
            answers.append(person.ask(email).content.decode().replace(email, "…"))
        works.append([query["sql"].split()[0] for query in work.captured_queries])
    strip = lambda page: [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]  # noqa: E731
    assert strip(answers[0]) == strip(answers[1])
    assert works[0] == works[1]
    assert [letter.to for letter in letters()] == [[EMAIL]]


def test_nobody_floods_a_mailbox_and_a_stranger_does_not_lock_its_owner_out(odoo, person):
    person.sign_in()
    for _time in range(6):
        last = Person().ask()
    assert last.status_code == 429
    assert len(letters()) <= 5
    person.post("sessions/end/")
    assert person.ask().status_code == 200, "in a browser that has proven the address strangers do not count"


def test_sessions_are_listed_and_ended_one_by_one_or_everywhere(odoo, person):
    phone = Person(agent=SAFARI)
    person.sign_in()
    phone.sign_in()
    page = person.get("sessions/").content.decode()
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    (other,) = CustomerSession.objects.exclude(browser="Firefox, Windows")
    person.post("sessions/end/", session=other.public_id)
    assert not is_in(phone.get())
    assert is_in(person.get())
    phone.sign_in()
    person.post("sessions/end/", session="everywhere")
    assert not is_in(phone.get())
    assert not is_in(person.get())


def test_a_new_browser_is_told_to_the_address_and_a_known_one_is_not(odoo, person):
    person.sign_in()
    person.post("sessions/end/")
    person.sign_in()
    assert letters() == []
    Person(agent=SAFARI).sign_in()
    (letter,) = letters()
    assert letter.subject == "Un nouveau navigateur s’est connecté à votre espace"
    assert "Safari, iPhone" in letter.body


def test_a_session_ends_after_a_month_and_when_it_rests_for_a_week(odoo, person):
    person.sign_in()
    session = CustomerSession.objects.get()
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        assert is_in(person.get())
    with time_machine.travel(timezone.now() + timedelta(days=14)):
        assert not is_in(person.get())
    CustomerSession.objects.update(seen_at=timezone.now() + timedelta(days=31))
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert not is_in(person.get())
        assert customer_sessions.others(session) == []


def test_staffs_session_opens_nothing_here_and_a_customers_nothing_there(odoo, person, sign_in):
    staff = sign_in("superuser")
    assert not is_in(staff.get("/espace/", follow=True))
    person.sign_in()
    assert person.client.get("/admin/").status_code == 302


def test_whoever_is_not_signed_in_is_led_back_to_the_page_that_was_asked_for(odoo, person):
    person.get(f"odoo/{odoo.public_id}/")
    person.client.post("/espace/connexion/", {"email": EMAIL, "next": f"/espace/odoo/{odoo.public_id}/"})
    answer = person.client.post(
        "/espace/connexion/code/", {"code": code_in(letters()[-1]), "next": f"/espace/odoo/{odoo.public_id}/"}
    )
    assert answer["Location"] == f"/espace/odoo/{odoo.public_id}/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/espace/\\evil.example", "/admin/",
                                       "/espace//evil.example", "/espace/\nx"])  # fmt: skip
def test_no_link_leads_from_the_door_to_somewhere_else(odoo, person, elsewhere):
    person.client.post("/espace/connexion/", {"email": EMAIL})
    form = {"code": code_in(letters()[-1]), "next": elsewhere}
    assert person.client.post("/espace/connexion/code/", form)["Location"] == "/espace/"


def test_a_form_from_another_site_is_refused(odoo):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/espace/connexion/", {"email": EMAIL}).status_code == 403
    assert not AddressProof.objects.exists()


def test_two_sellers_customers_with_one_address_are_asked_which_and_see_only_what_belongs_to_each(person):
    alice, bob = factories.make_partner("Alice Conseil"), factories.make_partner("Bob Services")
    make_odoo("chez-alice", partner=alice, company="Chez Alice")
    make_odoo("chez-bob", partner=bob, company="Chez Bob")
    choice = person.sign_in()
    assert b"Alice Conseil" in choice.content
    assert b"Bob Services" in choice.content
    proven = choice.context["proven"]
    seen = person.post("connexion/vendeur/", proven=proven, seller=str(alice.pk)).content.decode()
    assert "Chez Alice" in seen
    assert "Bob" not in seen
    rival = Instance.objects.get(client_name="chez-bob")
    assert person.get(f"odoo/{rival.public_id}/").status_code == 404
    assert person.client.post("/espace/connexion/vendeur/", {"proven": proven, "seller": "999"}).status_code == 303


def test_a_session_of_one_address_reaches_nothing_of_another(odoo, person):
    other = make_odoo("rival", email="boss@rival.example", company="Rival Confidentiel")
    person.sign_in()
    assert person.get(f"odoo/{other.public_id}/").status_code == 404
    assert "Rival" not in person.get().content.decode()


def test_whoever_lost_the_address_sees_nothing_any_more(odoo, person):
    person.sign_in()
    Instance.objects.update(admin_email="owner@etoile.example")
    assert person.get(f"odoo/{odoo.public_id}/").status_code == 404
    assert not is_in(person.get())


def test_what_nobody_can_enter_any_more_is_forgotten(odoo, person):
    person.sign_in()
    with time_machine.travel(timezone.now() + timedelta(days=70)):
        assert address_proof.purge() == 1
        assert customer_sessions.purge() == 1


def test_codes_for_strangers_use_up_nothing_of_others(odoo, person, settings):
    """A thousand codes for addresses of nobody once stopped orders, partners and sign-ins."""
    settings.CODE_TOTAL_RATE, settings.CODE_RATE, settings.CODE_NETWORK_RATE = "3/d", "100/h", "100/h"
    person.sign_in()
    counted = counters.read(Claim(policies.MAIL_TOTAL, policies.EVERYBODY))
    for number in range(4):
        Person().ask(f"nobody{number}@nowhere.example")
    assert counters.read(Claim(policies.MAIL_TOTAL, policies.EVERYBODY)) == counted
    assert Person().ask().status_code == 429
    assert person.ask().status_code == 200, "in a browser that has proven it before"


def test_a_mailbox_gets_no_more_codes_a_day_than_it_may(odoo, settings):
    settings.CODE_MAILBOX_RATE, settings.CODE_RECIPIENT_RATE = "2/d", "1/h"
    start = timezone.now()
    answers = []
    for hour in range(4):
        with time_machine.travel(start + timedelta(hours=2 * hour)):
            answers.append(Person().ask().status_code)
    assert answers == [200, 200, 429, 429]
