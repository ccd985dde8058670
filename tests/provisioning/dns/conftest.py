import pytest

from provisioning.dns.asking import Asker
from provisioning.dns.examination import Wanted, examine
from provisioning.sandbox import Sandbox
from provisioning.sandbox.records import CustomDomain, Domain

TARGET, THERE = "1a2b3c4d.up.railway.app", "127.9.8.7"
PROOF = "railway-verify=0123456789abcdef"
ZONE = "boulangerie.fr"


@pytest.fixture(scope="module")
def running():
    """A sandbox where Railway's name TARGET leads to THERE."""
    with Sandbox() as sandbox:

        def place():
            store = sandbox.workspace.store
            store.add(Domain("d", "p", "s", "odoo", THERE, 8069, 0.0))
            store.add(CustomDomain("c", "p", "s", "anything.example", "1a2b3c4d", PROOF, 8069, 0.0))

        sandbox.call(place)
        yield sandbox


@pytest.fixture
def zone(running):
    """Writes the zone of the bakery and returns what is then said of one of its names."""

    def look(records, name="erp", *, asker=None, **more):
        running.set_zone(ZONE, records, **more)
        whole = ZONE if name == "@" else f"{name}.{ZONE}"
        wanted = Wanted(whole, TARGET, f"_railway-verify.{whole}", PROOF)
        return examine(asker or Asker(running.dns), wanted)

    return look


@pytest.fixture
def codes(zone):
    def codes(records, *given, **more):
        return [str(mistake.code) for mistake in zone(records, *given, **more).mistakes]

    return codes
