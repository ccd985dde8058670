"""The container's environment holds the password of PostgreSQL's administrator: read once, then nowhere to be read.

Linux shows a program the environment that it was started with, whatever it does later, to every process of its user.
"""

import json
import os
import sys
from collections.abc import Mapping

from .process import hide

HANDED_OVER = "EAZYNOVA_ENVIRONMENT"
# Odoo 19 takes any option from ODOO_<OPTION> and from PG*, and the images' own scripts read HOST, PORT, USER and
# PASSWORD as the database's: only what is meant for Odoo is passed on.
MISLEADING = ("PROV_", "PG", "ODOO_", "EAZYNOVA_", "POSTGRES_", "DB_", "DATABASE_")
MISLEADING_NAMES = {"HOST", "PORT", "USER", "PASSWORD", "PASSWORD_FILE", "LOGNAME", "OPENERP_SERVER"}
MEANT_FOR_ODOO = {"ODOO_RC", "ODOO_ADMIN_PASSWD", "ODOO_EMAIL_FROM", "ODOO_FROM_FILTER", "PGSSLMODE", "PGSSLROOTCERT"}
MEANT_FOR_ODOO_PREFIX = "ODOO_SMTP_"


def take_environment() -> dict[str, str]:
    """The environment that the container was started with; this process has only what is meant for Odoo.

    The first call starts this program anew, in the same process and without the rest, which goes through memory.
    """
    hide()
    handed_over = os.environ.pop(HANDED_OVER, None)
    if handed_over is None:
        memory = os.memfd_create("environment", 0)
        os.write(memory, json.dumps(dict(os.environ)).encode())
        os.execve(  # noqa: S606 this very program
            sys.executable,
            [sys.executable, *sys.orig_argv[1:]],
            {**meant_for_odoo(os.environ), HANDED_OVER: str(memory)},
        )
    with os.fdopen(int(handed_over), encoding="utf-8") as handed:
        handed.seek(0)
        environ: dict[str, str] = json.load(handed)
    return environ


def meant_for_odoo(environ: Mapping[str, str]) -> dict[str, str]:
    """What Odoo may see: nothing of ours, and no address or password of a database."""
    return {name: value for name, value in environ.items() if not _misleading(name)}


def _misleading(name: str) -> bool:
    if name in MEANT_FOR_ODOO or name.startswith(MEANT_FOR_ODOO_PREFIX):
        return False
    return name in MISLEADING_NAMES or name.startswith(MISLEADING)
