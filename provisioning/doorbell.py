"""The doorbell of what the database schedules: a message says "look now", and the row keeps when it was sent.

Not "queue" or "dispatch": as with a device's doorbell register, the message carries no work. Lost, repeated or late, it
changes only when somebody looks.
"""

from datetime import datetime, timedelta
from enum import IntEnum

from django.db.models import F, Q

# a message that nobody has heard by then is taken for lost, and is dropped when it turns up after all
LOST_AFTER = timedelta(seconds=30)
# clocks of several machines differ by less; what happened so far in the future did so before the clock was put back
PUT_BACK = timedelta(minutes=5)


class Priority(IntEnum):
    """Who is heard first; before them all, at 0, the sweeps and the watcher. Redis takes the smallest first.

    What was begun is finished before something new is begun, and what is nearly finished before the rest.
    """

    LAST_WAIT = 3
    AWAITED = 4
    MAIL = 5
    ORDINARY = 6
    # what no customer waits for
    STOCK = 7


def unrung(now: datetime) -> Q:
    """Of rows with ``run_after`` and ``rung_at``: not rung for since they became due, or so long ago that it was lost.

    Without this a sweep would ring for all that waits in the queue again and again, and fill it with repetitions.
    """
    return (
        Q(rung_at=None)
        | Q(rung_at__lt=F("run_after"), run_after__lte=now)
        | Q(rung_at__lt=now - LOST_AFTER)
        | Q(rung_at__gt=now + PUT_BACK)
    )
