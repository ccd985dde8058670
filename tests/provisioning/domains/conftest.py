"""An Odoo at the sandbox, its customer's zone, and the looks at it."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from provisioning import driver
from provisioning.domains import tending
from provisioning.models import Domain, Operation
from tenants.models import Instance
from tenants.services import domains
from tests import factories

ZONE, NAME = "boulangerie.fr", "erp.boulangerie.fr"


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def ready(sandbox, settings):
    """One proven instance."""
    settings.DNS_SANDBOX = sandbox.dns
    instance = factories.order_instance()
    driver.drive(Operation.objects.get(instance=instance).pk, timeout=60, tick=lambda operation: None)
    instance.refresh_from_db()
    assert instance.state == "ready"
    return instance


@dataclass
class Case:
    """A customer with a domain on its way."""

    sandbox: object
    clock: object
    instance: Instance
    domain: Domain

    def look(self, after: timedelta = timedelta()) -> Domain:
        """What its row says after the looks that are due then."""
        if after:
            self.clock.shift(after)
        for _ in range(3):
            due = tending.sweep()
            for domain_id in due:
                tending.tend(domain_id)
            if not due:
                break
        self.domain.refresh_from_db()
        self.instance.refresh_from_db()
        return self.domain

    def look_now(self) -> Domain:
        domains.check(self.domain)
        return self.look()

    def set(self, **records) -> None:
        """Both records as Railway wants them, and what is given beside them or instead of them."""
        right = {"erp": {"CNAME": self.domain.target}, "_railway-verify.erp": {"TXT": self.domain.proof}}
        self.sandbox.set_zone(ZONE, {name: kinds for name, kinds in (right | records).items() if kinds})

    def codes(self) -> list[str]:
        return [mistake["code"] for mistake in self.domain.mistakes]

    def requests(self, name: str) -> int:
        return self.sandbox.state()["requests"].get(name, 0)

    def at_railway(self) -> list[str]:
        return self.sandbox.call(
            lambda: [row.domain for row in self.sandbox.workspace.store.custom_domains.values() if not row.deleted_at]
        )


@pytest.fixture
def case(sandbox, clock, ready):
    """It is known to Railway, and its zone is empty."""
    sandbox.set_zone(ZONE, {})
    domain = domains.add(ready, NAME)
    made = Case(sandbox, clock, ready, domain)
    made.look()
    assert domain.target
    return made


@pytest.fixture
def on(case):
    """It is on."""
    case.set()
    case.look_now()
    assert case.domain.state == "on"
    return case
