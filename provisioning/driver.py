"""Drives one operation from the foreground, with no broker and no worker: the same engine, the same rows."""

import time
from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import outages
from provisioning.models import Operation
from provisioning.states import OperationState
from provisioning.watching import watcher


def drive(operation_id: int, *, timeout: float, tick: Callable[[Operation], None]) -> Operation:
    """Run the operation until it ends or ``timeout`` seconds have passed, and return its row.

    ``tick`` is called with the current row after each round. Workers may run the same operation
    meanwhile: whoever claims it first does the step, the others find it taken.
    """
    started = time.monotonic()
    next_look = started
    while True:
        running.run(operation_id)
        if time.monotonic() >= next_look:
            outages.tend()
            watcher.watch()
            running.heed_the_clock()
            next_look = time.monotonic() + settings.RAILWAY_POLL_SECONDS
        operation = Operation.objects.get(pk=operation_id)
        tick(operation)
        if operation.state != OperationState.ACTIVE or time.monotonic() - started > timeout:
            return operation
        due_in = (operation.run_after - timezone.now()).total_seconds()
        time.sleep(min(max(due_in, 0.05), max(next_look - time.monotonic(), 0.05), 1.0))
