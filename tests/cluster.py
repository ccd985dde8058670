"""A PostgreSQL of a test's own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.ports import free_port


class Cluster:
    """A PostgreSQL of this test's own, which it may restart."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="eazynova-cluster-"))
        self.port = free_port()
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "--auth", "trust", "--username", "postgres", "--no-sync", "-D", str(self.folder / "data"))
        self._control("start")
        return self

    def __exit__(self, *error):
        self._control("stop")
        shutil.rmtree(self.folder)

    @property
    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self):
        """At once: every connection breaks."""
        self._control("restart")

    def execute(self, sql):
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def _control(self, verb):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", verb, "-m", "immediate", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options)

    def _run(self, program, *arguments):
        subprocess.run(
            [self.bin / program, *arguments],
            user=self.user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
