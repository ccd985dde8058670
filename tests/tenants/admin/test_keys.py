"""Keys as staff manage them: shown once, never stored in clear, rotated with an overlap, revoked."""

import re

import pytest
from django.urls import reverse

from tenants.models import ApiKey, AuditEntry, Instance
from tenants.services import keys

pytestmark = pytest.mark.django_db
ADD = "admin:tenants_apikey_add"


def key_on(page):
    found = re.search(r"eaz_(?:live|test|pub|pubtest)_[0-9a-f]{8}_[0-9A-Za-z]{51}", page.content.decode())
    return found.group() if found else None


def ticket_on(client):
    return client.get(reverse(ADD)).context["adminform"].form["ticket"].value()


def issue(client, partner, **changes):
    form = {"partner": partner.pk, "kind": "live", "name": "shop", "ticket": ticket_on(client)}
    return client.post(reverse(ADD), form | changes)


def act(key, name):
    return reverse(f"admin:tenants_apikey_{name}", args=[key.pk])


@pytest.fixture
def operations(sign_in):
    return sign_in("Operations")


def test_a_new_key_is_shown_on_the_next_page_and_works(operations, make_partner):
    page = issue(operations, make_partner(), scopes=["read"])
    assert keys.recognise(key_on(page)).scopes == ["read"]
    assert "no-store" in page.headers["Cache-Control"]


def test_a_key_is_never_shown_again_and_kept_nowhere_in_clear(operations, make_partner):
    clear = key_on(issue(operations, make_partner()))
    key = ApiKey.objects.get()
    for address in (reverse("admin:tenants_apikey_changelist"), act(key, "change"), reverse("admin:index")):
        assert clear not in operations.get(address).content.decode()
    kept = str(dict(operations.session)) + str(operations.cookies) + str(list(AuditEntry.objects.values()))
    assert clear not in kept


def test_a_page_that_is_sent_again_makes_no_second_key(operations, make_partner):
    partner, ticket = make_partner(), ticket_on(operations)
    first, second = (issue(operations, partner, ticket=ticket) for _time in range(2))
    assert key_on(first)
    assert key_on(second) is None
    assert "déjà été envoyé" in second.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "pub", "scopes": ["secrets"]}, "scopes"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}, "expires_at"),
    ],
)
def test_a_key_with_too_much_or_already_over_is_refused_beside_its_field(operations, make_partner, changes, field):
    page = issue(operations, make_partner(), **changes)
    assert page.context["adminform"].form.errors[field]
    assert not ApiKey.objects.exists()


def test_staff_make_keys_of_test_mode_and_everything_of_it_is_marked(operations, make_partner, settings, make_instance):
    settings.TEST_MODE_URL = "http://127.0.0.1:9/graphql/v2"
    alice = make_partner()
    key = keys.recognise(key_on(issue(operations, alice, test="on")))
    assert (key.partner.test_of, str(key)[:9]) == (alice, "eaz_test_")
    make_instance("tried-out", partner=key.partner), make_instance("sold-out", partner=alice)
    pages = {
        name: operations.get(reverse(f"admin:tenants_{name}_changelist"), query).content.decode()
        for name, query in (("apikey", {}), ("instance", {"mode": "test"}), ("partner", {}))
    }
    assert "TEST" in pages["apikey"]
    assert "tried-out · TEST" in pages["instance"]
    assert "sold-out" not in pages["instance"]
    assert "test" not in pages["partner"].partition("result_list")[2].lower(), "a partner is listed once"
    instance = Instance.objects.get(client_name="tried-out")
    assert "TEST" in operations.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()


def test_without_a_sandbox_the_form_refuses_a_test_key_beside_its_box(operations, make_partner, settings):
    settings.TEST_MODE_URL = ""
    page = issue(operations, make_partner(), test="on")
    assert page.context["adminform"].form.errors["test"]
    assert not ApiKey.objects.exists()


def test_a_rotation_shows_the_successor_once_and_leaves_the_old_key_for_a_while(operations, make_partner):
    key, clear = keys.issue(make_partner())
    assert operations.get(act(key, "rotate")).status_code == 200
    assert not ApiKey.objects.filter(predecessor=key).exists()
    successor = key_on(operations.post(act(key, "rotate"), {"days": "2"}))
    assert keys.recognise(successor).predecessor == key
    assert keys.recognise(clear)
    again = operations.post(act(key, "rotate"), {"days": "2"}, follow=True)
    assert key_on(again) is None
    assert ApiKey.objects.count() == 2


def test_a_revocation_is_confirmed_by_a_post_and_final(operations, make_partner):
    key, clear = keys.issue(make_partner())
    operations.get(act(key, "revoke"))
    assert keys.recognise(clear)
    operations.post(act(key, "revoke"))
    assert keys.recognise(clear) is None


def test_the_trail_tells_who_issued_rotated_and_revoked(operations, make_partner):
    issue(operations, make_partner())
    key = ApiKey.objects.get()
    operations.post(act(key, "rotate"), {"days": "1"})
    operations.post(act(key, "revoke"))
    entries = AuditEntry.objects.filter(act__startswith="apikey:").order_by("pk")
    assert [(entry.act, entry.actor, entry.subject) for entry in entries] == [
        (f"apikey:{what}", "staff-Operations", str(key)) for what in ("issued", "rotated", "revoked")
    ]


@pytest.mark.parametrize("name", ["change", "rotate", "revoke"])
def test_support_neither_sees_nor_touches_keys(sign_in, make_partner, name):
    key, clear = keys.issue(make_partner())
    client = sign_in("Support")
    assert client.get(act(key, name)).status_code == 403
    assert client.post(act(key, name), {"days": "0"}).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
    assert keys.recognise(clear)
    assert ApiKey.objects.count() == 1
