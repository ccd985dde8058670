"""The staff console: reads rows, and changes them only through the services."""

from tenants.admin import audit, customers, instances, messages, offers, partners

__all__ = ["audit", "customers", "instances", "messages", "offers", "partners"]
