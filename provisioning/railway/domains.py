"""What the client tells of domains: those that Railway gives, and the customers' own."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Domain:
    """``domain`` is the whole host name that answers now, ``name`` the one that it was last given."""

    id: str
    domain: str
    name: str
    target_port: int | None = None


class CertificateStatus(StrEnum):
    """Railway's own are long, and it adds to them: whatever is not known here is pending."""

    PENDING = "PENDING"
    VALIDATING_OWNERSHIP = "VALIDATING_OWNERSHIP"
    ISSUING = "ISSUING"
    VALID = "VALID"
    ISSUE_FAILED = "ISSUE_FAILED"

    @classmethod
    def _missing_(cls, value: object) -> "CertificateStatus":
        return cls.PENDING


@dataclass(frozen=True)
class CustomDomain:
    """A customer's own name at a service, and the records that Railway wants in its zone.

    ``target`` is what the name shall lead to, "" as long as Railway does not say; ``proof`` what a TXT record at
    ``proof_host`` shall hold. ``routed``: Railway has seen that the name leads to it.
    """

    id: str
    domain: str
    target: str
    routed: bool
    proof_host: str
    proof: str
    verified: bool
    certificate: CertificateStatus
    certificate_error: str = ""
    certificate_retryable: bool = False
