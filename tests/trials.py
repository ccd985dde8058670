"""What trials by fire share: time that jumps, runners that die, and what must be true when all is over."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import time_machine
from django.db import connection
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.utils import timezone

from provisioning.engine import running
from provisioning.models import Operation, Resource, Step
from provisioning.sandbox import Sandbox
from provisioning.states import OperationKind, OperationState, ResourceState, StepState
from provisioning.watching import watcher
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail
from tenants.services import access, instances

MOST_ROUNDS = 80
WRITES = ("INSERT", "UPDATE", "DELETE")
BACKUPS = ["DAILY", "WEEKLY"]


class Killed(BaseException):
    """Stands for SIGKILL inside this process: nothing below the test may catch it."""


def finish(operation: Operation, clock: time_machine.Traveller, sandbox: Sandbox) -> Operation:
    """Run the operation to its end as workers, sweep and watcher would, jumping over every wait."""
    for _ in range(MOST_ROUNDS):
        sandbox.advance(0)
        try:
            running.run(operation.pk)
            watcher.watch()
        except Killed:
            pass
        row = Operation.objects.get(pk=operation.pk)
        if row.state != OperationState.ACTIVE:
            return row
        due = max(row.run_after, row.lease_expires_at or row.run_after)
        clock.shift(max((due - timezone.now()).total_seconds(), 0.0) + 0.01)
    waiting = Step.objects.filter(operation=operation).exclude(state=StepState.DONE).first()
    raise AssertionError(f"Still active after {MOST_ROUNDS} rounds at {waiting}: {waiting and waiting.reason}")


@contextmanager
def at_step(code: str, state: str, act: Callable[[Step], None]) -> Iterator[None]:
    """Call ``act`` whenever this step (any, when empty) is written down in this state, inside that transaction."""

    def written(sender: type[Step], instance: Step, **news: Any) -> None:
        if code in ("", instance.code) and instance.state == state:
            act(instance)

    post_save.connect(written, sender=Step)
    try:
        yield
    finally:
        post_save.disconnect(written, sender=Step)


@contextmanager
def hearing(bell: Signal) -> Iterator[list[int]]:
    """The numbers that are rung for meanwhile, in their order."""
    rung: list[int] = []

    def hear(sender: Any, **news: Any) -> None:
        rung.extend(value for name, value in news.items() if name.endswith("_id"))

    bell.connect(hear)
    try:
        yield rung
    finally:
        bell.disconnect(hear)


class Tripwire:
    """Kills the runner at its n-th write to the database: before it is done, or right after."""

    def __init__(self) -> None:
        self.seen = 0
        self.deadly: int | None = None
        self.after = False

    def arm(self, number: int, *, after: bool) -> None:
        self.seen, self.deadly, self.after = 0, number, after

    @property
    def tripped(self) -> bool:
        return self.deadly is not None and self.seen >= self.deadly

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(WRITES) or self.deadly is None or self.tripped:
            return execute(sql, params, many, context)
        self.seen += 1
        if self.tripped and not self.after:
            raise Killed
        result = execute(sql, params, many, context)
        if self.tripped:
            raise Killed
        return result

    @contextmanager
    def watching(self) -> Iterator["Tripwire"]:
        with connection.execute_wrapper(self):
            yield self


def assert_exactly_one_of_everything(
    sandbox: Sandbox, instance: Instance, *, starts: int = 1, mails: int = 1, restarted: Collection[str] = ()
) -> None:
    """One project with two services, each started ``starts`` times; one address; nothing under way.

    The steps ``restarted`` have needed one start more, because the first one failed.
    """
    instance.refresh_from_db()
    assert instance.state == InstanceState.READY
    project = only_project(sandbox, instance)
    services = {service["name"]: service for service in project["services"]}
    assert Counter(service["name"] for service in project["services"]) == {"Postgres": 1, "odoo": 1}
    for name, service in services.items():
        assert service["deploymentCount"] == starts + (f"deploy_{name.lower()}" in restarted), name
    assert [len(services[name]["domains"]) for name in ("Postgres", "odoo")] == [0, 1]
    assert services["odoo"]["domains"][0]["label"] == f"eazynova-{instance.client_name}"
    assert {volume["serviceId"] for volume in project["volumes"]} == {service["id"] for service in services.values()}
    assert [sorted(volume["schedules"]) for volume in project["volumes"]] == [BACKUPS, BACKUPS]
    assert not any(service["autoDeploy"] for service in services.values())
    assert_ledger_is_true(project, instance)
    assert Mail.objects.filter(instance=instance, purpose__startswith="welcome:").count() == mails
    assert not Operation.objects.active().filter(instance=instance).exists()


def assert_ledger_is_true(project: dict[str, Any], instance: Instance) -> None:
    """What the ledger calls present is what Railway has, with the same ids."""
    rows = Resource.objects.filter(instance=instance, state=ResourceState.PRESENT)
    listed = {(row.kind, row.external_id) for row in rows if row.kind != "deployment"}
    real = {("project", project["id"]), ("environment", project["environmentId"])}
    real |= {("service", service["id"]) for service in project["services"]}
    real |= {("domain", domain["id"]) for service in project["services"] for domain in service["domains"]}
    real |= {("volume", volume["id"]) for volume in project["volumes"]}
    real |= {("volume_instance", volume["instanceId"]) for volume in project["volumes"]}
    assert listed == real
    deployed = {deployment["id"] for service in project["services"] for deployment in service["deployments"]}
    assert {row.external_id for row in rows if row.kind == "deployment"} <= deployed


def only_project(sandbox: Sandbox, instance: Instance) -> dict[str, Any]:
    marker = f"eazynova-instance={instance.public_id}"
    found = [project for project in sandbox.state()["projects"] if marker in project["description"]]
    assert len(found) == 1
    return found[0]


def order(kind: str, instance: Instance) -> Operation:
    """Order an operation on an instance that is there, as staff do."""
    instance.refresh_from_db()
    return ORDERS[OperationKind(kind)](instance)


def retry(operation: Operation) -> Operation:
    """As staff do after the cause was mended."""
    return running.retry(Operation.objects.get(pk=operation.pk))


def _change_email(instance: Instance) -> Operation:
    operation = access.change_email(instance, f"new-{instance.admin_email}")
    assert operation is not None
    return operation


def _renew_access(instance: Instance) -> Operation:
    """As when the password is not kept any more."""
    Operation.objects.filter(instance=instance).update(sealed="")
    return access.reset_password(instance)


ORDERS: dict[OperationKind, Callable[[Instance], Operation]] = {
    OperationKind.SUSPEND: instances.suspend,
    OperationKind.RESUME: instances.resume,
    OperationKind.DECOMMISSION: instances.decommission,
    OperationKind.RESET_PASSWORD: access.reset_password,
    OperationKind.CHANGE_EMAIL: _change_email,
    OperationKind.RENEW_ACCESS: _renew_access,
}
