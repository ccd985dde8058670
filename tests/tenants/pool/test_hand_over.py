"""An order finds a warm unit: it is the customer's at once, and nothing of the pool is left in it."""

import pytest

from provisioning.gate import clients
from provisioning.models import Agent, Operation, Resource
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused, SessionEnded
from tenants.models import AuditEntry, Instance, Mail
from tenants.services import partners, statistics
from tenants.services import pool as pools
from tests import trials
from tests.factories import order_instance
from tests.tenants.pool.looks import kinds, label_of

pytestmark = pytest.mark.django_db


def requests_of(sandbox, act):
    before = sandbox.state()["requests"]
    result = act()
    after = sandbox.state()["requests"]
    return result, {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def test_an_order_takes_a_warm_unit_and_makes_nothing(warm, sandbox, hand_over):
    (unit,) = warm()
    instance, asked = requests_of(sandbox, hand_over)
    assert kinds(instance) == ["hand_over succeeded"]
    trials.assert_exactly_one_of_everything(sandbox, instance)
    assert len(sandbox.state()["projects"]) == 1
    assert asked == {"UnitState": 2, "HandOver": 1}
    unit.refresh_from_db()
    assert (unit.state, unit.handed_to) == ("taken", instance)


def test_the_instance_is_the_customers_from_the_order_on(warm, sandbox):
    (unit,) = warm()
    agent = Agent.objects.get(instance=unit.instance)
    instance = order_instance("zoe-et-fils", company="L'Été & Fils", email="Zoe@exemple.fr")
    assert instance.public_id.startswith("zoe-et-fils-")
    assert instance.admin_email == "zoe@exemple.fr"
    assert instance.database_name == unit.instance.database_name
    assert instance.project_id == sandbox.state()["projects"][0]["id"]
    assert instance.url == "", "the address is not its own yet"
    assert Agent.objects.get(pk=agent.pk).instance == instance
    assert not Resource.objects.filter(instance=unit.instance).exists()
    assert AuditEntry.objects.get(instance=instance, act="handed_over").after == {"unit": unit.instance.client_name}
    assert instance.admin_password() is None


def test_the_customer_logs_in_and_whoever_prepared_it_does_not(warm, hand_over):
    (unit,) = warm()
    prepared = Operation.objects.get(instance=unit.instance, kind="prepare").secrets()
    instance = hand_over(company="Été & Fils")
    odoo = OdooClient(instance.url, instance.database_name)
    assert odoo.authenticate(instance.admin_email, instance.admin_password()).company == "Été & Fils"
    with pytest.raises(LoginRefused):
        odoo.authenticate(unit.instance.admin_email, prepared["admin_password"])
    with pytest.raises(SessionEnded), odoo.resumed(prepared["unit_session"]) as session:
        session.call("res.users", "search_count", [])
    with odoo.session(instance.admin_email, instance.admin_password()) as session:
        assert session.call("ir.actions.server", "search_count", []) == 0
        (user,) = session.call("res.users", "search_read", [], ["login", "email", "name", "lang", "tz"])
        assert session.call("ir.config_parameter", "get_param", "web.base.url") == instance.url
    assert user["login"] == user["email"] == user["name"] == instance.admin_email
    assert (user["lang"], user["tz"]) == ("fr_FR", "Europe/Paris")
    kept = Operation.objects.get(instance=instance).secrets()
    assert list(kept) == ["admin_password"]


def test_railway_is_told_whose_it_is_and_deploys_nothing(warm, sandbox, hand_over):
    warm()
    instance = hand_over()
    project = trials.only_project(sandbox, instance)
    assert project["name"] == "eazynova-acme-corp"
    odoo = next(service for service in project["services"] if service["name"] == "odoo")
    told = clients.railway().variables(project["id"], project["environmentId"], odoo["id"])
    assert told["PROV_ADMIN_LOGIN"] == instance.admin_email
    assert told["PROV_COMPANY_NAME"] == "Acme-Corp"
    assert told["PROV_ADMIN_PASSWORD_HASH"].startswith("$pbkdf2-sha512$")
    assert told["PROV_DB"] == instance.database_name
    assert odoo["deploymentCount"] == 1


def test_a_name_that_somebody_has_at_railway_gets_a_suffix_by_two_requests_more(warm, sandbox, hand_over):
    warm()
    sandbox.workspace.store.labels["eazynova-acme-corp"] = "somebody"
    instance, asked = requests_of(sandbox, hand_over)
    assert asked == {"UnitState": 2, "HandOver": 1, "StackState": 1, "DomainRename": 1}
    assert label_of(sandbox, instance) == f"eazynova-acme-corp-{instance.public_id[-4:]}"


def test_what_happens_after_it_is_what_happens_to_every_instance(warm, sandbox, clock, hand_over):
    warm()
    instance = hand_over()
    trials.finish(trials.order("change_email", instance), clock, sandbox)
    trials.finish(trials.order("suspend", instance), clock, sandbox)
    resumed = trials.finish(trials.order("resume", instance), clock, sandbox)
    assert resumed.state == "succeeded", resumed.message
    trials.finish(trials.order("suspend", instance), clock, sandbox)
    ended = trials.finish(trials.order("decommission", instance), clock, sandbox)
    assert ended.state == "succeeded", ended.message
    assert [project for project in sandbox.state()["projects"] if not project["deleted"]] == []


def test_units_are_nobodys_in_lists_quotas_and_counts(warm, make_partner, rf):
    warm()
    house = partners.house()
    assert not Instance.objects.sold_by(house).exists()
    assert statistics.live() == []
    assert sum(day.asked for day in statistics.creations_by_day()) == 0
    assert not Mail.objects.exists()
    house.quota = 1
    house.save()
    order_instance()
    assert Instance.objects.live().sold_by(house).count() == 1


def test_an_order_of_another_country_language_or_plan_is_made_as_usual(warm, pool):
    warm()
    assert kinds(order_instance("english-ltd", language="en")) == ["create active"]
    assert kinds(order_instance("starter-sa", plan_code="starter")) == ["create active"]
    pool.plan.odoo_memory_gb = 3
    pool.plan.save()
    assert kinds(order_instance("larger-sa")) == ["create active"], "the plan is not what the unit was made for"
    assert pools.retire(pool) == 1, "and nobody will ever want it"
