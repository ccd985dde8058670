"""Turns for requests that Railway throttles by the clock, shared by all workers, first come first served.

A turn is a moment in time reserved in a row; whoever reserved it comes back then, holding no
worker meanwhile. An unused turn simply passes.
"""

import time

from django.db import transaction

from provisioning.models import Slot


def reserve(key: str, interval: float) -> float:
    """Reserve the next free moment for ``key`` (Unix time, seconds), ``interval`` seconds after the one before."""
    with transaction.atomic():
        Slot.objects.get_or_create(key=key)
        slot = Slot.objects.select_for_update().get(key=key)
        moment = max(time.time(), slot.free_at)
        slot.free_at = moment + interval
        slot.save(update_fields=["free_at"])
    return moment
