"""What the two services of an instance should be, from its frozen inputs: for those who make it or compare it."""

import secrets
import string

from provisioning.gate import workspaces
from provisioning.odoo import container
from provisioning.railway.results import Limits, ServiceSettings
from provisioning.spec import InstanceSpec

POSTGRES = "Postgres"
ODOO = "odoo"
# what every instance got before the blueprint named it
FORMER_POSTGRES_IMAGE = "ghcr.io/railwayapp-templates/postgres-ssl:17"
MOUNT_PATHS = {POSTGRES: "/var/lib/postgresql/data", ODOO: "/var/lib/odoo"}
ODOO_PORT = 8069


def service_settings(spec: InstanceSpec) -> dict[str, ServiceSettings]:
    """The settings of both services by name; a repository is connected later, so it is not among them."""
    postgres = ServiceSettings(
        image=spec.postgres_image or FORMER_POSTGRES_IMAGE,
        restart_policy="ALWAYS",
        draining_seconds=60,
        limits=Limits(spec.postgres_limits.memory_gb, spec.postgres_limits.vcpus),
    )
    odoo = ServiceSettings(
        image=spec.source.image or None,
        start_command=container.start_command(),
        healthcheck_path="/web/health?db_server_status=1",
        healthcheck_timeout=900,
        restart_policy="ON_FAILURE",
        restart_retries=10,
        draining_seconds=30,
        limits=Limits(spec.odoo_limits.memory_gb, spec.odoo_limits.vcpus),
    )
    return {POSTGRES: postgres, ODOO: odoo}


def generated_password() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


def identity(spec: InstanceSpec) -> container.Identity:
    """Whom Odoo is for, as its variables say it."""
    return container.Identity(
        database=spec.database,
        login=spec.email,
        name=spec.email,
        company=spec.company,
        country=spec.country,
        language=spec.language,
        timezone=spec.timezone,
        modules=spec.modules,
        addons_path=spec.source.addons_path,
        base_url=f"{workspaces.scheme_of(spec.workspace)}://${{{{RAILWAY_PUBLIC_DOMAIN}}}}",
    )


def odoo_variables(
    spec: InstanceSpec, password_hash: str, master_password: str, database_secret: str
) -> dict[str, str]:
    """The variables of the Odoo service; the three secrets are the only ones not told by ``spec``."""
    return container.odoo_variables(
        identity(spec),
        password_hash=password_hash,
        master_password=master_password,
        database_secret=database_secret,
        memory_mb=_memory_mb(spec),
    )


def plan_variables(spec: InstanceSpec, revision: str) -> dict[str, str]:
    """Those of the Odoo service that another plan changes."""
    return container.plan_variables(identity(spec), memory_mb=_memory_mb(spec), revision=revision)


def _memory_mb(spec: InstanceSpec) -> int:
    """Its hard limit is a quarter above, still within what the service may use."""
    return int(spec.odoo_limits.memory_gb * 1024 * 3 / 4)
