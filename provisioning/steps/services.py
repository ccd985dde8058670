"""The two services of an instance: made without a source, given storage and an address, then configured."""

from collections.abc import Mapping, Sequence

from provisioning.agents import variables as agent_variables
from provisioning.errors import Temporary
from provisioning.gate import workspaces
from provisioning.odoo import container
from provisioning.outcomes import Done, Wait
from provisioning.railway.results import NewService, ServiceSettings, Stack
from provisioning.steps import desired_state, naming, restoring
from provisioning.steps.context import Context
from provisioning.steps.desired_state import MOUNT_PATHS, ODOO, ODOO_PORT, POSTGRES


def create_services(ctx: Context) -> Done:
    """Both services without a source, so nothing is deployed yet, with all their variables."""
    ctx.ledger.ensure_all(
        "service",
        [POSTGRES, ODOO],
        find=lambda: {service.name: service.id for service in ctx.stack().services},
        create=lambda names: _create_services(ctx, names),
    )
    return Done()


def create_volumes(ctx: Context) -> Done | Wait:
    """One volume a service, one call each, because Railway throttles them."""
    for service, mount_path in MOUNT_PATHS.items():
        row = ctx.ledger.get("volume", service)
        if row is not None and row.external_id:
            continue
        wait = ctx.turn("volume_create")
        if wait:
            return wait
        _create_volume(ctx, service, mount_path)
    return Done()


def create_domain(ctx: Context) -> Done:
    """A public address for Odoo, named after the client when that name is free."""
    domain_id = ctx.ledger.ensure(
        "domain",
        ODOO,
        find=lambda: next((domain.id for domain in ctx.stack().service(ODOO).domains), None),
        create=lambda: (
            ctx.railway.create_domain(
                service_id=ctx.ledger.id_of("service", ODOO), environment_id=ctx.environment_id, target_port=ODOO_PORT
            ).id
        ),
    )
    return Done({"name": naming.give_name(ctx, domain_id)})


def configure(ctx: Context) -> Done | Wait:
    """Sources, start command, health check, restarts and limits; read back, since "true" is not proof."""
    wanted = _settings(ctx)
    if not ctx.step.notes.get("sent"):
        ctx.railway.configure(environment_id=ctx.environment_id, services=wanted)
        ctx.note(sent=1)
    stack = ctx.stack()
    if not _taken(stack, wanted):
        ctx.note(sent=0)
        raise Temporary("Railway has not taken the settings yet.", code="settings_not_taken", retry_after=5)
    if not _record_volume_instances(ctx, stack):
        return Wait(5, "waiting_for_volumes")
    domains = stack.service(ODOO).domains
    if not domains:
        return Wait(5, "waiting_for_domain")
    name = ctx.operation.facts.get("name", "")
    if name not in ("", domains[0].name):
        naming.rename(ctx, domains[0].id, name)
        raise Temporary("Railway has not taken the name yet.", code="settings_not_taken", retry_after=5)
    return Done({"url": f"{workspaces.scheme_of(ctx.spec.workspace)}://{domains[0].domain}"})


def _create_services(ctx: Context, names: Sequence[str]) -> Mapping[str, str]:
    variables = {POSTGRES: _postgres_variables, ODOO: _odoo_variables}
    return ctx.railway.create_services(
        project_id=ctx.project_id,
        environment_id=ctx.environment_id,
        services=[NewService(name, variables[name](ctx)) for name in names],
    )


def _postgres_variables(ctx: Context) -> dict[str, str]:
    return container.postgres_variables(desired_state.generated_password())


def _odoo_variables(ctx: Context) -> dict[str, str]:
    password = ctx.secret("admin_password")
    if password is None:
        raise LookupError("The operation holds no admin password.")
    return (
        desired_state.odoo_variables(
            ctx.spec,
            container.password_hash(password),
            desired_state.generated_password(),
            desired_state.generated_password(),
        )
        | agent_variables.renewed(ctx.operation.instance_id)
        | _beginning(ctx)
    )


def _beginning(ctx: Context) -> dict[str, str]:
    """What it begins with instead of an installation: the backup that the order named, or the seed of its key."""
    restore_id, seed_id = (ctx.operation.facts.get(name) for name in (restoring.RESTORE, restoring.SEED))
    if restore_id:
        return container.restore_variables(restore_id)
    return container.seed_variables(seed_id) if seed_id else {}


def _create_volume(ctx: Context, service: str, mount_path: str) -> None:
    service_id = ctx.ledger.id_of("service", service)

    def find() -> str | None:
        return next((volume.id for volume in ctx.stack().volumes if volume.service_id == service_id), None)

    ctx.ledger.ensure(
        "volume",
        service,
        find=find,
        create=lambda: ctx.railway.create_volume(
            project_id=ctx.project_id,
            environment_id=ctx.environment_id,
            service_id=service_id,
            mount_path=mount_path,
        ),
    )


def _settings(ctx: Context) -> dict[str, ServiceSettings]:
    return {ctx.ledger.id_of("service", name): wish for name, wish in desired_state.service_settings(ctx.spec).items()}


def _taken(stack: Stack, wanted: Mapping[str, ServiceSettings]) -> bool:
    seen = {service.id: service for service in stack.services}
    return all(
        service_id in seen
        and (settings.image is None or seen[service_id].image == settings.image)
        and (settings.start_command is None or seen[service_id].start_command == settings.start_command)
        for service_id, settings in wanted.items()
    )


def _record_volume_instances(ctx: Context, stack: Stack) -> bool:
    """Whether both volumes have their instance in the environment; backups are scheduled on those."""
    by_service = {volume.service_id: volume.instance_id for volume in stack.volumes}
    for service in MOUNT_PATHS:
        instance_id = by_service.get(ctx.ledger.id_of("service", service))
        if not instance_id:
            return False
        ctx.ledger.adopt("volume_instance", service, instance_id)
    return True
