"""What every view of the API shares: who may call, how often, and the same answer for the same Idempotency-Key."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import NotAuthenticated, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from tenants.api.authentication import KeyAuthentication
from tenants.api.exceptions import ApiProblem, too_much
from tenants.api.parsing import StrictJsonParser
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.limits import counters, occasions
from tenants.limits.counters import Claim, Usage
from tenants.limits.visitors import visitor_address
from tenants.models import ApiKey, Instance
from tenants.services import idempotency
from tenants.services.idempotency import Answer

KEY_SHAPE = re.compile(r"[\x20-\x7e]{1,255}")
VARY = ("Authorization", "X-API-Key", "X-Status-Token", "Accept-Language")


class AlwaysJson(BaseContentNegotiation):
    """Whatever is accepted, what there is is what there is: JSON, or the page of the documentation."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        wanted = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    authentication_classes = (KeyAuthentication,)
    permission_classes = ()
    parser_classes = (StrictJsonParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJson
    # a preflight is answered before it gets here
    http_method_names = ["get", "post", "patch", "delete", "head"]
    # the scopes that each method needs, all of them; a method that is not named is open to visitors
    scopes: dict[str, tuple[ApiKey.Scope, ...]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = self.caller()
        plain = request._request
        # read once and kept: both the parser and the fingerprint of an Idempotency-Key need it
        _body = plain.body
        self.note_usage(getattr(plain, "usage_taken", None) or counters.take(_of(plain, key)))
        needed = self.scopes.get(str(request.method))
        if needed is None:
            return
        if key is None:
            raise NotAuthenticated
        if not set(needed) <= set(key.scopes):
            self.find(**kwargs)
            raise ApiProblem("missing_scope")

    def find(self, **kwargs: str) -> None:
        """Raise ApiProblem when the address names what the caller's partner does not own.

        Called before a scope is found missing: another partner's object does not exist, whatever the key may do.
        """
        if "instance_id" in kwargs:
            self.own_instance(kwargs["instance_id"])

    def note_usage(self, usage: Usage) -> None:
        """Refuse when it is too much; either way the answer's headers tell where the caller stands."""
        self.usage = usage
        if usage.exceeded:
            raise too_much(usage)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        usage: Usage | None = getattr(self, "usage", None)
        for name, value in (usage.headers if usage else {}).items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(answer, VARY)
        return answer

    def caller(self) -> ApiKey | None:
        """The key that was sent, or None for a visitor."""
        return cast("ApiKey | None", self.request.auth)

    def key(self) -> ApiKey:
        """The key of a method that ``scopes`` names."""
        key = self.caller()
        if key is None:
            raise NotAuthenticated
        return key

    def actor(self) -> str:
        """Who acts, for the audit trail."""
        key = self.caller()
        return f"{key.partner} {key}" if key else "visitor"

    def read(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The checked body. Raises ParseError when it is no object."""
        if not isinstance(self.request.data, dict):
            raise ParseError
        return _checked(serializer, self.request.data)

    def query(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        return _checked(serializer, self.request.query_params)

    def own_instance(self, instance_id: str) -> Instance:
        """One of the caller's partner. Raises ApiProblem as if another's did not exist."""
        found = Instance.objects.sold_by(self.key().partner).select_related("tenant__partner", "plan__blueprint")
        instance = found.filter(public_id=instance_id).first()
        if instance is None:
            raise ApiProblem("not_found")
        return instance

    def once(
        self, act: Callable[[], Answer], *, claims: Sequence[Claim] = (), admit: Callable[[], None] | None = None
    ) -> HttpResponse:
        """Act; with an Idempotency-Key a repetition gets the answer of the first time instead.

        Before the act, outside its transaction, ``admit`` may refuse and ``claims`` are counted. A repetition costs
        nothing, and neither does what the act refuses.
        """
        request = self.request._request
        sent = request.headers.get("Idempotency-Key")
        if sent is None:
            self._allow(admit, claims)
            return _response(self._audited(act, claims))
        if not KEY_SHAPE.fullmatch(sent):
            raise ApiProblem("invalid_idempotency_key")
        return _response(
            idempotency.once(
                caller=self._who_repeats(),
                route=f"{request.method} {request.path_info}"[:160],
                key=sent,
                fingerprint=_fingerprint(request, self.request.data if request.body else None),
                admit=lambda: self._allow(admit, claims),
                act=lambda: self._audited(act, claims),
            )
        )

    def _who_repeats(self) -> str:
        """Whose Idempotency-Key it is. A publishable key is everybody's who opens the page that it stands in."""
        key = self.caller()
        if key is not None and key.kind == ApiKey.Kind.SECRET:
            return f"key:{key.pk}"
        visitor = f"visitor:{visitor_address(self.request._request)}"
        return f"{visitor}:key:{key.pk}" if key else visitor

    def _allow(self, admit: Callable[[], None] | None, claims: Sequence[Claim]) -> None:
        if admit is not None:
            admit()
        if claims:
            self.note_usage(counters.take(*claims))

    def _audited(self, act: Callable[[], Answer], claims: Sequence[Claim]) -> Answer:
        try:
            with acting(self.actor()):
                return act()
        except (DomainError, ApiProblem):
            if claims:
                counters.give_back(*claims)
            raise


def _of(request: HttpRequest, key: ApiKey | None) -> Claim:
    """A publishable key stands in a page for all to see: the visitor counts, or one could use it up for all."""
    if key is None or key.kind == ApiKey.Kind.PUBLISHABLE:
        return occasions.visitor_request(request)
    return occasions.key_request(key.pk)


def _checked(serializer: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    reader = serializer(data=data)
    reader.is_valid(raise_exception=True)
    values: dict[str, Any] = reader.validated_data
    return values


def _fingerprint(request: HttpRequest, data: Any) -> str:
    """Of the meaning of the body: spaces and the order of members do not count."""
    text = json.dumps([request.method, request.path_info, data], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.body, status=answer.status, headers=headers)
