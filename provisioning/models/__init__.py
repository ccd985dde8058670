"""The rows of the engine. They know what may be stored, and nothing of who stores it."""

from provisioning.models.ledger import Resource
from provisioning.models.outages import Outage
from provisioning.models.pacing import RequestBudget, Slot
from provisioning.models.vitals import Heartbeat, Tally
from provisioning.models.work import Operation, OperationQuerySet, Step, new_reference

__all__ = [
    "Heartbeat",
    "Operation",
    "OperationQuerySet",
    "Outage",
    "RequestBudget",
    "Resource",
    "Slot",
    "Step",
    "Tally",
    "new_reference",
]
