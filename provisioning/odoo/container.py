"""What Railway must be told to run an instance: variables and a start command. Pure functions, no network.

The start command unpacks the bootstrap (``bootstrap/``, carried by one variable as a zip application) and runs it in
whatever image the service has; the bootstrap makes the database the customer's and only then starts Odoo.
"""

import ast
import base64
import bz2
import hashlib
import io
import json
import secrets
import zipfile
from functools import cache
from importlib import resources

from provisioning.odoo import archive_main
from provisioning.odoo.identity import Identity, odoo_login

__all__ = [
    "Identity",
    "access_variables",
    "agent_variables",
    "bootstrap_archive",
    "bootstrap_variables",
    "literal",
    "odoo_variables",
    "owner_variables",
    "password_hash",
    "plan_variables",
    "postgres_variables",
    "restore_variables",
    "seed_variables",
    "start_command",
    "undo_variables",
]

PASSWORD_ROUNDS = 600_000
DATA_DIR = "/var/lib/odoo"
HTTP_PORT = 8069
ARCHIVE_VARIABLE = "EAZYNOVA_BOOTSTRAP"
REVISION_VARIABLE = "PROV_ACCESS_REVISION"
MODULES_REVISION_VARIABLE, KEPT = "PROV_MODULES_REVISION", "kept:"
RESTORE_VARIABLE, UNDO_VARIABLE, SEED_VARIABLE = "PROV_RESTORE", "PROV_RESTORE_UNDO", "PROV_SEED"
SECRET_VARIABLE = "PROV_DATABASE_SECRET"
ARCHIVE_PATH = "/tmp/eazynova-bootstrap"  # noqa: S108 nobody else is in the container
ARCHIVE_TIME = (1980, 1, 1, 0, 0, 0)
WORD_BREAK = "\u200b"


