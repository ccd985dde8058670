"""Use cases on partners and their keys."""

import secrets
from email.utils import parseaddr

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from tenants import names
from tenants.errors import NameTaken, NoTestMode, UnknownPartner
from tenants.models import ApiKey, Partner
from tenants.services import keys


def house() -> Partner:
    """The house itself, through which visitors of the public page become customers."""
    return Partner.objects.get(is_house=True)


def help_address(partner: Partner) -> str:
    """Where its customers write to: its reply address, else the house's, else the sender of our e-mails."""
    return partner.account.reply_to or house().reply_to or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def find_partner(name: str) -> Partner:
    """The partner of exactly this name, else of one that people take for the same. Raises UnknownPartner."""
    same = Q(name=name) | Q(name_key=names.key(name))
    found = Partner.objects.real().filter(same) if names.is_storable(name) else ()
    partner = min(found, key=lambda each: each.name != name, default=None)
    if partner is None:
        raise UnknownPartner
    return partner


def create_partner(name: str) -> Partner:
    """Raises InvalidName or NameTaken."""
    name = names.checked(name)
    try:
        with transaction.atomic():
            return Partner.objects.create(name=name)
    except IntegrityError as error:
        raise NameTaken from error


def in_test_mode(partner: Partner) -> Partner:
    """What stands for it there, made when it is first asked for. Raises NoTestMode."""
    if not settings.TEST_MODE_URL:
        raise NoTestMode
    # no person reads this name, and no partner has it by chance
    name = f"{partner.pk} in test mode {secrets.token_hex(8)}"
    row, _new = Partner.objects.get_or_create(
        test_of=partner, defaults={"name": name, "language": partner.language}
    )  # fmt: skip
    return row


def quota_of(partner: Partner) -> int | None:
    """How many live instances it may have at most; None: any number."""
    most: int | None = settings.TEST_MODE_INSTANCES if partner.is_test else partner.quota
    return most


def create_api_key(partner: Partner, *, kind: str = ApiKey.Kind.SECRET, name: str = "") -> tuple[ApiKey, str]:
    """A new key with the scopes usual for its kind; the second value is the key itself, shown this once."""
    return keys.issue(partner, kind=kind, name=name)
