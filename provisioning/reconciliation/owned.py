"""What we own according to our own rows, as the comparison needs it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils import timezone

from provisioning.models import Resource
from provisioning.reconciliation.differences import Act, Difference, Hold, Kind
from provisioning.spec import InstanceSpec
from provisioning.states import ResourceState

DELETING = "DELETING"
LEAK = "leak-"
# Railway deletes after 48 hours; a day more is patience
LONGEST_DELETION = timedelta(hours=72)


class Expected(StrEnum):
    """What an instance's state promises about Railway."""

    RUNNING = "running"
    STOPPED = "stopped"
    GONE = "gone"
    OPEN = "open"


@dataclass(frozen=True)
class Owned:
    """One instance: its frozen inputs as it was created, and its ledger with every project that was ever its own.

    ``cost`` is what it is estimated to cost a month, in ``currency``.
    """

    pk: int
    public_id: str
    client_name: str
    expected: Expected
    spec: InstanceSpec | None
    resources: tuple[Resource, ...]
    cost: Decimal
    currency: str

    @property
    def marker(self) -> str:
        return f"eazynova-instance={self.public_id}"

    @property
    def project_name(self) -> str:
        return f"eazynova-{self.client_name}"

    def living(self, kind: str = "") -> list[Resource]:
        return [row for row in self.resources if row.state != ResourceState.GONE and kind in ("", row.kind)]

    def row(self, kind: str, name: str) -> Resource | None:
        return next((row for row in self.living(kind) if row.name == name and row.external_id), None)

    def differs(
        self,
        kind: Kind,
        workspace: str,
        thing: str,
        *,
        external_id: str = "",
        detail: str = "",
        act: Act | None = None,
        hold: Hold | None = None,
    ) -> Difference:
        return Difference(
            kind=kind,
            workspace=workspace,
            instance_pk=self.pk,
            instance_id=self.public_id,
            client_name=self.client_name,
            thing=thing,
            external_id=external_id,
            detail=detail,
            act=act,
            hold=hold,
            expected=str(self.expected),
        )


def is_being_deleted(row: Resource) -> bool:
    """Whether its deletion was asked for and Railway still has time to do it."""
    return (
        row.status == DELETING and row.attempted_at is not None and timezone.now() < row.attempted_at + LONGEST_DELETION
    )
