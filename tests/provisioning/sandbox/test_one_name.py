"""Odoos that answer under one name, each at a port of its own: for containers, and for macOS."""

from tests.ports import free_port
from tests.provisioning.sandbox.caller import DOMAIN_CREATE, PASSWORD
from tests.provisioning.sandbox.conftest import OpenSandbox
from tests.provisioning.sandbox.test_creation import authenticate


def test_each_odoo_gets_a_port_of_the_name_and_the_next_is_refused_when_none_is_left(open_sandbox: OpenSandbox) -> None:
    first = free_port()
    caller = open_sandbox(odoo_host="localhost", odoo_ports=range(first, first + 2))
    one, two = caller.run("acme-1"), caller.run("acme-2", PROV_ADMIN_LOGIN="bob@two.fr")
    assert {one.address, two.address} == {f"localhost:{first}", f"localhost:{first + 1}"}
    assert "result" in authenticate(two.url, "bob@two.fr", PASSWORD)
    assert "error" in authenticate(one.url, "bob@two.fr", PASSWORD)
    wanted = {"serviceId": two.odoo, "environmentId": two.environment, "targetPort": 8069}
    assert "no port left" in caller.message(DOMAIN_CREATE, input=wanted)
    caller.data("mutation Delete($id: String!) { serviceDomainDelete(id: $id) }", id=one.domain)
    assert caller.data(DOMAIN_CREATE, input=wanted)["serviceDomainCreate"]["domain"] == one.address
