"""The form that is still there after an order: sent again, or sent with something changed."""

import re

import pytest

from tenants.models import Instance, Signup

pytestmark = pytest.mark.django_db
ORDER = {"company": "O’Neill & Fils", "email": "Marie@Example.com", "plan": "demo", "language": "fr"}


@pytest.fixture(autouse=True)
def _no_haste(settings):
    settings.SIGNUP_MIN_SECONDS = 0


def ticket_in(answer):
    return re.search(r'name="ticket" value="([^"]+)"', answer.content.decode())[1]


@pytest.fixture
def form(client):
    return ORDER | {"ticket": ticket_in(client.get("/"))}


@pytest.mark.parametrize(
    "respelt",
    [{}, {"company": " O’NEILL  & Fils\u200b"}, {"email": " marie@example.COM "}, {"company": "o’neill & fils"}],
)
def test_a_form_that_is_only_sent_again_leads_to_its_order(client, form, respelt):
    first, again = client.post("/signup", form), client.post("/signup", form | respelt)
    assert (first.status_code, again.status_code) == (302, 302)
    assert first["Location"] == again["Location"]


@pytest.mark.parametrize("change", [{"plan": "starter"}, {"language": "en"}, {"plan": "starter", "language": "en"}])
@pytest.mark.parametrize("confirmed_first", [False, True])
def test_another_plan_or_language_is_told_apart_from_the_order_before(client, settings, form, change, confirmed_first):
    settings.CONFIRM_EMAIL = confirmed_first
    where = client.post("/signup", form)["Location"]
    page = client.post("/signup", form | change)
    assert page.status_code == 409
    text = page.content.decode()
    assert "Vous avez déjà commandé avec ce formulaire" in text
    assert f'href="{where}"' in text
    assert Signup.objects.count() == 1
    again = client.post("/signup", ORDER | change | {"ticket": ticket_in(page)})
    assert again.status_code == 302
    assert Signup.objects.count() == 2
    latest = Signup.objects.get(pk=max(Signup.objects.values_list("pk", flat=True)))
    assert {"plan": latest.plan.code, "language": latest.language}.items() >= change.items()


@pytest.mark.parametrize("change", [{"company": "Second"}, {"email": "eve@example.com"}])
def test_another_company_or_address_is_a_second_order(client, form, change):
    client.post("/signup", form)
    assert client.post("/signup", form | change).status_code == 302
    assert Instance.objects.count() == 2


def test_two_companies_of_fifty_letters_and_the_same_name_get_names_that_fit(client):
    for number in range(2):
        order = ORDER | {"company": "a" * 60, "email": f"a{number}@example.com"}
        assert client.post("/signup", order | {"ticket": ticket_in(client.get("/"))}).status_code == 302
    found = sorted(Instance.objects.values_list("client_name", flat=True), key=len)
    assert len(set(found)) == 2
    assert max(len(name) for name in found) == 50
