"""The environment, read once and checked, so that nothing half-right reaches Odoo or PostgreSQL."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .outcome import SETTINGS, Stop

DATABASE = r"[a-z][a-z0-9_]{2,62}"
NAMES = r"[a-z0-9_]+(,[a-z0-9_]+)*"
LANGUAGES = r"[A-Za-z_@]+(,[A-Za-z_@]+)*"
PASSWORD_HASH = r"\$pbkdf2-sha512\$[0-9]+\$[A-Za-z0-9./]+\$[A-Za-z0-9./]+"
# another value than the last time gives the administrator another login and password
REVISION = "PROV_ACCESS_REVISION"
# another value than the last time installs what is missing of PROV_MODULES; one that begins with KEPT installs nothing
MODULES_REVISION, KEPT = "PROV_MODULES_REVISION", "kept:"
# Railway would expand "${{"; whoever sets the variables parts it with a zero-width space.
PARTED, EXPANSION = "$\u200b{{", "${{"


@dataclass(frozen=True)
class Login:
    """A role of PostgreSQL with its password."""

    role: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What every start needs. Times in seconds.

    ``administrator`` makes the database and never reads in it once it is served, because whoever owns the tables could
    have their own code run by the query. ``first_password`` is the one the administrator's role was made with. ``odoo``
    is all that Odoo is told of PostgreSQL.
    """

    database: str
    host: str
    pg_port: int
    administrator: Login
    first_password: str = field(repr=False)
    odoo: Login
    modules: tuple[str, ...]
    addons_path: str
    data_dir: Path
    port: int
    memory_mb: int
    wait: float
    watch: float
    agent_pause: float

    @property
    def served(self) -> Path:
        """On the volume from the day the database became ready."""
        return self.data_dir / f".{self.database}.served"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises Stop."""
        database = _matching(environ, "PROV_DB", DATABASE)
        user, password = _matching(environ, "PGUSER", r"[^\0]+"), environ.get("PGPASSWORD", "")
        if user in {"postgres", database}:
            raise Stop(SETTINGS, f"PGUSER is {'postgres' if user == 'postgres' else 'named as the database'}")
        secret = environ.get("PROV_DATABASE_SECRET", "").strip()
        modules = _matching(environ, "PROV_MODULES", NAMES, "base").split(",")
        return cls(
            database=database,
            host=_matching(environ, "PGHOST", r"\S+"),
            pg_port=int(_number(environ, "PGPORT", 5432)),
            administrator=Login(user, _derived(secret, "administrator") if secret else password),
            first_password=password,
            odoo=Login(database, _derived(secret or password, database)),
            modules=tuple(dict.fromkeys(name for name in modules if name != "base")),
            addons_path=environ.get("PROV_ADDONS_PATH", "").strip(),
            data_dir=Path(environ.get("ODOO_DATA_DIR") or "/var/lib/odoo"),
            port=int(_number(environ, "PORT", 8069)),
            memory_mb=int(_number(environ, "PROV_MEM_MB", 1024)),
            wait=_number(environ, "PROV_WAIT", 300),
            watch=max(0.05, _number(environ, "PROV_WATCH", 2)),
            agent_pause=max(0.05, _number(environ, "PROV_AGENT_PAUSE", 60)),
        )


@dataclass(frozen=True)
class Owner:
    """Whom a fresh database is given to; read again only for a ``revision`` that the database does not know."""

    login: str
    password_hash: str = field(repr=False)
    name: str
    company: str
    country: str
    languages: tuple[str, ...]
    timezone: str
    base_url: str
    revision: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Owner":
        """Raises Stop."""
        login = _text(environ, "PROV_ADMIN_LOGIN").lower()
        company = _text(environ, "PROV_COMPANY_NAME")
        if "@" not in login:
            raise Stop(SETTINGS, "PROV_ADMIN_LOGIN is not an e-mail address")
        if not company:
            raise Stop(SETTINGS, "PROV_COMPANY_NAME is missing")
        return cls(
            login=login,
            password_hash=_matching(environ, "PROV_ADMIN_PASSWORD_HASH", PASSWORD_HASH),
            name=_text(environ, "PROV_ADMIN_NAME") or login,
            company=company,
            country=_matching(environ, "PROV_COUNTRY", r"([A-Za-z]{2})?", "").upper(),
            languages=tuple(_matching(environ, "PROV_LANG", LANGUAGES, "en_US").split(",")),
            timezone=_text(environ, "PROV_TZ"),
            base_url=_text(environ, "PROV_BASE_URL").rstrip("/"),
            revision=_text(environ, REVISION),
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _derived(secret: str, purpose: str) -> str:
    """A password that does not tell the secret."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _matching(environ: Mapping[str, str], name: str, pattern: str, default: str | None = None) -> str:
    """The value without white space. Raises Stop when it is malformed, or missing without a ``default``."""
    value = re.sub(r"\s", "", environ.get(name, ""))
    if not value and default is not None:
        return default
    if not re.fullmatch(pattern, value):
        raise Stop(SETTINGS, f"{name} is {'malformed' if value else 'missing'}")
    return value


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(environ.get(name) or default)
    except ValueError:
        value = -1
    if not 0 <= value < 10**9:
        raise Stop(SETTINGS, f"{name} is not a number")
    return value


def _text(environ: Mapping[str, str], name: str) -> str:
    value = unicodedata.normalize("NFC", environ.get(name, "").replace(PARTED, EXPANSION)).strip()
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Stop(SETTINGS, f"{name} is not UTF-8") from None
    return value
