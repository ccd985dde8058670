"""The sandbox's own door, `/_sandbox/`: faults, state, clock and reset, for tests and people. Same token as the API.

GET, POST, DELETE /_sandbox/faults[?id=]   list; add one fault or a list of them; remove one or all
GET               /_sandbox/state[?project=ID or name]
POST              /_sandbox/clock          {"advance": seconds}
GET, POST, DELETE /_sandbox/zones[?name=]  list; write one: {"name", "records": {"erp": {"CNAME": "..."}}, ...}; remove
POST              /_sandbox/certificate    {"domain", "status", "error"}: what Railway tells of a custom domain's
POST              /_sandbox/reset          forget every project, rule, zone and fault
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from provisioning.sandbox.faults import Faults
from provisioning.sandbox.http_server import Request, Response
from provisioning.sandbox.railway_api import bearer, json_response
from provisioning.sandbox.zones import Zones

PREFIX = "/_sandbox/"


class Control:
    def __init__(
        self,
        token: str,
        faults: Faults,
        *,
        state: Callable[[str], dict[str, Any]],
        advance: Callable[[float], None],
        reset: Callable[[], None],
        zones: Zones,
        tell_certificate: Callable[[str, str, str], None],
    ) -> None:
        self._token = token
        self._faults = faults
        self._state = state
        self._advance = advance
        self._reset = reset
        self._zones = zones
        self._tell_certificate = tell_certificate

    def handle(self, request: Request) -> Response:
        if not secrets.compare_digest(bearer(request).encode(), self._token.encode()):
            return json_response(401, {"error": "The sandbox's token is missing or wrong."})
        try:
            return self._answer(request)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return json_response(400, {"error": str(error)})

    def _answer(self, request: Request) -> Response:
        name = request.path.removeprefix(PREFIX)
        match request.method, name:
            case _, "faults":
                return self._faults_answer(request)
            case _, "zones":
                return self._zones_answer(request)
            case "POST", "certificate":
                told = json.loads(request.body)
                self._tell_certificate(told["domain"], told["status"], told.get("error", ""))
            case "GET", "state":
                return json_response(200, self._state(request.parameter("project")))
            case "POST", "clock":
                self._advance(float(json.loads(request.body)["advance"]))
            case "POST", "reset":
                self._reset()
            case _:
                return json_response(404, {"error": "The sandbox knows no such request."})
        return json_response(200, {})

    def _faults_answer(self, request: Request) -> Response:
        status, shown = 200, self._faults.all()
        if request.method == "POST":
            given = json.loads(request.body)
            status = 201
            shown = [self._faults.add(fault) for fault in (given if isinstance(given, list) else [given])]
        elif request.method == "DELETE":
            self._faults.remove(request.parameter("id") or None)
            shown = self._faults.all()
        return json_response(status, [fault.as_dict() for fault in shown])

    def _zones_answer(self, request: Request) -> Response:
        if request.method == "POST":
            self._zones.set(**json.loads(request.body))
        elif request.method == "DELETE":
            self._zones.remove(request.parameter("name"))
        return json_response(200, self._zones.all())
