"""A warm unit becomes a customer's: at Railway by one request, in Odoo by one call, and nothing is deployed.

The ledger is the customer's from the order on. What a killed runner left half done is done again: each of the two
changes nothing when it is repeated. A unit that is not as it was prepared is never handed out.
"""

from dataclasses import replace

from django.conf import settings

from provisioning.errors import Permanent
from provisioning.models import Operation
from provisioning.odoo import claim, container, proof
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import HandOverRefused, LoginRefused, SessionEnded
from provisioning.outcomes import Done
from provisioning.railway.errors import NotAuthorized, NotFound, PartialAnswer, RailwayError
from provisioning.railway.results import DeploymentStatus, Project, Stack
from provisioning.steps import desired_state, naming
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, ODOO_PORT, POSTGRES

# facts of the operation
UNIT, UNIT_NAME, UNIT_LOGIN, ACTION = "unit", "unit_name", "unit_login", "claim_action"
# a note of the first step: from then on the unit may bear its customer's name
SENT = "sent"
# sealed with it
PASSWORD, HASH, UNIT_PASSWORD, SESSION = "admin_password", "admin_password_hash", "unit_password", "unit_session"


class UnitUnfit(Permanent):
    """It is not as it was prepared: gone, stopped, renamed by somebody, or another customer's by now."""

    code = "unit_unfit"


def prepare(ctx: Context) -> Done:
    """Put the action into Odoo that will give it away, and keep the session that will call it."""
    kept = ctx.operation.secrets()
    with OdooClient(ctx.operation.facts["url"], ctx.spec.database) as odoo:
        prepared = claim.prepare(odoo, ctx.spec.email, kept[PASSWORD])
    ctx.operation.seal({**kept, SESSION: prepared.session})
    ctx.operation.save(update_fields=["sealed"])
    return Done({ACTION: str(prepared.action)})


def give_name(ctx: Context) -> Done:
    """Name, marker, address and variables at Railway, if the unit is as it was prepared; read back."""
    _check(ctx, *_state(ctx))
    ctx.note(**{SENT: 1})
    naming.give_name(ctx, ctx.ledger.id_of("domain", ODOO), lambda name: _send(ctx, name))
    project, stack = _state(ctx)
    if project.deleted_at is not None or project.description.strip() != ctx.spec.marker:
        raise UnitUnfit("Railway has not taken the project's new description.")
    domain = stack.service(ODOO).domains[0]
    return Done({"name": domain.name, "url": f"{settings.INSTANCE_URL_SCHEME}://{domain.domain}"})


def has_given_name(operation: Operation) -> bool:
    """Whether the unit may bear its customer's name, and more of what is the customer's, by this hand-over."""
    return bool(operation.steps.get(code="give_name").notes.get(SENT))


def give_odoo(ctx: Context) -> Done:
    """The one call in Odoo; where it is refused, it may have been made before, its answer lost: the login tells."""
    spec, facts, kept = ctx.spec, ctx.operation.facts, ctx.operation.secrets()
    who = claim.Claim(
        company=spec.company,
        login=spec.email,
        language=spec.language,
        timezone=spec.timezone,
        country=spec.country,
        url=facts["url"],
        password_hash=_hash(ctx),
    )
    with OdooClient(facts["url"], spec.database) as odoo:
        prepared = claim.Prepared(int(facts[ACTION]), kept[SESSION])
        try:
            claim.give(odoo, prepared, facts[UNIT_LOGIN], kept[UNIT_PASSWORD], who)
        except (HandOverRefused, SessionEnded):
            if not _opens(odoo, spec.email, kept[PASSWORD]):
                raise
    return Done()


def prove_login(ctx: Context) -> Done:
    """As for every new instance; and the access that it was prepared with opens nothing."""
    facts, kept = ctx.operation.facts, ctx.operation.secrets()
    evidence = proof.prove(
        facts["url"],
        ctx.spec.database,
        ctx.spec.email,
        kept[PASSWORD],
        company=ctx.spec.company,
        language=ctx.spec.language,
        former_login=facts[UNIT_LOGIN],
        former_password=kept[UNIT_PASSWORD],
    )
    return Done({"odoo_version": evidence.version})


def announce(ctx: Context) -> Done:
    """Nothing to do outside: the project was looked at a moment ago, and the news goes up when this is recorded."""
    return Done()


def _state(ctx: Context) -> tuple[Project, Stack]:
    try:
        return ctx.railway.unit_state(ctx.project_id, ctx.environment_id)
    except (NotFound, NotAuthorized) as error:
        # a refused token says nothing about the unit
        ctx.railway.check_token()
        raise UnitUnfit(f"Railway does not tell about the unit's project: {error.message}") from error


def _check(ctx: Context, project: Project, stack: Stack) -> None:
    """Raises UnitUnfit."""
    before = replace(ctx.spec, instance_id=ctx.operation.facts[UNIT], client_name=ctx.operation.facts[UNIT_NAME])
    told = (project.name, project.description.strip())
    if told not in {(each.project_name, each.marker) for each in (before, ctx.spec)}:
        raise UnitUnfit("The unit's project has another name or description than it was given.")
    if project.deleted_at is not None:
        raise UnitUnfit("The unit's project is scheduled for deletion.")
    for name in (POSTGRES, ODOO):
        service = stack.find_service(name)
        latest = service.latest_deployment if service else None
        if latest is None or latest.stopped or latest.status is not DeploymentStatus.SUCCESS:
            raise UnitUnfit(f"The unit's service {name} does not run.")
    if not stack.service(ODOO).domains:
        raise UnitUnfit("The unit has no address.")


def _send(ctx: Context, host: str) -> None:
    """Raises NameRefused when only the host name was refused, else RailwayError."""
    spec = ctx.spec
    try:
        ctx.railway.hand_over(
            project_id=ctx.project_id,
            environment_id=ctx.environment_id,
            service_id=ctx.ledger.id_of("service", ODOO),
            domain_id=ctx.ledger.id_of("domain", ODOO),
            name=spec.project_name,
            description=spec.marker,
            domain=host,
            target_port=ODOO_PORT,
            variables=container.owner_variables(desired_state.identity(spec), _hash(ctx)),
        )
    except RailwayError as error:
        refusal = error.__cause__ if isinstance(error, PartialAnswer) else error
        if error.alias == "domain" and isinstance(refusal, naming.REFUSED):
            raise naming.NameRefused(refusal) from error
        raise


def _hash(ctx: Context) -> str:
    """Made once and kept sealed: it costs half a second, and both places shall be told the same."""
    kept = ctx.operation.secrets()
    if HASH not in kept:
        kept[HASH] = container.password_hash(kept[PASSWORD])
        ctx.operation.seal(kept)
        ctx.operation.save(update_fields=["sealed"])
    return kept[HASH]


def _opens(odoo: OdooClient, login: str, password: str) -> bool:
    try:
        odoo.authenticate(login, password)
    except LoginRefused:
        return False
    return True
