"""What runs on both stores: everything that a store can make a difference to, without anybody having to say so."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.selection import LONG, ONCE, spread

PURE = "tests/tenants/test_client_names.py"
WITH_ROWS = "tests/tenants/models/test_models.py"
ONLY_WITH_SERVICES = "tests/provisioning/engine/test_tasks.py"
EXCUSED = "tests/journeys/test_every_page.py"
ROOM = "tests/tenants/wording"


def test_on_the_embedded_defaults_runs_again_what_uses_the_database_and_is_not_excused():
    paths = (PURE, WITH_ROWS, ONLY_WITH_SERVICES, EXCUSED, ROOM)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "--collect-only", *paths],
        cwd=settings.BASE_DIR,
        env=os.environ | {"TEST_SERVICES": "none", "TEST_AGAIN": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(Path(settings.BASE_DIR, room).exists() for room in ONCE)
    assert [path for path in paths if path in done.stdout] == [WITH_ROWS]


class Item:
    def __init__(self, name):
        self.path = Path(settings.BASE_DIR, name)


def test_each_worker_begins_with_its_share_of_the_long_ones_and_none_is_lost():
    items = [Item(name) for name in (*[LONG[1]] * 3, *[PURE] * 20, *[LONG[0]] * 2, *[WITH_ROWS] * 7)]
    found = spread(items, 4)
    assert sorted(map(id, found)) == sorted(map(id, items))
    parts = [found[start : start + 8] for start in range(0, 32, 8)]
    long = [[item.path.name in {Path(name).name for name in LONG} for item in part] for part in parts]
    assert [part.count(True) for part in long] == [2, 1, 1, 1]
    assert all(part == sorted(part, reverse=True) for part in long), "at its beginning"
    assert spread(items[:1], 4) == items[:1]
    assert all(Path(settings.BASE_DIR, name).exists() for name in LONG)
