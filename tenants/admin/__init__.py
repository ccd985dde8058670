"""The staff console: reads rows, and changes them only through the services."""

from tenants.admin import audit, customers, endpoints, instances, messages, offers, partners, reconciliations

__all__ = ["audit", "customers", "endpoints", "instances", "messages", "offers", "partners", "reconciliations"]
