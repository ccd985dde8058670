"""A domain from its first word to its end, at the sandbox's Railway and its DNS: switched on last, removed first."""

from datetime import timedelta

import httpx
import pytest

from provisioning.models import Domain, Resource
from tenants.errors import WrongState
from tenants.models import Mail
from tenants.services import domains
from tests.provisioning.domains.conftest import NAME, Case

pytestmark = pytest.mark.django_db(transaction=True)
A_DAY = timedelta(days=1, minutes=1)


def kinds():
    return set(Mail.objects.values_list("kind", flat=True)) - {"welcome"}


def test_what_railway_wants_is_told_and_written_in_the_ledger(case):
    assert case.domain.state == "records"
    assert case.domain.target.endswith(".up.railway.app")
    assert case.domain.proof_host == f"_railway-verify.{NAME}"
    row = Resource.objects.get(kind="custom_domain")
    assert (row.instance, row.name, row.state) == (case.instance, case.domain.public_id, "present")


def test_each_mistake_is_kept_and_nothing_is_switched_on(case):
    assert case.codes() == ["missing", "proof_missing"]
    case.set(erp={"A": "104.21.7.9"})
    case.look_now()
    assert case.codes() == ["proxied"]
    assert (case.domain.state, case.instance.own_domain) == ("records", "")
    assert kinds() == set()


def test_it_is_on_only_with_zone_certificate_and_an_answer_at_the_door(case, sandbox):
    case.set()
    sandbox.tell_certificate(NAME, "CERTIFICATE_STATUS_TYPE_ISSUING")
    case.look_now()
    assert (case.domain.state, case.domain.certificate, case.codes()) == ("certificate", "ISSUING", [])
    sandbox.tell_certificate(NAME, "")
    fault = sandbox.faults.add(kind="late_certificate")
    case.look_now()
    assert (case.domain.state, case.codes()) == ("certificate", ["door_no_route"])
    assert case.instance.own_domain == ""
    sandbox.faults.remove(fault)
    case.look_now()
    assert (case.domain.state, case.instance.own_domain) == ("on", NAME)
    assert kinds() == {"domain_on"}


@pytest.mark.parametrize("status", ["UNRECOGNIZED", "CERTIFICATE_STATUS_TYPE_UNSPECIFIED"])
def test_a_status_of_railway_that_we_do_not_know_is_waited_for(case, sandbox, status):
    case.set()
    sandbox.tell_certificate(NAME, status)
    case.look_now()
    assert (case.domain.state, case.domain.certificate) == ("certificate", "PENDING")


def test_the_address_that_people_are_told_becomes_the_domain_and_railways_goes_on(on, sandbox):
    port = on.instance.url.rpartition(":")[2]
    assert on.instance.address == f"http://{NAME}:{port}"
    assert httpx.get(f"{on.instance.url}/web/health").status_code == 200
    assert httpx.get(f"{on.instance.url}/web/health", headers={"Host": NAME}).status_code == 200


def test_a_failed_certificate_is_asked_for_again_once_a_day(case, sandbox):
    case.set()
    for _ in range(3):
        sandbox.tell_certificate(NAME, "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED", "DNS problem")
        case.look_now()
    assert case.requests("CustomDomainRetry") == 1
    sandbox.tell_certificate(NAME, "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED", "DNS problem")
    case.look(A_DAY)
    assert case.requests("CustomDomainRetry") == 2


def test_a_failed_certificate_is_not_asked_for_while_the_zone_is_wrong(case, sandbox):
    case.set(**{"_railway-verify.erp": {}})
    sandbox.tell_certificate(NAME, "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED", "DNS problem")
    case.look_now()
    assert case.requests("CustomDomainRetry") == 0


def test_looks_become_seldom_while_nothing_changes(case):
    def looks(hours):
        before = case.requests("CustomDomains")
        for _ in range(hours * 6):
            case.look(timedelta(minutes=10))
        return case.requests("CustomDomains") - before

    first, later = looks(4), looks(4)
    assert first > later > 0
    case.look(timedelta(days=10))
    assert case.domain.run_after - case.domain.checked_at <= timedelta(hours=12, minutes=1)


def test_who_never_sets_the_records_keeps_the_name_a_month(case):
    case.look(timedelta(days=31))
    case.look(timedelta(hours=1))
    assert (case.domain.state, case.domain.reason) == ("removed", "never_set")
    assert case.at_railway() == []


def test_removal_takes_the_address_back_first_and_leaves_nothing_at_railway(on):
    domains.remove(on.domain)
    on.instance.refresh_from_db()
    assert on.instance.own_domain == "", "before Railway has heard of it"
    assert on.at_railway() == [NAME]
    on.look()
    assert (on.domain.state, on.at_railway()) == ("removed", [])
    assert not Resource.objects.filter(kind="custom_domain").exclude(state="gone").exists()
    with pytest.raises(WrongState):
        domains.remove(on.domain)


def test_the_name_is_free_again_afterwards(on):
    domains.remove(on.domain)
    on.look()
    again = domains.add(on.instance, NAME)
    assert again.pk != on.domain.pk
    on.domain = again
    on.look()
    assert on.domain.state == "records"


def test_a_second_domain_serves_and_takes_over_when_the_first_goes(on):
    second = domains.add(on.instance, "www.boulangerie.fr")
    on.look()
    second.refresh_from_db()
    on.set(www={"CNAME": second.target}, **{"_railway-verify.www": {"TXT": second.proof}})
    domains.check(second)
    on.look()
    second.refresh_from_db()
    assert second.state == "on"
    assert on.instance.own_domain == NAME
    domains.remove(on.domain)
    on.look()
    assert on.instance.own_domain == "www.boulangerie.fr"


def test_what_sleeps_is_not_judged(on, sandbox):
    on.set(erp={})
    Resource.objects.filter(kind="deployment", name="odoo").update(state="gone")
    on.look(A_DAY)
    on.look(A_DAY)
    assert (on.domain.state, on.codes(), on.domain.broken_at) == ("on", [], None)


def test_a_name_that_another_project_of_the_host_has_is_told_and_tried_again(sandbox, clock, ready):
    row = {"times": 1, "kind": "field_refused", "operation": "customDomainCreate"}
    sandbox.faults.add(**row, message="The domain erp.boulangerie.fr is already in use")
    made = Case(sandbox, clock, ready, domains.add(ready, NAME))
    made.look()
    assert (made.domain.state, made.domain.reason) == ("waiting", "railway_already_exists")
    made.look(timedelta(minutes=2))
    assert made.domain.state == "records"
    assert Domain.objects.count() == 1
