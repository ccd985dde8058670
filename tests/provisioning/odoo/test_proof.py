import json
import socket
import ssl

import httpx
import pytest

from provisioning.errors import Permanent, Temporary
from provisioning.odoo import errors
from provisioning.odoo.client import OdooClient
from provisioning.odoo.proof import check_alive, prove
from tests.provisioning.odoo.little_odoo import LOGIN_PAGE, LittleOdoo

STYLESHEET = "/web/assets/1/web.assets_frontend.min.css"


@pytest.fixture
def odoo():
    with LittleOdoo() as server:
        yield server
        server.shutdown()


def proof_of(odoo, password="right", **changes):
    wanted = {"login": "Zoe@Acme.com", "company": "L'Étoile", "language": "fr", **changes}
    return prove(odoo.url, odoo.database, wanted.pop("login"), password, timeout=5, **wanted)


def test_a_ready_instance_is_proven_from_health_to_the_closed_manager(odoo):
    proof = proof_of(odoo)
    assert (proof.version, proof.uid, proof.login_proven) == ("19.0", 2, True)
    assert [check.name for check in proof.checks] == [
        "health", "login page", "style sheet", "version", "database manager closed",
        "login", "wrong password refused", "default login refused",
    ]  # fmt: skip
    assert all(check.milliseconds >= 0 for check in proof.checks)


def test_a_proof_leaves_no_session_behind(odoo):
    proof_of(odoo)
    assert odoo.sessions == {}


def test_a_proof_needs_one_connection_and_shows_its_session_only_to_end_it(odoo):
    proof_of(odoo)
    assert odoo.connections == 1
    assert [path for path, cookie in odoo.shown if cookie] == ["/web/session/destroy"]


def test_without_the_password_the_proof_says_that_the_login_is_not_proven(odoo):
    proof = proof_of(odoo, None)
    assert (proof.uid, proof.login_proven) == (None, False)
    assert "login" not in [check.name for check in proof.checks]


def test_a_login_that_only_lacks_its_second_factor_counts_where_the_customer_may_have_one(odoo):
    odoo.bent["/web/session/authenticate"] = (200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"uid": None}}))
    with pytest.raises(errors.LoginRefused) as caught:
        proof_of(odoo)
    assert caught.value.code == "odoo_second_factor"
    # Odoo asks for it after every password here, which must not pass
    with pytest.raises(errors.WrongPasswordAccepted):
        proof_of(odoo, second_factor=True)


def test_repeated_proofs_never_meet_odoos_cooldown(odoo):
    for _ in range(12):
        proof_of(odoo)
    assert odoo.failures == 2


def test_a_server_that_is_not_ready_is_asked_for_no_login(odoo):
    odoo.bent["/web/login"] = (303, "")
    with pytest.raises(errors.NotReady):
        proof_of(odoo)
    assert "/web/session/authenticate" not in odoo.requests


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/web/health", (500, '{"status": "fail", "db_server_status": false}'), errors.NotReady),
        ("/web/health", (200, '{"status": "pass"}'), errors.NotReady),
        ("/web/health", (404, "Application not found"), errors.NotReachable),
        ("/web/health", (502, "Bad gateway"), errors.NotReachable),
        ("/web/login", (500, ""), errors.NotReady),
        ("/web/login", (200, "<html></html>"), errors.NotReady),
        ("/web/login", (200, LOGIN_PAGE.replace(".css", ".js")), errors.NotReady),
        ("/web/webclient/version_info", (200, "<html>"), errors.UnexpectedAnswer),
        ("/web/webclient/version_info", (200, "{}"), errors.UnexpectedAnswer),
        ("/web/session/authenticate", (503, ""), errors.NotReachable),
        ("/web/session/authenticate", (200, '{"result": {"uid": 2}}'), errors.UnexpectedAnswer),
        ("/web/session/authenticate", (200, '{"error": {"data": {"name": "psycopg2.Error"}}}'), errors.NotReady),
        ("/web/database/manager", (200, '<form action="/web/database/create">'), errors.ManagerOpen),
        ("/web/database/list", (200, '{"result": ["acme_corp_prod"]}'), errors.ManagerOpen),
    ],
)  # fmt: skip
def test_each_bent_answer_has_an_error_of_its_own(odoo, path, answer, error):
    odoo.bent[path] = answer
    with pytest.raises(error):
        proof_of(odoo)


