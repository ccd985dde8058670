"""The ledger: all that we own at Railway, so that deletion and leak hunting do not depend on memory."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.states import ResourceState


class Resource(models.Model):
    """The ledger: each thing that we own at Railway, written down before it is asked for.

    ``intended`` without ``external_id`` means that a request may have been sent: before asking
    again, the thing is looked for and adopted.
    """

    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, related_name="resources", verbose_name=_("instance")
    )
    kind = models.CharField(_("kind"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    workspace = models.CharField(_("workspace"), max_length=40, default="default")
    external_id = models.CharField(_("id at Railway"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ResourceState, default=ResourceState.INTENDED)
    status = models.CharField(_("status at Railway"), max_length=30, blank=True)
    checked_at = models.DateTimeField(_("status read"), null=True, blank=True)
    news_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempted_at = models.DateTimeField(_("request sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("written down"), default=timezone.now)
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        ordering = ("instance", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "kind", "name"),
                condition=~Q(state=ResourceState.GONE),
                name="one_living_resource_a_name",
            ),
            models.UniqueConstraint(
                fields=("kind", "external_id"), condition=~Q(external_id=""), name="one_resource_an_external_id"
            ),
            models.CheckConstraint(
                condition=~Q(state=ResourceState.PRESENT) | ~Q(external_id=""), name="a_present_resource_has_an_id"
            ),
        )
        indexes = (
            models.Index(
                fields=("kind", "status"), condition=Q(state=ResourceState.PRESENT), name="resource_kind_status"
            ),
            models.Index(fields=("news_at",), condition=Q(news_at__isnull=False), name="resource_with_news"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
