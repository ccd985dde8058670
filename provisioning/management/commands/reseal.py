"""manage.py reseal: encrypt every kept secret with the first of ENCRYPTION_KEYS, so that the others can be removed."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from django.utils.translation import gettext as _

from provisioning.sealing import SealBroken, SealedField, reseal


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Encrypt every kept secret with the first of ENCRYPTION_KEYS; harmless at any time.")

    def handle(self, *args: Any, **options: Any) -> None:
        done, broken = 0, []
        for model, column in _sealed_columns():
            rows = model._base_manager.exclude(**{column: ""})
            for pk, sealed in rows.values_list("pk", column).iterator():
                try:
                    anew = reseal(sealed)
                except SealBroken:
                    broken.append(f"{model._meta.label} {pk}")
                else:
                    # what was sealed anew or forgotten meanwhile stays as it is
                    done += rows.filter(pk=pk, **{column: sealed}).update(**{column: anew})
        self.stdout.write(_("Encrypted anew: %(count)d.") % {"count": done})
        if broken:
            why = _("No key of ENCRYPTION_KEYS opens these; remove no key, put the missing one back: %(rows)s")
            raise CommandError(why % {"rows": ", ".join(broken)})


def _sealed_columns() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                yield model, field.name
