"""The proof from outside that an instance is ready: what the customer will do works, what a stranger tries does not."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from provisioning.odoo.client import Account, OdooClient
from provisioning.odoo.errors import (
    AssetsBroken,
    DefaultLoginOpen,
    FormerLoginAccepted,
    LoginRefused,
    NotAdministrator,
    OdooError,
    WrongCompany,
    WrongLanguage,
    WrongPasswordAccepted,
)
from provisioning.odoo.identity import odoo_language, odoo_login, one_line


@dataclass(frozen=True)
class Check:
    name: str
    milliseconds: int


@dataclass(frozen=True)
class Proof:
    """Evidence that an instance is ready. ``uid`` is None when no password was at hand to prove the login with, or when
    only its owner can come further.
    """

    url: str
    database: str
    version: str
    uid: int | None
    checks: tuple[Check, ...]

    @property
    def login_proven(self) -> bool:
        return self.uid is not None


@dataclass
class _Record:
    checks: list[Check] = field(default_factory=list)

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.checks.append(Check(name, round((time.perf_counter() - started) * 1000)))


def prove(
    base_url: str,
    database: str,
    login: str,
    password: str | None,
    *,
    company: str | None = None,
    language: str | None = None,
    former_login: str = "",
    former_password: str | None = None,
    second_factor: bool = False,
    timeout: float = 60.0,
    transport: httpx.BaseTransport | None = None,
) -> Proof:
    """Prove the instance at ``base_url`` ready, or raise the OdooError that says what is not.

    ``language`` is "fr" or "en"; it and ``company`` become the customer's to change, and are only looked at when given.
    ``former_login`` must no longer log in with ``former_password``, or with ``password`` when that is not given. With
    ``second_factor`` a login is proven, too, when Odoo takes the password and then asks for more, as the customer has
    told it to. Without ``password`` the customer's login is left out, and the proof says so. It may be repeated at
    will: a missing server is noticed before a login is tried, and the right login comes before those that must fail, so
    Odoo, which forgets failures at a success, never counts more than three in a row.
    """
    record = _Record()
    with OdooClient(base_url, database, timeout, transport) as odoo:
        version = _prove_served(odoo, record, login, password)
        with record.check("database manager closed"):
            odoo.check_manager_closed()
        account: Account | None = None
        if password is not None:
            with record.check("login"):
                account = _log_in(odoo, login, password, second_factor=second_factor)
                _check_account(account, company, language)
        if password is not None and former_login and odoo_login(former_login) != odoo_login(login):
            with record.check("former login refused"):
                still_open = FormerLoginAccepted("The former login is still open.")
                _check_refused(odoo, former_login, former_password or password, still_open)
        with record.check("wrong password refused"):
            _check_refused(odoo, login, secrets.token_urlsafe(24), WrongPasswordAccepted("Any password logs in."))
        if (odoo_login(login), password) != ("admin", "admin"):
            with record.check("default login refused"):
                _check_refused(odoo, "admin", "admin", DefaultLoginOpen("Odoo's default login is open."))
    return Proof(odoo.base_url, database, version, account.uid if account else None, tuple(record.checks))


def check_alive(
    base_url: str, database: str, *, timeout: float = 30.0, transport: httpx.BaseTransport | None = None
) -> tuple[Check, ...]:
    """What a monitor may ask as often as it likes: health, login page, style sheet; no login is tried.

    Raises NotReachable, NotReady, AssetsBroken.
    """
    record = _Record()
    with OdooClient(base_url, database, timeout, transport) as odoo:
        _check_pages(odoo, record)
    return tuple(record.checks)


def _prove_served(odoo: OdooClient, record: _Record, login: str, password: str | None) -> str:
    try:
        _check_pages(odoo, record)
    except AssetsBroken:
        if password is None:
            raise
        with record.check("assets rebuilt"):
            odoo.rebuild_assets(login, password)
            odoo.check_stylesheet(odoo.login_stylesheet())
    with record.check("version"):
        return odoo.version()


def _check_pages(odoo: OdooClient, record: _Record) -> None:
    with record.check("health"):
        odoo.check_health()
    with record.check("login page"):
        stylesheet = odoo.login_stylesheet()
    with record.check("style sheet"):
        odoo.check_stylesheet(stylesheet)


def _log_in(odoo: OdooClient, login: str, password: str, *, second_factor: bool) -> Account | None:
    """None when the login is only good with a second factor, which nobody but the customer has."""
    try:
        return odoo.authenticate(login, password)
    except LoginRefused as refused:
        if second_factor and refused.asks_for_more:
            return None
        raise


def _check_account(account: Account | None, company: str | None, language: str | None) -> None:
    if account is None:
        return
    if not account.is_administrator:
        raise NotAdministrator("The customer's account may not administer Odoo.")
    if company is not None and one_line(account.company) != one_line(company):
        raise WrongCompany("The company has another name than the one ordered.")
    if language is not None and account.language != odoo_language(language):
        raise WrongLanguage(f"The customer would see {account.language} instead of {odoo_language(language)}.")


def _check_refused(odoo: OdooClient, login: str, password: str, accepted: OdooError) -> None:
    try:
        odoo.authenticate(login, password)
    except LoginRefused as refused:
        if refused.code == LoginRefused.code:
            return
        raise accepted from refused
    raise accepted
