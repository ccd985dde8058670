"""The staff groups: migrations bring them, so what staff make of them afterwards stays as it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.management import create_permissions

APPS = ("provisioning", "tenants")


def bring(apps: Any, schema_editor: Any, groups: Mapping[str, Iterable[str]]) -> None:
    """For migrations: make the groups that are missing, with these permissions of ours (their code names)."""
    permissions = _permissions(apps, schema_editor.connection.alias)
    for name, wanted in groups.items():
        group, created = _groups(apps, schema_editor).get_or_create(name=name)
        if created:
            group.permissions.set(permissions.filter(codename__in=list(wanted)))


def grant(apps: Any, schema_editor: Any, groups: Mapping[str, Iterable[str]]) -> None:
    """For migrations that bring a new permission: give it, once, to the groups that still exist."""
    permissions = _permissions(apps, schema_editor.connection.alias)
    for group in _groups(apps, schema_editor).filter(name__in=list(groups)):
        group.permissions.add(*permissions.filter(codename__in=list(groups[group.name])))


def _groups(apps: Any, schema_editor: Any) -> Any:
    return apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)


def _permissions(apps: Any, alias: str) -> Any:
    """All of ours; Django itself would make them only after the last migration."""
    for label in APPS:
        config = apps.get_app_config(label)
        # the stand-in that a migration gets for an app does not say that it has models
        config.models_module = getattr(config, "models_module", None) or True
        create_permissions(config, verbosity=0, using=alias, apps=apps)
    return apps.get_model("auth", "Permission").objects.using(alias).filter(content_type__app_label__in=APPS)
