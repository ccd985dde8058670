from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit import current_act


class AppendOnly(TypeError):
    """Somebody tried to change or delete an audit entry."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **values: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_create(self, *arguments: Any, **options: Any) -> list["AuditEntry"]:
        if options.get("update_conflicts"):
            raise AppendOnly
        return super().bulk_create(*arguments, **options)


class AuditEntry(models.Model):
    """One change or staff act, written in its transaction. Never changed: triggers of the database refuse it too.

    A migration that changes this table makes SQLite build it anew, without its triggers: it must bring them back.
    """

    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, null=True, related_name="audit_entries", verbose_name=_("instance")
    )
    subject = models.CharField(_("of what"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    act = models.CharField(_("what"), max_length=40)
    reason = models.TextField(_("why"), blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-pk",)
        default_permissions = ("view",)
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*arguments, **options | {"force_insert": True})

    def delete(self, *arguments: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    @classmethod
    def write(
        cls,
        act: str,
        instance_id: int | None,
        *,
        subject: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any],
    ) -> "AuditEntry":
        """With the actor and the reason that :func:`tenants.audit.acting` holds.

        ``subject`` names what was changed when it is not an instance.
        """
        who = current_act()
        return cls.objects.create(
            act=act,
            instance_id=instance_id,
            subject=subject[:200],
            actor=who.actor,
            reason=who.reason,
            before=before or {},
            after=after,
        )
