"""The engine alone, with a recipe of three steps that the test decides about."""

from datetime import timedelta

import pytest

from provisioning.engine import running
from provisioning.engine.recipes import RECIPES, Recipe, StepDefinition
from provisioning.outcomes import Done
from tenants.lifecycle import InstanceState
from tenants.services.making import spec_of


class Script:
    """What each run of the middle step does, in turn; afterwards it is done."""

    def __init__(self):
        self.acts = []
        self.runs = []

    def step(self, code):
        def run(ctx):
            self.runs.append(code)
            act = self.acts.pop(0) if code == "middle" and self.acts else Done()
            if isinstance(act, BaseException):
                raise act
            return act() if callable(act) else act

        return StepDefinition(code, code, run, 1)


@pytest.fixture
def script(monkeypatch):
    script = Script()
    steps = tuple(script.step(code) for code in ("first", "middle", "last"))
    monkeypatch.setitem(RECIPES, "suspend", Recipe(steps, timedelta(minutes=30)))
    return script


@pytest.fixture
def operation(script, make_instance):
    instance = make_instance(state=InstanceState.READY)
    spec = spec_of(instance)
    return running.start(kind="suspend", instance=instance, spec=spec)
