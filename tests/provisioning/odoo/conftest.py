import secrets
from urllib.parse import urlsplit

import pytest

from tests import environment
from tests.provisioning.odoo.containers import Cable, Container, Role


@pytest.fixture
def role(services):
    made = Role(f"odoo_{secrets.token_hex(4)}", secrets.token_hex(8))
    Role.administer(f"CREATE ROLE {made.name} LOGIN SUPERUSER PASSWORD '{made.password}'")
    yield made
    Role.administer(f"DROP ROLE {made.name}")


@pytest.fixture
def postgres_address():
    address = urlsplit(environment.DATABASE_URL)
    return address.hostname, address.port or 5432


@pytest.fixture
def make_container(role, postgres_address, tmp_path):
    """Containers over one database of this test's own."""
    database = f"acme_{secrets.token_hex(4)}"
    made = []

    def make(directory="container", **options):
        host, port = postgres_address
        one = Container(tmp_path / directory, role, database, **{"host": host, "port": port, **options})
        made.append(one)
        return one

    yield make
    for one in made:
        one.clean_up()
    for name in (database, *(f"{database}_{place}" for place in ("restoring", "former", "undone"))):
        Role.administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    Role.administer(f"DROP ROLE IF EXISTS {database}")


@pytest.fixture
def cable(postgres_address):
    with Cable(postgres_address) as server:
        yield server
        server.unplug()
        server.shutdown()
