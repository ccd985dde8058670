"""The code and the link that prove an address: they follow from the proof's handle and our secret, and are not kept.

A mail tells them, `services.address_proof` checks them.
"""

from django.core.signing import BadSignature, Signer
from django.utils.crypto import salted_hmac

from tenants.models import AddressProof

DIGITS = 6
LINKS = Signer(salt="tenants.address-proof.link")


def code_of(proof: AddressProof) -> str:
    """Six digits, which say nothing about those of another proof."""
    said = f"{proof.handle}:{proof.purpose}:{proof.email}"
    number = int.from_bytes(salted_hmac("tenants.address-proof.code", said, algorithm="sha256").digest()[:8], "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def link_token(proof: AddressProof) -> str:
    """The handle, signed: the browser that has asked knows the handle, and cannot sign it."""
    return LINKS.sign(proof.handle)


def proof_of(token: str) -> AddressProof | None:
    """The proof that this link was made for; None for one that is not ours."""
    try:
        return AddressProof.objects.select_related("partner").filter(handle=LINKS.unsign(token)).first()
    except BadSignature:
        return None