@pytest.mark.parametrize(
    ("bend", "error"),
    [
        (lambda odoo: odoo.passwords.update({"zoe@acme.com": "other"}), errors.LoginRefused),
        (lambda odoo: odoo.account.update(second_factor=True), errors.LoginRefused),
        (lambda odoo: odoo.account.update(is_system=False), errors.NotAdministrator),
        (lambda odoo: odoo.account.update(company="YourCompany"), errors.WrongCompany),
        (lambda odoo: odoo.account.update(lang="en_US"), errors.WrongLanguage),
        (lambda odoo: odoo.passwords.update(admin="admin"), errors.DefaultLoginOpen),
        (lambda odoo: setattr(odoo, "any_password", True), errors.WrongPasswordAccepted),
    ],
)
def test_what_a_customer_or_a_stranger_must_not_meet_is_a_permanent_error(odoo, bend, error):
    bend(odoo)
    with pytest.raises(error) as caught:
        proof_of(odoo)
    assert isinstance(caught.value, Permanent)
    assert "right" not in caught.value.message
    assert odoo.sessions == {}


def test_the_company_is_compared_as_it_is_stored(odoo):
    odoo.account["company"] = "Société Été"
    assert proof_of(odoo, company="  Socie\u0301te\u0301   E\u0301te\u0301 ").login_proven


def test_during_odoos_cooldown_it_is_tried_again_after_a_minute(odoo):
    odoo.failures = 10
    with pytest.raises(errors.TooManyLoginFailures) as caught:
        proof_of(odoo)
    assert isinstance(caught.value, Temporary)
    assert caught.value.retry_after == 60


def test_lost_assets_are_rebuilt_with_the_customers_login(odoo):
    odoo.bent[STYLESHEET] = (500, "")
    assert "assets rebuilt" in [check.name for check in proof_of(odoo).checks]


def test_assets_that_stay_broken_are_told(odoo):
    odoo.bent[STYLESHEET] = (500, "")
    odoo.repaired_by_rebuilding = False
    with pytest.raises(errors.AssetsBroken):
        proof_of(odoo)
    with pytest.raises(errors.AssetsBroken):
        proof_of(odoo, None)


def test_looking_whether_an_instance_is_alive_tries_no_login(odoo):
    checks = check_alive(odoo.url, odoo.database)
    assert [check.name for check in checks] == ["health", "login page", "style sheet"]
    assert not [path for path in odoo.requests if "session" in path]


def test_an_address_where_nothing_listens_is_not_reachable():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(errors.NotReachable) as caught:
        check_alive(f"http://127.0.0.1:{port}", "acme_corp_prod")
    assert "ConnectError" in caught.value.message


def test_a_certificate_that_is_not_there_yet_is_not_reachable(odoo):
    with pytest.raises(errors.NotReachable) as caught:
        check_alive(odoo.url.replace("http:", "https:"), odoo.database)
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert "TLS failed" in caught.value.message
    assert issubclass(ssl.SSLError, OSError)


def test_the_clock_of_a_slow_answer_runs_out(odoo):
    with socket.create_server(("127.0.0.1", 0)) as door, pytest.raises(errors.NotReachable) as caught:
        check_alive(f"http://127.0.0.1:{door.getsockname()[1]}", "acme_corp_prod", timeout=0.1)
    assert "ReadTimeout" in caught.value.message


def test_a_changed_password_is_proven_and_ends_every_session(odoo):
    OdooClient(odoo.url, odoo.database).change_password("Zoe@acme.com", "right", "n€w 🦊")
    assert odoo.passwords == {"zoe@acme.com": "n€w 🦊"}
    assert odoo.sessions == {}


@pytest.mark.parametrize("password", ["", " new", "new "])
def test_a_password_that_odoos_own_form_would_change_is_refused(odoo, password):
    with pytest.raises(ValueError, match="password"):
        OdooClient(odoo.url, odoo.database).change_password("zoe@acme.com", "right", password)
    assert odoo.passwords == {"zoe@acme.com": "right"}


def test_a_changed_login_comes_with_its_password_and_is_stored_in_lower_case(odoo):
    client = OdooClient(odoo.url, odoo.database)
    client.change_access("zoe@acme.com", "right", "Zoé@Étoile.fr", "new")
    assert odoo.passwords == {"zoé@étoile.fr": "new"}
    assert client.authenticate("ZOÉ@étoile.fr", "new").uid == 2


def test_a_change_whose_answer_is_lost_says_that_it_may_have_happened(odoo):
    def lose_answer(request):
        raise httpx.ReadError("cut") if request.method == "POST" else AssertionError

    client = OdooClient(odoo.url, odoo.database, transport=httpx.MockTransport(lose_answer))
    with pytest.raises(errors.NotReachable) as caught:
        client.change_password("zoe@acme.com", "right", "new")
    assert caught.value.unclear


def test_every_error_is_either_temporary_or_permanent_and_has_a_code_of_its_own():
    kinds = [
        kind for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.OdooError) and kind is not errors.OdooError
    ]  # fmt: skip
    assert all(issubclass(kind, Temporary) != issubclass(kind, Permanent) for kind in kinds)
    # what kinds of one code share a parent says: they differ for our own code, not for a person
    named = [kind for kind in kinds if "code" in vars(kind)]
    assert len({kind.code for kind in named}) == len(named) == 14
