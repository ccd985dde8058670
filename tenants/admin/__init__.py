"""The staff console: reads rows, and changes them only through the services."""

from tenants.admin import (
    alerts,
    audit,
    customers,
    endpoints,
    export,
    instances,
    keys,
    messages,
    offers,
    operations,
    partners,
    reconciliations,
    signups,
    staff,
)

__all__ = [
    "alerts",
    "audit",
    "customers",
    "endpoints",
    "export",
    "instances",
    "keys",
    "messages",
    "offers",
    "operations",
    "partners",
    "reconciliations",
    "signups",
    "staff",
]
