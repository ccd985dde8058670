"""The own domains of an instance: what there is and what is wrong, one more, one looked at again, one taken away."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from provisioning.models import Domain
from tenants.api.api_view import ApiView
from tenants.api.exceptions import ApiProblem
from tenants.api.inputs import DomainInput
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.errors import UnknownDomain
from tenants.limits import occasions
from tenants.models import ApiKey
from tenants.services import domains, preconditions
from tenants.services.idempotency import Answer
from tenants.wording import domains as words


class RecordOutput(serializers.Serializer[None]):
    """A record to be set in the zone: ``host`` as most providers ask for it, ``name`` whole."""

    type = serializers.ChoiceField(choices=["CNAME", "ALIAS", "TXT"])
    host = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField()


class TroubleOutput(serializers.Serializer[None]):
    """What was wrong at the last look: ``code`` for programs, ``detail`` and ``remedy`` for the customer."""

    code = serializers.CharField()
    detail = serializers.CharField()
    remedy = serializers.CharField()


class DomainOutput(serializers.Serializer[None]):
    domainId = serializers.CharField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=Domain.State.values)
    records = RecordOutput(many=True)
    troubles = TroubleOutput(many=True)
    certificate = serializers.CharField(allow_null=True)
    notice = serializers.CharField(allow_null=True)
    requestedAt = serializers.DateTimeField()
    checkedAt = serializers.DateTimeField(allow_null=True)
    switchedOnAt = serializers.DateTimeField(allow_null=True)
    brokenAt = serializers.DateTimeField(allow_null=True)


class DomainList(serializers.Serializer[None]):
    data = DomainOutput(many=True)  # type: ignore[assignment]


class DomainsBase(ApiView):
    scopes = {
        "GET": (ApiKey.Scope.READ,),
        "POST": (ApiKey.Scope.WRITE,),
        "DELETE": (ApiKey.Scope.WRITE,),
    }

    def find(self, **kwargs: str) -> None:
        super().find(**kwargs)
        if "domain_id" in kwargs:
            self.domain(kwargs["instance_id"], kwargs["domain_id"])

    def domain(self, instance_id: str, domain_id: str) -> Domain:
        try:
            return domains.find(self.own_instance(instance_id), domain_id)
        except UnknownDomain as error:
            raise ApiProblem("not_found") from error


class DomainsView(DomainsBase):
    @extend_schema(operation_id="list_domains", summary="The own domains of an instance", responses=DomainList)
    def get(self, request: Request, instance_id: str) -> Response:
        return Response({"data": [domain_body(domain) for domain in domains.living(self.own_instance(instance_id))]})

    @extend_schema(
        operation_id="add_domain",
        summary="Let the instance answer at a domain of the customer's own",
        description=(
            "Seconds later its records stand in the answer to `GET`. The domain becomes `instanceUrl` by itself, when "
            "the records are right, the certificate is there and Odoo answers."
        ),
        request=DomainInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: DomainOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        wanted = self.read(DomainInput)
        return self.once(
            lambda: Answer(202, domain_body(domains.add(instance, wanted["name"])), {}),
            claims=(occasions.domain(instance.public_id),),
            admit=lambda: preconditions.require("add_domain", instance),
        )


class DomainView(DomainsBase):
    @extend_schema(operation_id="get_domain", summary="An own domain", responses=DomainOutput)
    def get(self, request: Request, instance_id: str, domain_id: str) -> Response:
        return Response(domain_body(self.domain(instance_id, domain_id)))

    @extend_schema(
        operation_id="remove_domain",
        summary="Take an own domain away",
        description="`instanceUrl` is another one at once; the name is free when its status is `removed`.",
        responses={202: DomainOutput},
        parameters=[IDEMPOTENCY_KEY],
    )
    def delete(self, request: Request, instance_id: str, domain_id: str) -> HttpResponse:
        domain = self.domain(instance_id, domain_id)

        def remove() -> Answer:
            domains.remove(domain)
            return Answer(202, domain_body(domain), {})

        return self.once(remove)


class DomainCheckView(DomainsBase):
    @extend_schema(
        operation_id="check_domain",
        summary="Have an own domain looked at now",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: DomainOutput},
    )
    def post(self, request: Request, instance_id: str, domain_id: str) -> HttpResponse:
        domain = self.domain(instance_id, domain_id)

        def check() -> Answer:
            domains.check(domain)
            return Answer(202, domain_body(domain), {})

        return self.once(check, claims=(occasions.domain_check(instance_id),))


def domain_body(domain: Domain) -> dict[str, Any]:
    moments = {"requestedAt": "created_at", "checkedAt": "checked_at", "switchedOnAt": "switched_on_at",
               "brokenAt": "broken_at"}  # fmt: skip
    return {
        "domainId": domain.public_id,
        "name": domain.name,
        "status": str(domain.state),
        "records": [vars(record) for record in words.records(domain)],
        "troubles": [{"code": each.code, "detail": each.wrong, "remedy": each.mend} for each in words.troubles(domain)],
        "certificate": domain.certificate or None,
        "notice": words.reason(domain) or None,
        **{told: at.isoformat() if (at := getattr(domain, name)) else None for told, name in moments.items()},
    }
