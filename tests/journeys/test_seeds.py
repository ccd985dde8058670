"""New instances that begin with a seed: made of a warm unit by its real agent, loaded by the code of the real start."""

# ruff: noqa: F811  (fixtures are known by their names)
from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.backups import asking, bucket
from provisioning.backups import restores as door
from provisioning.backups.errors import NoSuchJob
from provisioning.models import Backup, Operation, Restore
from provisioning.odoo.client import OdooClient
from provisioning.storage.errors import ObjectMissing
from tenants.alerts import conditions
from tenants.errors import UnknownBackup
from tenants.models import Alert, Instance, Unit
from tenants.pool import seeds
from tenants.services import backups, instances, restores
from tenants.services import pool as pools
from tests.factories import order_instance
from tests.journeys.test_backup import site, work_until  # noqa: F401  fixtures
from tests.journeys.test_restore import Odoo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pool(site, settings):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 0
    return pools.pool_of("demo", "fr")


@pytest.fixture
def unit(pool):
    """Warm, and asked for a seed."""
    pools.resize(pool, 1)
    work_until(lambda: Unit.objects.filter(instance__state="warm").exists())
    pools.tend(pool)
    return Unit.objects.get()


@pytest.fixture
def seed(pool, unit):
    """The good seed of the pool's key; no unit is made or handed out meanwhile."""
    work_until(lambda: Backup.objects.filter(occasion="seed", state="good").exists())
    pools.pause(pool)
    Instance.objects.filter(pk=unit.pk).update(state="suspended")
    return Backup.objects.get()


def ordered(name="acme-corp", **values):
    """An instance, once all work on it has ended."""
    instance = order_instance(name, **values)
    work_until(lambda: not Operation.objects.active().filter(instance=instance).exists())
    instance.refresh_from_db()
    return instance


def parameter(odoo, key):
    return odoo.call("ir.config_parameter", "get_param", key)


def with_another_hash(seed):
    """What the storage gives is not this any more."""
    Backup.objects.filter(pk=seed.pk).update(sha256="0" * 64)


def test_an_order_that_finds_no_unit_begins_with_the_seed_and_is_its_customers_alone(seed):
    first, second = ordered(email="zoe@acme.com", company="L'Été & Fils"), ordered("other-corp")
    assert (first.state, second.state) == ("ready", "ready")
    assert [each.restores.get().state for each in (first, second)] == ["proven", "proven"]
    assert not Backup.objects.exclude(pk=seed.pk).exists()
    odoo, other = Odoo(first), Odoo(second)
    assert (odoo.company, odoo.logins) == ("L'Été & Fils", {"zoe@acme.com"})
    assert parameter(odoo, "web.base.url") == first.url
    for key in ("database.uuid", "database.secret"):
        assert parameter(odoo, key)
        assert parameter(odoo, key) != parameter(other, key)
    assert odoo.call("ir.actions.server", "search", []) == []


def test_a_unit_begins_with_it_too_and_is_handed_out_with_other_keys(pool, unit, seed):
    pools.resume(pool)
    work_until(lambda: Unit.objects.filter(instance__state="warm").exists())
    grown = Unit.objects.get(instance__state="warm")
    assert grown.instance.restores.get().state == "proven"
    pools.tend(pool)
    assert Backup.objects.get() == seed, "no seed is made of what came of one"
    instance = ordered(email="zoe@acme.com", company="Acme")
    assert (instance.made_from, Odoo(instance).company) == (grown, "Acme")


def test_nobody_waits_for_a_seed_that_is_being_made(pool, unit):
    pools.pause(pool)
    Instance.objects.filter(pk=unit.pk).update(state="suspended")
    assert Backup.objects.get().state in Backup.OPEN
    instance = ordered()
    assert (instance.state, instance.restores.count()) == ("ready", 0)


@pytest.mark.parametrize("state", ["waiting", "running", "checking"])
def test_what_is_being_made_of_a_unit_that_is_handed_out_never_becomes_a_seed(pool, unit, state):
    work_until(lambda: Backup.objects.get().state == "good")
    pools.pause(pool)
    # and whoever works on it does so for a while
    Backup.objects.update(state=state, ended_at=None, lease_expires_at=timezone.now() + timedelta(hours=1))
    assert ordered().made_from == unit
    assert ordered("other-corp").restores.count() == 0
    pools.tend(pool)
    backup = Backup.objects.get()
    assert (backup.state, backup.reason) == ("failed", "seed_unit_taken")


def test_what_was_checked_only_after_its_unit_was_handed_out_is_no_seed(pool, unit):
    work_until(lambda: Backup.objects.get().state == "good")
    pools.pause(pool)
    assert ordered().made_from == unit
    Backup.objects.update(ended_at=timezone.now())
    assert seeds.usable(unit.key) is None
    assert ordered("other-corp").restores.count() == 0


def test_a_seed_that_was_read_back_before_its_unit_was_handed_out_stays_good(pool, unit):
    work_until(lambda: Backup.objects.get().state == "good")
    pools.pause(pool)
    assert ordered().made_from == unit
    assert ordered("other-corp").restores.get().state == "proven"


