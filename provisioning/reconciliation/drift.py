"""Drift: sources, settings, limits and variables that are no longer those that the instance was created with."""

from collections.abc import Iterator, Mapping

from provisioning.odoo import container
from provisioning.railway.results import ServiceDetails, ServiceSettings, ServiceState
from provisioning.reconciliation.differences import Difference, Kind
from provisioning.reconciliation.owned import Owned
from provisioning.spec import InstanceSpec
from provisioning.steps import desired_state
from provisioning.steps.desired_state import ODOO, POSTGRES

# random, the customer's own to change, or of the release that made the instance: that they are there is all we know
PRESENCE_ONLY = frozenset(
    {
        "POSTGRES_PASSWORD",
        "ODOO_ADMIN_PASSWD",
        "PROV_ADMIN_PASSWORD_HASH",
        "PROV_ADMIN_LOGIN",
        "PROV_ADMIN_NAME",
        container.ARCHIVE_VARIABLE,
        container.SECRET_VARIABLE,
    }
)
# Railway's own, those of the agent, and those that later renew the access, add modules, bring back a backup or what was
MAY_COME = (
    "RAILWAY_",
    "PROV_AGENT_",
    container.REVISION_VARIABLE,
    container.MODULES_REVISION_VARIABLE,
    container.RESTORE_VARIABLE,
    container.UNDO_VARIABLE,
)


def compare_settings(owner: Owned, name: str, service: ServiceState, workspace: str) -> Iterator[Difference]:
    """Image or repository, start command and health check of one service."""
    if owner.spec is None:
        return
    wish = desired_state.service_settings(owner.spec)[name]
    thing = f"service {name}"
    if not _same_source(owner.spec, name, wish, service):
        source = service.image or service.repository or "-"
        yield owner.differs(Kind.DRIFT_SOURCE, workspace, thing, external_id=service.id, detail=source)
    changed = [
        word
        for word, wanted, found in (
            ("startCommand", wish.start_command, service.start_command),
            ("healthcheckPath", wish.healthcheck_path, service.healthcheck_path),
        )
        if wanted is not None and wanted != found
    ]
    if changed:
        yield owner.differs(Kind.DRIFT_SETTINGS, workspace, thing, external_id=service.id, detail=", ".join(changed))


def compare_details(
    owner: Owned, name: str, service_id: str, details: ServiceDetails, workspace: str
) -> Iterator[Difference]:
    """Limits and variables of one service; of variables only the names are told."""
    if owner.spec is None:
        return
    thing = f"service {name}"
    limits = desired_state.service_settings(owner.spec)[name].limits
    if limits != details.limits:
        found = details.limits
        told = f"{found.memory_gb:g} GB, {found.vcpus:g} vCPU" if found else "-"
        yield owner.differs(Kind.DRIFT_LIMITS, workspace, thing, external_id=service_id, detail=told)
    told = ", ".join(_other_variables(_variables(owner.spec, name), details.variables))
    if told:
        yield owner.differs(Kind.DRIFT_VARIABLES, workspace, thing, external_id=service_id, detail=told)


def _same_source(spec: InstanceSpec, name: str, wish: ServiceSettings, service: ServiceState) -> bool:
    if name == ODOO and spec.source.repository:
        return service.repository == spec.source.repository
    return service.image == wish.image


def _variables(spec: InstanceSpec, name: str) -> dict[str, str]:
    if name == POSTGRES:
        return container.postgres_variables("random")
    return desired_state.odoo_variables(spec, "hash", "random", "random")


def _other_variables(wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """The names: ``-NAME`` is missing, ``+NAME`` is new, ``NAME`` has another value."""
    for name, value in sorted(wanted.items()):
        if not found.get(name):
            yield f"-{name}"
        elif name not in PRESENCE_ONLY and found[name] != value:
            yield name
    for name in sorted(found):
        # a blank stands for a variable that is not there any more
        if name not in wanted and found[name].strip() and not name.startswith(MAY_COME):
            yield f"+{name}"
