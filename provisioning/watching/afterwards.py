"""What should follow a creation, asked for again where it has not come true yet."""

import logging

from provisioning.errors import ProvisioningError
from provisioning.steps import afterwards

logger = logging.getLogger(__name__)

MOST = 20


def tend() -> int:
    """Look after the instances whose turn it is, a few at a time; returns how many."""
    found = afterwards.due()[:MOST]
    for instance_id, workspace in found:
        try:
            afterwards.see_to(instance_id, workspace)
        except ProvisioningError as error:
            logger.warning(
                "Instance %d still lacks what should follow: %s (%s)", instance_id, error.message, error.code
            )
    return len(found)
