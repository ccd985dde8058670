"""The cast: a partner, its customers and their instances, made by plain functions."""

from typing import Any

from provisioning.models import Operation
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Partner
from tenants.services import instances, partners


def make_partner(name: str = "Alice Conseil", **values: Any) -> Partner:
    return Partner.objects.create(name=name, **values)


def order_instance(client_name: str = "acme-corp", **values: Any) -> Instance:
    """An instance as the house's own visitors order it, with its creation waiting to be run."""
    order: dict[str, Any] = {
        "partner": partners.house(),
        "email": f"admin@{client_name}.example",
        "company": client_name.title(),
        "plan_code": "demo",
    }
    return instances.create_instance(client_name=client_name, **(order | values))


def make_instance(
    client_name: str = "acme-corp", *, state: str = InstanceState.PROVISIONING, **values: Any
) -> Instance:
    """An instance in the given state that nothing works on: its creation is taken away."""
    instance = order_instance(client_name, **values)
    Operation.objects.filter(instance=instance).delete()
    changes: dict[str, Any] = {"state": state}
    if state in (InstanceState.READY, InstanceState.SUSPENDED, InstanceState.DECOMMISSIONING):
        changes |= {"url": f"https://eazynova-{client_name}.example", "ready_at": instance.created_at}
    Instance.objects.filter(pk=instance.pk).update(**changes)
    instance.refresh_from_db()
    return instance
