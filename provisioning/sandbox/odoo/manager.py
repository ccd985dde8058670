"""The database manager: closed as it is in an instance, or open when a fault says so."""

from provisioning.sandbox.http_server import Request, Response
from provisioning.sandbox.odoo import pages
from provisioning.sandbox.odoo.deployed import Deployed

ACTIONS = {
    "create": "Database creation",
    "duplicate": "Database duplication",
    "backup": "Database backup",
    "drop": "Database deletion",
    "restore": "Database restore",
    "change_password": "Master password update",
}


def page(odoo: Deployed) -> Response:
    if odoo.strikes("manager_open"):
        return Response(200, pages.open_manager_page([odoo.database_name]).encode())
    return Response(200, pages.closed_manager_page().encode())


def change(odoo: Deployed, request: Request) -> Response:
    """Refused also with the right master password."""
    action = ACTIONS.get(request.path.rpartition("/")[2])
    if action is None:
        return Response(404, b"Not Found")
    if request.method != "POST":
        return Response(405, b"Method Not Allowed")
    return Response(200, pages.closed_manager_page(f"{action} error: Access Denied").encode())
