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


class AuditEntry(models.Model):
    """One change or staff act, written in its transaction. Never changed: PostgreSQL refuses it with a trigger."""

    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, null=True, related_name="audit_entries", verbose_name=_("instance")
    )
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

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    @classmethod
    def write(
        cls, act: str, instance_id: int | None, *, before: dict[str, Any] | None = None, after: dict[str, Any]
    ) -> "AuditEntry":
        """With the actor and the reason that :func:`tenants.audit.acting` holds."""
        who = current_act()
        return cls.objects.create(
            act=act,
            instance_id=instance_id,
            actor=who.actor,
            reason=who.reason,
            before=before or {},
            after=after,
        )
