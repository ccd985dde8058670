"""Railway's endpoint: what stands before GraphQL (edge, token, budget, faults), then GraphQL."""

import asyncio
import inspect
import json
import secrets
from collections.abc import Mapping
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.errors import NOT_AUTHORIZED
from provisioning.sandbox.execution import CODE, Document, error_body, read_document, run
from provisioning.sandbox.faults import REQUEST, Fault
from provisioning.sandbox.http_server import Answer, Request, Response
from provisioning.sandbox.resolvers import Resolvers
from provisioning.sandbox.throttles import Budget
from provisioning.sandbox.workspace import Workspace

PATH = "/graphql/v2"
JSON = "application/json; charset=utf-8"
EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>backboard.railway.com | {status}</title></head>"
    "<body><h1>Error {status}</h1><p>Cloudflare Ray ID: {ray}</p></body></html>"
)


def json_response(status: int, body: Any, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(status, json.dumps(body, separators=(",", ":")).encode(), JSON, headers or [])


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _late(answer: Any, seconds: float) -> Answer:
    """What came of the request at once, told after so long."""
    await asyncio.sleep(seconds)
    told: Answer = await answer if inspect.isawaitable(answer) else answer
    return told


class RailwayApi:
    def __init__(self, workspace: Workspace, resolvers: Resolvers, budget: Budget) -> None:
        self._workspace = workspace
        self._resolvers = resolvers.by_field
        self._budget = budget

    async def _lingering(self, seconds: float) -> Answer:
        await asyncio.sleep(seconds)
        return None

    def handle(self, request: Request) -> Any:
        """An answer, or something to await that ends in one."""
        if request.method != "POST":
            return json_response(405, error_body("Method not allowed", "BAD_REQUEST", None))
        if request.headers.get("user-agent", "").startswith("Python-urllib"):
            return Response(403, b"error code: 1010", "text/plain")
        at_edge = self._budget.refuse_at_edge(bool(request.query))
        if at_edge:
            return at_edge
        try:
            body = json.loads(request.body)
            query, variables, operation_name = body["query"], body.get("variables") or {}, body.get("operationName")
        except (ValueError, KeyError, TypeError, AttributeError):
            return json_response(400, error_body("Malformed request", "BAD_REQUEST", None))
        if not isinstance(query, str) or not isinstance(variables, Mapping):
            return json_response(400, error_body("Malformed request", "BAD_REQUEST", None))
        self._workspace.timeline.run_due()
        answer = self._answer(request, query, variables, operation_name)
        self._workspace.store.flush()
        seconds = self._workspace.options.answer_seconds
        return _late(answer, seconds) if seconds else answer

    def _answer(self, request: Request, query: str, variables: Mapping[str, Any], operation_name: str | None) -> Any:
        document = read_document(query)
        name = operation_name or next(iter(document.operations), "")
        fields = document.operations.get(name, ())
        call = Call(self._workspace, frozenset({name, *fields}), variables, self._resolvers)
        self._workspace.requests[name or "unnamed"] += 1
        wait = self._budget.spend()
        if wait is not None:
            return self._rate_limited(wait)
        fault = call.claim(*REQUEST)
        if fault and fault.kind not in ("timeout_after", "lost_answer"):
            return self._instead(fault, fields)
        if not secrets.compare_digest(bearer(request).encode(), self._workspace.options.token.encode()):
            return self._refused(NOT_AUTHORIZED, CODE, fields)
        answer = self._run(document, operation_name, call)
        if fault:
            return self._lingering(fault.number("seconds", 120.0)) if fault.kind == "timeout_after" else None
        return answer

    def _run(self, document: Document, operation_name: str | None, call: Call) -> Response:
        status, body = run(document, operation_name, call)
        return json_response(status, body, self._budget.headers())

    def _instead(self, fault: Fault, fields: tuple[str, ...]) -> Any:
        """What is answered, without any effect."""
        match fault.kind:
            case "rate_limited":
                return self._rate_limited(fault.number("retry_after", 1.0))
            case "server_error":
                return Response(int(fault.number("status", 503)), b"upstream connect error", "text/plain")
            case "html":
                status = int(fault.number("status", 502))
                return Response(status, EDGE_PAGE.format(status=status, ray=secrets.token_hex(8)).encode())
            case "timeout_before":
                return self._lingering(fault.number("seconds", 120.0))
            case "token_refused":
                return self._refused(NOT_AUTHORIZED, CODE, fields)
        return self._refused(fault.text("message", "Problem processing request"), fault.text("code", CODE), fields)

    def _refused(self, message: str, code: str, fields: tuple[str, ...]) -> Response:
        return json_response(200, error_body(message, code, fields[0] if fields else None), self._budget.headers())

    def _rate_limited(self, wait: float) -> Response:
        headers = [("Retry-After", f"{wait:g}")]
        headers += [(name, "0" if name.endswith("Remaining") else value) for name, value in self._budget.headers()]
        return json_response(429, error_body("Too Many Requests", "RATE_LIMITED", None), headers)
