import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as current
from django.db import connection
from pyrage import x25519

from tests import environment


def new_key():
    return str(x25519.Identity.generate())


@pytest.fixture
def key(settings, bucket):
    """Backups of our own database are set up."""
    made = new_key()
    settings.SITE_BACKUP_KEYS = [made]
    return made


@dataclass
class Elsewhere:
    """An empty database on another machine, and the site's commands there."""

    url: str
    environment: dict[str, str]

    def manage(self, *arguments, **changes):
        command = [sys.executable, "manage.py", *arguments]
        everything = os.environ | self.environment | {"DATABASE_URL": self.url} | changes
        return subprocess.run(
            command, cwd=current.BASE_DIR, env=everything, capture_output=True, text=True, check=False, input=""
        )

    def clients(self):
        """The names of the customers there, as another program reads them."""
        connect = psycopg.connect if self.url.startswith("postgres") else sqlite3.connect
        with closing(connect(self.url.removeprefix("sqlite:///"))) as database:
            return sorted(name for (name,) in database.execute("SELECT client_name FROM tenants_instance"))


@pytest.fixture
def elsewhere(key, settings, tmp_path):
    given = {
        name: str(getattr(settings, name))
        for name in (
            *("BACKUP_S3_ENDPOINT", "BACKUP_S3_REGION", "BACKUP_S3_BUCKET", "BACKUP_S3_ACCESS_KEY_ID"),
            *("BACKUP_S3_SECRET_ACCESS_KEY", "RAILWAY_API_URL", "RAILWAY_API_TOKEN", "RAILWAY_WORKSPACE_ID"),
        )
    }
    given |= {"SITE_BACKUP_KEYS": key, "REDIS_URL": "", "VAR_DIR": str(tmp_path / "var")}
    given |= {"ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS)}
    if connection.vendor == "sqlite":
        yield Elsewhere(f"sqlite:////{tmp_path}/elsewhere.sqlite3", given)
        return
    name = f"elsewhere_{environment.SLOT}_{environment.WORKER}"
    with psycopg.connect(environment.DATABASE_URL, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        yield Elsewhere(address_of(name), given)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def address_of(name):
    values = connection.settings_dict
    login = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    return f"postgres://{login}@{values['HOST']}:{values['PORT'] or 5432}/{name}"


@pytest.fixture
def programs(monkeypatch, tmp_path):
    """Replace one of PostgreSQL's programs by a script."""

    def put(name, script):
        path = Path(tmp_path) / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    return put
