"""One deployed Odoo: what its requests find when they arrive (its database, its faults, its sessions)."""

import secrets
from dataclasses import dataclass

from provisioning.sandbox import containers
from provisioning.sandbox.faults import Fault
from provisioning.sandbox.odoo.orm import OdooError, Orm
from provisioning.sandbox.odoo.passwords import Passwords
from provisioning.sandbox.records import Deployment, Domain
from provisioning.sandbox.workspace import Workspace

MOST_FAILURES = 10
COOLDOWN_SECONDS = 60.0
MOST_SESSIONS = 200
OPERATIONAL_ERROR = "psycopg2.OperationalError"
ACCESS_DENIED = "odoo.exceptions.AccessDenied"
TOO_MANY_FAILURES = "Too many login failures, please wait a bit before trying again."


@dataclass(slots=True)
class Session:
    """A browser's or a program's session; ``login`` is None before somebody has logged in."""

    id: str
    csrf_token: str
    login: str | None = None
    stamp: int = 0

    def cookie(self) -> tuple[str, str]:
        """Its header: HttpOnly, and without Secure, as the real one."""
        return "Set-Cookie", f"session_id={self.id}; Max-Age=604800; HttpOnly; Path=/; SameSite=Lax"


class Deployed:
    def __init__(self, workspace: Workspace, deployment: Deployment, domain: Domain, passwords: Passwords) -> None:
        self.deployment = deployment
        self.domain = domain
        self.passwords = passwords
        self._workspace = workspace
        self._sessions: dict[str, Session] = {}
        self._failures: dict[str, tuple[int, float]] = {}

    @property
    def database_name(self) -> str:
        return self.deployment.variables["PROV_DB"]

    def is_led_to_by(self, host: str) -> bool:
        """Whether Railway's edge passes a visitor of this name on: of a customer's own, only a proven one."""
        name = host.partition(":")[0].lower()
        row = self._workspace.store.custom_domain(name)
        if row is None:
            # a name that was taken away leads nowhere; in a test and a demo the others are loopback's
            known = self._workspace.store.custom_domains.values()
            return not any(former.domain == name for former in known)
        return row.service_id == self.deployment.service_id and self._workspace.zones.is_proven(row)

    @property
    def port_matches(self) -> bool:
        return str(self.domain.target_port or self.deployment.variables["PORT"]) == self.deployment.variables["PORT"]

    @property
    def has_files(self) -> bool:
        """Whether the filestore is there that the database was initialised with."""
        volume = self._workspace.store.volume_of(self._workspace.store.services[self.deployment.service_id])
        return volume is None or self.database_name in volume.content.get("filestore", ())

    @property
    def is_being_made(self) -> bool:
        """Whether its start makes its database just now: nothing answers."""
        try:
            found = containers.database(self._workspace.store, self.deployment)
        except containers.CannotStart:
            return False
        return containers.is_to_be_seeded(found, self.deployment)

    @property
    def is_being_restored(self) -> bool:
        """Whether its start has still to bring a backup back: only the health check is answered."""
        try:
            found = containers.database(self._workspace.store, self.deployment)
        except containers.CannotStart:
            return False
        return containers.is_to_be_restored(found, self.deployment)

    def orm(self) -> Orm:
        """The database's records. Raises OdooError when PostgreSQL cannot be reached."""
        try:
            found = containers.database(self._workspace.store, self.deployment)
        except containers.CannotStart as reason:
            raise OdooError(OPERATIONAL_ERROR, str(reason)) from reason
        if not found.content:
            raise OdooError(OPERATIONAL_ERROR, f'database "{self.database_name}" does not exist')
        return Orm(found.content, lambda: self._workspace.store.save(found.volume))

    def standing(self, kind: str, method: str = "") -> Fault | None:
        """The fault of this kind that strikes now, not counted; its ``seconds`` start at the deployment's success."""
        fault = self._workspace.faults.standing(kind, subject=self._subject, service=self._service_name, names={method})
        if fault and "seconds" in fault.parameters:
            over = self.deployment.status_at + fault.number("seconds", 0.0)
            return fault if self._workspace.clock.now() < over else None
        return fault

    def strikes(self, kind: str, method: str = "") -> Fault | None:
        """The fault of this kind that strikes this request (or this call of a model's method), counted."""
        if self.standing(kind, method) is None:
            return None
        return self._workspace.faults.claim({kind}, subject=self._subject, service=self._service_name, names={method})

    async def log_in(self, login: str, password: str, peer: str) -> dict[str, object]:
        """The user with exactly this login and password. Raises OdooError."""
        orm, now = self.orm(), self._workspace.clock.now()
        failures, since = self._failures.get(peer, (0, 0.0))
        if failures >= MOST_FAILURES and now - since < COOLDOWN_SECONDS:
            raise OdooError(ACCESS_DENIED, TOO_MANY_FAILURES)
        user = await self.checked_user(orm, login, password)
        if user is None:
            self._failures[peer] = (failures + 1, now)
            raise OdooError(ACCESS_DENIED, "Access Denied")
        self._failures.pop(peer, None)
        return user

    async def checked_user(self, orm: Orm, login: str, password: str) -> dict[str, object] | None:
        """As ``log_in``, without the cooldown, which the old RPC does not have."""
        if (login, password) == ("admin", "admin") and self.strikes("default_login_open"):
            return orm.user(orm.admin()["login"])
        user = orm.user(login)
        if user is None or not await self.passwords.check(password, str(user["password"])):
            return None
        return None if self.strikes("login_fails") else user

    def session(self, cookie: str) -> Session:
        """The session of a cookie, or a new one."""
        return self._sessions.get(cookie) or self.open_session()

    def open_session(self) -> Session:
        if len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        session = Session(secrets.token_urlsafe(32), secrets.token_hex(20))
        self._sessions[session.id] = session
        return session

    def close_session(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def session_user(self, orm: Orm, session: Session) -> dict[str, object] | None:
        """Who is logged in: nobody any more once login or password have changed."""
        user = orm.user(session.login) if session.login is not None else None
        return user if user and user["stamp"] == session.stamp else None

    def flush(self) -> None:
        self._workspace.store.flush()

    @property
    def _service_name(self) -> str:
        return self._workspace.store.services[self.deployment.service_id].name

    def _subject(self) -> str:
        return self._workspace.subject(self._workspace.store.projects[self.deployment.project_id])
