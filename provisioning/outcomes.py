"""What a step answers: it is done, or it waits. Errors are raised, waiting is not an error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Done:
    """The step has reached its goal. ``facts`` (plain data, never secrets) are kept with the operation."""

    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Come back in ``seconds``, or earlier when somebody wakes the operation.

    ``reason`` is a code of the catalogue of reasons: it says in plain words what is waited for.
    Who waits in a ``queue`` waits for us, and who is ``patient`` for a person, not for the work: the deadline moves
    along.
    """

    seconds: float
    reason: str
    queue: str = ""
    patient: bool = False
