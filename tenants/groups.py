"""The staff groups, brought by ``migrate``: nobody needs to be a superuser for daily work."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

SUPPORT_SEES = (
    "auditentry",
    "instance",
    "mail",
    "partner",
    "plan",
    "reconciliation",
    "tenant",
    "webhookdelivery",
    "operation",
)
OPERATIONS_ALSO_SEES = ("apikey", "blueprint", "webhookendpoint")
OPERATIONS_MANAGES = ("blueprint", "partner", "plan", "webhookendpoint")


def bring(**news: Any) -> None:
    """Make the groups that are missing; a group that exists is left as the staff has made it."""
    for name, wanted in (("Support", _support()), ("Operations", _operations())):
        group, created = Group.objects.get_or_create(name=name)
        if created:
            group.permissions.set(_permissions(wanted))


def _support() -> set[str]:
    return {f"view_{model}" for model in SUPPORT_SEES} | {"retry_instance"}


def _operations() -> set[str]:
    managed = {f"{verb}_{model}" for verb in ("add", "change") for model in OPERATIONS_MANAGES}
    seen = {f"view_{model}" for model in OPERATIONS_ALSO_SEES}
    return _support() | seen | managed | {"operate_instance", "decommission_instance"}


def _permissions(codenames: set[str]) -> list[Permission]:
    ours = Q(content_type__app_label__in=("tenants", "provisioning"))
    return list(Permission.objects.filter(ours, codename__in=codenames))
