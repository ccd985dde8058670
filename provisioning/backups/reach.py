"""Whether the storage is asked now: while it hangs or is away, agents must not hold the threads that serve pages."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from provisioning.errors import Temporary

# of a web process's threads (WEB_THREADS, 8) so many may wait for the storage
AT_ONCE = 2
# after a failure it is left alone for so long
REST_SECONDS = 60.0
_free = threading.BoundedSemaphore(AT_ONCE)
_rests_until = [0.0]


@contextmanager
def attempt() -> Iterator[bool]:
    """Whether to ask it; False while it rests after a failure, or while enough others of this process wait for it."""
    if time.monotonic() < _rests_until[0] or not _free.acquire(blocking=False):
        yield False
        return
    try:
        yield True
    except Temporary:
        _rests_until[0] = time.monotonic() + REST_SECONDS
        raise
    finally:
        _free.release()


def forget() -> None:
    """It is asked again at once."""
    _rests_until[0] = 0.0
