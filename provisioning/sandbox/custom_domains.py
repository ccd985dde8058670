"""The customers' own names at Railway: what they want of a zone, and how far their certificates are."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.mutations import delete_domain
from provisioning.sandbox.records import CustomDomain
from provisioning.sandbox.views import Node
from provisioning.sandbox.workspace import Workspace
from provisioning.sandbox.zones import SUFFIX

MOST_A_SERVICE = 20
STATUS = "CERTIFICATE_STATUS_TYPE_"
Input = Mapping[str, Any]


class CustomDomains:
    def __init__(self, workspace: Workspace, lookup: Lookup) -> None:
        self._workspace = workspace
        self._store = workspace.store
        self._lookup = lookup

    def create(self, call: Call, input: Input) -> Node:
        service = self._lookup.visible_service(input["service_id"])
        project = self._lookup.environment(input["environment_id"], input["project_id"])
        name = input["domain"]
        if name != name.lower() or "." not in name:
            raise Refusal("Invalid domain", "BAD_USER_INPUT")
        if self._store.custom_domain(name):
            raise Refusal(f"The domain {name} is already in use")
        if len(self._store.custom_domains_of(service.id)) >= MOST_A_SERVICE:
            raise Refusal("Custom domain limit exceeded: upgrade your plan")
        domain = CustomDomain(
            id=str(uuid.uuid4()),
            project_id=project.id,
            service_id=service.id,
            domain=name,
            label=secrets.token_hex(4),
            token=f"railway-verify={secrets.token_hex(32)}",
            target_port=input.get("target_port"),
            created_at=self._workspace.clock.now(),
        )
        self._store.add(domain)
        return self._node(domain)

    def delete(self, call: Call, id: str) -> bool:
        delete_domain(self._workspace, self._lookup.custom_domain(id))
        return True

    def issue(self, call: Call, id: str) -> bool:
        domain = self._lookup.custom_domain(id)
        domain.issuing_since, domain.certificate, domain.error = None, "", ""
        domain.retries += 1
        self._store.save(domain)
        return True

    def of_service(self, call: Call, environment_id: str, project_id: str, service_id: str) -> Node:
        self._lookup.environment(environment_id, project_id)
        service = self._lookup.service(service_id)
        return {
            "customDomains": [self._node(domain) for domain in self._store.custom_domains_of(service.id)],
            "serviceDomains": [],
        }

    def _node(self, domain: CustomDomain) -> Node:
        zones = self._workspace.zones
        zone = zones.zone_of(domain.domain)
        proven, routed = zones.is_proven(domain), zones.is_routed(domain)
        label = domain.domain.removesuffix(zone).removesuffix(".") if zone else domain.domain
        current = zones.records(domain.domain).get("CNAME", [""])[0]
        return {
            "id": domain.id,
            "domain": domain.domain,
            "targetPort": domain.target_port,
            "serviceId": domain.service_id,
            "environmentId": self._store.projects[domain.project_id].environment_id,
            "status": {
                "verified": proven,
                "verificationDnsHost": f"_railway-verify.{domain.domain}",
                "verificationToken": domain.token,
                "certificateStatus": self._certificate(domain, ready=proven and routed),
                "certificateErrorMessage": domain.error or None,
                "certificateRetryable": bool(domain.error),
                "dnsRecords": [
                    {
                        "currentValue": current,
                        "fqdn": domain.domain,
                        "hostlabel": label,
                        "purpose": "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE",
                        "recordType": "DNS_RECORD_TYPE_CNAME",
                        "requiredValue": f"{domain.label}.{SUFFIX}",
                        "status": f"DNS_RECORD_STATUS_{'PROPAGATED' if routed else 'REQUIRES_UPDATE'}",
                        "zone": zone,
                    }
                ],
            },
        }

    def _certificate(self, domain: CustomDomain, *, ready: bool) -> str:
        """It is asked for as soon as both records are there, and then stays."""
        if domain.certificate:
            return domain.certificate
        now = self._workspace.clock.now()
        if domain.issuing_since is None:
            if not ready:
                return f"{STATUS}VALIDATING_OWNERSHIP"
            domain.issuing_since = now
            self._store.save(domain)
        issued = now >= domain.issuing_since + self._workspace.options.deploy_seconds
        return f"{STATUS}{'VALID' if issued else 'ISSUING'}"
