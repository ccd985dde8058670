"""One runner at a time: a claim on an operation, made and kept by conditional updates.

A runner that dies stops renewing, and its lease runs out within LEASE_SECONDS: then anybody may
go on. A runner that was only slow finds that its token is no longer the row's and records nothing.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from provisioning.models import Operation

LEASE_SECONDS = 30


class LeaseLost(Exception):
    """Another runner has taken over; whatever this one still wanted to record is not its business any more."""


def claim(operation_id: int) -> Operation | None:
    """Take the operation if it is due and free; None when it is not, or when another runner was faster."""
    now = timezone.now()
    token = uuid.uuid4().hex
    won = (
        Operation.objects.due(now)
        .filter(pk=operation_id)
        .order_by()
        .update(lease_token=token, lease_expires_at=now + timedelta(seconds=LEASE_SECONDS), rung_at=now)
    )
    if not won:
        return None
    operation = Operation.objects.get(pk=operation_id)
    operation.claimed_at = (time.time(), time.monotonic())
    return operation


def clock_jump(operation: Operation) -> timedelta:
    """How far the clock has jumped forward since the claim, or the machine stood still; told once."""
    if operation.claimed_at is None:
        return timedelta()
    wall, steady = time.time(), time.monotonic()
    jumped = (wall - operation.claimed_at[0]) - (steady - operation.claimed_at[1])
    operation.claimed_at = (wall, steady)
    return timedelta(seconds=max(jumped, 0.0))


def shorten(operation_id: int) -> None:
    """No lease may last longer than it can from now; who holds it and lives renews it in time."""
    longest = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    Operation.objects.filter(pk=operation_id, lease_expires_at__gt=longest).update(lease_expires_at=longest)


@contextmanager
def kept(operation: Operation) -> Iterator[None]:
    """Renew the lease in the background for as long as the block runs, however slow the other side is."""
    stop = threading.Event()
    keeper = threading.Thread(target=_renew_until, args=(stop, operation.pk, operation.lease_token), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _renew_until(stop: threading.Event, operation_id: int, token: str) -> None:
    renewed = False
    while not stop.wait(LEASE_SECONDS / 3):
        expiry = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        Operation.objects.filter(pk=operation_id, lease_token=token).update(lease_expires_at=expiry)
        renewed = True
    if renewed:
        connection.close()
