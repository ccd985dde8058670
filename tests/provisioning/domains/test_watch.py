"""A domain that is on is looked at daily; what is wrong twice is told, once, and until it is mended."""

from datetime import timedelta

import pytest
from django.core import mail as mailbox

from tenants.mails import outbox
from tenants.models import Mail
from tests.provisioning.domains.conftest import NAME

pytestmark = pytest.mark.django_db(transaction=True)
A_DAY, AN_HOUR = timedelta(days=1, minutes=1), timedelta(hours=1, minutes=1)


def told():
    return list(Mail.objects.filter(kind="domain_broken").order_by("pk"))


def test_nothing_is_told_while_all_is_well(on):
    for _ in range(3):
        on.look(A_DAY)
    assert (on.codes(), on.domain.broken_at, told()) == ([], None, [])


def test_one_look_is_no_news_and_two_are(on):
    on.set(erp={"A": "127.0.0.9"})
    on.look(A_DAY)
    assert (on.codes(), told()) == (["address_instead"], [])
    assert on.instance.own_domain == NAME
    on.look(AN_HOUR)
    assert len(told()) == 1
    assert on.instance.own_domain == "", "people are told the address that works"
    for _ in range(3):
        on.look(A_DAY)
    assert len(told()) == 1


def test_a_zone_that_holds_what_no_row_can_is_told_as_any_other(on):
    on.set(erp={"A": "127.0.0.9"}, **{"_railway-verify.erp": {"TXT": "\\000"}})
    on.look(A_DAY)
    on.look(AN_HOUR)
    assert (on.codes(), len(told())) == (["address_instead", "proof_wrong"], 1)
    assert on.instance.own_domain == ""


def test_what_mends_itself_is_never_told(on):
    on.set(erp={})
    on.look(A_DAY)
    on.set()
    on.look(AN_HOUR)
    assert (on.codes(), on.domain.wrong_since, told()) == ([], None, [])


def test_what_is_mended_is_the_address_again_and_a_new_mistake_is_told_anew(on):
    for _ in range(2):
        on.set(**{"_railway-verify.erp": {}})
        on.look(A_DAY)
        on.look(AN_HOUR)
        assert on.instance.own_domain == ""
        on.set()
        on.look(AN_HOUR)
        assert (on.instance.own_domain, on.domain.broken_at) == (NAME, None)
    assert len(told()) == 2


def test_an_odoo_that_is_away_is_not_the_domains_fault(on, sandbox):
    sandbox.faults.add(kind="unreachable")
    on.look(A_DAY)
    on.look(AN_HOUR)
    on.look(AN_HOUR)
    assert (on.codes(), told()) == ([], [])


def test_servers_that_are_silent_to_us_alone_trouble_nobody(on, sandbox):
    records = {"erp": {"CNAME": on.domain.target}, "_railway-verify.erp": {"TXT": on.domain.proof}}
    sandbox.set_zone("boulangerie.fr", records, servers={"ns9.dns.example": "10.1.1.1"})
    on.look(A_DAY)
    on.look(AN_HOUR)
    assert (on.codes(), told()) == ([], [])


def test_a_domain_that_railway_has_lost_is_told_and_made_anew(on, sandbox):
    former = on.domain.target

    def lose():
        for row in sandbox.workspace.store.custom_domains.values():
            row.deleted_at = 1.0

    sandbox.call(lose)
    on.look(A_DAY)
    on.look(AN_HOUR)
    assert len(told()) == 1
    on.look(AN_HOUR)
    assert on.domain.state == "records"
    assert on.domain.target not in ("", former)
    on.set()
    on.look_now()
    assert (on.domain.state, on.instance.own_domain) == ("on", NAME)


def test_the_mail_says_what_is_wrong_and_what_to_do_and_where_odoo_is_meanwhile(on, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.deliver_due()
    assert NAME in mailbox.outbox[-1].subject
    assert f"http://{NAME}" in mailbox.outbox[-1].body
    on.set(erp={})
    on.look(A_DAY)
    on.look(AN_HOUR)
    outbox.deliver_due()
    body = mailbox.outbox[-1].body
    assert f"CNAME pour {NAME}" in body or f"CNAME record for {NAME}" in body
    assert on.instance.url in body


def test_a_mail_about_what_is_mended_before_it_is_sent_is_not_sent(on):
    on.set(erp={})
    on.look(A_DAY)
    on.look(AN_HOUR)
    on.set()
    on.look(AN_HOUR)
    outbox.deliver_due()
    assert told()[0].state == "superseded"
