"""Children and signals, as the first process of a container must handle them.

Signals are blocked and fetched one by one, so none is lost and none interrupts anything halfway.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from .outcome import DONE, Stop

STOPPING = {signal.SIGTERM, signal.SIGINT}
FETCHED = STOPPING | {signal.SIGHUP, signal.SIGCHLD}
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
# an orphan may keep the other end open
HEARING_SECONDS = 2.0
LIBC = ctypes.CDLL(None)


def block_signals() -> None:
    """From now on signals wait until ``rest`` or ``run`` fetches them; threads must start after this."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FETCHED)


def hide() -> None:
    """From now on only root may look into this process: its memory, open files and first environment."""
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def rest(seconds: float) -> None:
    """Sleep. Raises Stop when the container is asked to stop meanwhile."""
    if signal.sigtimedwait(STOPPING, seconds) is not None:
        raise Stop(DONE, "asked to stop")


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    stdin: IO[bytes] | None = None,
    *,
    on_start: Callable[[int], None] | None = None,
    hear: Callable[[bytes], None] | None = None,
) -> tuple[int, bool]:
    """Run a child to its end: its exit status (128 + n for signal n) and whether it was asked to stop.

    SIGTERM and SIGINT are passed on. SIGHUP is passed on to a child with ``on_start``, which is given its process id.
    ``hear`` is given each line of its errors, which are passed on, too. Orphans of the container are reaped on the way.
    """
    child = subprocess.Popen(
        list(command),
        env=dict(environ),
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stderr=None if hear is None else subprocess.PIPE,
        preexec_fn=end_with_parent,  # noqa: PLW1509 no thread is running yet
    )
    hearing = threading.Thread(target=_hear, args=(child.stderr, hear), daemon=True)
    if hear is not None:
        hearing.start()
    passed_on = STOPPING | ({signal.SIGHUP} if on_start else set())
    if on_start is not None:
        on_start(child.pid)
    stopping = False
    while (status := _reap(child.pid)) is None:
        received = signal.sigtimedwait(FETCHED, 1.0)
        if received is not None and received.si_signo in passed_on:
            stopping = stopping or received.si_signo in STOPPING
            os.kill(child.pid, received.si_signo)
    child.returncode = status
    if hear is not None:
        hearing.join(HEARING_SECONDS)
    return (status if status >= 0 else 128 - status), stopping


def _hear(errors: IO[bytes], hear: Callable[[bytes], None]) -> None:
    for line in errors:
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
        hear(line)


def end_with_parent() -> None:
    """A child must not outlive its parent: an orphaned installer would write into the next one's database."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _reap(pid: int) -> int | None:
    """Collect every process that has ended; the exit status of ``pid`` if it is one of them."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 255
        if ended == pid:
            return os.waitstatus_to_exitcode(status)
        if ended == 0:
            return None
