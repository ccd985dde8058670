"""An instance that runs gets what another plan has, or what it had stays: these steps never end between.

What runs is read first and written down. Modules are installed by Odoo's own start (`odoo.bootstrap.installation`),
which does nothing twice and takes nothing away. What goes wrong brings back what was found, and only then the operation
fails. A plan that needs nothing else at Railway restarts nothing: then the login is proven, and that is all.
"""

from contextlib import suppress
from dataclasses import replace

from django.db import transaction

from provisioning.errors import Permanent, Temporary
from provisioning.ledger.entries import StillUnclear
from provisioning.models import Operation, Resource
from provisioning.odoo import container
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused
from provisioning.outcomes import Done, Wait
from provisioning.railway.errors import RailwayError
from provisioning.railway.results import EnvironmentRef, ServiceDetails, ServiceState
from provisioning.spec import InstanceSpec, Limits, Source
from provisioning.states import StepState
from provisioning.steps import afterwards, deployments, desired_state, proof, safeguard
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, POSTGRES
from provisioning.steps.trouble import MESSAGE, TROUBLE, unless_in_trouble

# facts of the operation: the inputs of before, the services that start anew, and whether Odoo's programs become others
FORMER, RESTARTS, RENEWS = "former", "restarts", "renews"
# whether the kept password opens Odoo
OPENS = "opens"


class PlanNotChanged(Permanent):
    code = "plan_not_changed"


class NoBackupBefore(Permanent):
    """Nothing was changed: programs are not replaced without a backup of what they work on."""

    code = "no_backup_before"


def look(ctx: Context) -> Done:
    """What runs now, which is what comes back should the new plan not work; and what the new plan changes of it."""
    odoo, postgres = _details(ctx, ODOO), _details(ctx, POSTGRES)
    frozen = InstanceSpec.from_json(ctx.operation.facts[FORMER])
    former = replace(
        frozen,
        source=_source(frozen.source, ctx.stack().service(ODOO), odoo.variables.get("PROV_ADDONS_PATH", "").strip()),
        modules=tuple(filter(None, odoo.variables.get("PROV_MODULES", "").split(","))),
        odoo_limits=_limits(odoo) or frozen.odoo_limits,
        postgres_limits=_limits(postgres) or frozen.postgres_limits,
    )
    renews = former.source != ctx.spec.source or not set(ctx.spec.modules) <= set(former.modules)
    database = former.postgres_limits != ctx.spec.postgres_limits
    restarts = [POSTGRES] * database + [ODOO] * (database or renews or former.odoo_limits != ctx.spec.odoo_limits)
    return Done({FORMER: former.to_json(), RESTARTS: restarts, RENEWS: renews})


def back_up(ctx: Context) -> Done | Wait:
    """Before anything starts anew. Raises NoBackupBefore where programs are replaced and no backup can be made."""
    if not ctx.operation.facts[RESTARTS]:
        return Done()
    outcome = safeguard.back_up(ctx)
    without = outcome.facts.get(safeguard.WITHOUT) if isinstance(outcome, Done) else ""
    if without and ctx.operation.facts[RENEWS] and not safeguard.why_none(ctx.operation):
        raise NoBackupBefore(f"No backup could be made ({without}).")
    return outcome


@unless_in_trouble
def apply(ctx: Context) -> Done:
    """Variables and limits of the new plan, read back; what runs is started anew by the steps behind."""
    opens = _opens(ctx)
    _tell(ctx, ctx.operation.reference)
    return Done({OPENS: opens})


# what was not made to start anew runs
deploy_postgres = unless_in_trouble(deployments.deploy_postgres)
deploy_odoo = unless_in_trouble(deployments.deploy_odoo)


@unless_in_trouble
def prove(ctx: Context) -> Done:
    """The customer's login works as before, and nothing is open to strangers."""
    return _prove(ctx)


def bring_back(ctx: Context) -> Done | Wait:
    """In trouble, all that was found at the beginning: variables, limits, source, each started anew."""
    if TROUBLE not in ctx.operation.facts or not has_begun(ctx.operation):
        return Done()
    former = Context(ctx.operation, ctx.step, ctx.ledger)
    former.spec = InstanceSpec.from_json(ctx.operation.facts[FORMER])
    if ctx.spec.source.repository and not former.spec.source.repository and not ctx.step.notes.get("told"):
        # else it is written down, and asked for again later
        with suppress(RailwayError):
            afterwards.stop_following_pushes(ctx.ledger, ctx.railway, ODOO)
    _tell(former, f"{container.KEPT}{ctx.operation.reference}")
    if isinstance(waits := deployments.deploy_postgres(former), Wait):
        return waits
    return deployments.deploy_odoo(former)


def prove_former(ctx: Context) -> Done:
    return _prove(ctx) if TROUBLE in ctx.operation.facts and has_begun(ctx.operation) else Done()


