import secrets
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests import environment
from tests.provisioning.odoo.containers import Cable, Container, Role
from tests.provisioning.odoo.kept import Kept, drop_databases


@contextmanager
def superuser():
    made = Role(f"odoo_{secrets.token_hex(4)}", secrets.token_hex(8))
    Role.administer(f"CREATE ROLE {made.name} LOGIN SUPERUSER PASSWORD '{made.password}'")
    yield made
    Role.administer(f"DROP ROLE {made.name}")


@pytest.fixture
def role(services):
    with superuser() as made:
        yield made


@pytest.fixture(scope="session")
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
    drop_databases(database)
    Role.administer(f"DROP ROLE IF EXISTS {database}")


@pytest.fixture(scope="session")
def installed(services, postgres_address, tmp_path_factory):
    """What a container leaves that has installed Odoo and served it once."""
    database = f"acme_{secrets.token_hex(4)}"
    host, port = postgres_address
    with superuser() as made:
        first = Container(tmp_path_factory.mktemp("installed") / "container", made, database, host=host, port=port)
        try:
            first.start().wait_until_serving().stop()
        finally:
            first.clean_up()
        kept = Kept(first)
        yield kept
        kept.drop()
        Role.administer(f"DROP ROLE {database}")


@pytest.fixture
def copy_of(tmp_path):
    """A container of this test's own with what is kept of another one."""
    copies = []

    def copy(kept):
        copies.append(kept.copy(tmp_path / "copy"))
        return copies[-1]

    yield copy
    for one in copies:
        one.clean_up()
        drop_databases(one.database)


@pytest.fixture
def ready(copy_of, installed):
    """A container whose database is the customer's already; it was stopped since."""
    return copy_of(installed)


@pytest.fixture
def cable(postgres_address):
    with Cable(postgres_address) as server:
        yield server
        server.unplug()
        server.shutdown()
