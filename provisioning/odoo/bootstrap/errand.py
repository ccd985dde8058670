"""What the bootstrap has to bring back, from whom it learns how, and to whom it says what came of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .agent import Door, Refused, Unheard
from .outcome import say
from .process import rest

# the id of a restoration: loaded once, before Odoo listens; the same id in UNDO brings the former state back
RESTORE, UNDO = "PROV_RESTORE", "PROV_RESTORE_UNDO"
# the same of a seed: a backup that a new database begins with; what cannot be made of it is installed
SEED = "PROV_SEED"
# for so long nobody may answer before Odoo serves what it has, or is installed
PATIENCE_SECONDS, SEED_PATIENCE_SECONDS = 600.0, 30.0
# a seed that is not here by then brings less than an installation takes
SEED_FETCH_SECONDS = 90.0
NEWS_SECONDS = 30.0


class Failed(Exception):
    """The backup cannot be brought back; ``reason`` is a code, the message names no value of the customer's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotNow(Exception):
    """Nobody answers: another start will ask again."""


class NotWanted(Exception):
    """Who could answer knows of no such restoration, or of none any more."""


@dataclass(frozen=True)
class Order:
    """Where the backup is, what it must be, and what becomes of it.

    ``facts`` are the counts that it was made with. A copy gets a ``new_identity`` and is ``neutralised``; ``hand_over``
    makes the company the owner's too; ``own_address`` is for a database that another address has served.
    """

    address: str
    size: int
    sha256: str
    facts: Mapping[str, Any]
    new_identity: bool
    neutralised: bool
    hand_over: bool
    own_address: bool

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Order":
        flags = (bool(told.get(name)) for name in ("newIdentity", "neutralise", "handOver", "ownAddress"))
        return cls(str(told["address"]), int(told["size"]), str(told["sha256"]), dict(told["facts"]), *flags)


class Errand:
    """One restoration, by its id, as it is told at the door."""

    def __init__(
        self, identifier: str, door: Door | None, sleep: Callable[[float], object] = rest, *, is_seed: bool = False
    ) -> None:
        self.id = identifier
        self.is_seed = is_seed
        self._patience = SEED_PATIENCE_SECONDS if is_seed else PATIENCE_SECONDS
        self._began = time.monotonic()
        self._sleep = sleep
        self._door = door
        self._said_at = float("-inf")

    @classmethod
    def of(cls, environ: Mapping[str, str], sleep: Callable[[float], object] = rest) -> "Errand | None":
        """None when nothing is to be brought back."""
        identifier, seed = environ.get(RESTORE, "").strip(), environ.get(SEED, "").strip()
        url, token = environ.get("PROV_AGENT_URL", ""), environ.get("PROV_AGENT_TOKEN", "")
        door = Door(url, token) if url and token else None
        return cls(identifier or seed, door, sleep, is_seed=not identifier) if identifier or seed else None

    def order(self) -> Order:
        """What is to be done, with an address that is good for a while. Raises NotNow, NotWanted or Stop."""
        answer = self._call(self._patience, event="begin")
        try:
            return Order.read(answer["restore"])
        except (KeyError, TypeError, ValueError) as error:
            raise NotNow(f"not an order ({type(error).__name__})") from error

    def news(self, phase: str, done: int = 0) -> None:
        """Now and then, so that nobody thinks that it is dead; nobody needs to hear it. Called in a thread, too."""
        now = time.monotonic()
        if self._door is None or now - self._said_at < NEWS_SECONDS:
            return
        self._said_at = now
        try:
            self._door.call(restore={"id": self.id, "event": "progress", "phase": phase, "bytes": done})
        except (Unheard, Refused) as error:
            say(f"restoration: not heard ({error})")

    def again(self) -> Order:
        """The same order with a fresh address. Raises what ``order`` and ``fetching`` do."""
        self.fetching()
        return self.order()

    def fetching(self, held: int = 0) -> None:
        """As ``news``, of what is being fetched. Raises Failed for a seed that takes too long."""
        if self.is_seed and time.monotonic() - self._began > SEED_FETCH_SECONDS:
            raise Failed("late", "An installation takes less time.")
        self.news("fetching", held)

    def loaded(self, facts: Mapping[str, Any]) -> None:
        """All is ready to be served. Raises NotNow, NotWanted or Stop."""
        self._call(self._patience, event="loaded", facts=dict(facts))

    def uproot(self) -> None:
        """Ask whether what came of this seed may be deleted. Raises NotNow, NotWanted or Stop."""
        self._call(self._patience, event="uproot")

    def failed(self, failure: Failed) -> None:
        """Raises NotNow, NotWanted or Stop."""
        self._call(self._patience, event="failed", reason=failure.reason, message=str(failure))

    def _call(self, patience: float, **said: Any) -> dict[str, Any]:
        if self._door is None:
            raise NotNow("nobody to ask")
        end, pause = time.monotonic() + patience, 1.0
        while True:
            try:
                return self._door.call(restore={"id": self.id, **said})
            except Refused as error:
                raise NotWanted(str(error)) from error
            except Unheard as error:
                if time.monotonic() >= end:
                    raise NotNow(str(error)) from error
                say(f"restoration: not heard ({error})")
                self._sleep(pause)
                pause = min(pause * 2, 30.0)
