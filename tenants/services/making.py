"""How an order comes true: a warm unit is handed over, or the instance is made as usual."""

from dataclasses import replace
from typing import Any

from django.db import transaction

from provisioning.engine import running
from provisioning.models import Operation
from provisioning.spec import InstanceSpec, Limits, Source
from provisioning.states import MAKING, OperationKind, OperationState
from provisioning.steps import hand_over, naming, restoring
from provisioning.steps.removal import NOBODYS
from tenants import client_names
from tenants.models import Instance, Plan, Unit
from tenants.pool import units
from tenants.services import seeds, workspaces
from tenants.signals import pool_due

# after which an instance is another one at Railway
SHAPING = (*MAKING, OperationKind.CHANGE_PLAN)


def place(
    plan: Plan, client_name: str, unit: Unit | None, *, moving: Instance | None = None, test: bool = False
) -> dict[str, str]:
    """Where an instance lives: in what its unit has, or in a place of its own that is still to be made.

    Raises NoRoom; never for one that was accepted already and is only ``moving``.
    """
    if unit is not None:
        names = ("workspace", "database_name", "project_id")
        return {name: getattr(unit.instance, name) for name in names}
    workspace = workspaces.with_room(plan, moving=moving, test=test)
    return {"workspace": workspace, "database_name": client_names.database_name(client_name), "project_id": ""}


def begin(instance: Instance, unit: Unit | None, password: str, *, facts: dict[str, Any] | None = None) -> Operation:
    """Give it the unit that was taken for it, or have it made as usual; in the transaction that took it."""
    sealed = {"admin_password": password}
    if unit is None:
        told = facts or {}
        beginning = {} if restoring.RESTORE in told else seeds.begin_with(instance)
        return start(instance, OperationKind.CREATE, facts=told | beginning, sealed=sealed)
    units.hand(unit, instance)
    made = Operation.objects.filter(instance=unit.pk, kind=OperationKind.PREPARE, state=OperationState.SUCCEEDED)
    prepared = made.latest("pk")
    kept = prepared.secrets()
    known = {
        hand_over.UNIT: unit.instance.public_id,
        hand_over.UNIT_NAME: unit.instance.client_name,
        hand_over.UNIT_LOGIN: unit.instance.admin_email,
        hand_over.ACTION: prepared.facts[hand_over.ACTION],
    }
    former = {hand_over.UNIT_PASSWORD: kept["admin_password"], hand_over.SESSION: kept[hand_over.SESSION]}
    operation = start(instance, OperationKind.HAND_OVER, facts=known | (facts or {}), sealed=sealed | former)
    transaction.on_commit(lambda: pool_due.send_robust(Unit, pool_id=unit.pool_id))
    return operation


def go_on_without(instance: Instance, former: Operation, *, broken_by: str = "") -> Operation:
    """A unit could not be handed over: the order goes to the next one, or is made as usual; its customer only waits.

    ``broken_by`` is what is wrong with the unit, "" when it has only become too old. It is kept to be looked at unless
    nothing is wrong with it, or it bears the customer's name already: then it goes at once.
    """
    unit, password = instance.made_from, former.secrets()["admin_password"]
    units.give_back(unit, instance, broken_by)
    holder = former.facts.get(naming.HOLDER)
    if named := hand_over.has_given_name(former):
        holder = {"instance": unit.pk, "workspace": unit.instance.workspace, "name": unit.instance.client_name}
    if named or not broken_by:
        start(unit.instance, OperationKind.DECOMMISSION, facts={NOBODYS: unit.last_for}, sealed={})
    # it is the following operation's now
    Operation.objects.filter(pk=former.pk).update(sealed="")
    tries = Operation.objects.filter(instance=instance, kind=OperationKind.HAND_OVER).count()
    following = units.take(instance.plan, instance.language, instance.country) if tries < units.CANDIDATES else None
    instance.refresh_from_db()
    for name, value in place(instance.plan, instance.client_name, following, moving=instance).items():
        setattr(instance, name, value)
    instance.save(update_fields=["workspace", "database_name", "project_id"])
    return begin(instance, following, password, facts={naming.HOLDER: holder} if holder else {})


def start(
    instance: Instance,
    kind: OperationKind,
    *,
    email: str = "",
    spec: InstanceSpec | None = None,
    facts: dict[str, Any],
    sealed: dict[str, str],
) -> Operation:
    """Begin work on it, in the caller's transaction; ``email`` is the address that it will have then, ``spec`` what it
    will be when that is not what its plan says.

    Raises IntegrityError while other work is under way.
    """
    spec = spec or spec_of(instance)
    if email:
        spec = replace(spec, email=email)
    operation = running.start(kind=kind, instance=instance, spec=spec, secrets=sealed)
    known = {"url": instance.url} if instance.url else {}
    if known or facts:
        operation.facts = {**known, **facts}
        operation.save(update_fields=["facts"])
    return operation


def made_as(instance: Instance) -> InstanceSpec:
    """What it was made as, or what its last change of plan has made of it."""
    done = Operation.objects.filter(instance=instance, kind__in=SHAPING, state=OperationState.SUCCEEDED)
    last = done.order_by("-pk").first()
    return last.instance_spec if last else spec_of(instance)


def changed_to(plan: Plan, instance: Instance) -> InstanceSpec:
    """What a change of plan makes of it. Where both have one blueprint it keeps the very Odoo that it has, and always
    its PostgreSQL.
    """
    present, wanted = made_as(instance), spec_of(instance, plan)
    same = plan.blueprint_id == instance.plan.blueprint_id
    return replace(
        present,
        email=instance.admin_email,
        source=present.source if same else wanted.source,
        modules=wanted.modules,
        odoo_limits=wanted.odoo_limits,
        postgres_limits=wanted.postgres_limits,
    )


def spec_of(instance: Instance, plan: Plan | None = None) -> InstanceSpec:
    """The instance and its plan (or another one) as they are now, to be frozen into an operation."""
    plan = plan or instance.plan
    blueprint = plan.blueprint
    return InstanceSpec(
        instance_id=instance.public_id,
        client_name=instance.client_name,
        company=instance.tenant.company,
        email=instance.admin_email,
        language=instance.language,
        country=instance.country,
        timezone=instance.time_zone,
        database=instance.database_name,
        workspace=instance.workspace,
        source=Source(
            image=blueprint.image,
            repository=blueprint.repository,
            branch=blueprint.branch,
            addons_path=blueprint.addons_path,
        ),
        modules=plan.module_names(),
        odoo_limits=Limits(plan.odoo_memory_gb, plan.odoo_vcpus),
        postgres_limits=Limits(plan.postgres_memory_gb, plan.postgres_vcpus),
        postgres_image=blueprint.postgres_image,
    )
