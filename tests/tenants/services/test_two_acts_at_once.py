"""Two acts on one instance at the same moment: one wins, the other is told so, and none is an error of the database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from tenants.errors import DomainError
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import (
    access,
    customer_choices,
    customer_sessions,
    ending,
    erasure,
    instances,
    partners,
    plan_changes,
    webhooks,
)
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
ROUNDS = 6


def to_business(instance):
    plan_changes.order(instance, "business")


PAIRS = [
    (to_business, to_business),
    (to_business, instances.suspend),
    (to_business, ending.schedule_decommission),
    (customer_choices.end_now, access.reset_password),
    (ending.schedule_decommission, instances.suspend),
    (ending.schedule_decommission, access.reset_password),
    (customer_choices.end_now, instances.suspend),
]


def at_once(*acts):
    """What each came to: None, or the refusal; anything else is raised."""
    ready = threading.Barrier(len(acts))

    def do(act):
        ready.wait()
        try:
            act()
        except DomainError as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " and ".join(act.__name__ for act in pair))
def test_neither_locks_the_other_out(pair):
    for number in range(ROUNDS):
        row = factories.make_instance(f"round-{number}", state=InstanceState.READY).pk
        # each request reads its own
        each = [Instance.objects.select_related("plan", "tenant__partner").get(pk=row) for _ in pair]
        found = at_once(*(lambda act=act, one=one: act(one) for act, one in zip(pair, each, strict=True)))
        assert None in found, "one of them was done"


def test_an_endpoint_that_is_deleted_meanwhile_is_gone_for_all_that_come_after():
    partner = factories.make_partner()
    for number in range(ROUNDS):
        endpoint, _secret = webhooks.create_endpoint(partner, url=f"https://93.184.215.14/{number}")
        found = at_once(
            lambda endpoint=endpoint: webhooks.delete_endpoint(endpoint),
            lambda endpoint=endpoint: webhooks.change_endpoint(endpoint, description="another"),
            lambda endpoint=endpoint: webhooks.rotate_secret(endpoint),
            lambda endpoint=endpoint: webhooks.send_test(endpoint),
        )
        assert found[0] is None
        assert {error.code for error in found if error} <= {"not_found"}


def test_an_order_and_an_erasure_of_the_same_customer_leave_a_whole_customer():
    """Whoever is first: the order's customer has its name, and nobody living is forgotten."""
    for turn in range(ROUNDS):
        email = f"marie-{turn}@etoile.example"
        old = factories.make_instance(f"old-{turn}", email=email, company="Étoile")
        Instance.objects.filter(pk=old.pk).update(state=InstanceState.DECOMMISSIONED, ended_at=timezone.now())
        session, _key = customer_sessions.start(
            email, old.tenant.partner, language="fr", browser="", network="", known=True
        )
        order = {"client_name": f"new-{turn}", "email": email, "company": "Étoile", "plan_code": "demo"}
        at_once(
            lambda order=order: instances.create_instance(partner=partners.house(), **order),
            lambda session=session: erasure.erase(session),
        )
        made = Instance.objects.select_related("tenant").get(client_name=f"new-{turn}")
        assert (made.admin_email, made.tenant.email, made.tenant.company) == (email, email, "Étoile")
