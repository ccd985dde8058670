"""Use cases of a customer who is signed in: with one seller, in one browser, apart from staff's sessions."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants import names
from tenants.mails import outbox
from tenants.models import CustomerSession, Instance, Mail, Partner

LIFETIME = timedelta(days=30)
IDLE = timedelta(days=7)
# seen so lately need not be written down again
FRESH = timedelta(minutes=5)
KEPT = timedelta(days=30)
# for so long the proof of an address is enough for what hurts most in wrong hands
LATELY = timedelta(minutes=15)


def sellers_of(email: str, door: Partner | None = None) -> list[Partner]:
    """Who has sold something to this address, through this door or any."""
    sold = Partner.objects.sold_to(email)
    return list(sold if door is None else sold.filter(pk=door.pk))


def start(
    email: str, partner: Partner, *, language: str, browser: str, network: str, known: bool
) -> tuple[CustomerSession, str]:
    """Sign in an address that was proven just now; the second value is the cookie's key, which is kept nowhere.

    In a browser that is not ``known`` the address is told of it, unless nobody has signed in before.
    """
    key, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        before = CustomerSession.objects.filter(email=email, partner=partner).exists()
        session = CustomerSession.objects.create(
            digest=_digest(key),
            email=email,
            partner=partner,
            language=language,
            browser=browser,
            network=network,
            expires_at=now + LIFETIME,
        )
        if before and not known:
            purpose = f"new-sign-in:{session.public_id}"
            outbox.queue(Mail.Kind.NEW_SIGN_IN, purpose, email, language, facts={"session": session.pk})
    return session, key


def find(key: str) -> CustomerSession | None:
    """The live session of this cookie; seeing it is noted now and then, and one that rests for long ends."""
    now = timezone.now()
    session = CustomerSession.objects.live().select_related("partner").filter(digest=_digest(key)).first()
    if session is None or session.seen_at < now - IDLE:
        return None
    if session.seen_at < now - FRESH:
        CustomerSession.objects.filter(pk=session.pk).update(seen_at=now)
    return session


def is_stale(session: CustomerSession) -> bool:
    """Whether the address was proven so long ago that it is to be proven once more before all data are given away."""
    return session.created_at < timezone.now() - LATELY


def others(session: CustomerSession) -> list[CustomerSession]:
    """The open ones of the same person with the same seller, this one first."""
    rows = CustomerSession.objects.beside(session).filter(seen_at__gte=timezone.now() - IDLE)
    return sorted(rows, key=lambda each: each.pk != session.pk)


def end(session: CustomerSession, public_id: str) -> None:
    """Sign out one of the person's browsers; one of another person is not found, and nothing happens."""
    if names.is_storable(public_id):
        CustomerSession.objects.beside(session).filter(public_id=public_id).update(ended_at=timezone.now())


def end_all(session: CustomerSession) -> None:
    CustomerSession.objects.beside(session).update(ended_at=timezone.now())


def end_of_address(email: str, instance: Instance) -> None:
    """Part of another act: the address lost an instance, so nobody stays signed in with it there."""
    rows = CustomerSession.objects.live().filter(email=email, partner=instance.tenant.partner_id)
    rows.update(ended_at=timezone.now())


def purge() -> int:
    return CustomerSession.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def _digest(key: str) -> str:
    """A fast hash is right: the key is 256 random bits."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
