"""Faults that tests and people script: what goes wrong, for which requests, how often.

A fault is a dict: ``kind``; ``operation`` (an operation name, a root field or ``*``, the default); ``times`` (null,
the default, means for ever); ``after`` (skip that many matches first); ``match`` (a text that must occur in the
request's variables, or in the name or description of the project it concerns; before these stands of a deployment
which one of its service it is, as ``deployment-1``); ``service`` (the name of the service, for deployments and Odoo);
and the parameters of its kind:

request      rate_limited(retry_after) server_error(status) html(status) token_refused error(message, code)
             timeout_before(seconds) timeout_after(seconds) lost_answer
one field    no_effect partial field_refused(message), at an ``operation``: a root field, the others run
creation     lag(seconds)
platform     paused(message)
deployment   failed(message) crashed(message) crashed_later(seconds) stuck slow(seconds)
storage      storage_error(status, code, message) storage_lost_answer storage_timeout_before(seconds)
             storage_timeout_after(seconds), at an ``operation`` of S3, ``match`` in the key
Odoo         login_fails wrong_language(language) default_login_open manager_open asset_error
             unreachable(seconds) late_certificate(seconds) call_lost_answer, at an ``operation``: a model's method

``seconds`` of Odoo's count from the deployment's success; without them they last until the fault is removed.
"""

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

REQUEST = frozenset(
    "rate_limited server_error html token_refused error timeout_before timeout_after lost_answer".split()
)
FIELD = frozenset({"no_effect", "partial", "field_refused"})
DEPLOYMENT = frozenset({"failed", "crashed", "crashed_later", "stuck", "slow"})
ODOO = frozenset(
    "login_fails wrong_language default_login_open manager_open asset_error unreachable late_certificate "
    "call_lost_answer".split()
)
STORAGE = frozenset("storage_error storage_lost_answer storage_timeout_before storage_timeout_after".split())
KINDS = REQUEST | FIELD | DEPLOYMENT | STORAGE | ODOO | {"lag", "paused"}
PARAMETERS: Mapping[str, type | tuple[type, ...]] = {
    "retry_after": (int, float),
    "seconds": (int, float),
    "status": int,
    "message": str,
    "code": str,
    "language": str,
}


@dataclass(slots=True)
class Fault:
    id: str
    kind: str
    operation: str = "*"
    times: int | None = None
    after: int = 0
    match: str = ""
    service: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    used: int = 0

    def number(self, name: str, default: float) -> float:
        return float(self.parameters.get(name, default))

    def text(self, name: str, default: str) -> str:
        return str(self.parameters.get(name, default))

    def as_dict(self) -> dict[str, Any]:
        own = ("id", "kind", "operation", "times", "after", "match", "service", "seen", "used")
        return {name: getattr(self, name) for name in own} | self.parameters

    @property
    def spent(self) -> bool:
        return self.times is not None and self.used >= self.times


class Faults:
    """The faults in force, in the order in which they were added. ``changed`` is called after each change."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self.changed: Callable[[], None] = lambda: None

    def add(self, fault: Mapping[str, Any]) -> Fault:
        """Raises ValueError with a sentence when the fault is not one the sandbox knows."""
        added = _checked(str(next(self._numbers)), dict(fault))
        self._faults.append(added)
        self.changed()
        return added

    def remove(self, fault_id: str | None = None) -> None:
        """Remove one fault, or all of them."""
        self._faults = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
        self.changed()

    def all(self) -> list[Fault]:
        return list(self._faults)

    def claim(
        self,
        kinds: Collection[str],
        *,
        subject: Callable[[], str],
        names: Collection[str] = (),
        service: str = "",
    ) -> Fault | None:
        """The first fault of these kinds that strikes here; striking counts, and so does being skipped."""
        for fault in self._faults:
            if fault.kind not in kinds or fault.spent or not _concerns(fault, names, service, subject):
                continue
            fault.seen += 1
            if fault.seen > fault.after:
                fault.used += 1
                return fault
        return None

    def standing(
        self, kind: str, *, subject: Callable[[], str], service: str = "", names: Collection[str] = ()
    ) -> Fault | None:
        """The first fault of this kind that would strike, without counting it."""
        for fault in self._faults:
            if fault.kind == kind and not fault.spent and _concerns(fault, names, service, subject):
                return fault
        return None


def _concerns(fault: Fault, names: Collection[str], service: str, subject: Callable[[], str]) -> bool:
    if fault.operation != "*" and fault.operation not in names:
        return False
    if fault.service and fault.service != service:
        return False
    return not fault.match or fault.match in subject()


def _checked(fault_id: str, given: dict[str, Any]) -> Fault:
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"Unknown kind of fault {kind!r}; known are {', '.join(sorted(KINDS))}.")
    fault = Fault(fault_id, kind)
    for name, wanted in (("operation", str), ("match", str), ("service", str), ("after", int), ("times", int)):
        value = given.pop(name, None)
        if value is not None:
            if not isinstance(value, wanted) or isinstance(value, bool):
                raise ValueError(f"{name} of a fault must be {wanted.__name__}, not {value!r}.")
            setattr(fault, name, value)
    for name, value in given.items():
        if name not in PARAMETERS or not isinstance(value, PARAMETERS[name]):
            raise ValueError(f"A fault has no {name} {value!r}.")
        fault.parameters[name] = value
    return fault
