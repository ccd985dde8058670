"""What can be wrong with the zone of a name, each kind with a code of its own that is kept in rows."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Code(StrEnum):
    # the zone as a whole
    UNKNOWN_ZONE = "unknown_zone"
    SERVERS_SILENT = "servers_silent"
    SPREADING = "spreading"
    SIGNATURES_BROKEN = "signatures_broken"
    CAA_FORBIDS = "caa_forbids"
    # what leads the name to us
    MISSING = "missing"
    APEX_MISSING = "apex_missing"
    DOUBLED_NAME = "doubled_name"
    DOUBLED_TARGET = "doubled_target"
    WRONG_TARGET = "wrong_target"
    ADDRESS_INSTEAD = "address_instead"
    APEX_ADDRESS = "apex_address"
    APEX_ALIAS = "apex_alias"
    PROXIED = "proxied"
    CONFLICT = "conflict"
    # what proves that the name is the customer's
    PROOF_MISSING = "proof_missing"
    PROOF_WRONG = "proof_wrong"
    PROOF_DOUBLED = "proof_doubled"


@dataclass(frozen=True)
class Mistake:
    """``host`` is the name where it was seen, ``found`` what stands there, ``wanted`` what should; "" when unknown."""

    code: Code
    host: str = ""
    found: str = ""
    wanted: str = ""

    def as_dict(self) -> dict[str, str]:
        """To be kept as JSON."""
        return {name: str(value) for name, value in asdict(self).items()}
