"""What a customer sees of an instance and does with it; and that nobody does so with another's."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as mailbox
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Agent, Operation
from provisioning.signals import operation_changed
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, CustomerSession, Instance
from tenants.services import ending
from tenants.space import acts
from tests import factories
from tests.tenants.space.conftest import EMAIL, Person, at, code_in, letters, make_odoo

pytestmark = pytest.mark.django_db
NEW = "nouvelle@etoile.example"


def test_the_page_says_how_it_is_and_opens_odoo_with_the_login_filled_in(inside, odoo):
    report = {"users": 7, "lastLogin": "2026-11-20T08:00:00+00:00", "databaseBytes": 10**8, "filestoreBytes": 10**6}
    Agent.objects.create(instance=odoo, token_hash="x", report=report, reported_at=timezone.now())
    page = inside.get(at(odoo)).content.decode()
    assert f"{odoo.url}/web/login?login=marie%40etoile.example" in page
    assert "20\u00a0novembre 2026 à 9\u00a0h\u00a000" in page
    assert "96,3" in page, "what database and files take together"


def test_an_odoo_that_was_handed_over_from_the_pool_was_created_for_its_customer(inside, odoo):
    work = Operation.objects.create(
        instance=odoo, kind=OperationKind.HAND_OVER, state=OperationState.SUCCEEDED, ended_at=timezone.now(),
        deadline_at=timezone.now(),
    )  # fmt: skip
    assert work.pk
    assert "Votre Odoo a été créé et vérifié." in inside.get(at(odoo)).content.decode()


@pytest.mark.parametrize("report", [{}, {"lastLogin": "yesterday"}, {"lastLogin": 5}, {"users": 0}])
def test_a_report_that_lacks_something_spoils_nothing(inside, odoo, report):
    Agent.objects.create(instance=odoo, token_hash="x", report=report, reported_at=timezone.now())
    assert inside.get(at(odoo)).status_code == 200


def test_a_new_password_is_ordered_once_and_not_again_by_loading_the_page(inside, odoo):
    answer = inside.post(at(odoo, "mot-de-passe/"))
    assert answer.redirect_chain[-1] == (f"/espace/{at(odoo)}?done=password", 303)
    assert Operation.objects.get().kind in (OperationKind.RESET_PASSWORD, OperationKind.RENEW_ACCESS)
    assert inside.client.post(f"/espace/{at(odoo, 'mot-de-passe/')}").status_code == 429
    assert AuditEntry.objects.get(instance=odoo, act="customer:reset_password").actor == "customer"


def ask_for_another_address(person, odoo, email=NEW):
    page = person.post(at(odoo, "adresse/"), email=email)
    sent = {letter.to[0]: code_in(letter) for letter in letters()}
    return page.context["asked"], sent


def test_another_address_proves_itself_and_so_does_the_present_one(inside, odoo):
    asked, sent = ask_for_another_address(inside, odoo)
    answer = inside.post(at(odoo, "adresse/codes/"), asked=asked, present=sent[EMAIL], new=sent[NEW])
    assert answer.redirect_chain[-1][0].endswith("?done=address")
    assert Operation.objects.get().spec["email"] == NEW


def test_whoever_is_signed_in_with_the_former_address_is_signed_out_when_it_is_replaced(inside, odoo):
    asked, sent = ask_for_another_address(inside, odoo)
    inside.post(at(odoo, "adresse/codes/"), asked=asked, present=sent[EMAIL], new=sent[NEW])
    work = Operation.objects.get()
    work.state, work.ended_at = OperationState.SUCCEEDED, timezone.now()
    work.save()
    operation_changed.send(Operation, operation=work)
    assert Instance.objects.get().admin_email == NEW
    assert not CustomerSession.objects.live().exists()


@pytest.mark.parametrize("state", [InstanceState.SUSPENDED, InstanceState.FAILED])
def test_what_one_needs_when_it_is_stopped_stands_on_the_page(inside, odoo, state):
    Instance.objects.update(state=state)
    page = inside.get(at(odoo)).content.decode()
    for word in ("fin/", "liens/"):
        assert f"/espace/{at(odoo, word)}" in page
    Instance.objects.update(state=InstanceState.DECOMMISSIONED)
    assert f"/espace/{at(odoo, 'liens/')}" not in inside.get(at(odoo)).content.decode()


@pytest.mark.parametrize("wrong", ["present", "new"])
def test_with_one_code_alone_no_address_is_changed(inside, odoo, wrong):
    asked, sent = ask_for_another_address(inside, odoo)
    codes = {"present": sent[EMAIL], "new": sent[NEW]} | {wrong: "000000"}
    answer = inside.post(at(odoo, "adresse/codes/"), asked=asked, **codes)
    assert answer.status_code == 422
    assert not Operation.objects.exists()


def test_codes_for_a_change_sign_nobody_in_and_those_of_a_sign_in_change_nothing(inside, odoo):
    asked, sent = ask_for_another_address(inside, odoo)
    stranger = Person()
    stranger.ask(NEW)
    assert stranger.enter(sent[NEW]).status_code == 422
    other = make_odoo("second", company="Second")
    answer = inside.post(at(other, "adresse/codes/"), asked=asked, present=sent[EMAIL], new=sent[NEW])
    assert answer.status_code == 410
    assert not Operation.objects.exists()


def test_links_given_so_far_are_made_invalid(inside, odoo):
    before = odoo.status_token
    inside.post(at(odoo, "liens/"))
    odoo.refresh_from_db()
    assert not odoo.has_status_token(before)


def test_the_certificate_stands_on_the_page_after_the_end(inside, odoo):
    Instance.objects.update(state=InstanceState.DECOMMISSIONED, ended_at=timezone.now())
    page = inside.get(at(odoo)).content.decode()
    assert "Attestation" in page
    assert odoo.public_id in page


def test_all_that_is_kept_about_a_person_is_taken_away_as_one_document(inside, odoo):
    make_odoo("rival", email="boss@rival.example", company="Rival Confidentiel")
    answer = inside.client.get("/espace/mes-donnees/data.json")
    data = json.loads(answer.content)
    assert data["email"] == EMAIL
    assert [each["instanceId"] for each in data["instances"]] == [odoo.public_id]
    assert len(data["sessions"]) == 1
    assert "Rival" not in answer.content.decode()
    assert "/espace/mes-donnees/effacer/" in inside.get("mes-donnees/").content.decode()


FORMS = {"email": "x@evil.example", "when": "now", "asked": "x", "present": "1", "new": "2"}
PAGES = ["instance", "address", "address_codes", "backups", *acts.ACTS]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_of_another_customers_instance_is_there(inside, odoo, name, method):
    rival = make_odoo("rival", email="boss@rival.example", company="Rival Confidentiel")
    partners = make_odoo("sold", partner=factories.make_partner("Bob Services"), company="Rival Confidentiel")
    for other in (rival, partners):
        address = reverse(f"space:{name}", args=[other.public_id])
        answer = getattr(inside.client, method)(address, FORMS if method == "post" else {})
        assert answer.status_code in (404, 405)
        assert "Rival" not in answer.content.decode()
    assert not Operation.objects.exists()
    assert not Instance.objects.exclude(decommission_after=None).exists()


@pytest.mark.parametrize("name", PAGES)
def test_without_a_session_every_page_asks_for_the_address_first(odoo, name):
    address = reverse(f"space:{name}", args=[odoo.public_id])
    for answer in (Person().client.get(address), Person().client.post(address, FORMS)):
        assert answer.status_code in (303, 405)
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "=1+1", "\u202eevil", "x" * 600, "\ud800", "é\n\r\tb"]
)
def test_hostile_words_for_leaving_neither_break_the_page_nor_stand_in_it(inside, odoo, hostile):
    answer = inside.post(at(odoo, "fin/"), when="now", reason=hostile.encode("utf-8", "surrogatepass"))
    assert answer.status_code in (200, 400, 422)
    assert b"<script>alert" not in answer.content


def test_nothing_of_the_space_is_kept_by_caches_robots_or_the_next_site(inside, odoo):
    answer = inside.get(at(odoo))
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "HttpOnly" in str(inside.client.cookies["space"])
    assert inside.client.cookies["space"]["samesite"] == "Lax"


def test_the_history_tells_what_happened_without_a_word_about_machinery(inside, odoo):
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        ending.schedule_decommission(odoo, grace_days=7)
    page = inside.get(at(odoo)).content.decode()
    assert "Sa suppression a été programmée." in page
    assert "Railway" not in page
    assert mailbox.outbox
