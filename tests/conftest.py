import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("RAILWAY_API_TOKEN", "sandbox-token")
os.environ.setdefault("RAILWAY_WORKSPACE_ID", "sandbox-workspace")
os.environ.setdefault("RAILWAY_API_URL", "http://127.0.0.1:9/graphql/v2")

import pytest

from tests import factories


@pytest.fixture
def make_instance():
    return factories.make_instance


@pytest.fixture
def order_instance():
    return factories.order_instance


@pytest.fixture
def make_partner():
    return factories.make_partner
