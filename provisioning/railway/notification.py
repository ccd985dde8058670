"""What Railway posts to a webhook, in its new form and in the one that it had until November 2025."""

from typing import Any

from provisioning import strict_json

# https://docs.railway.com/observability/webhooks; written in either case by those who receive them
EVENTS = (
    "Deployment.deployed",
    "Deployment.failed",
    "Deployment.crashed",
    "Deployment.oomKilled",
    "Deployment.removed",
    "Deployment.slept",
)
LONGEST_ID = 100


class Misshapen(ValueError):
    """JSON, but not of the form that Railway documents; says which part is not."""


def deployment_id(body: bytes) -> str | None:
    """The deployment that the notification is about; None when it is about something else.

    Neither its type nor its status is worth reading: Railway's own example has them contradict each other, and nothing
    is signed. Raises Unreadable for what is no JSON, or none that can be kept, and Misshapen where another kind of
    value stands than Railway writes there.
    """
    told = _object(strict_json.loads(body), "the notification")
    place = _object(told["resource"], "resource") if told.get("resource") is not None else told
    if place.get("deployment") is None:
        return None
    found = _object(place["deployment"], "deployment").get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise Misshapen("deployment.id")
    return found


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misshapen(name)
    return value
