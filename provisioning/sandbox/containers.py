"""What a container does when it starts: the rules by which the real images run or refuse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from provisioning.sandbox.odoo.database import (
    ACCESS_REVISION,
    Records,
    add_modules,
    fresh_records,
    note_parameters,
    parameter,
    renew_access,
)
from provisioning.sandbox.records import Deployment, Service, Volume
from provisioning.sandbox.references import private_domain
from provisioning.sandbox.store import Store

POSTGRES_MOUNT = "/var/lib/postgresql/data"
ODOO_MOUNT = "/var/lib/odoo"
BOOTSTRAP = ("EAZYNOVA_BOOTSTRAP", "PROV_DB", "ODOO_ADMIN_PASSWD", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PORT")
IDENTITY = ("PROV_ADMIN_LOGIN", "PROV_ADMIN_PASSWORD_HASH", "PROV_COMPANY_NAME", "PROV_LANG")
SETTLED = "eazynova.restore"
UNFINISHED = frozenset({"QUEUED", "INITIALIZING", "BUILDING", "DEPLOYING"})
ENDED = frozenset({"FAILED", "CRASHED", "REMOVED", "REMOVING", "SKIPPED"})

Role = Literal["postgres", "odoo", "other"]


class CannotStart(Exception):
    """The container ends at once; the message is what its log says."""


class NotYet(CannotStart):
    """It waits for what is being started beside it."""


@dataclass(frozen=True)
class Database:
    """An Odoo database on the volume of a running PostgreSQL."""

    volume: Volume
    content: Records


def role(deployment: Deployment) -> Role:
    """Which of the known programs a deployment runs."""
    if deployment.image and "postgres" in deployment.image:
        return "postgres"
    if deployment.repo or "odoo" in (deployment.image or "") or "PROV_DB" in deployment.variables:
        return "odoo"
    return "other"


def running(store: Store, service: Service) -> Deployment | None:
    """The deployment of the service that runs now."""
    latest = reversed(store.deployments_of(service.id))
    return next((row for row in latest if row.status == "SUCCESS" and not row.stopped), None)


def start(store: Store, deployment: Deployment) -> None:
    """Let the container start, with its effects on the volumes. Raises CannotStart."""
    match role(deployment):
        case "postgres":
            _start_postgres(store, deployment)
        case "odoo":
            _start_odoo(store, deployment)


def database(store: Store, deployment: Deployment) -> Database:
    """The database that a deployed Odoo works with. Raises CannotStart when PostgreSQL does not answer or refuses."""
    variables = deployment.variables
    volume = _postgres_volume(store, deployment)
    server = volume.content.get("server", {})
    if (variables["PGUSER"], variables["PGPASSWORD"]) != (server.get("user"), server.get("password")):
        raise CannotStart(f'FATAL:  password authentication failed for user "{variables["PGUSER"]}"')
    content: Records = volume.content.setdefault("databases", {}).setdefault(variables["PROV_DB"], {})
    return Database(volume, content)


def _start_postgres(store: Store, deployment: Deployment) -> None:
    variables = deployment.variables
    volume = store.volume_of(store.services[deployment.service_id])
    if volume is None or volume.mount_path != POSTGRES_MOUNT:
        raise CannotStart(f"Railway volume not mounted to the correct path, expected {POSTGRES_MOUNT}")
    if not variables.get("PGDATA", "").startswith(POSTGRES_MOUNT):
        raise CannotStart(f"PGDATA variable does not start with the expected volume mount path, {POSTGRES_MOUNT}")
    if "server" in volume.content:
        return
    if not variables.get("POSTGRES_PASSWORD"):
        raise CannotStart("Error: Database is uninitialized and superuser password is not specified.")
    # as initdb: later changes of the variables do not change the role
    user = variables.get("POSTGRES_USER") or "postgres"
    volume.content["server"] = {"user": user, "password": variables["POSTGRES_PASSWORD"]}
    store.save(volume)


def _start_odoo(store: Store, deployment: Deployment) -> None:
    variables = deployment.variables
    _check_settings(deployment)
    if variables.get("PROV_RESTORE") and variables["PROV_RESTORE"] == variables.get("PROV_RESTORE_UNDO"):
        _bring_back(store, deployment)
    found = database(store, deployment)
    if _is_uprooted(found, variables):
        found.content.clear()
    if is_to_be_restored(found, deployment) or is_to_be_seeded(found, deployment):
        # the rest of its start asks at the agents' door: see `odoo.companions`
        return
    if found.content:
        if unknown := add_modules(found.content, variables):
            raise CannotStart(f"prov: Odoo does not know the modules {', '.join(unknown)}")
        renew_access(found.content, variables)
        store.save(found.volume)
        return
    install(store, deployment)


def install(store: Store, deployment: Deployment) -> None:
    """A new database, as the variables want it. Raises CannotStart."""
    variables, found = deployment.variables, database(store, deployment)
    missing = [name for name in IDENTITY if not variables.get(name)]
    if missing:
        raise CannotStart(f"bootstrap: {', '.join(missing)} is missing")
    found.content.update(fresh_records(variables))
    store.save(found.volume)
    files = store.volume_of(store.services[deployment.service_id])
    if files and files.mount_path == ODOO_MOUNT:
        files.content.setdefault("filestore", []).append(variables["PROV_DB"])
        store.save(files)


def _check_settings(deployment: Deployment) -> None:
    variables = deployment.variables
    missing = [name for name in BOOTSTRAP if not variables.get(name)]
    if missing:
        raise CannotStart(f"bootstrap: {', '.join(missing)} is missing")
    if not deployment.start_command:
        raise CannotStart("bootstrap: no start command")
    if variables["PGUSER"] == "postgres":
        raise CannotStart("Using the database user 'postgres' is a security risk, aborting.")


def is_to_be_restored(found: Database, deployment: Deployment) -> bool:
    """Whether this start has still to bring a backup back before it answers."""
    wanted, served = deployment.variables.get("PROV_RESTORE", ""), found.volume.content.get("served_anyway", ())
    return bool(wanted) and parameter(found.content, SETTLED) != wanted and deployment.id not in served


def is_to_be_seeded(found: Database, deployment: Deployment) -> bool:
    """Whether this start has still to make its new database of a seed, or to install it, before it answers."""
    seed = deployment.variables.get("PROV_SEED", "")
    return bool(seed) and not found.content and deployment.variables.get("PROV_RESTORE_UNDO") != seed


def _is_uprooted(found: Database, variables: Mapping[str, str]) -> bool:
    seed = variables.get("PROV_SEED", "")
    return bool(seed) and variables.get("PROV_RESTORE_UNDO") == seed == parameter(found.content, SETTLED)


def put_in_place(store: Store, deployment: Deployment, records: Records) -> None:
    """What was restored is served from now on; what was there before is kept beside it."""
    found, name = database(store, deployment), deployment.variables["PROV_DB"]
    databases = found.volume.content["databases"]
    if databases.get(name):
        databases[f"{name}_former"] = databases[name]
    databases[name] = records
    store.save(found.volume)
    files = store.volume_of(store.services[deployment.service_id])
    if files and files.mount_path == ODOO_MOUNT and name not in files.content.setdefault("filestore", []):
        files.content["filestore"].append(name)
        store.save(files)


def serve_as_before(store: Store, deployment: Deployment, *, settled: bool) -> None:
    """Nothing is brought back: at this start, or ever when it is ``settled``."""
    found = database(store, deployment)
    if settled and found.content:
        _keep(found.content, deployment.variables)
    else:
        found.volume.content.setdefault("served_anyway", []).append(deployment.id)
    store.save(found.volume)


def set_address(store: Store, deployment: Deployment, url: str) -> None:
    """As the agent in the container does, with its parameters."""
    found = database(store, deployment)
    note_parameters(found.content, **{"web.base.url": url, "web.base.url.freeze": "True"})
    store.save(found.volume)


def drop_former(store: Store, deployment: Deployment, restored: str) -> bool:
    """False when what is served did not come from that restoration."""
    found = database(store, deployment)
    if parameter(found.content, SETTLED) != restored:
        return False
    found.volume.content["databases"].pop(f"{deployment.variables['PROV_DB']}_former", None)
    store.save(found.volume)
    return True


def _bring_back(store: Store, deployment: Deployment) -> None:
    found, name = database(store, deployment), deployment.variables["PROV_DB"]
    former = found.volume.content["databases"].pop(f"{name}_former", None)
    if former and parameter(found.content, SETTLED) == deployment.variables["PROV_RESTORE"]:
        found.volume.content["databases"][name] = former
    if found.volume.content["databases"][name]:
        _keep(found.volume.content["databases"][name], deployment.variables)
    store.save(found.volume)


def _keep(records: Records, variables: Mapping[str, str]) -> None:
    """With the access that it has, whatever the variables wanted for what was restored."""
    note_parameters(records, **{SETTLED: variables["PROV_RESTORE"]})
    if variables.get("PROV_ACCESS_REVISION"):
        note_parameters(records, **{ACCESS_REVISION: variables["PROV_ACCESS_REVISION"]})


def _postgres_volume(store: Store, deployment: Deployment) -> Volume:
    host = deployment.variables.get("PGHOST", "")
    for service in store.services_of(deployment.project_id):
        if private_domain(service) == host:
            server = running(store, service)
            volume = store.volume_of(service)
            if server and volume and role(server) == "postgres":
                return volume
            if any(row.status in UNFINISHED for row in store.deployments_of(service.id)):
                raise NotYet(f'waiting for PostgreSQL at "{host}"')
            break
    raise CannotStart(f'connection to server at "{host}", port 5432 failed: Connection refused')
