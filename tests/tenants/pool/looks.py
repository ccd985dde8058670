"""What trials of the pool read of an instance."""

from provisioning.models import Operation
from tests import trials


def kinds(instance):
    rows = Operation.objects.filter(instance=instance).order_by("pk")
    return [f"{kind} {state}" for kind, state in rows.values_list("kind", "state")]


def label_of(sandbox, instance):
    services = trials.only_project(sandbox, instance)["services"]
    (label,) = (domain["label"] for service in services for domain in service["domains"])
    return label
