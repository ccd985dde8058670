"""The domain at Railway: made once, found again after a lost answer, its statuses read, deleted for good."""

from contextlib import suppress
from functools import cached_property

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger
from provisioning.models import Domain
from provisioning.railway.client import RailwayClient
from provisioning.railway.domains import CustomDomain
from provisioning.railway.errors import NotAuthorized, NotFound
from provisioning.steps.desired_state import ODOO, ODOO_PORT

KIND = "custom_domain"


class AtRailway:
    """One domain's place; every method raises RailwayError, and LookupError when its Odoo was never made."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._ledger = Ledger(domain.instance_id, domain.instance.workspace)

    def make(self) -> CustomDomain | None:
        """What Railway has, made when it was never asked for; None while it does not show. Raises StillUnclear."""
        external_id = self._ledger.ensure(KIND, self._domain.public_id, find=self._find, create=self._create)
        return next((each for each in self._seen() if each.id == external_id), None)

    def look(self) -> CustomDomain | None:
        """What Railway tells of it; None, and closed in the ledger, when it has lost it."""
        row = self._ledger.get(KIND, self._domain.public_id)
        found = next((each for each in self._seen() if row and each.id == row.external_id), None)
        if found is None and row is not None:
            self._ledger.gone(row)
        return found

    def retry_certificate(self, found: CustomDomain) -> None:
        self._railway.retry_certificate(found.id)

    def delete(self) -> float:
        """0 once it is proven gone; else the seconds after which to look again."""
        row = self._ledger.get(KIND, self._domain.public_id)
        if row is None:
            return 0.0
        external_id = row.external_id or self._find()
        if not external_id:
            wait = self._ledger.unclear_for(KIND, self._domain.public_id)
            if wait:
                return wait
        else:
            with suppress(NotFound, NotAuthorized):
                self._railway.delete_custom_domain(external_id)
            if any(each.id == external_id for each in self._seen()):
                return 15.0
        self._ledger.gone(row)
        return 0.0

    @property
    def odoo_runs(self) -> bool:
        return self._ledger.get("deployment", ODOO) is not None

    @cached_property
    def _railway(self) -> RailwayClient:
        return clients.railway(self._domain.instance.workspace)

    @cached_property
    def _place(self) -> dict[str, str]:
        return {
            "project_id": self._ledger.id_of("project", "project"),
            "environment_id": self._ledger.id_of("environment", "production"),
            "service_id": self._ledger.id_of("service", ODOO),
        }

    def _seen(self) -> tuple[CustomDomain, ...]:
        return self._railway.custom_domains(**self._place)

    def _find(self) -> str | None:
        return next((each.id for each in self._seen() if each.domain == self._domain.name), None)

    def _create(self) -> str:
        made = self._railway.create_custom_domain(**self._place, domain=self._domain.name, target_port=ODOO_PORT)
        return made.id
