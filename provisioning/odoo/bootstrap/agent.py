"""Beside Odoo, in a process of its own: calls those who look after this instance, reports, and does what is asked.

What can be asked is one of JOBS, described by data: never a command, a path or a query. Odoo does not depend on it, and
it may be away for ever without harm.
"""

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Protocol

from . import backup
from .outcome import say

TIMEOUT_SECONDS = 60
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 900.0
# a report costs a query or two and a look at each folder
REPORT_SECONDS = 900.0
FAULTS = (OSError, http.client.HTTPException, ValueError)


class House(Protocol):
    """The instance that an agent lives in."""

    def report(self) -> dict[str, Any]: ...

    def snapshot(self) -> backup.Snapshot: ...

    def drop_former(self, restored: str) -> None:
        """Drop what the restoration ``restored`` replaced; nothing when another one is in place. Raises Failed."""

    def set_address(self, url: str) -> None:
        """Let Odoo name itself by this address in all that it writes. Raises Failed."""


class Unheard(Exception):
    """The other side does not answer, or not now."""


class Refused(Exception):
    """The other side does not want to hear this."""


class Door:
    """Where the agent calls, with its token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def call(self, **said: Any) -> dict[str, Any]:
        """Raises Unheard or Refused."""
        request = urllib.request.Request(  # noqa: S310  the address is ours
            self._url,
            json.dumps(said).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            error.close()
            raise (Refused if error.code in {400, 401, 404, 409} else Unheard)(str(error.code)) from error
        except FAULTS as error:
            raise Unheard(type(error).__name__) from error
        if not isinstance(found, dict):
            raise Unheard("not an object")
        return found


class Agent:
    """Its first call comes within ``pause`` seconds: not all of many that are started together call at once."""

    def __init__(
        self,
        door: Door,
        house: House,
        sleep: Callable[[float], object] = time.sleep,
        log: Callable[[str], None] = say,
        pause: float = FIRST_PAUSE,
    ) -> None:
        self._door = door
        self._pause = pause
        self._house = house
        self._sleep = sleep
        self._log = log
        self._reported_at = float("-inf")

    def live(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Call, again and again: at times that differ, and more and more seldom while nobody answers."""
        pause = self._pause
        self._sleep(random.uniform(0, pause))  # noqa: S311
        while goes_on():
            try:
                pause = float(self.call_once())
            except (Unheard, Refused) as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                self._log(f"agent: not heard ({error}); again in {pause:.0f} s")
            self._sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311

    def call_once(self) -> float:
        """One call, and the job that it brings; how many seconds to wait before the next. Raises Unheard or Refused."""
        said: dict[str, Any] = {}
        now = time.monotonic()
        if now - self._reported_at >= REPORT_SECONDS:
            said["report"] = self._house.report()
        answer = self._door.call(**said)
        if said:
            self._reported_at = now
        job = answer.get("job")
        if isinstance(job, dict):
            self._do(job)
        pause = answer.get("next")
        return min(max(float(pause), 1.0), LONGEST_PAUSE) if isinstance(pause, (int, float)) else FIRST_PAUSE

    def _do(self, job: dict[str, Any]) -> None:
        kind, identifier = job.get("kind"), str(job.get("id"))
        do = JOBS.get(str(kind))
        if do is None:
            self._say(identifier, event="failed", reason="unknown_kind")
            return
        self._log(f"agent: {kind} {identifier}")
        try:
            result = do(job, self._house, lambda **news: self._say(identifier, **news))
        except backup.Failed as failure:
            self._log(f"agent: {kind} {identifier} failed: {failure}")
            self._say(identifier, event="failed", reason=failure.reason, message=str(failure))
        else:
            self._say(identifier, event="done", **result)

    def _say(self, identifier: str, **news: Any) -> dict[str, Any]:
        """Said until it is heard, for a while: an hour's work is not lost to a minute's outage."""
        for attempt in range(6):
            try:
                return self._door.call(job={"id": identifier, **news})
            except Unheard:
                if attempt == 5:
                    raise
                self._sleep(5.0 * 2**attempt)
        raise Unheard(identifier)


def _drop_former(job: dict[str, Any], house: House, say: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What a proven restoration has replaced goes."""
    house.drop_former(str(job.get("restore")))
    return {}


def _set_address(job: dict[str, Any], house: House, say: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """The customer's own domain leads here now, or does not any more."""
    house.set_address(str(job.get("url")))
    return {}


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "backup": backup.make,
    "drop_former": _drop_former,
    "set_address": _set_address,
}
