"""A container for the tests: the real start command with the real variables, the stand-in for the odoo program."""

import contextlib
import json
import os
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2

from provisioning.odoo import container
from tests import environment
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 20.0
SECRET = "correct horse battery staple"
# as ``password_hash`` makes it of that; making it takes long
PASSWORD_HASH = (
    "$pbkdf2-sha512$600000$RWhUUQQQUxysUa3Erud5pQ$"
    "nMtFdqUqa53zP3cloK1MrXhZk1iG/cVRA/U7VIlrtweioc6s683l/FwkCa5yR3qHJrN9M4eiaKo3Zn2ZBj0AHQ"
)
IDENTITY = {
    "login": "Admin@Acme.com",
    "name": "Zoé O'Hara",
    "company": "Acme",
    "country": "FR",
    "language": "fr",
    "timezone": "Europe/Paris",
    "modules": ("crm", "account"),
    "addons_path": "",
    "base_url": "https://acme.example.com",
}


def eventually(look, what="it"):
    """What ``look`` gives once it is true. Fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not happen in time"
        time.sleep(0.02)
    return found


class Container:
    """``start`` runs the bootstrap in a process group of its own; files and database stay between starts."""

    def __init__(self, directory, role, database, host="127.0.0.1", port=5432, **identity):
        self.directory = directory
        self.role = role
        self.database = database
        self.data = directory / "data"
        self.port = free_port()
        self.process = None
        directory.mkdir(parents=True, exist_ok=True)
        odoo = directory / "odoo"
        odoo.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.provisioning.odoo.fake_odoo "$@"\n')
        odoo.chmod(0o755)
        who = container.Identity(database=database, **{**IDENTITY, **identity})
        self.environ = container.odoo_variables(who, PASSWORD_HASH, "master", "") | {
            "PATH": f"{directory}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PGHOST": host,
            "PGPORT": str(port),
            "PGUSER": role.name,
            "PGPASSWORD": role.password,
            "PORT": str(self.port),
            "ODOO_DATA_DIR": str(self.data),
            "PROV_WATCH": "0.1",
            "FAKE_ODOO_DIR": str(directory),
        }

    @property
    def server(self):
        """PostgreSQL's address and administrator, for its own client programs."""
        return {"PATH": os.environ["PATH"]} | {
            name: self.environ[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")
        }

    def start(self, **changes):
        """Changes are environment variables; None takes one away."""
        environ = {name: value for name, value in {**self.environ, **changes}.items() if value is not None}
        # each test has an archive of its own, where a container is alone with its /tmp
        command = container.start_command().replace(container.ARCHIVE_PATH, str(self.directory / "bootstrap"))
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                shlex.split(command), env=environ, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        return self

    def ended(self):
        """The exit status."""
        return self.process.wait(PATIENCE)

    def stop(self):
        """As the platform asks for it."""
        os.kill(self.process.pid, signal.SIGTERM)
        assert self.ended() == 0, self.log

    def kill(self):
        """As the platform does at the end of its patience; the whole container dies."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.ended()
        eventually(
            lambda: not any(alive(entry["pid"]) for entry in self.diary if "pid" in entry), "end of all children"
        )

    def clean_up(self):
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

    def pause_at(self, point):
        (self.directory / "pause").write_text(point)

    def go_on(self):
        (self.directory / "pause").unlink()

    @property
    def log(self):
        return (self.directory / "log").read_text()

    @property
    def diary(self):
        path = self.directory / "diary.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def count(self, **entry):
        return sum(entry.items() <= noted.items() for noted in self.diary)

    def wait_until_serving(self, times=1):
        eventually(lambda: self.process.poll() is not None or self.count(serving=True) >= times, f"serving: {self.log}")
        assert self.process.poll() is None, self.log
        return self

    def wait_until_paused(self):
        eventually(lambda: any("paused" in entry for entry in self.diary), "the pause")

    def commands(self):
        """The arguments of each call of odoo."""
        return [entry["argv"] for entry in self.diary if "argv" in entry]


def alive(pid):
    """A zombie is not: whoever should reap it in the test's place does so in time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Role:
    """A role for Odoo alone; Odoo refuses ``postgres``."""

    def __init__(self, name, password):
        self.name = name
        self.password = password

    @staticmethod
    def administer(statement, *values, database="postgres"):
        link = psycopg2.connect(environment.DATABASE_URL, dbname=database)
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
        link.close()
        return rows


class Cable(socketserver.ThreadingTCPServer):
    """A way to PostgreSQL that can be unplugged."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), None)
        self.target = target
        self.plugged = True
        self.ends = set()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def finish_request(self, near, _address):
        if not self.plugged:
            return
        with socket.create_connection(self.target) as far:
            self.ends |= {near, far}
            if not self.plugged:
                return
            back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
            back.start()
            self._carry(near, far)
            back.join(PATIENCE)
            self.ends -= {near, far}

    @staticmethod
    def _carry(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def unplug(self):
        self.plugged = False
        for end in list(self.ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
