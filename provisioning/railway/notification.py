"""What Railway posts to a webhook, in its new form and in the one that it had until November 2025."""

import json
from typing import Any

# https://docs.railway.com/observability/webhooks; written in either case by those who receive them
EVENTS = (
    "Deployment.deployed",
    "Deployment.failed",
    "Deployment.crashed",
    "Deployment.oomKilled",
    "Deployment.removed",
    "Deployment.slept",
)


def deployment_id(body: bytes) -> str | None:
    """The deployment that the notification is about; None when it is about something else.

    Neither its type nor its status is worth reading: Railway's own example has them contradict each other, and nothing
    is signed. Raises ValueError for what is not JSON.
    """
    told = json.loads(body)
    found = _id(told["resource"]) if isinstance(told, dict) and "resource" in told else _id(told)
    return found if isinstance(found, str) and 0 < len(found) <= 100 else None


def _id(place: Any) -> Any:
    deployment = place.get("deployment") if isinstance(place, dict) else None
    return deployment.get("id") if isinstance(deployment, dict) else None
