"""Use cases of a visitor: from a company name to an instance, with the address confirmed first where that is asked."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import addresses, client_names, names
from tenants.errors import (
    ClientNameTaken,
    ConfirmationExpired,
    ConfirmationUsed,
    DomainError,
    InvalidCompany,
    OrdersStopped,
    SignupClosed,
    UnknownPlan,
)
from tenants.limits import counters
from tenants.limits.counters import Claim
from tenants.mails import composing, outbox
from tenants.models import ApiKey, Instance, Partner, Plan, Signup
from tenants.services import agreements, instances, legal

MOST_TRIES = 5
KEPT = timedelta(days=30)


def offered_plans() -> list[Plan]:
    return list(Plan.objects.filter(is_public=True, takes_orders=True))


def sign_up(
    *,
    ticket: str,
    partner: Partner,
    company: str,
    email: str,
    plan_code: str,
    language: str,
    client_name: str = "",
    key: ApiKey | None = None,
    claims: Sequence[Claim] = (),
    network: str = "",
) -> Signup:
    """Take a visitor's order, once a ticket. Its ``instance`` is None while the address has to be confirmed.

    ``client_name`` is the visitor's wish, which is kept to or refused; empty, a free one is made from the company.
    ``claims`` are counted once a ticket, too, however many send it at the same moment, and only for what is ordered.

    Raises InvalidInput (see tenants.errors for which), ClientNameTaken, SignupClosed, OrdersStopped, QuotaReached or
    counters.Exceeded; then there is no order.
    """
    if (known := find(ticket)) is not None:
        return known
    if not settings.PUBLIC_SIGNUP:
        raise SignupClosed
    signup = Signup(
        ticket=ticket,
        partner=partner,
        plan=_offered(plan_code),
        company=names.checked(company, refusal=InvalidCompany),
        client_name=client_name and client_names.check(client_name),
        email=addresses.normal(email),
        language=language,
        terms_version=legal.terms_version(),
        network=network,
    )
    try:
        refusal = _take(signup, key, claims)
    except IntegrityError:
        known = find(ticket)
        if known is None:
            raise
        return known
    if refusal is not None:
        raise refusal
    return signup


def find(ticket: str) -> Signup | None:
    """The signup that this form has already brought, if any."""
    return Signup.objects.select_related("instance", "plan").filter(ticket=ticket).first()


def find_confirmable(token: str) -> Signup:
    """The signup whose confirmation link this is. Raises ConfirmationExpired or ConfirmationUsed."""
    try:
        ticket = TimestampSigner(salt=composing.CONFIRMATION_SALT).unsign(token, max_age=lifetime())
    except SignatureExpired as error:
        raise ConfirmationExpired from error
    except BadSignature as error:
        raise ConfirmationExpired from error
    signup = Signup.objects.filter(ticket=ticket).first()
    if signup is None or signup.expires_at is None or signup.expires_at <= timezone.now():
        raise ConfirmationExpired
    if signup.confirmed_at is not None:
        raise ConfirmationUsed
    return signup


def confirm(token: str, client_name: str) -> Signup:
    """The visitor has opened the link and said yes: create the instance. The link works once.

    ``client_name`` is the wish as it stands now: the one of the order may have been taken meanwhile.

    Raises InvalidInput, ClientNameTaken, QuotaReached, NoRoom or OrdersStopped, and the link stays good; or
    ConfirmationExpired or ConfirmationUsed.
    """
    signup = find_confirmable(token)
    with transaction.atomic():
        won = Signup.objects.filter(pk=signup.pk, confirmed_at=None).update(confirmed_at=timezone.now())
        if not won:
            raise ConfirmationUsed
        signup.refresh_from_db()
        signup.client_name = client_name
        _fill(signup, None)
    return signup


def free_names(*wishes: str) -> list[str]:
    """Client names near to what is wished that nobody has now, the nearest first; there may be none."""
    made = list(client_names.near(*wishes))
    taken = set(Instance.objects.real().live().filter(client_name__in=made).values_list("client_name", flat=True))
    return [name for name in made if name not in taken]


def purge() -> int:
    """Forget unconfirmed signups a month after they were sent."""
    old = Signup.objects.filter(instance=None, created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def lifetime() -> timedelta:
    return timedelta(hours=settings.CONFIRMATION_HOURS)


@transaction.atomic
def _take(signup: Signup, key: ApiKey | None, claims: Sequence[Claim]) -> Exception | None:
    """Write the order and count it; or nothing, and return why.

    The row comes first: whoever sends the same form at the same moment waits here for its end and, when it stays, stops
    here. A refusal is returned, for what was counted and noted of it is kept by this very transaction.
    """
    confirmed_first = settings.CONFIRM_EMAIL or signup.plan.confirm_email
    if confirmed_first:
        signup.expires_at = timezone.now() + lifetime()
    signup.save()
    usage = counters.take(*claims) if claims else None
    refusal: Exception | None = counters.Exceeded(usage) if usage and usage.exceeded else None
    if refusal is None:
        try:
            with transaction.atomic():
                instances.require_free(signup.client_name, signup.partner)
                outbox.write_confirmation(signup) if confirmed_first else _fill(signup, key)
        except DomainError as error:
            counters.give_back(*claims)
            refusal = error
    if refusal is not None:
        signup.delete()
    return refusal


def _fill(signup: Signup, key: ApiKey | None) -> None:
    signup.instance = _create(signup, key)
    signup.link_revision = signup.instance.link_revision
    signup.save(update_fields=["instance", "link_revision", "client_name"])
    agreements.write(signup.instance, signup.email, terms_version=signup.terms_version, network=signup.network)


def _create(signup: Signup, key: ApiKey | None) -> Instance:
    for name in _names_for(signup):
        try:
            with transaction.atomic():
                return instances.create_instance(
                    partner=signup.partner,
                    client_name=name,
                    email=signup.email,
                    company=signup.company,
                    plan_code=signup.plan.code,
                    language=signup.language,
                    key=key,
                )
        except ClientNameTaken:
            continue
    raise ClientNameTaken


def _names_for(signup: Signup) -> Iterator[str]:
    """What to call the instance, in this order: a wish is kept to, a name that we find may have been taken just now."""
    if signup.client_name:
        yield signup.client_name
        return
    yield from free_names(signup.company)
    for _ in range(MOST_TRIES):
        yield client_names.with_suffix(client_names.fold(signup.company))


def _offered(code: str) -> Plan:
    """The plan of a visitor's order. Raises UnknownPlan or OrdersStopped."""
    plan = Plan.objects.filter(is_public=True, code=code).first()
    if plan is None:
        raise UnknownPlan
    if not plan.takes_orders:
        raise OrdersStopped
    return plan
