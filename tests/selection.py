"""What runs again on the embedded defaults: TEST_AGAIN=1 leaves out every test to which the store makes no difference.

The whole suite runs on PostgreSQL and Redis. On SQLite without Redis run those that use Django's database, by fixture
or mark, so a new test is sorted by itself; ``@pytest.mark.any_store(reason)`` excuses one and says why,
``ONCE`` a room.
"""

import os
from pathlib import Path

import pytest

AGAIN = os.environ.get("TEST_AGAIN") == "1"
THE_STORE = {"db", "transactional_db", "live_server"}
# these could only be skipped
NEEDS_SERVICES = "services"

ANSWERS = "plain queries: tests/hostile/test_input.py has every one of its addresses answer on both stores"
SEEN = "what a browser or a reader sees of rows, whoever keeps them"
STEPS = "what is done at Railway or Odoo; how it is kept, tests/provisioning/engine and the kill matrices try on both"
ONCE = {
    "tests/tenants/admin": ANSWERS,
    "tests/tenants/space": ANSWERS,
    "tests/tenants/sign_in": ANSWERS,
    "tests/tenants/web": ANSWERS,
    "tests/tenants/api/test_isolation.py": ANSWERS,
    "tests/tenants/api/test_problems.py": ANSWERS,
    "tests/tenants/api/test_keys.py": ANSWERS,
    "tests/tenants/api/test_webhook_endpoints.py": ANSWERS,
    "tests/tenants/api/test_domains.py": ANSWERS,
    "tests/tenants/api/test_plan.py": ANSWERS,
    "tests/tenants/wording": SEEN,
    "tests/tenants/mails/test_failures.py": SEEN,
    "tests/journeys/test_backup_secrets.py": SEEN,
    "tests/journeys/test_domain.py": STEPS,
    "tests/journeys/test_drill.py": STEPS,
    "tests/journeys/test_plan.py": STEPS,
    "tests/journeys/test_progress_page.py": SEEN,
    "tests/journeys/test_restore.py": STEPS,
    "tests/journeys/test_restore_elsewhere.py": STEPS,
    "tests/journeys/test_seeds.py": STEPS,
    "tests/journeys/test_seeds_uprooted.py": STEPS,
    "tests/journeys/test_staff.py": SEEN,
    "tests/journeys/test_test_mode.py": STEPS,
    "tests/journeys/test_widget.py": SEEN,
    "tests/provisioning/backups/test_kill_matrix.py": STEPS,
    "tests/provisioning/steps": STEPS,
    "tests/tenants/reconciliation": STEPS,
}
# whose tests mostly wait, for processes, browsers and leases: each worker begins with its share of them, and what is
# left for the end are short ones that whoever is free can take
LONG = (
    "tests/journeys/test_kill_matrix.py",
    "tests/journeys/test_production.py",
    "tests/journeys/test_every_page.py",
    "tests/journeys/test_api_without_redis.py",
    "tests/journeys/test_kill_decommission.py",
    "tests/journeys/test_rollback.py",
    "tests/journeys/test_command_line.py",
    "tests/journeys/test_restore.py",
    "tests/journeys/test_backup.py",
    "tests/journeys/test_seeds.py",
    "tests/journeys/test_seeds_uprooted.py",
    "tests/journeys/test_plan.py",
    "tests/journeys/test_domain.py",
    "tests/journeys/test_test_mode.py",
    "tests/journeys/test_staff.py",
    "tests/hostile/test_input.py",
    "tests/provisioning/site_backup/test_restoring.py",
    "tests/provisioning/gate/test_outages.py",
    "tests/project/test_serving.py",
)
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def runs_again(item: pytest.Item) -> bool:
    used = set(getattr(item, "fixturenames", ()))
    if NEEDS_SERVICES in used or item.get_closest_marker("any_store") or _runs_once(item.path):
        return False
    return bool(used & THE_STORE or item.get_closest_marker("django_db"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("any_store")
        if mark and not (mark.args and str(mark.args[0]).strip()):
            raise pytest.UsageError(f"{item.nodeid}: any_store wants the reason")
    if AGAIN:
        config.hook.pytest_deselected(items=[item for item in items if not runs_again(item)])
        items[:] = [item for item in items if runs_again(item)]
    items[:] = spread(items, WORKERS)


def spread(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same tests, so that each of the equal parts that the workers are given begins with its share of the long."""
    rank = {name: number for number, name in enumerate(LONG)}
    long = sorted((item for item in items if _name(item) in rank), key=lambda item: rank[_name(item)])
    short = [item for item in items if _name(item) not in rank]
    found: list[pytest.Item] = []
    for worker in range(workers):
        heads = long[worker::workers]
        size = (len(items) - len(found)) // (workers - worker)
        found += [*heads, *short[: max(size - len(heads), 0)]]
        del short[: max(size - len(heads), 0)]
    return [*found, *short]


def _name(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent.parent).as_posix()


def _runs_once(path: Path) -> bool:
    place = path.relative_to(Path(__file__).parent.parent)
    return any(place.is_relative_to(room) for room in ONCE)
