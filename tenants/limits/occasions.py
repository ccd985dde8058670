"""What counts on which occasion: everything that one request is measured by, to be taken together."""

import unicodedata

from django.http import HttpRequest

from tenants.limits import policies
from tenants.limits.counters import Claim
from tenants.limits.policies import EVERYBODY
from tenants.limits.visitors import visitor_address, visitor_network

LONGEST_NAME = 150
GMAIL = ("gmail.com", "googlemail.com")


def visitor_request(request: HttpRequest) -> Claim:
    return Claim(policies.VISITOR, visitor_address(request))


def key_request(key_id: int) -> Claim:
    return Claim(policies.KEY, str(key_id))


def guess(request: HttpRequest) -> Claim:
    """A key or a link that is not right."""
    return Claim(policies.GUESS, visitor_address(request))


def signup(request: HttpRequest, email: str) -> tuple[Claim, ...]:
    """A visitor orders an instance: it costs a project, and mails to somebody who may not have asked for them."""
    return (
        Claim(policies.SIGNUP, visitor_address(request)),
        Claim(policies.SIGNUP_NETWORK, visitor_network(request)),
        Claim(policies.SIGNUP_RECIPIENT, mailbox(email)),
        Claim(policies.SIGNUP_TOTAL, EVERYBODY),
        *mail(email),
    )


def partner_order(partner_id: int, email: str) -> tuple[Claim, ...]:
    return (Claim(policies.ORDER_PARTNER, str(partner_id)), *partner_mail(partner_id, email))


def test_order(partner_id: int) -> tuple[Claim, ...]:
    """In test mode: it causes no e-mail, and takes nothing from what real orders may."""
    return (Claim(policies.ORDER_PARTNER, str(partner_id)),)


def resend(partner_id: int, instance_id: str, email: str) -> tuple[Claim, ...]:
    """The welcome e-mail of this instance once more."""
    return (Claim(policies.RESEND, instance_id), *partner_mail(partner_id, email))


def export(partner_id: int) -> Claim:
    """All that a customer has is given to whoever holds a key: one that was stolen empties no whole house at once."""
    return Claim(policies.EXPORT, str(partner_id))


def customers_act(instance_id: str) -> Claim:
    """Whoever is signed in does something to an instance: it is written down for good, and often mailed."""
    return Claim(policies.CUSTOMERS_ACT, instance_id)


def customers_export(instance_id: str) -> Claim:
    """The same, to whoever is signed in with the customer's address."""
    return Claim(policies.CUSTOMERS_EXPORT, instance_id)


def backup(instance_id: str) -> Claim:
    """One more on demand: it costs its Odoo some seconds, and us what the storage takes for it."""
    return Claim(policies.BACKUP, instance_id)


def domain(instance_id: str) -> Claim:
    """One more own domain: a certificate is asked for, of which its authority makes few."""
    return Claim(policies.DOMAIN, instance_id)


def domain_check(instance_id: str) -> Claim:
    """A look on demand: a dozen questions to name servers of others, and one to Railway."""
    return Claim(policies.DOMAIN_CHECK, instance_id)


def mail(email: str) -> tuple[Claim, ...]:
    """One more e-mail that an outsider causes."""
    return (Claim(policies.MAIL_RECIPIENT, mailbox(email)), Claim(policies.MAIL_TOTAL, EVERYBODY))


def partner_mail(partner_id: int, email: str) -> tuple[Claim, ...]:
    """One more that a partner causes, who has a share: the rest stays for visitors and other partners."""
    return (*mail(email), Claim(policies.MAIL_PARTNER, str(partner_id)))


def changed_address(partner_id: int, former: str, email: str) -> tuple[Claim, ...]:
    """The new address gets the password, the former one the news."""
    news = () if mailbox(former) == mailbox(email) else (Claim(policies.MAIL_RECIPIENT, mailbox(former)),)
    return (*partner_mail(partner_id, email), *news)


def sign_in(request: HttpRequest, name: str) -> tuple[Claim, ...]:
    return (
        Claim(policies.LOGIN, visitor_address(request)),
        Claim(policies.LOGIN_NETWORK, visitor_network(request)),
        Claim(policies.LOGIN_ACCOUNT, account(name)),
    )


def account(name: str) -> str:
    """Whose account a typed name means: Django's own form opens ``olga`` for full-width letters as well (NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())[:LONGEST_NAME]


def code(request: HttpRequest, email: str, browser: str = "") -> tuple[Claim, ...]:
    """A code to an address. In a ``browser`` that has proven it before, strangers' asking does not count.

    Nor does it count among the e-mails that outsiders cause: to addresses that own nothing none is sent.
    """
    box = mailbox(email)
    by_visitor = (
        Claim(policies.CODE, visitor_address(request)),
        Claim(policies.CODE_NETWORK, visitor_network(request)),
    )
    if browser:
        return (*by_visitor, Claim(policies.CODE_KNOWN, f"{browser} {box}"))
    by_mailbox = (Claim(policies.CODE_RECIPIENT, box), Claim(policies.CODE_MAILBOX, box))
    return (*by_visitor, *by_mailbox, Claim(policies.CODE_TOTAL, EVERYBODY))


def code_guess(request: HttpRequest) -> Claim:
    return Claim(policies.CODE_GUESS, visitor_network(request))


def webhook_test(partner_id: int) -> Claim:
    return Claim(policies.WEBHOOK_TEST, str(partner_id))


def webhook_replay(partner_id: int) -> Claim:
    return Claim(policies.WEBHOOK_REPLAY, str(partner_id))


def mailbox(email: str) -> str:
    """In whose box it ends: ``Marie+shop@x.example`` and ``marie@x.example`` are one person, Gmail ignores dots.

    Gmail has two names for one domain.
    """
    local, _at, domain = email.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", ""), GMAIL[0]
    return f"{local}@{domain}"
