"""After the database was restored from a backup: what it says was never sent may have been sent all the same."""

from django.db import transaction

from provisioning.ledger.entries import Ledger
from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from provisioning.steps.desired_state import MOUNT_PATHS, ODOO

THINGS = (
    ("project", "project"),
    *((kind, service) for kind in ("service", "volume", "deployment") for service in MOUNT_PATHS),
    ("domain", ODOO),
)


def doubt_creations() -> list[Operation]:
    """Let every creation that has not succeeded look for each thing at Railway before it asks for it; returns them.

    To be called before any worker runs on the restored database. Harmless at any other time and when repeated: a
    look too many.
    """
    unfinished = Operation.objects.filter(kind__in=(OperationKind.CREATE, OperationKind.PREPARE)).exclude(
        state=OperationState.SUCCEEDED
    )
    doubted = list(unfinished.exclude(instance__operations__kind=OperationKind.DECOMMISSION).order_by("pk"))
    for operation in doubted:
        ledger = Ledger(operation.instance_id, operation.instance_spec.workspace)
        with transaction.atomic():
            for kind, name in THINGS:
                ledger.doubt(kind, name)
    return doubted
