"""Staff see who is held back, and let somebody through."""

import pytest
from django.urls import reverse

from tenants.models import AuditEntry, HeldBack
from tests.tenants.api.conftest import visitor

__all__ = ["visitor"]

pytestmark = pytest.mark.django_db
LIST = reverse("admin:tenants_heldback_changelist")


@pytest.fixture
def held(visitor):
    answers = [visitor.order(f"client-{number}") for number in range(8)]
    assert answers[-1].status_code == 429
    return HeldBack.objects.get()


def test_staff_see_which_limit_whom_and_until_when(sign_in, held):
    page = sign_in("Support").get(LIST).content.decode()
    assert "127.0.0.1" in page
    assert "commandes d’un visiteur" in page
    assert held.refused == 2
    assert sign_in("").get(LIST).status_code == 403


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        ("3/d", "3 par jour"),
        ("3/24h", "3 par jour"),
        ("3/h", "3 par heure"),
        ("3/m", "3 par minute"),
        ("3/s", "3 par seconde"),
        ("3/2d", "3 en 2 jours"),
        ("3/36h", "3 en 36 heures"),
        ("3/10m", "3 en 10 minutes"),
        ("3/90s", "3 en 90 secondes"),
    ],
)
def test_the_list_has_a_title_and_says_rates_as_people_do(sign_in, held, settings, rate, told):
    settings.SIGNUP_RATE = rate
    page = sign_in("Support").get(LIST)
    assert told in page.content.decode()
    assert "Sélectionnez l’objet" not in page.content.decode()
    assert page.context["title"] == "Retenus"


def test_somebody_who_is_let_through_may_ask_again_and_the_trail_tells_who_did_it(sign_in, held, visitor):
    client = sign_in("Operations")
    client.post(LIST, {"action": "let_through", "_selected_action": [held.pk]})
    assert visitor.order("at-last").status_code == 202
    entry = AuditEntry.objects.get(act="heldback:let_through")
    assert (entry.actor, entry.subject) == ("staff-Operations", "signup 127.0.0.1")
    assert "127.0.0.1" not in client.get(f"{LIST}?now=1").content.decode().partition("result_list")[2]


def test_support_may_look_and_not_let_through(sign_in, held, visitor):
    sign_in("Support").post(LIST, {"action": "let_through", "_selected_action": [held.pk]})
    assert visitor.order("not-yet").status_code == 429


def test_a_guesser_does_not_fill_the_database(visitor, settings):
    settings.GUESS_RATE = "1/m"
    for _attempt in range(40):
        visitor("GET", "/me", Authorization="Bearer wrong")
    assert HeldBack.objects.count() == 1
    assert HeldBack.objects.get().refused == 32
