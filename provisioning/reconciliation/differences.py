"""How the ledger and Railway can differ, and what may be done about it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    LEAK_ENDED = "leak_ended", _("still listed after its decommissioning")
    LEAK_DOUBLE = "leak_double", _("second project of one instance")
    LEAK_UNKNOWN = "leak_unknown", _("project with our marker of an unknown instance")
    NOT_ADOPTED = "not_adopted", _("project of ours that the ledger lacks")
    OTHER_DEPLOYMENT = "other_deployment", _("deployment that the ledger lacks")
    DELETION_PENDING = "deletion_pending", _("being deleted by Railway")
    DELETION_UNWANTED = "deletion_unwanted", _("being deleted by Railway, needed here")
    LEDGER_OPEN = "ledger_open", _("gone at Railway, open in the ledger")
    VANISHED = "vanished", _("gone at Railway, needed here")
    NOT_RUNNING = "not_running", _("ready, but it does not run")
    STILL_RUNNING = "still_running", _("suspended, but it runs")
    DRIFT_MARKER = "drift_marker", _("the project's marker was changed")
    DRIFT_SOURCE = "drift_source", _("another image or repository")
    DRIFT_SETTINGS = "drift_settings", _("another start command or health check")
    DRIFT_LIMITS = "drift_limits", _("other limits")
    DRIFT_VARIABLES = "drift_variables", _("other variables")
    UNREADABLE = "unreadable", _("Railway does not tell")


class Act(models.TextChoices):
    ADOPT = "adopt", _("write into the ledger")
    CLOSE = "close", _("close in the ledger")
    STOP = "stop", _("stop")
    DELETE = "delete", _("delete")


class Hold(models.TextChoices):
    """Why nothing is done although something could be."""

    YOUNG = "young", _("too young")
    UNPROVEN = "unproven", _("name or description are not ours")
    AMBIGUOUS = "ambiguous", _("it may be the only one left")


@dataclass(frozen=True)
class Difference:
    """``instance_id`` is the public one; ``expected`` what its state promised; ``thing`` a kind and a name.

    ``detail`` names things and statuses, never a value of a variable.
    ``cost`` is the estimated cost a month in ``currency``, for what costs money without being needed.
    """

    kind: Kind
    workspace: str
    instance_pk: int | None = None
    instance_id: str = ""
    client_name: str = ""
    thing: str = ""
    external_id: str = ""
    detail: str = ""
    act: Act | None = None
    hold: Hold | None = None
    expected: str = ""
    cost: Decimal | None = None
    currency: str = ""

    @property
    def can_be_acted_on(self) -> bool:
        return self.act is not None and self.hold is None

    @property
    def subject(self) -> tuple[str, str]:
        """Kind and name of the thing: ``("service", "odoo")``."""
        kind, _space, name = self.thing.partition(" ")
        return kind, name

    def costing(self, cost: Decimal, currency: str) -> Self:
        return replace(self, cost=cost, currency=currency)

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "workspace": self.workspace,
            "instanceId": self.instance_id,
            "clientName": self.client_name,
            "thing": self.thing,
            "externalId": self.external_id,
            "detail": self.detail,
            "act": str(self.act) if self.act else None,
            "hold": str(self.hold) if self.hold else None,
            "monthlyCost": str(self.cost) if self.cost is not None else None,
            "currency": self.currency,
        }
