"""The rows of the engine: operations and steps, the ledger, pacing, outages, vitals, usage.

Called by everybody above. They know what may be stored, and must not know who stores it.
"""

from provisioning.models.agents import Agent
from provisioning.models.backups import Backup, new_backup_id
from provisioning.models.costs import (
    Bearer,
    DailyUsage,
    ExchangeRate,
    Measurement,
    UsageCheck,
    UsageDay,
    UsagePrice,
)
from provisioning.models.domains import Domain, OdooAddress, address_at, new_domain_id
from provisioning.models.ledger import Resource
from provisioning.models.outages import Outage
from provisioning.models.pacing import RequestBudget, Slot
from provisioning.models.restores import Restore, new_restore_id
from provisioning.models.site_backup import SiteBackup
from provisioning.models.unreadable import UnreadableEvent
from provisioning.models.vitals import Heartbeat, Tally
from provisioning.models.work import Operation, OperationQuerySet, Step, new_reference

__all__ = [
    "Agent",
    "Backup",
    "Bearer",
    "DailyUsage",
    "Domain",
    "ExchangeRate",
    "Heartbeat",
    "Measurement",
    "OdooAddress",
    "Operation",
    "OperationQuerySet",
    "Outage",
    "RequestBudget",
    "Resource",
    "Restore",
    "SiteBackup",
    "Slot",
    "Step",
    "Tally",
    "UnreadableEvent",
    "UsageCheck",
    "UsageDay",
    "UsagePrice",
    "address_at",
    "new_backup_id",
    "new_domain_id",
    "new_reference",
    "new_restore_id",
]
