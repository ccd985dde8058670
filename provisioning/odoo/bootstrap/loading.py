"""A backup becomes a database and a filestore that nobody uses yet, and is compared with what it was made from."""

import json
import os
import re
import subprocess
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg2

from . import database
from .errand import Failed, Order
from .outcome import DONE, Stop
from .process import run
from .settings import Settings
from .snapshot import STORED

CHUNK = 256 * 1024
FILES = "filestore/"
# written by newer client programs, unknown to older servers, and the default of all
HEADER_WITHOUT = b"SET transaction_timeout = 0;\n"
PSQL = ("psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=sqlstate")
STATE = re.compile(rb"ERROR: +([0-9A-Z]{5})")
DISK_FULL = "53100"
INSTALLED = "SELECT count(*) FROM public.ir_module_module WHERE state = 'installed'"
ATTACHMENTS = "SELECT count(*) FROM public.ir_attachment"
USERS = "SELECT count(*) FROM public.res_users WHERE active AND id > 1"
STORED_FILES = "SELECT DISTINCT store_fname FROM public.ir_attachment WHERE store_fname IS NOT NULL"


def load(
    archive: Path,
    order: Order,
    settings: Settings,
    environ: Mapping[str, str],
    filestore: Path,
    news: Callable[[], None],
) -> dict[str, Any]:
    """Fill the empty database of ``settings`` and the folder; what was counted. Raises Failed or Stop.

    Statements are run as Odoo's own role, so that nothing in a backup has more rights than Odoo itself has.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            modules = json.loads(packed.read("manifest.json"))["modules"]
            _fill(packed, settings, environ, news)
            files = _unpack(packed, filestore, news)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise Failed("damaged", f"It cannot be read as a backup of Odoo ({type(error).__name__}).") from error
    except OSError as error:
        full = error.errno in (28, 122)
        raise Failed("no_room" if full else "load_failed", f"A file cannot be written ({error.strerror}).") from error
    found = _counted(settings, filestore) | {"files": files}
    _compare(found, {**order.facts, "modules": len(modules)})
    return found


def _fill(packed: zipfile.ZipFile, settings: Settings, environ: Mapping[str, str], news: Callable[[], None]) -> None:
    """Give the dump to psql. The errors that it names are codes only: their words could hold a customer's."""
    reading, writing = os.pipe()
    states: list[str] = []
    trouble: list[Exception] = []
    feeder = threading.Thread(target=_feed, args=(packed, writing, news, trouble), daemon=True)

    def hear(line: bytes) -> None:
        states.extend(found.decode() for found in STATE.findall(line))

    try:
        with os.fdopen(reading, "rb") as source:
            status, stopped = run(
                [*PSQL, "--dbname", settings.database],
                {**environ, "PGOPTIONS": "-c synchronous_commit=off -c client_min_messages=error"},
                source,
                on_start=lambda pid: feeder.start(),
                hear=hear,
            )
    except FileNotFoundError as error:
        os.close(writing)
        raise Failed("load_failed", "This image has no psql.") from error
    feeder.join()
    if stopped:
        raise Stop(DONE, "asked to stop while loading a backup")
    if status:
        state = states[-1] if states else ""
        reason = "no_room" if state == DISK_FULL else "load_failed"
        raise Failed(reason, f"PostgreSQL does not take it ({state or f'psql ended with {status}'}).")
    if trouble:
        raise Failed("damaged", f"Its dump cannot be read to the end ({type(trouble[0]).__name__}).")


def _feed(packed: zipfile.ZipFile, writing: int, news: Callable[[], None], trouble: list[Exception]) -> None:
    try:
        with os.fdopen(writing, "wb") as sink, packed.open("dump.sql") as source:
            sink.write(source.read(CHUNK).replace(HEADER_WITHOUT, b"", 1))
            while chunk := source.read(CHUNK):
                sink.write(chunk)
                news()
    except BrokenPipeError:
        # psql has ended, and says why
        return
    except Exception as error:
        trouble.append(error)


def _unpack(packed: zipfile.ZipFile, filestore: Path, news: Callable[[], None]) -> int:
    """How many files. Nothing but what Odoo's own names allow is written."""
    count = 0
    for entry in packed.infolist():
        name = entry.filename.removeprefix(FILES)
        if not entry.filename.startswith(FILES) or not STORED.fullmatch(name):
            continue
        target = filestore / name
        target.parent.mkdir(exist_ok=True)
        with packed.open(entry) as source, target.open("wb") as sink:
            while chunk := source.read(CHUNK):
                sink.write(chunk)
        count += 1
        news()
    return count


def _counted(settings: Settings, filestore: Path) -> dict[str, Any]:
    link = database.connect(settings, settings.odoo, settings.database)
    try:
        found: dict[str, Any] = {
            name: database.value(link, question)
            for name, question in (("modules", INSTALLED), ("attachments", ATTACHMENTS), ("users", USERS))
        }
        missing = 0
        # a hundred thousand names are fetched in portions
        with link.cursor("files", withhold=True) as names:
            names.execute(STORED_FILES)
            for (name,) in names:
                missing += bool(STORED.fullmatch(name)) and not (filestore / name).is_file()
    except psycopg2.Error as error:
        raise Failed("damaged", f"It is not a database of Odoo ({error.pgcode}).") from error
    finally:
        link.close()
    return found | {"missingFiles": missing}


def _compare(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if not found["users"] or not found["modules"]:
        raise Failed("counts_differ", "It has no user or no module.")
    for name in ("modules", "attachments", "files", "missingFiles"):
        if name in expected and found[name] != expected[name]:
            raise Failed("counts_differ", f"It has {found[name]} {name}, and {expected[name]} when it was made.")


def major_version(archive: Path) -> str:
    """Of the Odoo that made it, as "19.0". Raises Failed."""
    try:
        with zipfile.ZipFile(archive) as packed:
            return str(json.loads(packed.read("manifest.json"))["major_version"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise Failed("damaged", f"It cannot be read as a backup of Odoo ({type(error).__name__}).") from error


def odoo_version(odoo: list[str], environ: Mapping[str, str]) -> str:
    """Of the Odoo of this image, as "19.0"; "" when it does not say."""
    try:
        said = subprocess.run(
            [*odoo, "--version"], env=dict(environ), check=False, capture_output=True, text=True, timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\b(\d+\.\d+)\b", said)
    return found[1] if found else ""
