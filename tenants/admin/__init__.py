"""The staff console: Django's admin with lists, an instance's page, confirmed actions and the dashboard.

Called by staff's browsers. It reads rows, and must not change one except through the services.
"""

from tenants.admin import (
    alerts,
    audit,
    backups,
    costs,
    customers,
    domains,
    drills,
    endpoints,
    export,
    held_back,
    instances,
    keys,
    messages,
    operations,
    partners,
    plans,
    pools,
    reconciliations,
    signups,
    site_backups,
    staff,
    unreadable,
)

__all__ = [
    "alerts",
    "audit",
    "backups",
    "costs",
    "customers",
    "domains",
    "drills",
    "endpoints",
    "export",
    "held_back",
    "instances",
    "keys",
    "messages",
    "operations",
    "partners",
    "plans",
    "pools",
    "reconciliations",
    "signups",
    "site_backups",
    "staff",
    "unreadable",
]
