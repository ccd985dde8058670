"""A seed whose login is not proven goes again, whenever anybody is killed; what a customer has proven stays."""

# ruff: noqa: F811  (fixtures are known by their names)
from datetime import timedelta

import pytest

from provisioning.backups import restores as door
from provisioning.backups.errors import NoSuchJob
from provisioning.errors import Temporary
from provisioning.ledger.entries import Ledger
from provisioning.models import Operation, Restore
from provisioning.outcomes import Done
from provisioning.steps import restoring
from provisioning.steps.context import Context
from tenants.services import instances
from tests.factories import order_instance
from tests.journeys.test_backup import site, work_until  # noqa: F401  fixtures
from tests.journeys.test_restore import Odoo
from tests.journeys.test_seeds import ordered, parameter, pool, seed, unit  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_railway_was_told_to_take_away_is_never_proven(site, seed):
    """The answer is lost, and Odoo lets its owner in again: what was told is told again, until it is confirmed."""
    login = site.faults.add(kind="login_fails")
    instance = order_instance(company="Acme")
    site.faults.add(kind="lost_answer", operation="SetVariables", times=1)
    work_until(lambda: any(each["kind"] == "lost_answer" and each["used"] for each in site.faults.all()))
    restore = Restore.objects.get(instance=instance)
    assert (restore.state, restore.phase) == ("failed", "rejected")
    site.faults.remove(login)
    work_until(lambda: not Operation.objects.active().filter(instance=instance).exists())
    instance.refresh_from_db()
    restore.refresh_from_db()
    assert (instance.state, restore.state, restore.phase) == ("ready", "failed", "")
    assert parameter(Odoo(instance), "eazynova.restore") in (False, "", None), "it was installed"
    with pytest.raises(NoSuchJob):
        door.hear(instance.pk, {"id": restore.public_id, "event": "uproot"})
    Odoo(instance).call("ir.config_parameter", "set_param", "theirs", "entered")
    for change in (instances.suspend, instances.resume):
        change(instance)
        work_until(lambda: not Operation.objects.active().filter(instance=instance).exists())
        instance.refresh_from_db()
    assert (instance.state, parameter(Odoo(instance), "theirs")) == ("ready", "entered")


class Killed(BaseException):
    """The worker's process ends here."""


@pytest.mark.parametrize("boundary", ["restores.reject", "_tell", "restores.uproot", "deployments.deploy_odoo"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_while_a_seed_is_uprooted_never_proves_it(seed, monkeypatch, boundary, moment):
    """The step alone, whose neighbours note what they were asked for."""
    instance = order_instance()
    operation = Operation.objects.get(instance=instance)
    restore = instance.restores.get()
    Restore.objects.filter(pk=restore.pk).update(state="loaded")
    ctx = Context(operation, operation.steps.get(code="prove_login"), Ledger(instance.pk, "main"))
    told, logins = [], [Temporary("away", code="odoo_not_reachable")]
    monkeypatch.setattr(restoring, "LONGEST_PROOF_OF_SEED", timedelta(0))
    monkeypatch.setattr(restoring, "_tell", lambda _ctx, variables: told.append(variables))
    monkeypatch.setattr(restoring.deployments, "deploy_odoo", lambda _ctx: Done())

    def prove_login(_ctx):
        if logins:
            raise logins[0]
        return Done()

    monkeypatch.setattr(restoring.proof, "prove_login", prove_login)
    *holder, name = boundary.split(".")
    place = getattr(restoring, holder[0]) if holder else restoring
    real = getattr(place, name)

    def killed(*arguments):
        if moment == "after":
            real(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(place, name, killed)
        with pytest.raises(Killed):
            restoring.prove_created(ctx)
    if (boundary, moment) == ("restores.reject", "before"):
        assert not told, "it may still be proven, for nothing was told"
        return
    logins.clear()
    restoring.prove_created(ctx)
    restore.refresh_from_db()
    assert told
    assert {each["PROV_RESTORE_UNDO"] for each in told} == {restore.public_id}
    assert (restore.state, restore.phase) == ("failed", "")


def test_a_seed_that_is_served_by_its_customer_is_never_told_to_go(seed):
    restore = ordered().restores.get()
    assert restore.state == "proven"
    with pytest.raises(NoSuchJob):
        door.hear(restore.instance_id, {"id": restore.public_id, "event": "uproot"})
