"""The order of things."""

import os
import sys
from typing import NoReturn

import psycopg2
from psycopg2.errors import InsufficientPrivilege

from . import companion, program, supervision
from .environment import take_environment
from .installation import Installation
from .outcome import LATER, SETTINGS, Stop, say
from .privileges import become_odoo
from .process import block_signals
from .settings import Settings


def main() -> NoReturn:
    """Exit with a status of the package's docstring."""
    environ = take_environment()
    block_signals()
    try:
        status = _bootstrap(environ)
    except Stop as stop:
        say(stop.reason)
        status = stop.code
    except InsufficientPrivilege as error:
        say(f"PGUSER may not do what is needed: {error.diag.message_primary}")
        status = SETTINGS
    except psycopg2.Error as error:
        say(f"PostgreSQL failed: {error.diag.message_primary or type(error).__name__}")
        status = LATER
    sys.exit(status)


def _bootstrap(environ: dict[str, str]) -> int:
    settings = Settings.read(environ)
    odoo = program.find_odoo(environ)
    home = become_odoo(settings.data_dir)
    # PostgreSQL's own library looks there for certificates, in this process as in Odoo's
    os.environ["HOME"] = home
    settings = Installation(settings, odoo, environ, home).ensure()
    child = program.odoo_environment(environ, settings, home)
    companion.accompany(environ, settings, child)
    say("starting Odoo")
    return supervision.serve(settings, odoo, child)
