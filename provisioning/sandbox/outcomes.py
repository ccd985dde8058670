"""The outcomes that a client name forces in test mode, as faults that stand as long as the sandbox does.

A project is named after its client, so the name alone says what becomes of it; no other project is touched.
"""

from collections.abc import Mapping
from typing import Any

# seconds of a deployment that takes its time
SLOW = 120

# by what the client name begins with
OUTCOMES: Mapping[str, Mapping[str, Any]] = {
    "test-slow": {"kind": "slow", "service": "odoo", "seconds": SLOW},
    "test-fails-at-build": {"kind": "failed", "service": "odoo", "message": "Build failed: as the client name asks"},
    "test-fails-at-start": {"kind": "crashed", "service": "odoo", "message": "Crashed: as the client name asks"},
    "test-fails-at-login": {"kind": "login_fails"},
    "test-fails-once": {"kind": "failed", "service": "odoo", "message": "Failed once: as the client name asks"},
}
# of these only the first deployment of the service
FIRST_ONLY = ("test-fails-once",)


def faults() -> list[dict[str, Any]]:
    """As `faults.Faults.add` takes them."""
    return [
        {"match": f"{'deployment-1 ' if name in FIRST_ONLY else ''}eazynova-{name}", **fault}
        for name, fault in OUTCOMES.items()
    ]
