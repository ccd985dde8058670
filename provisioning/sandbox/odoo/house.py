"""What an agent of the sandbox finds around it: the records of its Odoo as a database, and a few files beside them."""

import copy
import hashlib
import html
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Any, Self

from provisioning.odoo.bootstrap.backup import Failed
from provisioning.sandbox.odoo.database import COMPANY, Records

VERSION = "19.0"
BASE_VERSION = "19.0.1.3"
POSTGRES_VERSION = "17.0"
VOLUME_BYTES = 50_000_000_000
SETTLED = ("installed", "uninstalled", "uninstallable")
ATTACHMENTS = "ir.attachment"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 46"><text y="32">{name}</text></svg>\n'
BUNDLES = {"web.assets_web.min.css": ".o_web_client{height:100%}\n", "web.assets_web.min.js": "odoo.define();\n"}


@dataclass(frozen=True)
class Inventory:
    """A database and its files at one moment; ``files`` are by their name below the filestore."""

    records: Records
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, records: Records, *, has_files: bool = True) -> Self:
        """With the attachments that every Odoo has; without their files where the filestore was lost."""
        known = copy.deepcopy(records)
        contents = {"logo": _logo(known)} | {name: text.encode() for name, text in BUNDLES.items()}
        known[ATTACHMENTS] = {
            str(number): _attachment(name, content) for number, (name, content) in enumerate(contents.items(), 1)
        }
        stored = {row["store_fname"]: contents[row["name"]] for row in known[ATTACHMENTS].values()}
        return cls(known, stored if has_files else {})


class House:
    """``look`` gives what there is now, or None while the database is away."""

    def __init__(
        self,
        database: str,
        look: Callable[[], Inventory | None],
        drop_former: Callable[[str], bool] = lambda restored: False,
        set_address: Callable[[str], None] = lambda url: None,
    ) -> None:
        self._database = database
        self._look = look
        self._drop_former = drop_former
        self._set_address = set_address

    def drop_former(self, restored: str) -> None:
        if not self._drop_former(restored):
            raise Failed("not_in_place", "The database that is served did not come from that restoration.")

    def set_address(self, url: str) -> None:
        self._set_address(url)

    def report(self) -> dict[str, Any]:
        found = self._look()
        if found is None:
            return {"totalBytes": VOLUME_BYTES}
        users = found.records["res.users"].values()
        stored = sum(map(len, found.files.values()))
        return {
            "totalBytes": VOLUME_BYTES,
            "freeBytes": VOLUME_BYTES - stored,
            "filestoreBytes": stored,
            "databaseBytes": sum(len(line) for line in _dumped(found.records)),
            "users": sum(bool(user.get("active", True) and not user.get("share")) for user in users),
            "modulesToInstall": _changing(found.records),
            "odooVersion": BASE_VERSION,
        }

    def snapshot(self) -> "Snapshot":
        return Snapshot(self._database, self._look)


class Snapshot:
    def __init__(self, database: str, look: Callable[[], Inventory | None]) -> None:
        self._database = database
        self._look = look

    def __enter__(self) -> "Snapshot":
        found = self._look()
        if found is None:
            raise Failed("database_away", "PostgreSQL does not answer")
        if _changing(found.records):
            raise Failed("modules_changing", "an app is being installed, updated or removed")
        self._found = found
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def accounts(self) -> list[str]:
        rows = self._found.records["res.users"].values()
        return [str(user["login"]) for user in rows if user.get("active", True)]

    def dump(self) -> Iterator[bytes]:
        return _dumped(self._found.records)

    def files(self) -> Iterator[tuple[str, AbstractContextManager[IO[bytes]]]]:
        for name, content in sorted(self._found.files.items()):
            yield name, io.BytesIO(content)

    def manifest(self) -> dict[str, Any]:
        rows = self._found.records["ir.module.module"].values()
        return {
            "odoo_dump": "1",
            "db_name": self._database,
            "version": VERSION,
            "version_info": [19, 0, 0, "final", 0, ""],
            "major_version": VERSION,
            "pg_version": POSTGRES_VERSION,
            "modules": {row["name"]: BASE_VERSION for row in rows if row.get("state") == "installed"},
        }

    def facts(self) -> dict[str, Any]:
        attachments = self._found.records[ATTACHMENTS]
        return {
            "tables": len(self._found.records),
            "attachments": len(attachments),
            "missingFiles": sum(row["store_fname"] not in self._found.files for row in attachments.values()),
            "odooVersion": BASE_VERSION,
            "databaseBytes": sum(len(line) for line in _dumped(self._found.records)),
        }


def _dumped(records: Records) -> Iterator[bytes]:
    """SQL that makes these records' tables in an empty PostgreSQL database."""
    yield b"SET standard_conforming_strings = on;\n"
    for model, rows in sorted(records.items()):
        table = _quoted(model.replace(".", "_"))
        names = sorted({name for row in rows.values() for name in row} - {"id"})
        kinds = {name: _kind([row.get(name) for row in rows.values()]) for name in names}
        columns = ["id integer PRIMARY KEY", *(f"{_quoted(name)} {kind}" for name, kind in kinds.items())]
        yield f"CREATE TABLE {table} ({', '.join(columns)});\n".encode("utf-8", "replace")
        listed = ", ".join(["id", *map(_quoted, names)])
        for number, row in rows.items():
            values = ", ".join([str(int(number)), *(_value(row.get(name), kinds[name]) for name in names)])
            insert = f"INSERT INTO {table} ({listed}) VALUES ({values});\n"  # noqa: S608  written, not asked
            yield insert.encode("utf-8", "replace")


def _kind(values: list[Any]) -> str:
    """Of a column; as in Odoo, false stands for nothing where the others are no booleans."""
    kinds = {type(value) for value in values if value is not None and value is not False}
    if kinds <= {bool}:
        return "boolean"
    if kinds <= {int, float}:
        return "bigint" if kinds == {int} else "double precision"
    return "text" if kinds == {str} else "jsonb"


def _value(value: Any, kind: str) -> str:
    if value is None or (value is False and kind != "boolean"):
        return "NULL"
    if kind == "boolean":
        return "true" if value else "false"
    if kind in ("bigint", "double precision"):
        return str(value)
    text = value if kind == "text" else json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _changing(records: Records) -> int:
    return sum(row.get("state") not in SETTLED for row in records["ir.module.module"].values())


def _logo(records: Records) -> bytes:
    company = records["res.company"].get(str(COMPANY), {})
    return LOGO.format(name=html.escape(str(company.get("name", "")))).encode("utf-8", "replace")


def _attachment(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    stored = {"store_fname": f"{digest[:2]}/{digest}", "checksum": digest, "file_size": len(content)}
    return {"name": name, "res_model": "ir.ui.view"} | stored
