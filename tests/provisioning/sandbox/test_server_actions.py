"""The stand-in's Odoo gives a prepared instance away, and refuses what the real one refuses."""

from dataclasses import replace

import pytest

from provisioning.odoo import claim, container
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import HandOverRefused, LoginRefused, OdooFailed, SessionEnded
from tests.provisioning.sandbox.caller import LOGIN, PASSWORD, Caller

ACTIONS = "ir.actions.server"
CUSTOMER, SECRET = "zoe@exemple.fr", "zoe-Passw0rd"


@pytest.fixture
def odoo(caller: Caller) -> OdooClient:
    return OdooClient(caller.run().url, "acme_prod")


@pytest.fixture
def prepared(odoo: OdooClient) -> claim.Prepared:
    return claim.prepare(odoo, LOGIN, PASSWORD)


@pytest.fixture
def zoe(odoo: OdooClient) -> claim.Claim:
    with odoo.session(LOGIN, PASSWORD) as session:
        (company,) = session.call("res.company", "search_read", [], ["country_id"])
        country = company["country_id"] and session.call("res.country", "read", company["country_id"][0], ["code"])[0]
    return claim.Claim(
        company="Zoé & Fils",
        login=CUSTOMER,
        language="fr",
        timezone="Europe/Paris",
        country=country["code"] if country else "",
        url="https://zoe.example",
        password_hash=container.password_hash(SECRET),
    )


def refused(odoo: OdooClient, prepared: claim.Prepared, who: claim.Claim) -> bool:
    with pytest.raises(HandOverRefused):
        claim.give(odoo, prepared, LOGIN, PASSWORD, who)
    return odoo.authenticate(LOGIN, PASSWORD).is_administrator


def test_it_is_given_away_once(odoo: OdooClient, prepared: claim.Prepared, zoe: claim.Claim) -> None:
    assert claim.prepare(odoo, LOGIN, PASSWORD).action == prepared.action, "however often it is prepared"
    claim.give(odoo, prepared, LOGIN, PASSWORD, zoe)
    assert odoo.authenticate(CUSTOMER, SECRET).company == "Zoé & Fils"
    with pytest.raises(LoginRefused):
        odoo.authenticate(LOGIN, PASSWORD)
    with pytest.raises(SessionEnded), odoo.resumed(prepared.session) as session:
        session.call(ACTIONS, "search", [])
    with odoo.session(CUSTOMER, SECRET) as session:
        assert session.call(ACTIONS, "search_count", []) == 0
        with pytest.raises(OdooFailed, match="MissingError"):
            session.call(ACTIONS, "run", [prepared.action], context=zoe.context(prepared.action))
    with pytest.raises(HandOverRefused):
        claim.give(odoo, prepared, LOGIN, PASSWORD, zoe)


@pytest.mark.parametrize("wrong", [{"country": "BE"}, {"timezone": "Nowhere"}, {"password_hash": "in-clear"}], ids=str)
def test_what_the_real_one_refuses_changes_nothing(
    wrong: dict[str, str], odoo: OdooClient, prepared: claim.Prepared, zoe: claim.Claim
) -> None:
    assert refused(odoo, prepared, replace(zoe, **wrong))


def test_an_action_that_is_not_there_and_a_context_that_lacks_something_are_refused(
    odoo: OdooClient, prepared: claim.Prepared, zoe: claim.Claim
) -> None:
    assert refused(odoo, replace(prepared, action=prepared.action + 1), zoe)
    with odoo.session(LOGIN, PASSWORD) as session, pytest.raises(OdooFailed, match="ValueError"):
        session.call(ACTIONS, "run", [prepared.action], context={claim.CONTEXT_KEY: {"company": "Half"}})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os", "ValidationError"),
        ("env.__class__", "NameError"),
        ("def (", "ValidationError"),
    ],
)
def test_code_that_safe_eval_would_not_run_is_refused(code: str, error: str, odoo: OdooClient) -> None:
    with odoo.session(LOGIN, PASSWORD) as session, pytest.raises(OdooFailed, match=error):
        session.call(ACTIONS, "create", [{"name": "mine", "state": "code", "model_id": 92, "code": code}])


def test_no_other_code_is_run_here(odoo: OdooClient) -> None:
    with odoo.session(LOGIN, PASSWORD) as session:
        (action,) = session.call(
            ACTIONS, "create", [{"name": "mine", "state": "code", "model_id": 92, "code": "x = 1"}]
        )
        with pytest.raises(OdooFailed, match="ValueError"):
            session.call(ACTIONS, "run", [action])
