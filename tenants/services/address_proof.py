"""Use cases of proving an address: a code of six digits is mailed, with a link to a page with a button.

Whoever asks is answered alike, whether anything belongs to the address or not, and the same is written: only when the
mail is sent is looked whether there is somebody to send it to (`mails.composing`).
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tenants import addresses
from tenants.mails import address_codes, outbox
from tenants.models import AddressProof, Instance, Mail, Partner


class WrongCode(Exception):
    """Not the code of this proof."""


class CodeOver(Exception):
    """No code is taken any more: it is too late, it was used, or too many were wrong."""


LIFETIME = timedelta(minutes=15)
# of a million: nobody guesses it in so many
MOST_ATTEMPTS = 5
KEPT = timedelta(days=7)
_P = AddressProof.Purpose


def ask(
    email: str,
    *,
    language: str,
    partner: Partner | None = None,
    purpose: str = _P.SIGN_IN,
    instance: Instance | None = None,
) -> AddressProof:
    """Write the proof and its mail. Raises InvalidEmail."""
    with transaction.atomic():
        proof = AddressProof.objects.create(
            email=addresses.normal(email),
            partner=partner,
            purpose=purpose,
            instance=instance,
            language=language,
            expires_at=timezone.now() + LIFETIME,
        )
        outbox.queue(
            Mail.Kind.ADDRESS_PROOF, f"address-proof:{proof.handle}", proof.email, language, facts={"proof": proof.pk}
        )
    return proof


def find(handle: str, purpose: str = _P.SIGN_IN) -> AddressProof | None:
    """The one that this browser has asked for, as long as a code of it can still be entered."""
    proof = AddressProof.objects.select_related("partner").filter(handle=handle, purpose=purpose).first()
    return proof if proof is not None and _is_open(proof) else None


def find_by_link(token: str) -> AddressProof | None:
    """The one that a link proves, while it is good; looking uses nothing up, since mail scanners look too."""
    proof = address_codes.proof_of(token)
    return proof if proof is not None and proof.purpose == _P.SIGN_IN and _is_open(proof) else None


def find_proven(handle: str) -> AddressProof | None:
    """One whose code was entered already, however many attempts that took; to be used up by :func:`use`."""
    return AddressProof.objects.filter(handle=handle, purpose=_P.SIGN_IN).first()


def check(proof: AddressProof, code: str) -> None:
    """Whether this is its code, without using it up; each look counts as an attempt.

    Raises WrongCode, or CodeOver: too late, used, or too often wrong.
    """
    counted = AddressProof.objects.filter(
        pk=proof.pk, used_at=None, expires_at__gt=timezone.now(), attempts__lt=MOST_ATTEMPTS
    )
    if not counted.update(attempts=F("attempts") + 1):
        raise CodeOver
    given = "".join(each for each in code if not each.isspace())
    if not constant_time_compare(given, address_codes.code_of(proof)):
        raise WrongCode


def use(proof: AddressProof) -> None:
    """It proves its address once. Raises CodeOver."""
    good = AddressProof.objects.filter(pk=proof.pk, used_at=None, expires_at__gt=timezone.now())
    if not good.update(used_at=timezone.now()):
        raise CodeOver


def purge() -> int:
    """Forget what nobody can enter any more, and the mails that told it."""
    over = AddressProof.objects.filter(expires_at__lt=timezone.now() - KEPT)
    Mail.objects.filter(Q(kind=Mail.Kind.ADDRESS_PROOF), created_at__lt=timezone.now() - KEPT - LIFETIME).delete()
    return over.delete()[0]


def _is_open(proof: AddressProof) -> bool:
    return proof.used_at is None and proof.expires_at > timezone.now() and proof.attempts < MOST_ATTEMPTS
