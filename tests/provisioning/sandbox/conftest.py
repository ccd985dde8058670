from collections.abc import Callable, Iterator
from typing import Any

import pytest

from provisioning.sandbox import Sandbox
from tests.provisioning.sandbox.caller import Caller

OpenSandbox = Callable[..., Caller]


@pytest.fixture
def open_sandbox() -> Iterator[OpenSandbox]:
    """Starts a sandbox with options and hands out its caller; all are stopped at the end."""
    opened: list[Caller] = []

    def start(**options: Any) -> Caller:
        caller = Caller(Sandbox(**options).start())
        opened.append(caller)
        return caller

    yield start
    for caller in opened:
        caller.close()


@pytest.fixture
def caller(open_sandbox: OpenSandbox) -> Caller:
    return open_sandbox()
