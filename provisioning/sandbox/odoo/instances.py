"""Keeps each deployed Odoo listening on its address, and its agent alive beside it, exactly while it runs."""

import asyncio

from provisioning.sandbox import containers
from provisioning.sandbox.http_server import Listener
from provisioning.sandbox.odoo.companions import Companions
from provisioning.sandbox.odoo.deployed import Deployed
from provisioning.sandbox.odoo.passwords import Passwords
from provisioning.sandbox.odoo.web import Web
from provisioning.sandbox.records import Deployment, Service
from provisioning.sandbox.workspace import Workspace


class Instances:
    def __init__(self, workspace: Workspace, loop: asyncio.AbstractEventLoop) -> None:
        self._workspace = workspace
        self._loop = loop
        self._passwords = Passwords()
        self._companions = Companions(workspace, loop)
        self._hidden = False
        # by domain id
        self._listening: dict[str, tuple[Deployed, Listener]] = {}

    def __len__(self) -> int:
        return len(self._listening)

    def refresh_all(self) -> None:
        for service in list(self._workspace.store.services.values()):
            self.refresh(service)

    def refresh(self, service: Service) -> None:
        """Listen where the service should be reached now, and nowhere else."""
        deployment = containers.running(self._workspace.store, service) if service.deleted_at is None else None
        self._companions.accompany(service, deployment)
        for domain in self._workspace.store.every_domain_of(service.id):
            held = self._listening.get(domain.id)
            wanted = None
            if deployment and domain.deleted_at is None and containers.role(deployment) == "odoo":
                same = held and held[0].deployment is deployment
                wanted = held[0] if held and same else Deployed(self._workspace, deployment, domain, self._passwords)
                if wanted.standing("unreachable"):
                    self._look_again(wanted, service)
                    wanted = None
            if held and held[0] is not wanted:
                self._listening.pop(domain.id)[1].close()
            if wanted and domain.id not in self._listening:
                bind = self._workspace.options.host if domain.port else domain.address
                port = self._workspace.references.port_of(domain)
                listener = Listener(self._loop, bind, port, Web(wanted).handle)
                self._listening[domain.id] = wanted, listener

    def deployment_changed(self, deployment: Deployment) -> None:
        self.refresh(self._workspace.store.services[deployment.service_id])

    def faults_changed(self) -> None:
        """An unreachable instance may come back, a reachable one may go."""
        faults = [fault for fault in self._workspace.faults.all() if fault.kind == "unreachable"]
        if faults or self._hidden:
            self._hidden = bool(faults)
            self.refresh_all()

    def close_all(self) -> None:
        for _, listener in self._listening.values():
            listener.close()
        self._listening.clear()
        self._companions.leave_all()

    def stop(self) -> None:
        self.close_all()
        self._companions.stop()
        self._passwords.stop()

    def _look_again(self, odoo: Deployed, service: Service) -> None:
        fault = odoo.standing("unreachable")
        if fault and "seconds" in fault.parameters:
            moment = odoo.deployment.status_at + fault.number("seconds", 0.0)
            self._workspace.timeline.at(moment, lambda: self.refresh(service))
