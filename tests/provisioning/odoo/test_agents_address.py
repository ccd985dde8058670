"""The agent lets a running Odoo name itself by another address: on a real PostgreSQL, through the real door."""

import pytest

from provisioning.agents import addressing
from provisioning.models import OdooAddress
from provisioning.odoo.bootstrap.agent import JOBS, Refused
from tests.provisioning.odoo.test_agent import (  # noqa: F401  its fixtures
    ask_database,
    database,
    program,
    server,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
# as Odoo 19 makes them
TABLES = """
CREATE TABLE ir_config_parameter (id serial PRIMARY KEY, key varchar NOT NULL UNIQUE, value text NOT NULL,
                                  create_date timestamp, write_date timestamp);
INSERT INTO ir_config_parameter (key, value) VALUES ('web.base.url', 'https://former.example');
CREATE TABLE orm_signaling_stable (id serial PRIMARY KEY, date timestamp DEFAULT now());
INSERT INTO orm_signaling_stable DEFAULT VALUES;
"""
URL = "https://erp.boulangerie.fr"


@pytest.fixture
def odoo(program, ask_database):  # noqa: F811
    ask_database(TABLES)
    return program


def parameters(house):
    return {key: house._asked("SELECT max(value) FROM ir_config_parameter WHERE key = %s", key)
            for key in ("web.base.url", "web.base.url.freeze")}  # fmt: skip


def signals(house):
    return house._asked("SELECT count(*) FROM orm_signaling_stable")


def test_odoo_is_told_once_frozen_and_made_to_read_it_anew(odoo, instance):
    addressing.want(instance.pk, URL)
    odoo.call_once()
    assert parameters(odoo._house) == {"web.base.url": URL, "web.base.url.freeze": "True"}
    assert signals(odoo._house) == 2
    assert OdooAddress.objects.get().told_at is not None
    odoo.call_once()
    addressing.want(instance.pk, URL)
    odoo.call_once()
    assert signals(odoo._house) == 2, "what was told is told once"


def test_after_a_restoration_it_is_told_again(odoo, instance, ask_database):  # noqa: F811
    addressing.want(instance.pk, URL)
    odoo.call_once()
    ask_database("UPDATE ir_config_parameter SET value = 'https://of-then.example' WHERE key = 'web.base.url'")
    addressing.want_again(instance.pk)
    odoo.call_once()
    assert parameters(odoo._house)["web.base.url"] == URL


def test_an_odoo_that_never_had_a_domain_is_left_as_it_is(odoo, instance):
    addressing.want_again(instance.pk)
    odoo.call_once()
    assert parameters(odoo._house)["web.base.url"] == "https://former.example"


def test_an_answer_to_a_former_wish_is_not_taken_for_one_to_the_present(odoo, instance):
    addressing.want(instance.pk, URL)
    former = addressing.offer(instance.pk)["job"]
    addressing.want(instance.pk, "https://www.boulangerie.fr")
    with pytest.raises(Refused):
        odoo._door.call(job={"id": former["id"], "event": "done"})
    assert OdooAddress.objects.get().told_at is None
    odoo.call_once()
    assert parameters(odoo._house)["web.base.url"] == "https://www.boulangerie.fr"


def test_an_agent_of_an_earlier_release_is_asked_again_later(odoo, instance, monkeypatch):
    monkeypatch.delitem(JOBS, "set_address")
    addressing.want(instance.pk, URL)
    odoo.call_once()
    row = OdooAddress.objects.get()
    assert (row.told_at, row.refusal) == (None, "unknown_kind")
    assert not addressing.is_awaited(instance.pk), "a removal does not wait for what cannot come"
    monkeypatch.undo()
    OdooAddress.objects.update(run_after=row.asked_at)
    odoo.call_once()
    assert OdooAddress.objects.get().told_at is not None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a b", "https://x/'; DROP TABLE res_users; --", ""])
def test_what_is_no_address_is_not_written(odoo, url):
    with pytest.raises(Exception, match="not the address"):
        odoo._house.set_address(url)
    assert parameters(odoo._house)["web.base.url"] == "https://former.example"


def test_a_table_that_is_locked_is_given_way_to(odoo, instance, server, database):  # noqa: F811
    addressing.want(instance.pk, URL)
    link = odoo._house._connect()
    with link, link.cursor() as cursor:
        cursor.execute("LOCK TABLE ir_config_parameter")
        odoo.call_once()
    link.close()
    assert OdooAddress.objects.get().refusal == "database_away"
