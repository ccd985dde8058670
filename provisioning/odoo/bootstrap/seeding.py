"""A new database begins as a copy of one that nobody has used, and not with an installation.

What does not come of it, for whatever reason, is left to the installation: nobody waits for a seed, and what is served
already is never replaced by one.

What came of a seed is deleted only when the environment says so and the door, asked at that moment, does too: the
environment may still say it when the database is a customer's. Who is not answered neither deletes nor serves it.
"""

from contextlib import AbstractContextManager, nullcontext

from .database import State
from .errand import UNDO, NotNow, NotWanted
from .outcome import LATER, Stop, say
from .restoration import Restoration


class Seeding(Restoration):
    """The seed that the environment names."""

    def settle(self, state: State) -> bool:
        """Let the database begin with it, or take it away again where it came of it and its login was not proven.

        Raises Stop.
        """
        places = self._places
        grown = places.exists(places.present) and places.settled(places.present) == self._errand.id
        wanted = self._environ.get(UNDO, "").strip() != self._errand.id
        if grown and (wanted or not self._may_go()):
            # a killed start may have put the database in place and not the folder
            places.follow()
            self._clean_up()
        elif grown:
            self._uproot()
        elif wanted and state not in (State.READY, State.USED) and not self._settings.served.exists():
            try:
                self._bring(state)
            except (NotNow, NotWanted) as reason:
                self._give_up(state, reason)
        return True

    def _meanwhile(self) -> AbstractContextManager[object]:
        """Nothing answers, as while Odoo is installed: what answers was made of it, or installed."""
        return nullcontext()

    def _give_up(self, state: State, reason: Exception) -> None:
        say(f"seed: not used ({reason})")
        self._places.remove(self._places.restoring)
        self._clean_up()

    def _may_go(self) -> bool:
        try:
            self._errand.uproot()
        except NotWanted:
            say("seed: it was proven, and stays")
            return False
        except NotNow as reason:
            raise Stop(LATER, f"nobody says whether what came of the seed goes ({reason})") from reason
        return True

    def _uproot(self) -> None:
        """In this order: killed in between, the next start finds the database, and goes on."""
        say("seed: taken away again")
        self._settings.served.unlink(missing_ok=True)
        self._places.remove(self._places.present)
