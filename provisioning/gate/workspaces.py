"""The Railway workspaces that are configured: each with its token, its budget, its turns and its room.

Beside them stands the one of test mode, which is not at Railway: it is a sandbox, with an address, a token and an
identifier that Railway does not know, as the sandbox does not know Railway's. So neither can reach what is the other's.
"""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from provisioning.errors import Permanent
from provisioning.spec import TEST

DEFAULT = "default"
TEST_IDENTIFIER = "test-mode"
# of the ports where its Odoos answer, see `manage.py sandbox --test-mode`
TEST_CAPACITY = 1000


class UnknownWorkspace(Permanent):
    """The operation names a Railway workspace that the settings do not (or no longer) hold."""

    code = "unknown_workspace"


@dataclass(frozen=True)
class Workspace:
    """``identifier`` is Railway's id, ``capacity`` the most live projects (0: no limit of ours), ``url`` its API's."""

    name: str
    identifier: str
    token: str = field(repr=False)
    capacity: int
    url: str


def configured() -> dict[str, Workspace]:
    """All of them by name: the default first, then those that RAILWAY_WORKSPACES lists, in its order.

    Never the one of test mode: costs, comparisons and alerts go over these.
    """
    default = {
        "identifier": settings.RAILWAY_WORKSPACE_ID,
        "token": settings.RAILWAY_API_TOKEN,
        "capacity": settings.RAILWAY_WORKSPACE_CAPACITY,
    }
    return {
        name: _at_railway(name, given) for name, given in ({DEFAULT: default} | settings.RAILWAY_WORKSPACES).items()
    }


def named(name: str) -> Workspace:
    """Raises UnknownWorkspace."""
    known = configured() | (test_mode() if name == TEST else {})
    try:
        return known[name]
    except KeyError as error:
        raise UnknownWorkspace(f"No Railway workspace named {name} is configured.") from error


def test_mode() -> dict[str, Workspace]:
    """The one of test mode by its name; nothing where TEST_MODE_URL is empty."""
    url = settings.TEST_MODE_URL
    return {TEST: Workspace(TEST, TEST_IDENTIFIER, test_token(), TEST_CAPACITY, url)} if url else {}


def scheme_of(name: str) -> str:
    """What the addresses of this workspace's instances begin with."""
    scheme: str = "http" if name == TEST else settings.INSTANCE_URL_SCHEME
    return scheme


def test_token() -> str:
    """What the site and the sandbox of test mode know each other by: both have the same SECRET_KEY."""
    return salted_hmac("provisioning.gate.test-mode", TEST_IDENTIFIER, algorithm="sha256").hexdigest()


def _at_railway(name: str, given: dict[str, Any]) -> Workspace:
    return Workspace(name, given["identifier"], given["token"], given["capacity"], settings.RAILWAY_API_URL)
