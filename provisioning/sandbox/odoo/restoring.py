"""A restart that brings a backup back, as the bootstrap of the real containers does it, into the sandbox's records."""

import json
import re
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from provisioning.odoo.bootstrap import fetching
from provisioning.odoo.bootstrap.errand import Errand, Failed, Order
from provisioning.sandbox.containers import SETTLED
from provisioning.sandbox.odoo.database import Records, note_parameters, renew_access, take_over
from provisioning.sandbox.odoo.house import ATTACHMENTS, VERSION

TABLE = re.compile(r'CREATE TABLE "(\w+)" \((.*)\);')
COLUMN = re.compile(r'"((?:[^"]|"")+)" ([a-z ]+)')
ROW = re.compile(r'INSERT INTO "(\w+)" \(')
VALUE = re.compile(r"\s*('(?:[^']|'')*'|[^,'()\s]+)\s*[,)]", re.DOTALL)
# whose names do not say where their dots are
DOTTED = {"auth_totp_wizard": "auth_totp.wizard", "ir_config_parameter": "ir.config_parameter"}


def fetched(
    errand: Errand, variables: Mapping[str, str], sleep: Callable[[float], object]
) -> tuple[Records, dict[str, int]]:
    """What the backup makes of this instance, and what was counted. Raises Failed, NotNow or NotWanted."""
    order = errand.order()
    with tempfile.TemporaryDirectory() as folder:
        archive = fetching.fetch(order, Path(folder), errand.order, lambda held: None, sleep)
        try:
            with zipfile.ZipFile(archive) as packed:
                manifest = json.loads(packed.read("manifest.json"))
                records = _read(packed.read("dump.sql").decode())
                files = {name.removeprefix("filestore/") for name in packed.namelist() if name.startswith("filestore/")}
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise Failed("damaged", f"It cannot be read as a backup of Odoo ({type(error).__name__}).") from error
    if manifest["major_version"] != VERSION:
        raise Failed("other_version", f"It was made by Odoo {manifest['major_version']}, and this is Odoo {VERSION}.")
    counted = _counted(records, files)
    for name, number in counted.items():
        if order.facts.get(name, number) != number:
            raise Failed("counts_differ", f"It has {number} {name}, and {order.facts[name]} when it was made.")
    records.pop(ATTACHMENTS, None)
    return _given(records, order, variables, errand.id), counted


def _counted(records: Records, files: Set[str]) -> dict[str, int]:
    attachments = records.get(ATTACHMENTS, {})
    return {
        "users": len(records["res.users"]),
        "modules": sum(row.get("state") == "installed" for row in records["ir.module.module"].values()),
        "attachments": len(attachments),
        "files": len(files),
        "missingFiles": sum(row["store_fname"] not in files for row in attachments.values()),
    }


def _given(records: Records, order: Order, variables: Mapping[str, str], identifier: str) -> Records:
    """To the owner whom the variables name."""
    if order.neutralised:
        note_parameters(records, **{"database.is_neutralized": "True"})
    if order.new_identity:
        note_parameters(records, **{"database.uuid": secrets.token_hex(16), "database.secret": secrets.token_hex(16)})
    if order.own_address:
        note_parameters(records, **{"web.base.url": variables.get("PROV_BASE_URL", "")})
    if order.hand_over:
        # with the action that gives a warm unit away
        records.pop("ir.actions.server", None)
        take_over(records, variables)
    if not renew_access(
        records, {**variables, "PROV_ACCESS_REVISION": variables.get("PROV_ACCESS_REVISION") or identifier}
    ):
        raise Failed("owner_refused", "Another user has this login.")
    note_parameters(records, **{SETTLED: identifier})
    return records


def _read(dump: str) -> Records:
    """The records that `house` has written as SQL; what was NULL is left out."""
    kinds: dict[str, dict[str, str]] = {}
    records: Records = {}
    for line in _statements(dump):
        if made := TABLE.fullmatch(line):
            columns = {name.replace('""', '"'): kind.strip() for name, kind in COLUMN.findall(made[2])}
            kinds[made[1]] = {"id": "integer"} | columns
            records[DOTTED.get(made[1], made[1].replace("_", "."))] = {}
        elif row := ROW.match(line):
            names = list(re.findall(r'"((?:[^"]|"")+)"|\bid\b', line[row.end() : line.index(") VALUES (")]))
            listed = [name.replace('""', '"') or "id" for name in names]
            values = VALUE.findall(line[line.index(") VALUES (") + len(") VALUES (") :])
            found = {
                name: _value(text, kinds[row[1]][name])
                for name, text in zip(listed, values, strict=True)
                if text != "NULL"
            }
            records[DOTTED.get(row[1], row[1].replace("_", "."))][str(found.pop("id"))] = found
    return records


def _statements(dump: str) -> Iterator[str]:
    """A text may hold line ends: a statement is over where no quote is open."""
    held = ""
    for line in dump.split("\n"):
        held += line
        if held.count("'") % 2:
            held += "\n"
            continue
        yield held
        held = ""


def _value(text: str, kind: str) -> Any:
    if kind == "boolean":
        return text == "true"
    if kind in ("bigint", "integer"):
        return int(text)
    if kind == "double precision":
        return float(text)
    plain = text[1:-1].replace("''", "'")
    return json.loads(plain) if kind == "jsonb" else plain
