"""From whatever the database is to one that is the customer's, or a Stop that says why not."""

import pkgutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO

from psycopg2.extensions import connection

from . import database, program, roles
from .database import State
from .errand import Errand, Failed
from .loading import odoo_version
from .outcome import DONE, LATER, PERSON, SETTINGS, Stop, say
from .process import run
from .restoration import Restoration, Tools
from .seeding import Seeding
from .settings import KEPT, MODULES_REVISION, REVISION, Owner, Settings


class Installation:
    """One run over the database of ``settings`` with the command ``odoo``.

    ``environ`` is the container's own environment, where the owner is read from when one is needed.
    """

    def __init__(self, settings: Settings, odoo: Sequence[str], environ: Mapping[str, str], home: str) -> None:
        self._settings = settings
        self._odoo = list(odoo)
        self._environ = environ
        self._home = home

    def ensure(self) -> Settings:
        """Return with the database ready and the login that Odoo may serve it with. Raises Stop."""
        admin = database.wait_for_server(self._settings)
        try:
            database.lock(admin, self._settings.database)
            self._settings = roles.settle(self._settings, admin)
            state = database.find_state(self._settings, admin)
            say(f"the database is {state.value}")
            errand, settled = Errand.of(self._environ), True
            if errand:
                state, settled = self._restore(errand, admin, state)
            if state is not State.READY:
                self._start_over(admin, state)
                self._install()
                if database.find_state(self._settings, admin) is not State.READY:
                    raise Stop(LATER, "the database did not become ready")
                say("the database is ready")
            else:
                roles.hand_over(self._settings, admin)
                if settled:
                    self._add_modules()
                    self._renew_access()
            database.close_sign_up(self._settings)
            self._settings.served.touch()
        finally:
            admin.close()
        return self._settings

    def _restore(self, errand: Errand, admin: connection, state: State) -> tuple[State, bool]:
        """Do what the errand says; the state of the database that is served then, and whether that is settled."""
        if state is State.READY:
            roles.hand_over(self._settings, admin)
        kind = Seeding if errand.is_seed else Restoration
        settled = kind(errand, self._settings, admin, self._environ, self._tools).settle(state)
        return database.find_state(self._settings, admin), settled

    @property
    def _tools(self) -> Tools:
        odoo, environ, home = self._odoo, self._environ, self._home

        def environ_of(settings: Settings) -> dict[str, str]:
            return program.odoo_environment(environ, settings, home)

        def shell(settings: Settings, call: str) -> None:
            with _script(call) as script:
                _use("owner", [*odoo, *program.shell_arguments(settings)], environ_of(settings), script)

        def neutralize(settings: Settings) -> None:
            _use("neutralize", [*odoo, *program.neutralize_arguments(settings)], environ_of(settings))

        return Tools(environ_of, shell, neutralize, lambda: odoo_version(odoo, environ_of(self._settings)))

    def _start_over(self, admin: connection, state: State) -> None:
        if state is State.USED:
            raise Stop(PERSON, "the database holds what the bootstrap did not put there: not touched")
        if self._settings.served.exists():
            raise Stop(PERSON, "the volume's files belong to a database that is lost or damaged: nothing is touched")
        Owner.read(self._environ)
        if state is State.HALF:
            say("an earlier installation did not finish: starting over")
            database.drop(self._settings, admin)
        database.drop_files(self._settings)
        if state is not State.EMPTY:
            database.create(self._settings, admin)
        roles.hand_over(self._settings, admin)
        database.prepare(self._settings, admin)

    def _install(self) -> None:
        settings, owner = self._settings, Owner.read(self._environ)
        told = f"{settings.database!a}, {list(settings.modules)!a}, {owner.as_dict()!a}"
        with _script(f"install(odoo, {told}, {database.MARKER!a}, {database.REVISION!a})") as script:
            self._run("installation", program.install_arguments(settings, owner), script)

    def _add_modules(self) -> None:
        """What another plan has more, once for each revision: nothing is taken away, and what the customer has removed
        since does not come again. Raises Stop when it cannot be done: the former plan is asked for then.
        """
        wanted = self._environ.get(MODULES_REVISION, "").strip()
        if not wanted or wanted == database.parameter(self._settings, database.MODULES_REVISION):
            return
        database.unmark_modules(self._settings)
        if not wanted.startswith(KEPT):
            if missing := [name for found in database.modules_in_the_making(self._settings) for name in found]:
                self._run("modules", program.modules_arguments(self._settings, missing))
            self._check_modules()
        database.note_parameter(self._settings, database.MODULES_REVISION, wanted)

    def _renew_access(self) -> None:
        """Another login and password for the administrator, once; what cannot be done does not keep Odoo down."""
        wanted = self._environ.get(REVISION, "").strip()
        if not wanted or wanted == database.parameter(self._settings, database.REVISION):
            return
        try:
            owner = Owner.read(self._environ)
            self._shell("access", f"renew_access(env, {owner.as_dict()!a}, {database.REVISION!a})")
        except Stop as stop:
            if stop.code == DONE:
                raise
            say(f"the administrator keeps the old access: {stop.reason}")

    def _check_modules(self) -> None:
        """Odoo's exit status says nothing: it ignores a module that it does not know."""
        unknown, unfinished = database.modules_in_the_making(self._settings)
        if unknown:
            raise Stop(SETTINGS, f"Odoo does not know the modules {', '.join(unknown)}")
        if unfinished:
            raise Stop(LATER, f"Odoo did not finish the modules {', '.join(unfinished[:10])}")

    def _shell(self, title: str, call: str) -> None:
        with _script(call) as script:
            self._run(title, program.shell_arguments(self._settings), script)

    def _run(self, title: str, arguments: Sequence[str], script: IO[bytes] | None = None) -> None:
        started = time.monotonic()
        child = program.odoo_environment(self._environ, self._settings, self._home)
        lacking: list[str] = []
        status, stopped = run(
            [*self._odoo, *arguments], child, script, hear=lambda line: lacking.extend(program.lacking_packages(line))
        )
        if stopped:
            raise Stop(DONE, f"asked to stop while installing ({title})")
        if status and lacking:
            raise Stop(SETTINGS, f"this image lacks the Python package {lacking[-1]}")
        if status:
            raise Stop(SETTINGS if status == SETTINGS else LATER, f"Odoo failed at {title} with exit status {status}")
        say(f"{title} done in {time.monotonic() - started:.1f} s")


def _script(call: str) -> IO[bytes]:
    """A call of ``ownership`` for Odoo's shell, as a file, so values are neither arguments nor variables."""
    source = pkgutil.get_data(__package__, "ownership.py")
    script = tempfile.TemporaryFile()  # noqa: SIM115 whoever gets it closes it
    script.write(b"%s\n\n%s\n" % (source, call.encode("ascii")))
    script.seek(0)
    return script


def _use(title: str, command: Sequence[str], environ: Mapping[str, str], script: IO[bytes] | None = None) -> None:
    """Run Odoo on what a backup became. Raises Failed or Stop."""
    started = time.monotonic()
    status, stopped = run(command, environ, script)
    if stopped:
        raise Stop(DONE, f"asked to stop while bringing back a backup ({title})")
    if status:
        reason = {2: f"{title}_refused", 3: "newer_version"}.get(status, f"{title}_failed")
        raise Failed(reason, f"Odoo ended with {status}; its log says why.")
    say(f"{title} done in {time.monotonic() - started:.1f} s")
