"""What runs again on the embedded defaults: TEST_AGAIN=1 leaves out every test to which the store makes no difference.

The whole suite runs on PostgreSQL and Redis. On SQLite without Redis run those that use Django's database, by fixture
or mark, so a new test is sorted by itself; ``@pytest.mark.any_store(reason)`` excuses one and says why.
"""

import os

import pytest

AGAIN = os.environ.get("TEST_AGAIN") == "1"
THE_STORE = {"db", "transactional_db", "live_server"}
# these could only be skipped
NEEDS_SERVICES = "services"


def runs_again(item: pytest.Item) -> bool:
    used = set(getattr(item, "fixturenames", ()))
    if NEEDS_SERVICES in used or item.get_closest_marker("any_store"):
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
