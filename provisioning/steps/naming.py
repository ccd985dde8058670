"""The host name of an instance: named after its client, with a suffix when somebody has that; Railway's own serves too.

Nobody waits for a better name, and no instance fails for want of one.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger
from provisioning.railway.errors import AlreadyExists, PlanLimit, RailwayPermanent, UnknownRefusal, ValueRefused
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, ODOO_PORT

logger = logging.getLogger(__name__)

LONGEST_LABEL = 63
RAILWAYS_SUFFIX = ".up.railway.app"
REFUSED = (AlreadyExists, PlanLimit, UnknownRefusal, ValueRefused)
# a fact of the operation: which instance of ours was given its name and does not become it, and what that is called
HOLDER = "name_holder"


class NameRefused(Exception):
    """Railway does not give this name, whatever else was asked for with it was done; the cause says why."""


def give_name(ctx: Context, domain_id: str, ask: Callable[[str], None] | None = None) -> str:
    """Give the domain the wished name, or the one with a suffix; "" when both are refused: it keeps the one it has.

    ``ask`` sends the request for the wished name, which may ask for more at once, and raises NameRefused.
    """
    _let_go(ctx)
    wished, suffixed = names(ctx)
    for name in (wished, suffixed):
        send = ask if ask and name == wished else partial(_ask, ctx, domain_id)
        try:
            send(name)
        except NameRefused as refusal:
            logger.warning("The name %s is refused: %s", name, refusal)
            # perhaps it is our own: an earlier request whose answer was lost
            if not any(domain.name == name for domain in ctx.stack().service(ODOO).domains):
                continue
        return name
    return ""


def rename(ctx: Context, domain_id: str, name: str) -> None:
    """Ask for another host name of the domain. Raises RailwayError, one of REFUSED when it cannot have it."""
    ctx.railway.rename_domain(
        domain_id=domain_id,
        service_id=ctx.ledger.id_of("service", ODOO),
        environment_id=ctx.environment_id,
        domain=name,
        target_port=ODOO_PORT,
    )


def names(ctx: Context) -> tuple[str, str]:
    """The wished host name, and one with a short suffix of our id for when it is taken (63 characters at most)."""
    wished = _label(ctx.spec.client_name)
    suffix = ctx.spec.instance_id[-4:]
    suffixed = f"{wished[: LONGEST_LABEL - len(suffix) - 1].rstrip('-')}-{suffix}"
    return wished + RAILWAYS_SUFFIX, suffixed + RAILWAYS_SUFFIX


def _ask(ctx: Context, domain_id: str, name: str) -> None:
    try:
        rename(ctx, domain_id, name)
    except REFUSED as refusal:
        raise NameRefused(refusal) from refusal


def _label(client_name: str) -> str:
    return f"eazynova-{client_name}"


def _let_go(ctx: Context) -> None:
    """Whoever holds the name without becoming this instance gets its own back, if Railway does that."""
    holder = ctx.operation.facts.get(HOLDER)
    if holder is None:
        return
    ledger = Ledger(holder["instance"], holder["workspace"])
    with suppress(LookupError, RailwayPermanent, *REFUSED):
        clients.railway(ledger.workspace).rename_domain(
            domain_id=ledger.id_of("domain", ODOO),
            service_id=ledger.id_of("service", ODOO),
            environment_id=ledger.id_of("environment", "production"),
            domain=_label(holder["name"]) + RAILWAYS_SUFFIX,
            target_port=ODOO_PORT,
        )
