"""What a backup costs who makes it, and what agents that have nothing to do cost the web."""

import hashlib
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eazynova_site.benchmarks import load, surroundings
from provisioning.agents import tokens
from provisioning.backups import asking, checking
from provisioning.models import Agent, Backup
from provisioning.odoo import container
from tenants.models import Instance

ODOO_DATABASE = "eazynova_bench_odoo"
ROWS = 200_000
FILE_BYTES = 1_000_000
CALLS_A_SECOND = 17
SECONDS = 30
# of so many calls one brings a report: every minute, and every quarter of an hour
REPORT_EVERY = 15
REPORT = {"databaseBytes": 60_000_000, "filestoreBytes": 60_000_000, "freeBytes": 5_000_000_000, "users": 3,
          "totalBytes": 10_000_000_000, "modulesToInstall": 0, "odooVersion": "19.0.1.3"}  # fmt: skip
# the agent as it lives in a container: the bootstrap, Python, and nothing else
PROGRAM = """
import json, os, resource, sys
sys.path.insert(0, os.environ["BOOTSTRAP"])
from pathlib import Path
from bootstrap.agent import Agent, Door
from bootstrap.snapshot import Instance
house = Instance(os.environ, os.environ["ODOO_DATABASE"], Path(os.environ["DATA"]))
Agent(Door(os.environ["DOOR"], os.environ["TOKEN"]), house, log=lambda line: None).call_once()
mine, child = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([mine.ru_utime + mine.ru_stime, child.ru_utime + child.ru_stime, int(peak.split()[1]) / 1024]))
"""


@dataclass(frozen=True)
class Packed:
    """``megabytes`` are of the agent's memory at its peak; the CPU seconds of pg_dump are apart."""

    wall: float
    cpu: float
    dump_cpu: float
    megabytes: float
    size: int
    check: float


def packed(instance: Instance, filestore_megabytes: int) -> Packed:
    """One backup of a database and so many megabytes of files, half of which packs, by the agent's own program."""
    with _odoo(filestore_megabytes) as environ:
        backup = asking.ask(instance.pk, Backup.Occasion.MANUAL)
        environ |= {"TOKEN": tokens.renew(instance.pk), "DOOR": f"http://127.0.0.1:{surroundings.SITE_PORT}/agent/"}
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=environ, check=True, stdout=subprocess.PIPE)
        wall = time.monotonic() - began
    cpu, dump_cpu, megabytes = json.loads(done.stdout.splitlines()[-1])
    began = time.monotonic()
    good = checking.check(backup.pk)
    backup.refresh_from_db()
    if not good:
        raise RuntimeError(f"{backup.reason} {backup.message}")
    return Packed(wall, cpu, dump_cpu, megabytes, backup.size or 0, time.monotonic() - began)


@contextmanager
def _odoo(megabytes: int) -> Iterator[dict[str, str]]:
    """A database as far as an agent looks at it, and its files: the environment of its agent."""
    server = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {ODOO_DATABASE} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {ODOO_DATABASE}")
    folder = Path(tempfile.mkdtemp(prefix="eazynova-bench-"))
    try:
        with psycopg.connect(server._replace(path=f"/{ODOO_DATABASE}").geturl()) as link:
            link.execute("CREATE TABLE ir_module_module (name text, state text, latest_version text)")
            link.execute("INSERT INTO ir_module_module VALUES ('base', 'installed', '19.0.1.3')")
            link.execute("CREATE TABLE res_users (active boolean, share boolean)")
            link.execute("CREATE TABLE res_users_log (create_date timestamp)")
            link.execute("CREATE TABLE ir_attachment (store_fname text)")
            link.execute("CREATE TABLE account_move_line (id int, name text, debit numeric, date timestamptz)")
            invoices = "SELECT n, md5(n::text), n * 1.25, now() FROM generate_series(1, %s) AS n"
            link.execute(f"INSERT INTO account_move_line {invoices}", [ROWS])
            for name in _files(folder / "filestore" / ODOO_DATABASE, megabytes):
                link.execute("INSERT INTO ir_attachment VALUES (%s)", [name])
        yield {
            "PGHOST": server.hostname or "", "PGPORT": str(server.port or 5432), "PGUSER": server.username or "",
            "PGPASSWORD": server.password or "", "PATH": os.environ["PATH"], "ODOO_DATABASE": ODOO_DATABASE,
            "BOOTSTRAP": str(Path(container.__file__).parent), "DATA": str(folder),
        }  # fmt: skip
    finally:
        shutil.rmtree(folder)


def _files(folder: Path, megabytes: int) -> Iterator[str]:
    chance = random.Random(megabytes)  # noqa: S311  the same files each time
    for number in range(megabytes * 1_000_000 // FILE_BYTES):
        text = f"invoice {number} ".encode() * (FILE_BYTES // 2 // 12)
        content = chance.randbytes(FILE_BYTES - len(text)) + text
        name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        file = folder / name[:2] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        yield f"{name[:2]}/{name}"


@dataclass(frozen=True)
class Idle:
    """``share`` of one processor; ``most`` calls a second when they come as fast as they are answered."""

    calls: int
    share: float
    statements: float
    p95: float
    most: float


def idle(count: int) -> Idle:
    """So many agents that report and have nothing to do, each once a minute, and the production server."""
    known = [tokens.renew(pk) for pk in Instance.objects.values_list("pk", flat=True)[:count]]
    Agent.objects.update(former_token_hash="")
    statements = _statements(known[0])
    with load.production_server() as server:
        surroundings.until(lambda: surroundings.listens(surroundings.SITE_PORT), "the server listens", 60)
        _at_a_pace(known, 2)
        before = server.cpu_seconds()
        times = _at_a_pace(known, SECONDS)
        share = (server.cpu_seconds() - before) / SECONDS
        headers = {"Authorization": f"Bearer {known[0]}", "Content-Type": "application/json"}
        most = load.put_under(server, lambda number: ("POST", "/agent/", b"{}"), headers, 200)
    return Idle(len(times), share, statements, 1000 * times[int(0.95 * len(times))], most.a_second)


def _statements(token: str) -> float:
    """Of a call in the middle: most bring nothing, one of REPORT_EVERY a report."""
    counts = []
    for said in (b"{}", json.dumps({"report": REPORT}).encode()):
        with CaptureQueriesContext(connection) as asked:
            Client(headers={"host": "127.0.0.1", "Authorization": f"Bearer {token}"}).post(
                "/agent/", said, content_type="application/json"
            )
        counts.append(len(asked))
    return (counts[0] * (REPORT_EVERY - 1) + counts[1]) / REPORT_EVERY


def _at_a_pace(known: list[str], seconds: float) -> list[float]:
    """CALLS_A_SECOND for so long, each from another agent over a connection of its own; how long each took, sorted."""
    times: list[float] = []

    def call(number: int, token: str) -> None:
        said: Mapping[str, object] = {} if number % REPORT_EVERY else {"report": REPORT}
        began = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", surroundings.SITE_PORT, timeout=30)
        link.request("POST", "/agent/", json.dumps(said), {"Authorization": f"Bearer {token}"})
        if link.getresponse().status == 200:
            times.append(time.perf_counter() - began)
        link.close()

    threads = []
    began = time.perf_counter()
    for number in range(int(CALLS_A_SECOND * seconds)):
        time.sleep(max(began + number / CALLS_A_SECOND - time.perf_counter(), 0))
        threads.append(threading.Thread(target=call, args=(number, known[number % len(known)])))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return sorted(times)
