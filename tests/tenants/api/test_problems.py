import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from tenants import errors
from tenants.api.problems import CATALOGUE
from tenants.api.remedies import REMEDIES
from tenants.services import instances
from tests.tenants.api.conftest import Caller

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "fr"}
MEMBERS = {"type", "title", "status", "detail", "error", "code", "requestId"}


def check(answer, status, code):
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert set(body) >= MEMBERS
    assert body["error"] == body["detail"] != ""
    assert body["requestId"] == answer["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing-here", None, 404, "not_found"),
        ("GET", "/instances/ACME", None, 404, "not_found"),
        ("GET", "/instances/acme-corp-aaaaaaaaaa", None, 404, "not_found"),
        ("PUT", "/instances", {}, 405, "method_not_allowed"),
        ("OPTIONS", "/instances", None, 405, "method_not_allowed"),
        ("GET", "/instances", None, 401, "key_required"),
        ("POST", "/instances", "{", 400, "malformed_json"),
        ("POST", "/instances", "[]", 400, "malformed_json"),
        ("POST", "/instances", "null", 400, "malformed_json"),
        ("POST", "/instances", '{"clientName": NaN}', 400, "malformed_json"),
        ("POST", "/instances", b"\xff\xfe", 400, "malformed_json"),
        ("POST", "/instances", "[" * 60_000, 400, "malformed_json"),
        ("POST", "/instances", '{"a": ' + "1" * 5000 + "}", 400, "malformed_json"),
        ("POST", "/instances", "x" * 70_000, 413, "body_too_large"),
        ("POST", "/instances", {}, 422, "invalid"),
        ("POST", "/instances", {"clientName": ["a"], "adminEmail": {"b": 1}}, 422, "invalid"),
        ("POST", "/instances", {"clientName": "a\x00b", "adminEmail": "a@b.example"}, 422, "invalid"),
        ("POST", "/instances", '{"clientName": "acme-corp", "adminEmail": "\\ud800@b.example"}', 422, "invalid"),
        ("POST", "/instances", {"clientName": True, "adminEmail": 1.5}, 422, "invalid"),
    ],
)
def test_whatever_is_asked_wrongly_gets_its_problem(visitor, method, path, body, status, code):
    check(visitor(method, path, body), status, code)


def test_another_media_type_is_refused(client):
    check(client.post("/api/instances", {"clientName": "acme"}), 415, "unsupported_media_type")


def test_a_key_that_fits_nothing_is_refused_not_ignored(visitor):
    for sent in ("Bearer eaz_live_x", "Bearer", "Basic YTpi", "nonsense"):
        check(visitor("GET", "/plans", Authorization=sent), 401, "invalid_key")
    check(visitor("GET", "/plans", **{"X-API-Key": "eaz_live_x"}), 401, "invalid_key")


def test_what_nobody_foresaw_tells_a_request_id_and_nothing_else(as_alice, monkeypatch, caplog):
    def explode(**order):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(instances, "create_instance", explode)
    body = check(as_alice.order(), 500, "unexpected")
    assert "secret" not in str(body)
    assert "the secret of the house" in caplog.text


def test_every_wrong_value_has_its_pointer(visitor):
    answer = visitor(
        "POST", "/instances", {"clientName": "Acme Corp", "adminEmail": "x", "plan": "gold", "language": "de"}
    )
    body = check(answer, 422, "invalid")
    assert [error["pointer"] for error in body["errors"]] == ["/clientName", "/adminEmail", "/plan", "/language"]


def test_a_taken_name_points_to_its_field(as_alice):
    as_alice.order()
    body = check(as_alice.order(), 409, "client_name_taken")
    assert body["errors"][0]["pointer"] == "/clientName"


@pytest.mark.parametrize(("language", "word"), [("fr", "réservé"), ("en", "reserved"), ("de", "réservé")])
def test_the_text_is_in_the_language_of_the_reader(visitor, language, word):
    body = visitor.order("admin", **{"Accept-Language": language}).json()
    assert word in body["detail"]


def test_a_sane_request_id_is_kept_and_another_replaced(visitor):
    assert visitor("GET", "/plans", **{"X-Request-Id": "my-request-1"})["X-Request-Id"] == "my-request-1"
    assert visitor("GET", "/plans", **{"X-Request-Id": "a b"})["X-Request-Id"].startswith("req_")


def test_every_refusal_of_the_domain_is_in_the_catalogue():
    def below(kind):
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    unreachable = {
        "unknown_partner",
        "invalid_name",
        "name_taken",
        "unknown_scope",
        "key_not_rotatable",
        "test_mode_off",
    } | {
        "confirmation_expired",
        "confirmation_used",
        "still_living",
        "letter_under_way",
    }
    codes = {kind.code for kind in below(errors.DomainError) if kind.__module__ == "tenants.errors"} - unreachable
    assert codes <= set(CATALOGUE)


def test_the_documentation_lists_the_same_problems_and_says_the_same_of_each():
    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.*) \|$", text, re.MULTILINE)
    documented = {code: (int(status), remedy.replace("`", "")) for code, status, remedy in rows}
    with translation.override("en"):
        assert documented == {code: (entry.status, str(REMEDIES[code])) for code, entry in CATALOGUE.items()}


def test_the_catalogue_can_be_read_where_every_problem_points(visitor):
    body = visitor("GET", "/problems").json()
    assert [entry["code"] for entry in body["data"]] == list(CATALOGUE)
    assert all(entry["detail"] and entry["remedy"] for entry in body["data"])


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_type_of_every_problem_leads_to_what_it_means_and_an_example(visitor, code):
    kind = visitor("GET", f"/problems/{code}").json()
    assert kind["type"] == f"{settings.PUBLIC_BASE_URL}/api/problems/{code}" == kind["example"]["type"]
    assert set(kind["example"]) >= MEMBERS
    assert (kind["example"]["code"], kind["example"]["status"]) == (code, kind["status"])


def test_what_is_no_problem_has_no_page(visitor):
    check(visitor("GET", "/problems/nothing-here"), 404, "not_found")


def test_whoever_opens_the_type_of_a_problem_reads_what_happened_and_what_to_do(as_alice):
    as_alice.order()
    path = as_alice.order().json()["type"].removeprefix(f"{settings.PUBLIC_BASE_URL}/api")
    page = Caller()("GET", path, **BROWSER)
    html = page.content.decode()
    assert "<h1>Nom de client déjà pris</h1>" in html
    assert "Choisissez un autre nom." in html
    assert "&quot;pointer&quot;: &quot;/clientName&quot;" in html
    assert "Accept" in page["Vary"]
    assert "<h1>Client name taken</h1>" in Caller()("GET", path, **BROWSER | {"Accept-Language": "en"}).content.decode()


def test_the_list_leads_to_each_and_still_has_the_places_to_which_types_led_before(visitor):
    html = visitor("GET", "/problems", **BROWSER).content.decode()
    for code in CATALOGUE:
        assert f'<h2 id="{code}"><a href="{settings.PUBLIC_BASE_URL}/api/problems/{code}">' in html
