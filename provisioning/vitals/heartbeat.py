"""Signs of life of what works without being asked: whoever reads their age can tell who has fallen silent."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from provisioning.models import Heartbeat

WORKER = "worker"
BEAT = "beat"
WATCHER = "watcher"


def beat(name: str) -> None:
    """Write down that it is alive now."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=timezone.now())],
        update_conflicts=True,
        unique_fields=("name",),
        update_fields=("at",),
    )


def ages() -> dict[str, timedelta | None]:
    """How long ago each was last seen; None when it never was."""
    now, seen = timezone.now(), dict(Heartbeat.objects.values_list("name", "at"))
    return {name: now - seen[name] if name in seen else None for name in patience()}


def patience() -> dict[str, timedelta]:
    """How old each sign of life may be before its sender counts as silent."""
    return {
        WORKER: timedelta(seconds=60),
        BEAT: timedelta(seconds=60),
        WATCHER: timedelta(seconds=60 + 3 * settings.RAILWAY_POLL_SECONDS),
    }


def silent() -> list[str]:
    """The names of those who have not been seen for too long, or never."""
    return [name for name, age in ages().items() if not is_alive(name, age)]


def is_alive(name: str, age: timedelta | None) -> bool:
    """Whether a last sign of this age is good enough; one from the future is of before the clock was put back."""
    most = patience()[name]
    return age is not None and -most <= age <= most
