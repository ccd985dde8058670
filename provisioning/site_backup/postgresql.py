"""PostgreSQL's own programs: pg_dump makes the dump, pg_restore reads it, psql puts it into a database."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE
from typing import IO, Any, cast

from django.db import connection

from provisioning.site_backup.errors import SiteBackupFailed, SiteBackupToolMissing
from provisioning.site_backup.keys import Reader, Writer

ENGINE = "postgresql"
ASIDE = "before_restore_"
# what older servers do not know, although it only restates their own default
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;"
HEAD_LINES = 40
# whoever restores owns everything: roles and rights are the new server's
AS_OURS = ("--no-owner", "--no-privileges", "--no-comments")


def server() -> int:
    """The major version of the database's server."""
    return int(connection.get_database_version()[0])


def client(program: str = "pg_dump") -> int:
    """The major version of PostgreSQL's programs here. Raises SiteBackupToolMissing."""
    told = subprocess.run([_program(program), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", told)
    if not found:
        raise SiteBackupToolMissing(f"{program} does not tell its version: {told[:60]!r}.")
    return int(found[1])


def facts() -> dict[str, Any]:
    """Which versions made a dump. Raises SiteBackupToolMissing when pg_dump is older than the server."""
    here, there = client(), server()
    if here < there:
        raise SiteBackupToolMissing(
            f"pg_dump is of PostgreSQL {here}, the server of {there}, and it dumps no newer server than itself: "
            f"install postgresql-client-{there} or newer."
        )
    return {"server": there, "client": here}


@contextmanager
def dump() -> Iterator[Reader]:
    """A dump in PostgreSQL's custom format, to be read to its end. Raises SiteBackupFailed when pg_dump did."""
    with _running("pg_dump", "--format=custom", f"--exclude-schema={ASIDE}*", login=True, stdout=PIPE) as program:
        yield program.output
        program.end()


@contextmanager
def examine() -> Iterator[Writer]:
    """Takes a dump and lets pg_restore read all of it, to nowhere. Raises SiteBackupFailed."""
    with _running("pg_restore", "--file=/dev/null", stdin=PIPE) as program:
        with _explained(program):
            yield program.input
        program.end()


def is_empty() -> bool:
    return not connection.introspection.table_names()


def check_target(made: dict[str, Any]) -> None:
    """Whether such a dump can be brought back here. Raises SiteBackupToolMissing or SiteBackupFailed."""
    if client("pg_restore") < int(made["client"]) or client("psql") < int(made["client"]):
        raise SiteBackupToolMissing(
            f"The backup was made by pg_dump {made['client']}, pg_restore is of {client('pg_restore')}: "
            f"install postgresql-client-{made['client']} or newer."
        )
    if server() < int(made["server"]):
        raise SiteBackupFailed(
            f"The backup comes from PostgreSQL {made['server']}, this server is of {server()}: use a newer server."
        )


@contextmanager
def restore(aside: str) -> Iterator[Writer]:
    """Takes a dump and puts it into the database in one transaction; what is there moves into the schema ``aside``.

    It is committed only when the whole stream was taken without an error in this block. Raises SiteBackupFailed.
    """
    older = server() < 17
    connection.close()
    with (
        _running(
            "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", login=True, stdin=PIPE, stdout=DEVNULL
        ) as psql,
        _running("pg_restore", "--file=-", *AS_OURS, stdin=PIPE, stdout=PIPE) as reader,
    ):
        psql.input.write(_beginning(aside))
        pump = threading.Thread(target=_pump, args=(reader, psql, older), daemon=True)
        pump.start()
        with _explained(psql, reader):
            yield reader.input
            reader.input.close()
        pump.join()
        with _explained(psql):
            reader.end()
            psql.input.write(b"\nCOMMIT;\n")
            psql.end()


def _beginning(aside: str) -> bytes:
    moved = f'ALTER SCHEMA public RENAME TO "{aside}";\nCREATE SCHEMA public;\n' if aside else ""
    return f"BEGIN;\n{moved}".encode()


@dataclass(frozen=True)
class _Program:
    name: str
    process: "subprocess.Popen[bytes]"
    said: IO[bytes]

    @property
    def input(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdin)

    @property
    def output(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdout)

    def end(self) -> None:
        """It has been given everything. Raises SiteBackupFailed when it did not like it."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.wait():
            raise SiteBackupFailed(f"{self.name}: {self.words() or 'it ended with an error'}")

    def words(self) -> str:
        """Its first line that tells of an error; the lines after it may hold rows."""
        self.said.seek(0)
        lines = self.said.read(20_000).decode(errors="replace").splitlines()
        telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()] or lines
        return telling[0][:300] if telling else ""


def _pump(reader: _Program, psql: _Program, older: bool) -> None:
    """From pg_restore to psql; when psql has gone, pg_restore goes too, since nobody reads it any more."""
    try:
        for _number in range(HEAD_LINES):
            line = reader.output.readline()
            if not (older and line.startswith(UNKNOWN_BEFORE_17)):
                psql.input.write(line)
        shutil.copyfileobj(reader.output, psql.input, 64 * 1024)
        psql.input.flush()
    except (BrokenPipeError, ValueError):
        # ValueError: the block ended with an error, and closed them
        reader.process.kill()


@contextmanager
def _explained(*programs: _Program) -> Iterator[None]:
    """A program that went away in the middle has said why."""
    try:
        yield
    except (BrokenPipeError, SiteBackupFailed) as error:
        for program in programs:
            if program.words():
                raise SiteBackupFailed(f"{program.name}: {program.words()}") from error
        if isinstance(error, SiteBackupFailed):
            raise
        raise SiteBackupFailed(f"{programs[0].name}: it ended in the middle") from error


@contextmanager
def _running(name: str, *options: str, login: bool = False, **pipes: Any) -> Iterator[_Program]:
    """Killed when the block ends with an error. The password travels in its environment."""
    program, arguments, environment = _program(name), list(options), {"PATH": os.defpath, "LC_ALL": "C"}
    if login:
        (_psql, *database), given = connection.client.settings_to_cmd_args_env(
            connection.settings_dict, ["--no-password"]
        )
        arguments, environment = [*arguments, *database], environment | (given or {})
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([program, *arguments], env=environment, stderr=said, **pipes)
        try:
            yield _Program(name, process, said)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    if pipe:
                        pipe.close()


def _program(name: str) -> str:
    """Where it is. Raises SiteBackupToolMissing."""
    found = shutil.which(name)
    if found is None:
        raise SiteBackupToolMissing(
            f"{name} is not installed here: install the package postgresql-client of PostgreSQL {server()} or newer."
        )
    return found
