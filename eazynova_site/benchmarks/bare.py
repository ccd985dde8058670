"""The floor of a creation: its HTTP calls with the same clients, and no engine, no database, no ledger."""

import os
import time

from provisioning.odoo import container, proof
from provisioning.railway.client import RailwayClient
from provisioning.railway.results import NewService, ServiceSettings


def create(number: int) -> float:
    """One instance by the calls of the recipe, one after another; the CPU seconds it took."""
    started = time.process_time()
    railway, workspace = _client(), os.environ["RAILWAY_WORKSPACE_ID"]
    name, email = f"bare-{number}", f"a{number}@bare.example"
    identity = container.Identity(
        database="bare", login=email, name=email, company=name, country="FR", language="fr",
        timezone="Europe/Paris", modules=("base",), addons_path="", base_url="http://${{RAILWAY_PUBLIC_DOMAIN}}",
    )  # fmt: skip
    variables = container.odoo_variables(identity, container.password_hash("bare"), "master", "secret")
    project = railway.create_project(workspace_id=workspace, name=name, description=name)
    place = {"project_id": project.id, "environment_id": project.environment_id}
    new = [NewService("Postgres", container.postgres_variables("bare")), NewService("odoo", variables)]
    ids = railway.create_services(**place, services=new)
    for service, path in (("Postgres", "/var/lib/postgresql/data"), ("odoo", "/var/lib/odoo")):
        railway.create_volume(**place, service_id=ids[service], mount_path=path)
    odoo = {"service_id": ids["odoo"], "environment_id": project.environment_id}
    domain = railway.create_domain(**odoo, target_port=8069)
    railway.rename_domain(domain_id=domain.id, **odoo, domain=f"{name}.up.railway.app", target_port=8069)
    start = {"Postgres": ServiceSettings(image="ghcr.io/railwayapp-templates/postgres-ssl:17")}
    start["odoo"] = ServiceSettings(image="odoo:19", start_command=container.start_command())
    railway.configure(environment_id=project.environment_id, services={ids[key]: start[key] for key in ids})
    stack = railway.stack(project.id, project.environment_id)
    for service in ("Postgres", "odoo"):
        railway.deployments([railway.deploy(service_id=ids[service], environment_id=project.environment_id)])
    address = stack.service("odoo").domains[0].domain
    proof.prove(f"http://{address}", "bare", email, "bare", company=name, language="fr")
    volumes = [volume.instance_id for volume in stack.volumes]
    railway.schedule_backups(volumes, ["DAILY", "WEEKLY"])
    railway.backup_kinds(volumes)
    return time.process_time() - started


_clients: list[RailwayClient] = []


def _client() -> RailwayClient:
    if not _clients:
        _clients.append(RailwayClient(url=os.environ["RAILWAY_API_URL"], token=os.environ["RAILWAY_API_TOKEN"]))
    return _clients[0]


def warm(number: int) -> None:
    """Be there before the clock starts."""
    _client()
    time.sleep(0.2)
