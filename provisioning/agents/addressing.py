"""The conversation with an agent about the address by which its Odoo names itself.

The job is ``{"id": "AD-7-3", "kind": "set_address", "url": …}``; the agent says done, or failed with a reason. It is
offered again until it was done: an agent of an earlier release does not know it, and the next start brings a newer one.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from provisioning.backups.errors import NoSuchJob, NotAnEvent
from provisioning.backups.reading import code
from provisioning.models import Agent, OdooAddress

PREFIX = "AD-"
AGAIN = timedelta(minutes=10)
# agents call every minute, and every quarter of an hour they report
SILENCE = timedelta(minutes=20)


def want(instance_id: int, url: str) -> None:
    """Odoo shall name itself by ``url`` from now on. To be called in the transaction that makes it its address."""
    now = timezone.now()
    row, made = OdooAddress.objects.get_or_create(instance_id=instance_id, defaults={"url": url})
    if not made and row.url != url:
        OdooAddress.objects.filter(pk=row.pk).update(
            url=url, revision=F("revision") + 1, asked_at=now, run_after=now, told_at=None, refusal=""
        )


def want_again(instance_id: int) -> None:
    """Another database may be in its place, which knows nothing of what was told; nothing for who never had a wish."""
    now = timezone.now()
    OdooAddress.objects.filter(instance_id=instance_id).update(
        revision=F("revision") + 1, asked_at=now, run_after=now, told_at=None, refusal=""
    )


def is_awaited(instance_id: int) -> bool:
    """Whether it is not done yet and its agent was heard of lately, so that waiting is worth while."""
    if not OdooAddress.objects.filter(instance_id=instance_id, told_at=None, refusal="").exists():
        return False
    return Agent.objects.filter(instance_id=instance_id, reported_at__gt=timezone.now() - SILENCE).exists()


def due(instance_id: int | OuterRef) -> Exists:
    """Whether there is something to tell: to be asked within another read."""
    return Exists(_due(instance_id))


def offer(instance_id: int) -> dict[str, Any]:
    row = _due(instance_id).first()
    if row is None:
        return {}
    return {"job": {"id": f"{PREFIX}{row.pk}-{row.revision}", "kind": "set_address", "url": row.url}}


def hear(instance_id: int, news: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent says of that job. Raises NoSuchJob or NotAnEvent."""
    now = timezone.now()
    row = OdooAddress.objects.filter(instance_id=instance_id).first()
    if row is None or code(news.get("id")) != f"{PREFIX}{row.pk}-{row.revision}":
        raise NoSuchJob
    mine = OdooAddress.objects.filter(pk=row.pk, revision=row.revision)
    match code(news.get("event")):
        case "done":
            mine.update(told_at=now, refusal="")
        case "failed":
            mine.update(run_after=now + AGAIN, refusal=code(news.get("reason", "failed"))[:40])
        case _:
            raise NotAnEvent
    return {}


def _due(instance_id: Any) -> Any:
    return OdooAddress.objects.filter(instance_id=instance_id, told_at=None, run_after__lte=timezone.now())