def password_hash(password: str, *, salt: bytes | None = None) -> str:
    """The passlib ``pbkdf2_sha512`` hash that Odoo 19 stores (600 000 rounds), so no clear password has to travel.

    ``salt`` (16 bytes) is random unless given.
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ROUNDS)
    return f"$pbkdf2-sha512${PASSWORD_ROUNDS}${_ab64(salt)}${_ab64(digest)}"


def literal(value: str) -> str:
    """``value`` as a variable that Railway does not expand: a zero-width space parts ``${{``.

    The bootstrap takes it out again, so Odoo gets the value unchanged.
    """
    return value.replace("${{", f"${WORD_BREAK}{{{{")


def odoo_variables(
    identity: Identity,
    password_hash: str,
    master_password: str,
    database_secret: str,
    *,
    postgres: str = "Postgres",
    memory_mb: int = 1024,
) -> dict[str, str]:
    """The Odoo service's variables; empty ones are left out.

    ``password_hash`` is the customer's, ``master_password`` closes Odoo's database manager. ``database_secret`` is what
    PostgreSQL's passwords are made from and must never change. ``postgres`` names the database's service, ``memory_mb``
    is how much memory Odoo may take before it restarts itself between requests.
    """
    variables = {
        "PROV_DB": identity.database,
        **owner_variables(identity, password_hash),
        "PROV_MODULES": ",".join(identity.modules),
        "PROV_ADDONS_PATH": identity.addons_path,
        "PROV_BASE_URL": identity.base_url,
        "PROV_MEM_MB": str(memory_mb),
        SECRET_VARIABLE: database_secret,
        "ODOO_ADMIN_PASSWD": master_password,
        "ODOO_DATA_DIR": DATA_DIR,
        "PORT": str(HTTP_PORT),
        # A volume belongs to root; the bootstrap gives it to Odoo's user and then becomes that user.
        "RAILWAY_RUN_UID": "0",
        **{name: f"${{{{{postgres}.{name}}}}}" for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")},
        **bootstrap_variables(),
    }
    return {name: value for name, value in variables.items() if value}


def owner_variables(identity: Identity, password_hash: str) -> dict[str, str]:
    """Whom Odoo is for: what changes when a prepared Odoo is given to its customer."""
    return {
        "PROV_ADMIN_LOGIN": literal(identity.login),
        "PROV_ADMIN_PASSWORD_HASH": password_hash,
        "PROV_ADMIN_NAME": literal(identity.name),
        "PROV_COMPANY_NAME": literal(identity.company),
        "PROV_COUNTRY": identity.country,
        "PROV_LANG": ",".join(identity.languages),
        "PROV_TZ": identity.timezone,
    }


def access_variables(login: str, password_hash: str, revision: str) -> dict[str, str]:
    """What gives the administrator another login and password at the next start, once for each ``revision``.

    The bootstrap travels with it: the one that the instance was created with may not know how.
    """
    return {
        "PROV_ADMIN_LOGIN": literal(odoo_login(login)),
        "PROV_ADMIN_PASSWORD_HASH": password_hash,
        REVISION_VARIABLE: revision,
        **bootstrap_variables(),
    }


def plan_variables(identity: Identity, *, memory_mb: int, revision: str) -> dict[str, str]:
    """What a plan says to Odoo's next start, which installs what is missing once for each ``revision``.

    With ``KEPT`` before it nothing is installed. No add-ons path is a blank: Railway only adds and replaces variables.
    """
    return {
        "PROV_MODULES": ",".join(identity.modules),
        "PROV_ADDONS_PATH": identity.addons_path or " ",
        "PROV_MEM_MB": str(memory_mb),
        MODULES_REVISION_VARIABLE: revision,
    }


def restore_variables(restore_id: str) -> dict[str, str]:
    """What brings a backup back at the next start, once; which one, the start asks at the agents' door."""
    return {RESTORE_VARIABLE: restore_id}


def seed_variables(restore_id: str) -> dict[str, str]:
    """What a new database begins with instead of an installation; which backup, the start asks at the agents' door."""
    return {SEED_VARIABLE: restore_id}


def undo_variables(restore_id: str) -> dict[str, str]:
    """What brings back, at the next start, the state that this restoration has replaced."""
    return {UNDO_VARIABLE: restore_id}


def bootstrap_variables() -> dict[str, str]:
    """The present bootstrap, for an instance that may have been created with an earlier one."""
    return {ARCHIVE_VARIABLE: _carried()}


@cache
def _carried() -> str:
    """Made once in the life of a process: it takes longer than everything else that an order computes."""
    return base64.b64encode(bootstrap_archive()).decode()


def agent_variables(url: str, token: str) -> dict[str, str]:
    """Whom the agent beside Odoo calls, and how it is recognised there."""
    return {"PROV_AGENT_URL": url, "PROV_AGENT_TOKEN": token}


def postgres_variables(password: str) -> dict[str, str]:
    """The PostgreSQL service's variables: role ``odoo``, because Odoo refuses to work as ``postgres``.

    ``password`` takes effect when the volume is first used, never later.
    """
    return {
        "PGDATA": "/var/lib/postgresql/data/pgdata",
        "POSTGRES_USER": "odoo",
        "POSTGRES_DB": "railway",
        "POSTGRES_PASSWORD": password,
        "PGHOST": "${{RAILWAY_PRIVATE_DOMAIN}}",
        "PGPORT": "5432",
        "PGUSER": "${{POSTGRES_USER}}",
        "PGPASSWORD": "${{POSTGRES_PASSWORD}}",
        "PGDATABASE": "${{POSTGRES_DB}}",
        "DATABASE_URL": "postgresql://${{PGUSER}}:${{POSTGRES_PASSWORD}}@${{RAILWAY_PRIVATE_DOMAIN}}:5432/${{PGDATABASE}}",
        "SSL_CERT_DAYS": "820",
        "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "60",
    }


def start_command() -> str:
    """Runs the bootstrap in any image with a shell, coreutils and python3; the same for every customer.

    Railway runs it without a shell of its own, so it brings one, and holds nothing that one of them could expand.
    """
    unpack = f"printenv {ARCHIVE_VARIABLE} | base64 -d > {ARCHIVE_PATH}"
    return f'/bin/sh -c "{unpack} && exec python3 -X utf8 {ARCHIVE_PATH}"'


def bootstrap_archive() -> bytes:
    """The bootstrap as a zip application (``python3 FILE`` runs it), the same bytes for the same sources."""
    sources = resources.files("provisioning.odoo")
    files = {
        f"bootstrap/{source.name}": _without_words(source.read_text("utf-8"))
        for source in sorted((sources / "bootstrap").iterdir(), key=lambda source: source.name)
        if source.name.endswith(".py")
    }
    # one stream for all: compressed file by file they would need a third more
    stream = bz2.compress(json.dumps(files, ensure_ascii=False).encode())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("__main__.py", ARCHIVE_TIME)
        archive.writestr(entry, _without_words((sources / "archive_main.py").read_text("utf-8")), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(archive_main.STREAM, ARCHIVE_TIME), stream)
    return buffer.getvalue()


def _without_words(source: str) -> str:
    """The same program without what only people and tools read: Railway takes 32 kB in a variable."""
    return ast.unparse(_Stripped().visit(ast.parse(source)))


class _Stripped(ast.NodeTransformer):
    """Without comments, docstrings and what functions say of their arguments' types."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        return node


def _ab64(data: bytes) -> str:
    """Passlib's base64: ``.`` for ``+`` and no padding."""
    return base64.b64encode(data, altchars=b"./").rstrip(b"=").decode()
