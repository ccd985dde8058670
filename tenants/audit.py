"""Who acts: said once at the edge, read by every audit entry that is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """``actor`` is a user name; the reference of an operation, the name of a key, or empty."""

    actor: str = ""
    reason: str = ""


NOBODY = Act()
_current: ContextVar[Act] = ContextVar("current_act", default=NOBODY)


def current_act() -> Act:
    return _current.get()


@contextmanager
def acting_unless_known(actor: str) -> Iterator[None]:
    """What nobody ordered just now is this actor's doing, such as an operation's own."""
    who = current_act()
    with acting(who.actor or actor, who.reason):
        yield


@contextmanager
def acting(actor: str, reason: str = "") -> Iterator[None]:
    """Everything audited inside is this actor's doing, for this reason."""
    token = _current.set(Act(actor, reason))
    try:
        yield
    finally:
        _current.reset(token)
