"""Whatever is sent to whatever address, the answer is ours, at once, and never an error of the server."""

import inspect
from urllib.parse import urlencode

import pytest
from django.conf import settings as live
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from rest_framework.serializers import Serializer

from tenants.api import inputs
from tests.hostile import poison
from tests.hostile.addresses import every_address, filters_of
from tests.hostile.conftest import PROVEN, form_body

# as in production, each request is a transaction of its own
pytestmark = pytest.mark.django_db(transaction=True)
ADDRESSES = every_address()
WINGS = {wing: [each for each in ADDRESSES if each.wing == wing] for wing in ("api", "pages", "webhooks", "console")}
LISTS = [each for each in WINGS["console"] if filters_of(each)]
MEMBERS = sorted(
    {name for _name, each in inspect.getmembers(inputs, inspect.isclass) if issubclass(each, Serializer)
     for name in each().fields}
)  # fmt: skip
NAMES = {
    "api": [*MEMBERS, "token", "format", "lang", "version"],
    "pages": ["company", "email", "plan", "language", "ticket", "website", "captcha", "token", "next", "client_name"],
    "webhooks": ["event", "email", "message-id", "ts_event", "reason", "X-Mailin-custom", "resource", "deployment"],
    "console": [
        "q",
        "o",
        "p",
        "e",
        "next",
        "_popup",
        "_to_field",
        "_facets",
        "_changelist_filters",
        "all",
        "s",
        "term",
    ],
}
METHODS = st.sampled_from(["GET", "GET", "POST", "POST", "HEAD", "PATCH", "DELETE", "PUT", "OPTIONS"])
MEDIA = st.sampled_from(["application/json", "application/json", "application/x-www-form-urlencoded", "text/plain", ""])
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="a\0"; filename="\0"\r\n\r\n\xff\0\r\n--b\r\n--b--'


def bounds(examples):
    return bounded(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def credentials(wing, key):
    """As those who are known to us: whoever is refused at the door comes to nothing that could break."""
    return {"api": {"HTTP_AUTHORIZATION": f"Bearer {key}"}, "webhooks": PROVEN}.get(wing, {})


def test_every_wing_of_the_site_is_tried():
    assert all(len(found) > 4 for found in WINGS.values())
    assert len(LISTS) > 10
    assert len(ADDRESSES) > 120


@pytest.mark.parametrize("wing", list(WINGS))
def test_every_address_answers_the_worst_of_everything(stranger, wing):
    """Each address once with each, so that none depends on chance."""
    proven, staff = credentials(wing, stranger.known["key"]), wing == "console"
    for address in WINGS[wing]:
        names = [*NAMES[wing], *filters_of(address)]
        worst = "&".join(f"{name}=%ED%A0%80" for name in names)
        stranger.send(address, staff=staff, query=worst, headers=proven)
        stranger.send(address, query="&".join(f"{name}=a%00" for name in names))
        stranger.send(address, query="token=%5cud800&q=%5cud800", media="text/plain; charset=unicode-escape")
        stranger.send(address, query="q=1", media="text/plain; charset=hex")
        stranger.send(address, query="q=1", media="text/plain; x*=bogus'en'%FF; charset*=bogus'en'%FF")
        stranger.send(address, staff=staff, path=address.path({}, "%00"))
        stranger.send(address, path=address.path({}, "%ED%A0%80" * 100))
        for raw in (b"[" * 20_000, b'{"a": "\\ud800"}'):
            stranger.send(address, "POST", body=raw, media="application/json", headers=proven)
        stranger.send(address, "POST", body=MULTIPART, media="multipart/form-data; boundary=b")


SPACE = [each for each in ADDRESSES if each.route.startswith(("espace/", "en/space/"))]
OF_THE_SPACE = [
    "session",
    "next",
    "email",
    "code",
    "asked",
    "present",
    "new",
    "when",
    "day",
    "reason",
    "name",
    "seller",
]


def test_no_page_of_the_space_breaks_for_whoever_is_signed_in(stranger, settings):
    settings.CUSTOMERS_ACT_RATE = settings.CODE_RATE = "1000000/h"
    for address in SPACE:
        for worst in ("\0", "\ud800", "é" * 5_000, "[", "9999-12-31", "0001-01-01"):
            cookie = stranger.customer()
            given = dict.fromkeys(OF_THE_SPACE, worst) | {"when": "day"}
            body = urlencode(given, errors="surrogatepass").encode()
            stranger.send(address, "POST", body=body, media="application/x-www-form-urlencoded", headers=cookie)
            stranger.send(address, query=urlencode(given, errors="surrogatepass"), headers=stranger.customer())


@bounds(80)
@given(data=st.data())
@pytest.mark.parametrize("wing", ["api", "pages", "webhooks"])
def test_nothing_that_a_stranger_sends_is_an_error_of_ours(stranger, wing, data):
    address = data.draw(st.sampled_from(WINGS[wing]))
    headers = data.draw(st.sampled_from([{}, credentials(wing, stranger.known["key"])]))
    stranger.send(
        address,
        data.draw(METHODS),
        path=address.path(stranger.known, data.draw(st.none() | st.none() | poison.encoded)),
        query=data.draw(st.just("") | poison.queries(NAMES[wing])),
        body=data.draw(poison.json_bodies(NAMES[wing])),
        media=data.draw(MEDIA) + data.draw(st.sampled_from(["", "", "", *(f"; charset={c}" for c in poison.CHARSETS)])),
        headers=headers | data.draw(st.just({}) | poison.headers),
    )


@bounds(50)
@given(data=st.data())
def test_no_filter_search_or_order_of_a_list_of_the_console_is_an_error_of_ours(stranger, data):
    address = data.draw(st.sampled_from(LISTS))
    query = data.draw(poison.queries([*filters_of(address), *NAMES["console"]]))
    stranger.send(address, staff=True, query=query, headers=data.draw(st.just({}) | poison.headers))


@pytest.fixture
def forms(stranger):
    """Of each page of the console that asks for something: what it asks, with what stands there."""
    found = {address: stranger.form_of(address) for address in WINGS["console"] if "logout" not in address.route}
    return {address: fields for address, fields in found.items() if len(fields) > 1}


@bounds(50)
@given(data=st.data())
def test_no_form_of_the_console_is_an_error_of_ours(stranger, forms, data):
    address = data.draw(st.sampled_from(list(forms)))
    fields = forms[address]
    wrong = data.draw(st.dictionaries(st.sampled_from(sorted(fields)), poison.texts, min_size=1, max_size=3))
    body = form_body(fields | wrong)
    stranger.send(address, "POST", staff=True, body=body, media="application/x-www-form-urlencoded")


def test_the_addresses_of_the_console_are_found_where_it_stands():
    assert {each.route.partition("/")[0] for each in WINGS["console"]} == {live.ADMIN_PATH.strip("/")}
