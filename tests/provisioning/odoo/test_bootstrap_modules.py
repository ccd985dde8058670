"""Another plan's modules, at a start on a database that its customer works with."""

import pytest

from tests.provisioning.odoo.test_bootstrap import ask

MORE = {"PROV_MODULES": "crm,account,sale_management", "PROV_MODULES_REVISION": "OP-1"}
STATES = "SELECT name FROM ir_module_module WHERE state = 'installed' ORDER BY name"


def installed(container):
    return {name for (name,) in ask(container, STATES)}


def installations(container):
    return [command[command.index("-i") + 1] for command in container.commands() if "-i" in command]


def test_what_is_missing_is_installed_once_and_nothing_that_is_there(ready):
    before = len(installations(ready))
    ready.start(**MORE).wait_until_serving()
    assert {"crm", "account", "sale_management"} <= installed(ready)
    assert installations(ready)[before:] == ["sale_management"]
    ready.stop()
    # what its customer has removed since stays away
    ask(ready, "UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'sale_management'")
    ready.start(**MORE).wait_until_serving(2)
    assert len(installations(ready)) == before + 1


def test_a_smaller_plan_takes_nothing_away(ready):
    before = len(installations(ready))
    ready.start(PROV_MODULES="crm", PROV_MODULES_REVISION="OP-2").wait_until_serving()
    assert {"crm", "account"} <= installed(ready)
    assert len(installations(ready)) == before


def test_without_a_revision_a_start_installs_nothing(ready):
    before = len(installations(ready))
    ready.start(PROV_MODULES=MORE["PROV_MODULES"]).wait_until_serving()
    assert len(installations(ready)) == before


@pytest.mark.parametrize("trouble", ["unknown", "broken", "lacking"])
def test_what_cannot_be_installed_is_not_served_and_what_was_there_is_when_the_former_plan_is_back(ready, trouble):
    modules = {"PROV_MODULES": f"crm,account,{'nosuchmodule' if trouble == 'unknown' else 'sale_management'}"}
    if trouble != "unknown":
        (ready.directory / trouble).write_text("sale_management")
    assert ready.start(**modules, PROV_MODULES_REVISION="OP-1").ended() != 0
    ready.start(PROV_MODULES="crm,account", PROV_MODULES_REVISION="kept:OP-1").wait_until_serving()
    assert {"crm", "account"} <= installed(ready)
    assert ask(ready, "SELECT count(*) FROM ir_module_module WHERE state LIKE 'to %%'") == [(0,)]


@pytest.mark.parametrize("point", ["installing sale_management", "installed sale_management"])
@pytest.mark.parametrize("back", [False, True])
def test_a_start_that_is_killed_while_it_installs_is_mended_by_the_next_one(ready, point, back):
    """Marks that a killed installation leaves keep out every later one, in Odoo itself too."""
    ready.pause_at(point)
    ready.start(**MORE).wait_until_paused()
    ready.kill()
    ready.go_on()
    former = {"PROV_MODULES": "crm,account", "PROV_MODULES_REVISION": "kept:OP-1"}
    ready.start(**(former if back else MORE)).wait_until_serving()
    assert ask(ready, "SELECT count(*) FROM ir_module_module WHERE state LIKE 'to %%'") == [(0,)]
    assert "crm" in installed(ready)
    assert back or "sale_management" in installed(ready)
