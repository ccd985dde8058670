"""The version of what each instance's status tells: one row for every change of it, written by the database itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.instance import Instance


class StatusChange(models.Model):
    """Something that a status tells has changed. Rows are only added, by triggers, in the transaction of the change.

    How many there are of an instance, with the sum of their random tokens, is its version. Adding waits for nobody:
    a counter in one row would be locked by every step of the engine, and by staff's acts in another order.
    """

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    token = models.IntegerField()

    class Meta:
        verbose_name = _("change of a status")
        verbose_name_plural = _("changes of statuses")
        default_permissions = ()
        indexes = (models.Index(fields=("instance", "token"), name="status_version"),)

    def __str__(self) -> str:
        return f"{self.instance_id} {self.token}"
