"""Whom to look after: the first page counts them, the list shows each view, the most pressing first."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Agent, DailyUsage
from tenants.admin import at_risk
from tenants.costs.lines import month_of
from tenants.lifecycle import InstanceState
from tenants.models import CostLine, CostMonth, Instance, Mail, Plan, Probe

pytestmark = pytest.mark.django_db
LIST = reverse("admin:tenants_instance_changelist")


@pytest.fixture
def instance_of(make_instance):
    def instance_of(name, *, state=InstanceState.READY, agent=None, **values):
        instance = make_instance(name, state=state)
        Instance.objects.filter(pk=instance.pk).update(**{"ready_at": timezone.now() - timedelta(days=9)} | values)
        told = {"last_login_at": timezone.now(), "free_percent": 60} | (agent or {})
        Agent.objects.create(instance=instance, token_hash=name, reported_at=timezone.now(), **told)
        return instance

    return instance_of


@pytest.fixture
def cast(instance_of):
    """One or two for each view, one that is well, and one of each that has ended."""
    soon = timezone.now() + timedelta(days=3)
    instance_of("trial", plan_id=_plan("demo"), expires_at=soon)
    instance_of("sooner", plan_id=_plan("demo"), expires_at=soon - timedelta(days=1))
    instance_of("later", plan_id=_plan("demo"), expires_at=soon + timedelta(days=9))
    instance_of("unused", agent={"last_login_at": None})
    instance_of("new", agent={"last_login_at": None}, ready_at=timezone.now() - timedelta(hours=3))
    instance_of("full", agent={"free_percent": 4})
    instance_of("gone", agent={"free_percent": 4}, state=InstanceState.DECOMMISSIONED)
    _fill(instance_of("stuffed", agent={"free_percent": None}), 48)
    _fill(instance_of("half-empty", agent={"free_percent": None}), 20)
    _fill(instance_of("emptied"), 48)
    _use_memory(instance_of("thirsty"), 0.95)
    _use_memory(instance_of("modest"), 0.5)
    bounced = instance_of("unread")
    for instance, state, recipient in (
        (bounced, "bounced", bounced.admin_email),
        (instance_of("corrected"), "bounced", "former@example.com"),
    ):
        Mail.objects.create(instance=instance, kind="welcome", purpose=instance.client_name, state=state,
                            recipient=recipient, message_id=instance.client_name)  # fmt: skip
    Probe.objects.create(instance=instance_of("shaky"), outcomes="ynnynyyyyy")
    Probe.objects.create(instance=instance_of("shakier"), outcomes="ynnnnnyyyy")
    Probe.objects.create(instance=instance_of("steady"), outcomes="ynyyyyyyyy")
    _cost(instance_of("dear"), 16)
    _cost(instance_of("cheap"), 2)


def _plan(code):
    return Plan.objects.get(code=code).pk


def _use_memory(instance, share):
    allowed = instance.plan.odoo_memory_gb + instance.plan.postgres_memory_gb
    for service in ("odoo", "postgres"):
        _measure(instance, service, "MEMORY_USAGE_GB", allowed * share / 2)


def _fill(instance, gigabytes):
    _measure(instance, "odoo", "DISK_USAGE_GB", gigabytes)
    _measure(instance, "postgres", "DISK_USAGE_GB", 1)


def _measure(instance, service, measurement, average):
    DailyUsage.objects.create(
        workspace="default", day=datetime.now(UTC).date() - timedelta(days=1), project_id=instance.public_id,
        service_id=service, instance=instance, measurement=measurement, value=average * 24 * 60, cost=0,
        bearer="customer",
    )  # fmt: skip


def _cost(instance, cost):
    CostLine.objects.create(
        month=month_of(datetime.now(UTC).date()), workspace="default", bearer="customer", project_id=instance.public_id,
        instance=instance, currency="EUR", cost_usd=cost, cost=cost, price=19, days=30,
    )  # fmt: skip


def listed(client, view, **more):
    return [row.client_name for row in client.get(LIST, {"at_risk": view} | more).context["cl"].result_list]


@pytest.mark.parametrize(
    ("view", "names"),
    [
        ("trial_ends", ["sooner", "trial"]),
        ("never_used", ["unused"]),
        ("no_space", ["full", "stuffed"]),
        ("no_memory", ["thirsty"]),
        ("lost_mail", ["unread"]),
        ("unsteady", ["shakier", "shaky"]),
        ("dear", ["dear"]),
    ],
)
def test_each_view_holds_whom_it_names_the_most_pressing_first(sign_in, cast, view, names):
    client = sign_in("Operations")
    assert listed(client, view) == names
    tiles = {link.rpartition("=")[2]: count for _label, count, link in client.get("/admin/").context["at_risk"]}
    assert tiles[view] == len(names)


def test_the_list_says_how_bad_it_is(sign_in, cast):
    client = sign_in("Support")
    for view, words in {
        "no_space": "4\xa0% libres", "no_memory": "95\xa0% de sa mémoire", "unsteady": "5 vérifications sur 10",
        "lost_mail": "@", "no_space ": "d’après les mesures de Railway", "never_used": "prête depuis le",
    }.items():  # fmt: skip
        assert words in client.get(LIST, {"at_risk": view.strip()}).content.decode()


def test_a_column_that_was_chosen_decides_what_comes_first(sign_in, cast):
    client = sign_in("Support")
    assert listed(client, "unsteady", o="1") == ["shakier", "shaky"]
    assert listed(client, "unsteady", o="-1") == ["shaky", "shakier"]


def test_what_money_is_made_of_each_is_for_those_who_may_see_it(sign_in, cast):
    client = sign_in("Support")
    assert "dear" not in client.get("/admin/").content.decode()
    assert len(listed(client, "dear")) > 1, "a view that one may not see narrows nothing"


def test_they_are_counted_by_one_statement(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        at_risk.counts()


def test_the_page_of_costs_takes_few_statements(sign_in, cast, django_assert_max_num_queries):
    CostMonth.objects.create(month=month_of(datetime.now(UTC).date()))
    client = sign_in("superuser")
    with django_assert_max_num_queries(13):
        page = client.get(reverse("admin:tenants_costline_changelist"))
    assert [each.instances for each in page.context["for_whom"]] == [2]
    assert sum(each.instances for each in page.context["report"].plans) == 2