def test_the_agent_makes_no_seed_while_somebody_else_has_an_account(pool, unit):
    """As after our own database was restored: our rows say that nobody has it, and a customer works in it."""
    pools.pause(pool)
    work_until(lambda: Backup.objects.get().state == "good")
    Backup.objects.all().delete()
    prepared = Operation.objects.get(instance=unit.instance, kind="prepare").secrets()
    odoo = OdooClient(unit.instance.url, unit.instance.database_name)
    with odoo.session(unit.instance.admin_email, prepared["admin_password"]) as session:
        session.call("res.users", "create", [{"login": "lea@example.com", "name": "Léa", "password": "x"}])
    backup = asking.ask(unit.pk, Backup.Occasion.SEED)
    work_until(lambda: (backup.refresh_from_db(), backup.reason)[1])
    assert (backup.state, backup.reason) == ("waiting", "agent_not_only_theirs")


def test_another_key_has_no_seed(pool, seed):
    pool.plan.modules = "crm"
    pool.plan.save()
    assert ordered().restores.count() == 0
    assert backups.erase_due() == 1
    seed.refresh_from_db()
    assert seed.state == "erased"
    with pytest.raises(ObjectMissing):
        bucket.storage().head(seed.key)


def test_what_does_not_grow_is_installed_and_after_the_second_time_not_tried_any_more(pool, seed):
    with_another_hash(seed)
    for name in ("acme-corp", "other-corp"):
        instance = ordered(name, company=name)
        assert instance.state == "ready"
        assert (instance.restores.get().state, instance.restores.get().reason) == ("failed", "restore_damaged")
        assert Odoo(instance).company == name
    assert ordered("third-corp").restores.count() == 0
    [alert] = [each for each in conditions.present() if each.kind == Alert.Kind.SEED]
    assert (alert.topic, alert.references) == ("demo fr-FR", (seed.public_id,))
    assert not seeds.is_missing(pool, seed.instance.unit.key)
    pools.resume(pool)
    assert not [each for each in conditions.present() if each.kind == Alert.Kind.SEED]
    assert seeds.is_missing(pool, seed.instance.unit.key)
    backups.erase_due()
    seed.refresh_from_db()
    assert seed.state == "erased"


def test_a_login_that_is_not_proven_takes_the_seed_away_and_odoo_is_installed(site, seed):
    fault = site.faults.add(kind="login_fails")
    instance = order_instance(company="Acme")
    work_until(lambda: Restore.objects.get(instance=instance).state == "failed")
    site.faults.remove(fault)
    work_until(lambda: not Operation.objects.active().filter(instance=instance).exists())
    instance.refresh_from_db()
    assert instance.state == "ready"
    assert Odoo(instance).company == "Acme"
    assert parameter(Odoo(instance), "eazynova.restore") in (False, "", None)


def test_a_seed_of_a_creation_that_has_ended_is_erased_in_time(seed):
    instance = order_instance()
    Backup.objects.filter(pk=seed.pk).update(ended_at=timezone.now() - timedelta(days=8))
    assert backups.erase_due() == 0, "it may be being fetched"
    instances.cancel(instance)
    Operation.objects.filter(instance=instance).update(state="failed")
    assert instance.restores.get().state == "waiting"
    assert backups.erase_due() == 1


def test_a_seed_that_is_too_old_is_not_handed_out(seed):
    instance = order_instance()
    Backup.objects.filter(pk=seed.pk).update(ended_at=timezone.now() - timedelta(days=8))
    restore = instance.restores.get()
    with pytest.raises(NoSuchJob):
        door.hear(instance.pk, {"id": restore.public_id, "event": "begin"})
    restore.refresh_from_db()
    assert (restore.state, restore.reason) == ("failed", "seed_too_old")


def test_a_seed_is_nobodys_backup(unit, seed):
    instance = ordered()
    assert restores.restorable(instance) == restores.restorable(unit.instance) == []
    assert asking.newest_good(unit.pk) is None
    with pytest.raises(UnknownBackup):
        restores.find(unit.instance, seed.public_id)
    with pytest.raises(UnknownBackup):
        restores.into_new(seed, Restore.Mode.COPY, client_name="a-copy", email="a@b.example")


def test_an_old_seed_is_renewed_by_a_unit_that_is_installed_and_then_erased(pool, seed):
    Backup.objects.filter(pk=seed.pk).update(ended_at=timezone.now() - timedelta(days=6, hours=1))
    assert seeds.usable(seed.instance.unit.key) == seed, "orders still begin with it"
    pools.resume(pool)
    work_until(lambda: Unit.objects.filter(instance__state="warm").exists())
    following = Unit.objects.get(instance__state="warm")
    assert not following.instance.restores.exists()
    pools.tend(pool)
    work_until(lambda: Backup.objects.filter(instance=following.instance, state="good").exists())
    assert backups.erase_due() == 1
    assert seeds.usable(seed.instance.unit.key).instance == following.instance


def test_without_a_storage_all_is_as_ever(pool, seed, settings):
    settings.BACKUP_S3_BUCKET = ""
    assert ordered().restores.count() == 0
