"""The zones of the customers' own domains, as their providers would hold them; tests and people write them."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.sandbox.records import CustomDomain
from provisioning.sandbox.store import Store

SUFFIX = "up.railway.app"
USUAL_SERVER = {"ns1.dns.example": "127.0.0.1"}
SIGNED = ("", "right", "unsigned", "expired")
LONGEST_CHAIN = 8
# of one name: the texts of its records by their type
Records = Mapping[str, Sequence[str]]


class Zones:
    """Kept in the store, so that a restart loses none.

    A zone is ``{"records": {name: {type: [text]}}, "servers": {host: address}, "elsewhere": {...}, "signed": ""}``.
    Names are whole. ``elsewhere`` are the records that every server but the first still has. ``signed``: "right";
    "unsigned" and "expired" are what the zone above promises and this one breaks.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self._store.meta.get("zones", {})
        return found

    def set(
        self,
        name: str,
        records: Mapping[str, Mapping[str, str | Sequence[str]]],
        *,
        servers: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, Mapping[str, str | Sequence[str]]] | None = None,
        signed: str = "",
    ) -> None:
        """Replace the zone. ``@`` is its own name, any other name is below it. Raises ValueError."""
        if signed not in SIGNED:
            raise ValueError(f"A zone is signed as one of {', '.join(SIGNED)}.")
        zone = {
            "records": _whole(name, records),
            "servers": dict(servers or USUAL_SERVER),
            "elsewhere": None if elsewhere is None else _whole(name, elsewhere),
            "signed": signed,
            "serial": secrets.randbelow(10**9),
        }
        self._store.remember(zones=self.all() | {name: zone})

    def remove(self, name: str) -> None:
        self._store.remember(zones={other: zone for other, zone in self.all().items() if other != name})

    def zone_of(self, name: str) -> str:
        """The nearest zone at or above the name; empty when there is none."""
        return max((zone for zone in self.all() if name == zone or name.endswith(f".{zone}")), key=len, default="")

    def records(self, name: str, *, first: bool = True) -> Records:
        """What stands at exactly this name, as the first server says or as the others do."""
        if name.endswith(f".{SUFFIX}"):
            address = self._address(name.removesuffix(f".{SUFFIX}"))
            return {"A": [address]} if address else {}
        zone = self.all().get(self.zone_of(name))
        if zone is None:
            return self._of_servers(name)
        told: Mapping[str, Records] = zone["records"] if first or zone["elsewhere"] is None else zone["elsewhere"]
        return told.get(name, {})

    def followed(self, name: str, kind: str) -> list[str]:
        """What a resolver finds through aliases."""
        for _ in range(LONGEST_CHAIN):
            found = self.records(name)
            if kind in found or not found.get("CNAME"):
                return list(found.get(kind, ()))
            name = found["CNAME"][0]
        return []

    def is_proven(self, domain: CustomDomain) -> bool:
        return domain.token in self.followed(f"_railway-verify.{domain.domain}", "TXT")

    def is_routed(self, domain: CustomDomain) -> bool:
        """By an alias, or by the very addresses of its target."""
        there = self._address(domain.label)
        return bool(there) and self.followed(domain.domain, "A") == [there]

    def _address(self, label: str) -> str:
        """Where a name below up.railway.app leads."""
        living = (row for row in self._store.custom_domains.values() if row.deleted_at is None)
        custom = next((row for row in living if row.label == label), None)
        if custom is not None:
            domains = self._store.domains_of(custom.service_id)
            return domains[0].address if domains else ""
        domain = self._store.domains.get(self._store.labels.get(label, ""))
        return domain.address if domain else ""

    def _of_servers(self, name: str) -> Records:
        for zone in self.all().values():
            if name in zone["servers"]:
                return {"A": [zone["servers"][name]]}
        return {}


def _whole(zone: str, records: Mapping[str, Mapping[str, str | Sequence[str]]]) -> dict[str, dict[str, list[str]]]:
    return {
        zone if name == "@" else f"{name}.{zone}": {
            kind: [values] if isinstance(values, str) else list(values) for kind, values in kinds.items()
        }
        for name, kinds in records.items()
    }
