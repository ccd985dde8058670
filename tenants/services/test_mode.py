"""Use cases of test mode: what partners tried out is removed, when they ask for it and in the end by itself.

All else there is the ordinary way, by the ordinary rows: of a partner that stands for the real one
(`partners.in_test_mode`), in a workspace that is a sandbox (`provisioning.gate.workspaces`).
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from provisioning.models import Operation
from provisioning.spec import TEST
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Partner
from tenants.models.instance import InstanceQuerySet
from tenants.services import instances

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 100
OLD_AGE = "test mode"


def remove_old() -> int:
    """Delete what was ordered more than TEST_MODE_DAYS ago; returns how many deletions began."""
    long_ago = timezone.now() - timedelta(days=settings.TEST_MODE_DAYS)
    with acting(OLD_AGE):
        return _remove(Instance.objects.filter(workspace=TEST, created_at__lt=long_ago))


def remove_all(partner: Partner) -> int:
    """Delete all that a partner in test mode has; returns how many deletions began. What is busy stays."""
    if not partner.is_test:
        raise ValueError("This partner's instances are real.")
    return _remove(Instance.objects.sold_by(partner).filter(workspace=TEST))


def _remove(rows: InstanceQuerySet) -> int:
    removed = 0
    idle = ~Exists(Operation.objects.active().filter(instance=OuterRef("pk")))
    begun = rows.filter(idle, state=InstanceState.DECOMMISSIONING)
    for instance in (rows.kept() | begun).select_related("tenant__partner", "plan__blueprint")[:MOST_AT_ONCE]:
        try:
            _end(instance)
        except DomainError as error:
            logger.info("The test instance %s cannot be deleted yet: %s", instance.public_id, error)
        else:
            removed += 1
    return removed


def _end(instance: Instance) -> None:
    """Its work is given up first: nobody waits for it; a deletion that failed goes on.

    Raises DomainError while a step is under way.
    """
    if instance.state == InstanceState.DECOMMISSIONING:
        instances.retry(instance)
        return
    with transaction.atomic():
        if instance.active_operation() is not None:
            instances.cancel(instance)
            instance.refresh_from_db()
        instances.decommission(instance)
