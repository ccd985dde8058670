import pytest
import time_machine
from django.utils import timezone

from provisioning.odoo import container


@pytest.fixture
def clock():
    """Time that goes on by itself and can be shifted; the sandbox in this process lives in it too."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def quick_hashes(monkeypatch):
    """Password hashes at a hundredth of their cost: what is tried here is not how strong they are."""
    monkeypatch.setattr(container, "PASSWORD_ROUNDS", 6_000)
