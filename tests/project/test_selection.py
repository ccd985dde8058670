"""What runs on both stores: everything that a store can make a difference to, without anybody having to say so."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from tests.selection import ONCE

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
