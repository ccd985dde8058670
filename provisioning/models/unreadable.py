import hashlib
import logging
from typing import Any

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


class UnreadableEvent(models.Model):
    """What a provider told us and we could not understand, kept so that nothing is lost; the same again is counted.

    ``source`` is who told it, ``problem`` the kind of error that it met here, ``body`` its beginning.
    """

    MOST_CHARACTERS = 16_000

    source = models.CharField(_("source"), max_length=60)
    problem = models.CharField(_("problem"), max_length=100)
    body = models.TextField(_("content"))
    digest = models.CharField(max_length=64, editable=False)
    count = models.PositiveIntegerField(_("how often"), default=1)
    first_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_at = models.DateTimeField(_("last seen"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("event that was not understood")
        verbose_name_plural = _("events that were not understood")
        ordering = ("-last_at", "-pk")
        default_permissions = ("view",)
        constraints = (models.UniqueConstraint(fields=("source", "digest"), name="an_unreadable_event_once"),)

    def __str__(self) -> str:
        return f"{self.source}: {self.problem}"

    @classmethod
    def keep(cls, source: str, problem: str, body: bytes | str) -> None:
        """Only for what has proven where it comes from: strangers must not be able to fill the table."""
        raw = body.encode("utf-8", "backslashreplace") if isinstance(body, str) else body
        digest = hashlib.sha256(raw).hexdigest()
        text = raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        facts: dict[str, Any] = {"problem": problem[:100], "body": text[: cls.MOST_CHARACTERS]}
        row, new = cls.objects.get_or_create(source=source[:60], digest=digest, defaults=facts)
        if not new:
            cls.objects.filter(pk=row.pk).update(count=F("count") + 1, last_at=timezone.now())
        logger.warning("An event from %s was not understood (%s) and is kept as number %s", source, problem, row.pk)
