"""The stand-in Odoo answers as Odoo 19 does, to people and to programs."""

import re
import xmlrpc.client
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.provisioning.sandbox.caller import COMPANY, LOGIN, PASSWORD, REMOVE, Caller, Stack
from tests.provisioning.sandbox.conftest import OpenSandbox
from tests.provisioning.sandbox.test_creation import authenticate


@pytest.fixture
def stack(caller: Caller) -> Stack:
    return caller.run()


@pytest.fixture
def visitor(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, trust_env=False, verify=False, timeout=20) as http:
        yield http


def call(http: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = http.post(
        path, json={"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
    ).json()
    return answer


def call_kw(http: httpx.Client, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
    return call(http, f"/web/dataset/call_kw/{model}/{method}", model=model, method=method, args=args, kwargs=kwargs)


def log_in(http: httpx.Client, password: str = PASSWORD, login: str = LOGIN) -> dict[str, Any]:
    return call(http, "/web/session/authenticate", db="acme_prod", login=login, password=password)


def submit(http: httpx.Client, password: str, **changes: str) -> httpx.Response:
    token = re.search(r'name="csrf_token" value="(\w+)"', http.get("/web/login").text)
    assert token
    form = {"login": LOGIN, "password": password, "csrf_token": token[1], "redirect": "/odoo"} | changes
    return http.post("/web/login", data=form)


def test_health_and_versions_have_odoos_shapes(visitor: httpx.Client) -> None:
    assert visitor.get("/web/health").json() == {"status": "pass"}
    assert visitor.get("/web/health?db_server_status=1").json() == {"status": "pass", "db_server_status": True}
    assert visitor.get("/web/version").json() == {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}
    assert call(visitor, "/web/webclient/version_info")["result"]["server_serie"] == "19.0"
    assert visitor.get("/web/webclient/version_info").status_code == 415
    assert visitor.get("/nothing").status_code == 404


def test_a_person_logs_in_sees_the_company_and_logs_out(visitor: httpx.Client) -> None:
    page = visitor.get("/web/login")
    assert page.status_code == 200
    assert 'lang="fr"' in page.text
    assert "L&#x27;Étoile &lt;d&#x27;Or&gt; &amp; Fils" in page.text
    stylesheet = re.search(r'href="(/web/assets/[^"]+\.css)"', page.text)
    assert stylesheet
    assert visitor.get(stylesheet[1]).headers["content-type"].startswith("text/css")
    wrong = submit(visitor, "wrong")
    assert "Identifiant ou mot de passe incorrect." in wrong.text
    assert visitor.get("/odoo").headers["location"].startswith("/web/login")
    right = submit(visitor, PASSWORD)
    assert (right.status_code, right.headers["location"]) == (303, "/odoo")
    home = visitor.get("/odoo").text
    assert "Zoé" in home
    assert "Discussion" in home
    assert visitor.get("/web/session/logout").status_code == 303
    assert visitor.get("/odoo").status_code == 303


def test_the_login_form_needs_its_token_and_leads_only_home(visitor: httpx.Client) -> None:
    assert submit(visitor, PASSWORD, csrf_token="x").status_code == 400
    assert submit(visitor, PASSWORD, redirect="//evil.example").headers["location"] == "/odoo"


def test_the_login_page_speaks_the_browsers_language(visitor: httpx.Client) -> None:
    assert 'lang="en"' in visitor.get("/web/login", headers={"Accept-Language": "en-GB,en"}).text


def test_ten_failures_close_the_door_for_a_minute(caller: Caller, visitor: httpx.Client) -> None:
    for _ in range(10):
        assert log_in(visitor, "wrong")["error"]["data"]["message"] == "Access Denied"
    refused = log_in(visitor)["error"]["data"]
    assert refused["name"] == "odoo.exceptions.AccessDenied"
    assert refused["message"].startswith("Too many login failures")
    caller.sandbox.advance(60)
    assert log_in(visitor)["result"]["uid"] == 2


def test_another_database_is_not_found(stack: Stack) -> None:
    error: Any = authenticate(stack.url, LOGIN, PASSWORD, db="other")["error"]
    assert (error["data"]["name"], error["data"]["message"]) == (
        "odoo.exceptions.AccessError",
        "Database not found.",
    )


def test_records_can_be_read_and_written(visitor: httpx.Client) -> None:
    assert log_in(visitor)["result"]["username"] == LOGIN
    user = call_kw(visitor, "res.users", "read", [2], ["login", "password", "company_id"])["result"][0]
    assert user == {"id": 2, "login": LOGIN, "password": "", "company_id": [1, COMPANY]}
    company = call_kw(visitor, "res.company", "search_read", [["country_id.code", "=", "FR"]], ["name", "currency_id"])
    assert company["result"] == [{"id": 1, "name": COMPANY, "currency_id": [126, "EUR"]}]
    languages = call_kw(visitor, "res.lang", "search_read", [], fields=["code"])["result"]
    assert {row["code"] for row in languages} == {"fr_FR", "en_US"}
    installed = [["state", "=", "installed"], "|", ["name", "=", "crm"], ["name", "=", "base"]]
    assert call_kw(visitor, "ir.module.module", "search_count", installed)["result"] == 2
    country = call_kw(visitor, "res.country", "search_read", [["code", "in", ["BE"]]], ["name"], limit=1)["result"]
    assert call_kw(visitor, "res.company", "write", [1], {"country_id": country[0]["id"]})["result"] is True
    assert call_kw(visitor, "ir.config_parameter", "set_param", "web.base.url", "https://x")["result"]
    assert call_kw(visitor, "ir.config_parameter", "get_param", "web.base.url")["result"] == "https://x"
    assert call_kw(visitor, "no.such", "read", [1])["error"]["data"]["name"] == "builtins.KeyError"
    assert call_kw(visitor, "res.users", "no_such")["error"]["data"]["name"] == "builtins.AttributeError"


def test_a_new_password_ends_every_session_at_once(stack: Stack, visitor: httpx.Client) -> None:
    log_in(visitor)
    with httpx.Client(base_url=stack.url, trust_env=False, verify=False, timeout=20) as other:
        log_in(other)
        assert call_kw(other, "res.users", "write", [2], {"password": "nouveau mot"})["result"] is True
    expired = call_kw(visitor, "res.users", "read", [2])["error"]
    assert (expired["code"], expired["data"]["name"]) == (100, "odoo.http.SessionExpiredException")
    assert "error" in log_in(visitor)
    assert "result" in log_in(visitor, "nouveau mot")


def test_change_password_checks_the_old_one(visitor: httpx.Client) -> None:
    log_in(visitor)
    assert "error" in call_kw(visitor, "res.users", "change_password", "wrong", "other")
    assert call_kw(visitor, "res.users", "change_password", PASSWORD, "other")["result"] is True
    assert "result" in log_in(visitor, "other")


def test_destroying_the_session_logs_out(visitor: httpx.Client) -> None:
    log_in(visitor)
    assert call(visitor, "/web/session/get_session_info")["result"]["uid"] == 2
    call(visitor, "/web/session/destroy")
    assert call(visitor, "/web/session/get_session_info")["error"]["code"] == 100


def test_the_database_manager_is_closed(visitor: httpx.Client) -> None:
    for path in ("/web/database/manager", "/web/database/selector"):
        assert "disabled by the administrator" in visitor.get(path).text
    create = visitor.post("/web/database/create", data={"master_pwd": "a-master-password", "name": "x"})
    assert "Database creation error: Access Denied" in create.text
    assert call(visitor, "/web/database/list")["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"


def test_the_old_rpc_answers_logins_and_refuses_the_manager(stack: Stack, visitor: httpx.Client) -> None:
    def common(password: str) -> Any:
        args = ["acme_prod", LOGIN, password, {}]
        return call(visitor, "/jsonrpc", service="common", method="authenticate", args=args)["result"]

    assert (common(PASSWORD), common("wrong")) == (2, False)
    listed = call(visitor, "/jsonrpc", service="db", method="list", args=[])
    assert listed["error"]["data"]["message"] == "Access Denied"
    db = xmlrpc.client.ServerProxy(f"{stack.url}/xmlrpc/2/db")
    with pytest.raises(xmlrpc.client.Fault, match="Access Denied"):
        db.list()
    proxy = xmlrpc.client.ServerProxy(f"{stack.url}/xmlrpc/2/common")
    assert proxy.authenticate("acme_prod", LOGIN, PASSWORD, {}) == 2
    objects = xmlrpc.client.ServerProxy(f"{stack.url}/xmlrpc/2/object")
    assert objects.execute_kw("acme_prod", 2, PASSWORD, "res.users", "search_count", [[]]) == 1
    with pytest.raises(xmlrpc.client.Fault, match="Access Denied"):
        objects.execute_kw("acme_prod", 2, "wrong", "res.users", "search_count", [[]])


def test_without_its_postgres_odoo_says_so(caller: Caller, stack: Stack, visitor: httpx.Client) -> None:
    postgres = caller.latest(stack, stack.postgres)
    assert postgres
    caller.data(REMOVE, id=postgres["id"])
    assert visitor.get("/web/health").status_code == 200
    unhealthy = visitor.get("/web/health?db_server_status=1")
    assert (unhealthy.status_code, unhealthy.json()["db_server_status"]) == (500, False)
    assert visitor.get("/web/login").headers["location"] == "/web/database/selector"
    assert log_in(visitor)["error"]["data"]["name"] == "psycopg2.OperationalError"


def test_a_domain_with_another_port_leads_nowhere(caller: Caller, stack: Stack, visitor: httpx.Client) -> None:
    wanted = {"serviceDomainId": stack.domain, "serviceId": stack.odoo, "environmentId": stack.environment}
    update = "mutation Update($input: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $input) }"
    caller.data(update, input=wanted | {"domain": "eazynova-a.up.railway.app", "targetPort": 8080})
    assert visitor.get("/web/health").status_code == 502


def test_instances_do_not_know_each_other(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox()
    one, two = caller.run("acme-1"), caller.run("acme-2", PROV_ADMIN_LOGIN="bob@two.fr")
    assert one.address.rpartition(":")[0] != two.address.rpartition(":")[0]
    assert "error" in authenticate(one.url, "bob@two.fr", PASSWORD)
    assert "result" in authenticate(two.url, "bob@two.fr", PASSWORD)
