"""Every address of the console, found in its own table of addresses: nothing by GET, nothing without permission."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from tenants.admin.actions import ACTIONS
from tenants.models import Signup
from tenants.services import keys, partners, webhooks

pytestmark = pytest.mark.django_db

WRITING = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
# what a visit itself leaves behind
OWN_TRACES = {"django_session"}
OPEN_TO_ALL_STAFF = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n", "search"}
SECOND_FACTOR = re.compile(r"second_factor")


def patterns(found=None, prefix=""):
    for each in found if found is not None else admin.site.urls[0]:
        route = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield each.name, route
        else:
            yield from patterns(each.url_patterns, route)


def addresses(rows):
    """With the key of a row that exists, so that a page has something to show or to spoil."""
    for name, route in patterns():
        if name is None or "final_catch_all" in route or route.startswith("(?P"):
            continue
        model = "_".join(name.split("_")[:-1])
        pk = str(rows.get("/".join(route.split("/")[:2]), 1))
        filled = re.sub(r"<path:\w+>|<id>|<int:\w+>", pk, route)
        names = ACTIONS if "<slug:name>" in filled else [""]
        for act in names:
            path = filled.replace("<slug:name>", act).replace("<path:content_type_id>", "1")
            if "<" not in path and "(" not in path:
                yield name, model, reverse("admin:index") + path


@pytest.fixture
def rows(order_instance, make_partner):
    """One row of everything that staff can see, where the cast makes one."""
    instance = order_instance()
    partner = make_partner()
    keys.issue(partner)
    endpoint, _secret = webhooks.create_endpoint(partner, url="https://93.184.215.14/hook")
    webhooks.send_test(endpoint)
    Signup.objects.create(ticket="t", partner=partners.house(), plan=instance.plan, company="A", email="a@a.example")
    User.objects.create_user("somebody", is_staff=True)
    found = {}
    for model in admin.site._registry:
        row = model._base_manager.first()
        if row is not None:
            found[f"{model._meta.app_label}/{model._meta.model_name}"] = row.pk
    return found


def tables_written(client, method, address, form=None):
    with CaptureQueriesContext(connection) as asked:
        answer = getattr(client, method)(address, form or {})
    written = {match[1] for query in asked.captured_queries if (match := WRITING.match(query["sql"]))}
    return answer, written - OWN_TRACES


def test_reading_any_page_writes_nothing(sign_in, rows):
    client = sign_in("superuser")
    spoiled, seen = {}, 0
    for name, _model, address in addresses(rows):
        if name == "logout":
            continue
        answer, written = tables_written(client, "get", address)
        seen += answer.status_code == 200
        if written or answer.status_code >= 500:
            spoiled[address] = (answer.status_code, written)
    assert spoiled == {}
    assert seen > 40


@pytest.mark.parametrize("group", ["", "Support"])
def test_whoever_lacks_the_permission_writes_nothing_by_any_crafted_post(sign_in, rows, group):
    client = sign_in(group)
    allowed = {"tenants_instance_act"} if group else set()
    spoiled, refused = {}, 0
    for name, _model, address in addresses(rows):
        if name in OPEN_TO_ALL_STAFF or SECOND_FACTOR.search(name):
            continue
        if name in allowed and address.rstrip("/").rsplit("/", 1)[1] in ("retry", "resend"):
            continue
        if group and name == "tenants_tenant_change":
            # whom to speak to there, and what to know
            continue
        for form in ({"post": "yes", "reason": "mine", "confirmed": "1"}, *bulk_acts(name, rows)):
            answer, written = tables_written(client, "post", address, form)
            refused += answer.status_code == 403
            if written or answer.status_code >= 500:
                spoiled[address, str(form)] = (answer.status_code, written)
    assert spoiled == {}
    assert refused > 30


def bulk_acts(name, rows):
    """On a list, every bulk act that any list of ours offers to anybody."""
    if not name.endswith("_changelist"):
        return
    acts = {act for each in admin.site._registry.values() for act in (each.actions or ())}
    for act in sorted(acts - {"retry_chosen", "resend_chosen", "send_again"}):
        yield {"action": act, "_selected_action": sorted(set(rows.values())), "confirmed": "1", "reason": "mine"}


def test_a_stranger_is_shown_the_door_everywhere(client, rows):
    for name, _model, address in addresses(rows):
        if name == "login" or SECOND_FACTOR.search(name):
            continue
        for method in ("get", "post"):
            answer, written = tables_written(client, method, address)
            assert (answer.status_code, written) == (302, set()), address


def test_accounts_and_groups_are_for_superusers(sign_in, rows):
    client = sign_in("Operations")
    group = Group.objects.get(name="Operations")
    address = reverse("admin:auth_group_change", args=[group.pk])
    assert client.post(address, {"name": "Operations", "permissions": []}).status_code == 403
    somebody = User.objects.get(username="somebody")
    change = reverse("admin:auth_user_change", args=[somebody.pk])
    assert client.post(change, {"username": "somebody", "is_superuser": "on"}).status_code == 403


@pytest.mark.parametrize("choice", ["abc", "%00", "%ED%A0%80", "9" * 40, "-1", "1.5", "", "[]"])
def test_a_choice_that_is_no_row_is_left_out_of_every_act(sign_in, rows, choice):
    client = sign_in("superuser")
    client.raise_request_exception = False
    broken = {}
    for model, page in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for act in ("export_csv", *(page.actions or ())):
            form = f"action={getattr(act, '__name__', act)}&_selected_action={choice}"
            answer = client.post(address, form, content_type="application/x-www-form-urlencoded")
            if answer.status_code not in (200, 302, 403):
                broken[address, act] = answer.status_code
    assert broken == {}
