"""The deprecated XML-RPC of the stand-in Odoo, on top of the same services."""

import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from provisioning.sandbox.http_server import Request, Response
from provisioning.sandbox.odoo.deployed import Deployed
from provisioning.sandbox.odoo.jsonrpc import JsonRpc
from provisioning.sandbox.odoo.orm import OdooError

ACCESS_DENIED_FAULT = 3
OTHER_FAULT = 1
XML = "text/xml; charset=utf-8"
STILL_ANSWERED = {"server_version": "19.0"}


class XmlRpc:
    def __init__(self, odoo: Deployed) -> None:
        self._odoo = odoo
        self._services = JsonRpc(odoo)

    async def common(self, request: Request) -> Response:
        return await self._call("common", request)

    async def object(self, request: Request) -> Response:
        return await self._call("object", request)

    async def database(self, request: Request) -> Response:
        return await self._call("db", request)

    async def _call(self, service: str, request: Request) -> Response:
        try:
            args, method = xmlrpc.client.loads(request.body, use_builtin_types=True)
        except (ExpatError, xmlrpc.client.ResponseError):
            return Response(400, b"Bad Request")
        try:
            result = await self._result(service, str(method), list(args))
        except OdooError as error:
            code = ACCESS_DENIED_FAULT if error.name == "odoo.exceptions.AccessDenied" else OTHER_FAULT
            return _answer(xmlrpc.client.Fault(code, error.message))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            return _answer(xmlrpc.client.Fault(OTHER_FAULT, str(error)))
        return _answer((result,))

    async def _result(self, service: str, method: str, args: list[Any]) -> Any:
        if service == "db" and method in STILL_ANSWERED:
            return STILL_ANSWERED[method]
        if service == "db" and method == "db_exist":
            return args == [self._odoo.database_name]
        return await self._services.serve(service, method, args)


def _answer(value: Any) -> Response:
    return Response(200, xmlrpc.client.dumps(value, methodresponse=True, allow_none=True).encode(), XML)
