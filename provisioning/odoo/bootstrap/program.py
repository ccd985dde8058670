"""How to start the Odoo of this image: where it is, with which environment and arguments."""

import importlib.util
import os
import re
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .environment import meant_for_odoo
from .outcome import SETTINGS, Stop
from .settings import Owner, Settings

USUAL_PLACES = ("/opt/odoo/odoo-bin", "/usr/src/odoo/odoo-bin", "/odoo/odoo-bin", "/opt/odoo/odoo/odoo-bin")
REQUEST_CPU_SECONDS, REQUEST_SECONDS = 600, 1200
CONNECTIONS = 16
LACKING = re.compile(rb"ModuleNotFoundError: No module named '([\w.]+)'|external dependency is not met: ([\w.-]+)")


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
    """What Odoo sees: the database's address and its own role's password stay out of the arguments."""
    return meant_for_odoo(environ) | {
        "PGHOST": settings.host,
        "PGPORT": str(settings.pg_port),
        "PGUSER": settings.odoo.role,
        "PGPASSWORD": settings.odoo.password,
        "ODOO_DATA_DIR": str(settings.data_dir),
        "HOME": home,
        "PYTHONUTF8": "1",
    }


def install_arguments(settings: Settings, owner: Owner) -> list[str]:
    """A shell without a database, whatever the image's configuration names: there is none yet that it could open."""
    languages = f"--load-language={','.join(owner.languages)}"
    return ["shell", *_quiet(settings, database=""), "--without-demo=True", languages]


def modules_arguments(settings: Settings, names: Sequence[str]) -> list[str]:
    """Install further modules into the database that there is."""
    served = ["--stop-after-init", "--workers=0", "--max-cron-threads=0"]
    return [*_quiet(settings), "-i", ",".join(names), "--without-demo=True", *served]


def shell_arguments(settings: Settings) -> list[str]:
    return ["shell", *_quiet(settings)]


def neutralize_arguments(settings: Settings) -> list[str]:
    """Odoo's own way to a copy that writes to nobody: no mail leaves it, and no job of it runs."""
    return ["neutralize", *_quiet(settings)]


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


def lacking_packages(line: bytes) -> list[str]:
    """The Python package that Odoo says, in this line of its log, it cannot go on without."""
    return [name.decode() for found in LACKING.findall(line) for name in found if name]


def _quiet(settings: Settings, database: str | None = None) -> list[str]:
    return [*_common(settings, database), "--no-http", "--log-level=warn"]


def _common(settings: Settings, database: str | None = None) -> list[str]:
    addons = [f"--addons-path={settings.addons_path}"] if settings.addons_path else []
    return ["-d", settings.database if database is None else database, f"--data-dir={settings.data_dir}", *addons]


def _every_interface() -> str:
    """``::`` listens on both families; where the container has no IPv6, it cannot be bound."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return "0.0.0.0"  # noqa: S104
    return "::"
