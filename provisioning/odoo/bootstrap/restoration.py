"""A backup is brought back before Odoo listens: wholly, or not at all.

The restored state is made beside the present one, which is untouched until all is loaded, compared and given to the
owner. Killed at any moment, the next start goes on or finds things as before.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection

from . import database, fetching, loading
from .curtain import Curtain
from .database import State
from .errand import UNDO, Errand, Failed, NotNow, NotWanted, Order
from .outcome import LATER, PERSON, Stop, say
from .settings import REVISION, Owner, Settings
from .swapping import SETTLED, Places

SCRATCH = ".restoration"
COUNTED = "eazynova.restore_counted"


class Restoration:
    """The one that the environment names. ``shell`` and ``neutralize`` run Odoo on a database, and raise Stop."""

    def __init__(
        self,
        errand: Errand,
        settings: Settings,
        admin: connection,
        environ: Mapping[str, str],
        tools: "Tools",
    ) -> None:
        self._errand = errand
        self._settings = settings
        self._environ = environ
        self._tools = tools
        self._admin = admin
        self._places = Places(settings, admin)

    def settle(self, state: State) -> bool:
        """Bring it back, or the former state, unless that was done; ``state`` is that of the present database.

        False when nobody says what is wanted: what is served stays as it is, access included, until a later start is
        told. Raises Stop.
        """
        places = self._places
        if self._environ.get(UNDO, "").strip() == self._errand.id:
            self._undo(state)
            return True
        if places.exists(places.present) and places.settled(places.present) == self._errand.id:
            # a killed start may have swapped the databases and not the folders
            places.follow()
            self._clean_up()
            return True
        try:
            self._bring(state)
        except NotNow as reason:
            say(f"restoration: nobody says what is wanted ({reason})")
            if state is not State.READY:
                raise Stop(LATER, "there is nothing to serve before a backup was loaded") from reason
            return False
        except NotWanted as reason:
            say("restoration: it is not wanted any more")
            self._give_up(state, reason)
        return True

    def _bring(self, state: State) -> None:
        """Raises NotNow, NotWanted or Stop."""
        places, errand = self._places, self._errand
        with self._meanwhile():
            order = errand.order()
            try:
                facts = self._made(order)
            except Failed as failure:
                say(f"restoration: {failure.reason}: {failure}")
                errand.failed(failure)
                self._give_up(state, failure)
                return
            errand.loaded(facts)
            places.swap(errand.id)
        places.follow()
        self._clean_up()
        if state in (State.EMPTY, State.HALF):
            places.remove(places.former)
        say("restoration: the backup is in place")

    def _meanwhile(self) -> AbstractContextManager[object]:
        """What visitors meet while it is brought back."""
        return Curtain(self._settings.port)

    def _made(self, order: Order) -> dict[str, Any]:
        """All of it beside what is served; what an earlier start has finished is taken as it is."""
        places, errand = self._places, self._errand
        if places.exists(places.restoring) and places.settled(places.restoring) == errand.id:
            return dict(json.loads(places.parameter(places.restoring, COUNTED) or "{}"))
        archive = fetching.fetch(order, self._scratch, errand.again, errand.fetching)
        self._check_version(archive)
        database.check_room(self._admin, int(order.facts.get("databaseBytes") or 0))
        places.make_room()
        restoring = places.at(places.restoring)
        facts = loading.load(
            archive, order, restoring, self._tools.environ(restoring), places.folder(places.restoring),
            lambda: errand.news("loading"),
        )  # fmt: skip
        self._give_to_owner(order, restoring)
        places.note(places.restoring, **{database.MARKER: "1", SETTLED: errand.id, COUNTED: json.dumps(facts)})
        return facts

    def _check_version(self, archive: Path) -> None:
        made, here = loading.major_version(archive), self._tools.version()
        if here and made != here:
            raise Failed("other_version", f"It was made by Odoo {made}, and this is Odoo {here}.")

    def _give_to_owner(self, order: Order, restoring: Settings) -> None:
        owner = Owner.read(self._environ)
        if order.neutralised:
            self._tools.neutralize(restoring)
        flags = {name: value for name, value in asdict(order).items() if isinstance(value, bool)}
        self._tools.shell(restoring, f"receive(env, {owner.as_dict()!a}, {database.REVISION!a}, {flags!a})")

    def _give_up(self, state: State, reason: Exception) -> None:
        """What is served stays, and is asked about no more."""
        places = self._places
        places.remove(places.restoring)
        self._clean_up()
        if state is not State.READY:
            raise Stop(PERSON, "there is nothing to serve: the backup could not be brought back") from reason
        self._keep(places.present)

    def _undo(self, state: State) -> None:
        """The former database and its files come back as they were, with the access that they had."""
        places = self._places
        # one that an earlier restoration left is older than what is served
        if places.replaced(places.former) == self._errand.id:
            places.follow()
            places.bring_back()
            say("restoration: the former state comes back")
        places.follow_back()
        places.remove(places.undone)
        places.remove(places.restoring)
        self._clean_up()
        if places.exists(places.present) and places.settled(places.present) != self._errand.id:
            self._keep(places.present)

    def _keep(self, name: str) -> None:
        """The access of this database stays as it is, whatever the environment wanted for the restored one."""
        if database.find_state(self._places.at(name), self._admin) is State.READY:
            revision = self._environ.get(REVISION, "").strip()
            noted = {database.REVISION: revision} if revision else {}
            self._places.note(name, **noted, **{SETTLED: self._errand.id})

    @property
    def _scratch(self) -> Path:
        """On the volume, so that a new container goes on with what an earlier one has fetched."""
        return self._settings.data_dir / SCRATCH

    def _clean_up(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


class Tools:
    """How to run the image's Odoo on a database."""

    def __init__(
        self,
        environ: Callable[[Settings], dict[str, str]],
        shell: Callable[[Settings, str], None],
        neutralize: Callable[[Settings], None],
        version: Callable[[], str],
    ) -> None:
        self.environ = environ
        self.shell = shell
        self.neutralize = neutralize
        self.version = version