def conclude(ctx: Context) -> Done:
    """Raises PlanNotChanged, with the reason for staff, when the former plan had to come back."""
    facts = ctx.operation.facts
    if TROUBLE in facts:
        raise PlanNotChanged(f"{facts[TROUBLE]}: {facts.get(MESSAGE, '')}")
    return Done()


def backup_is_old(operation: Operation) -> bool:
    """Whether another one is to be made when it is retried: not once anything may have become another."""
    return not has_begun(operation) and safeguard.is_old(operation)


def has_begun(operation: Operation) -> bool:
    """Whether anything of what was found may have become another."""
    facts = operation.facts
    changed = FORMER in facts and (bool(facts.get(RESTARTS)) or facts[FORMER]["modules"] != operation.spec["modules"])
    return changed and not operation.steps.filter(code="apply_plan", state=StepState.PENDING, attempts=0).exists()


def is_between(operation: Operation) -> bool:
    """Whether it has ended while neither plan was proven: nobody can say how the instance is."""
    return has_begun(operation) and operation.steps.filter(code="conclude", state=StepState.PENDING).exists()


def _details(ctx: Context, name: str) -> ServiceDetails:
    service_id = ctx.ledger.id_of("service", name)
    place = EnvironmentRef(ctx.project_id, ctx.environment_id)
    told = ctx.railway.service_details({service_id: place})[service_id]
    if isinstance(told, RailwayError):
        raise told
    return told


def _source(frozen: Source, service: ServiceState, addons_path: str) -> Source:
    """As it is at Railway, which names no branch."""
    found = Source(image=service.image or "", repository=service.repository or "", addons_path=addons_path)
    return replace(found, branch=frozen.branch if found.repository else "")


def _limits(details: ServiceDetails) -> Limits | None:
    return Limits(details.limits.memory_gb, details.limits.vcpus) if details.limits else None


def _opens(ctx: Context) -> bool:
    """Whether the password that is kept, if one is, is still the customer's: only then it is asked for afterwards."""
    password = ctx.secret("admin_password")
    if password is None:
        return False
    try:
        with OdooClient(ctx.operation.facts["url"], ctx.spec.database) as odoo:
            odoo.authenticate(ctx.spec.email, password)
    except LoginRefused as refused:
        return refused.asks_for_more
    return True


def _prove(ctx: Context) -> Done:
    return proof.prove_unchanged(ctx, ctx.secret("admin_password") if ctx.operation.facts.get(OPENS) else None)


def _tell(ctx: Context, revision: str) -> None:
    """Once: what runs of it is no longer ours, so that the steps behind start it anew."""
    if ctx.step.notes.get("told"):
        return
    wanted = desired_state.service_settings(ctx.spec)
    # its image is of the day on which the database was made
    wanted[POSTGRES] = replace(wanted[POSTGRES], image=None)
    ids = {name: ctx.ledger.id_of("service", name) for name in wanted}
    variables = desired_state.plan_variables(ctx.spec, revision)
    ctx.railway.configure(
        environment_id=ctx.environment_id, services={ids[name]: wish for name, wish in wanted.items()}
    )
    ctx.railway.set_variables(
        project_id=ctx.project_id, environment_id=ctx.environment_id, service_id=ids[ODOO], variables=variables
    )
    _check_taken(ctx, variables)
    running = [row for name in ctx.operation.facts[RESTARTS] if (row := _known(ctx, name))]
    with transaction.atomic():
        for row in running:
            ctx.ledger.gone(row)
        ctx.note(told=1)


def _check_taken(ctx: Context, variables: dict[str, str]) -> None:
    """Railway's "true" is no proof. Raises Temporary."""
    odoo, postgres = _details(ctx, ODOO), _details(ctx, POSTGRES)
    spec, image = ctx.spec, ctx.stack().service(ODOO).image
    # limits may not be readable
    same = _limits(odoo) in (None, spec.odoo_limits) and _limits(postgres) in (None, spec.postgres_limits)
    same &= all(odoo.variables.get(name, "").strip() == value.strip() for name, value in variables.items())
    if not same or spec.source.image not in ("", image):
        raise Temporary("Railway has not taken the plan yet.", code="settings_not_taken", retry_after=5)


def _known(ctx: Context, service: str) -> Resource | None:
    """What runs now; what an unanswered request may have started is found before it is replaced."""
    row = ctx.ledger.get("deployment", service)
    if row is None or row.external_id:
        return row
    if started := deployments.unknown_deployment(ctx, service):
        return ctx.ledger.record(row, started)
    if wait := ctx.ledger.unclear_for("deployment", service):
        raise StillUnclear(f"A start of {service} got no answer: looking for its effect.", retry_after=wait)
    return row
