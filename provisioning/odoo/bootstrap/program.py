"""How to start the Odoo of this image: where it is, with which environment and arguments."""

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from .outcome import SETTINGS, Stop
from .settings import Owner, Settings

USUAL_PLACES = ("/opt/odoo/odoo-bin", "/usr/src/odoo/odoo-bin", "/odoo/odoo-bin", "/opt/odoo/odoo/odoo-bin")
# Odoo 19 takes any option from ODOO_<OPTION> and from PG*, and the images' own scripts read HOST, PORT, USER and
# PASSWORD as the database's: only what is meant for Odoo is passed on.
MISLEADING = ("PROV_", "PG", "ODOO_", "EAZYNOVA_", "POSTGRES_", "DB_", "DATABASE_")
MISLEADING_NAMES = {"HOST", "PORT", "USER", "PASSWORD", "PASSWORD_FILE", "LOGNAME", "OPENERP_SERVER"}
MEANT_FOR_ODOO = {"ODOO_RC", "ODOO_ADMIN_PASSWD", "ODOO_EMAIL_FROM", "ODOO_FROM_FILTER", "PGSSLMODE", "PGSSLROOTCERT"}
MEANT_FOR_ODOO_PREFIX = "ODOO_SMTP_"
REQUEST_CPU_SECONDS, REQUEST_SECONDS = 600, 1200
CONNECTIONS = 16


def find_odoo(environ: Mapping[str, str]) -> list[str]:
    """The command that starts Odoo. Raises Stop when the image has none."""
    given = environ.get("PROV_ODOO_BIN")
    if given and not Path(given).is_file():
        raise Stop(SETTINGS, "PROV_ODOO_BIN is not a file")
    found = given or shutil.which("odoo", path=environ.get("PATH"))
    found = found or next((place for place in USUAL_PLACES if Path(place).is_file()), None)
    if found:
        return [found] if os.access(found, os.X_OK) else [sys.executable, found]
    if importlib.util.find_spec("odoo"):
        return [sys.executable, "-m", "odoo"]
    raise Stop(SETTINGS, "there is no Odoo in this image; say where it is in PROV_ODOO_BIN")


def odoo_environment(environ: Mapping[str, str], settings: Settings, home: str) -> dict[str, str]:
    """What Odoo sees: nothing of ours, and the database's address and password, which stay out of the arguments."""
    kept = {name: value for name, value in environ.items() if not _misleading(name)}
    return kept | {
        "PGHOST": settings.host,
        "PGPORT": str(settings.pg_port),
        "PGUSER": settings.user,
        "PGPASSWORD": settings.password,
        "ODOO_DATA_DIR": str(settings.data_dir),
        "HOME": home,
        "PYTHONUTF8": "1",
    }


def _misleading(name: str) -> bool:
    if name in MEANT_FOR_ODOO or name.startswith(MEANT_FOR_ODOO_PREFIX):
        return False
    return name in MISLEADING_NAMES or name.startswith(MISLEADING)


def base_arguments(settings: Settings, owner: Owner) -> list[str]:
    """Install base and the languages, and nothing else yet: the country must come before the other modules."""
    return [*_quiet(settings), *_install("base"), f"--load-language={','.join(owner.languages)}"]


def modules_arguments(settings: Settings) -> list[str]:
    return [*_quiet(settings), *_install(",".join(settings.modules))]


def shell_arguments(settings: Settings) -> list[str]:
    return ["shell", *_quiet(settings)]


def server_arguments(settings: Settings) -> list[str]:
    """One process behind one public port; without workers, because live chat would need a second port."""
    memory = settings.memory_mb * 2**20
    return [
        *_common(settings),
        f"--db-filter=^{settings.database}$",
        "--no-database-list",
        "--proxy-mode",
        f"--http-interface={_every_interface()}",
        f"--http-port={settings.port}",
        "--workers=0",
        "--max-cron-threads=1",
        f"--limit-memory-soft={memory}",
        f"--limit-memory-hard={memory * 5 // 4}",
        f"--limit-time-cpu={REQUEST_CPU_SECONDS}",
        f"--limit-time-real={REQUEST_SECONDS}",
        f"--db_maxconn={CONNECTIONS}",
        "--log-level=info",
    ]


def _install(modules: str) -> list[str]:
    return ["-i", modules, "--without-demo=True", "--stop-after-init", "--workers=0", "--max-cron-threads=0"]


def _quiet(settings: Settings) -> list[str]:
    return [*_common(settings), "--no-http", "--log-level=warn"]


def _common(settings: Settings) -> list[str]:
    addons = [f"--addons-path={settings.addons_path}"] if settings.addons_path else []
    return ["-d", settings.database, f"--data-dir={settings.data_dir}", *addons]


def _every_interface() -> str:
    """``::`` listens on both families; where the container has no IPv6, it cannot be bound."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return "0.0.0.0"  # noqa: S104
    return "::"
