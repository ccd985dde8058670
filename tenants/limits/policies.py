"""The policies: what is counted, by which setting, and what is said to who has asked for too much."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
EVERYBODY = ""


@dataclass(frozen=True)
class Policy:
    """``setting`` names the rate; ``refusal`` is said to the refused, ``label`` to staff."""

    name: str
    setting: str
    label: str | Promise
    refusal: str | Promise

    @property
    def limit(self) -> int:
        return self._rate[0]

    @property
    def window(self) -> int:
        """In seconds, from the first that is counted."""
        return self._rate[1]

    @property
    def _rate(self) -> tuple[int, int]:
        return parse_rate(getattr(settings, self.setting))


def parse_rate(rate: str) -> tuple[int, int]:
    """How many in how many seconds: ``5/h``, ``600/m``, ``1/10m``. Raises ValueError."""
    match = re.fullmatch(r"([1-9]\d{0,6})/([1-9]\d{0,3})?([smhd])", rate)
    if match is None:
        raise ValueError(rate)
    return int(match[1]), int(match[2] or 1) * UNITS[match[3]]


_SIGN_IN = _("Too many attempts to sign in.")

VISITOR = Policy(
    "visitor", "API_VISITOR_RATE", _("requests of a visitor"), _("Too many requests from this connection.")
)
KEY = Policy("key", "API_KEY_RATE", _("requests of an API key"), _("Too many requests with this API key."))
GUESS = Policy(
    "guess",
    "GUESS_RATE",
    _("wrong keys, tokens and links of a visitor"),
    _("Too many wrong keys or links from this connection."),
)
SIGNUP = Policy(
    "signup",
    "SIGNUP_RATE",
    _("orders of a visitor"),
    _("As many instances as we create from one connection have been asked for."),
)
SIGNUP_NETWORK = Policy(
    "signup_network",
    "SIGNUP_NETWORK_RATE",
    _("orders from a network"),
    _("As many instances as we create from one network have been asked for."),
)
SIGNUP_RECIPIENT = Policy(
    "signup_recipient",
    "SIGNUP_RECIPIENT_RATE",
    _("orders for an e-mail address"),
    _("As many instances as we create for one e-mail address have been asked for."),
)
SIGNUP_TOTAL = Policy(
    "signup_total",
    "SIGNUP_TOTAL_RATE",
    _("orders of all visitors"),
    _("We have taken as many orders as we can for now."),
)
ORDER_PARTNER = Policy(
    "order_partner",
    "ORDER_PARTNER_RATE",
    _("orders of a partner"),
    _("You have ordered as many instances as a partner may for now. Write to us if you need more."),
)
MAIL_RECIPIENT = Policy(
    "mail_recipient",
    "MAIL_RECIPIENT_RATE",
    _("e-mails to an address"),
    _("As many e-mails as we send to one address have been asked for."),
)
MAIL_TOTAL = Policy(
    "mail_total",
    "MAIL_TOTAL_RATE",
    _("e-mails that outsiders cause"),
    _("We have sent as many e-mails as we can for now."),
)
MAIL_PARTNER = Policy(
    "mail_partner",
    "MAIL_PARTNER_RATE",
    _("e-mails that a partner causes"),
    _("You have caused as many e-mails as a partner may for now. Write to us if you need more."),
)
RESEND = Policy(
    "resend",
    "RESEND_RATE",
    _("welcome e-mails sent again"),
    _("The e-mail was sent again a moment ago; it may take some minutes to arrive."),
)
EXPORT = Policy(
    "export",
    "EXPORT_RATE",
    _("exports of a partner"),
    _("You have asked for as many exports as a partner may for now."),
)
CUSTOMERS_ACT = Policy(
    "customers_act",
    "CUSTOMERS_ACT_RATE",
    _("acts of a customer on an instance"),
    _("As many changes as we make to one Odoo in a day have been asked for."),
)
CUSTOMERS_EXPORT = Policy(
    "customers_export",
    "CUSTOMERS_EXPORT_RATE",
    _("downloads of an instance's backups"),
    _("As many downloads as we allow for one Odoo have been asked for."),
)
BACKUP = Policy(
    "backup",
    "BACKUP_RATE",
    _("backups of an instance on demand"),
    _("As many backups as we make of one Odoo in a day have been asked for."),
)
DOMAIN = Policy(
    "domain",
    "DOMAIN_RATE",
    _("own domains added to an instance"),
    _("As many domains as we add to one Odoo in a day have been asked for."),
)
DOMAIN_CHECK = Policy(
    "domain_check",
    "DOMAIN_CHECK_RATE",
    _("looks at the own domains of an instance on demand"),
    _("You have asked for many looks at your domain. We look by ourselves as well."),
)
LOGIN = Policy("login", "LOGIN_RATE", _("sign-in attempts of a visitor"), _SIGN_IN)
LOGIN_NETWORK = Policy("login_network", "LOGIN_NETWORK_RATE", _("sign-in attempts from a network"), _SIGN_IN)
LOGIN_ACCOUNT = Policy("login_account", "LOGIN_ACCOUNT_RATE", _("sign-in attempts on an account"), _SIGN_IN)
WEBHOOK_TEST = Policy(
    "webhook_test", "WEBHOOK_TEST_RATE", _("webhook tests of a partner"), _("You have sent many test messages.")
)
WEBHOOK_REPLAY = Policy(
    "webhook_replay", "WEBHOOK_REPLAY_RATE", _("webhook replays of a partner"), _("You have asked for many replays.")
)

_CODES = _("As many codes as we send to one address, or to one connection, have been asked for.")
CODE = Policy("code", "CODE_RATE", _("sign-in codes of a visitor"), _CODES)
CODE_NETWORK = Policy("code_network", "CODE_NETWORK_RATE", _("sign-in codes of a network"), _CODES)
CODE_RECIPIENT = Policy("code_recipient", "CODE_RECIPIENT_RATE", _("sign-in codes to an address"), _CODES)
CODE_KNOWN = Policy("code_known", "CODE_RECIPIENT_RATE", _("sign-in codes in a known browser"), _CODES)
CODE_MAILBOX = Policy("code_mailbox", "CODE_MAILBOX_RATE", _("sign-in codes to an address in a day"), _CODES)
CODE_TOTAL = Policy(
    "code_total",
    "CODE_TOTAL_RATE",
    _("sign-in codes of all visitors"),
    _("We have sent as many codes as we can for now."),
)
CODE_GUESS = Policy("code_guess", "CODE_GUESS_RATE", _("wrong sign-in codes of a network"), _("Too many wrong codes."))

POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        *(VISITOR, KEY, GUESS, SIGNUP, SIGNUP_NETWORK, SIGNUP_RECIPIENT, SIGNUP_TOTAL, ORDER_PARTNER),
        *(MAIL_RECIPIENT, MAIL_TOTAL, MAIL_PARTNER, RESEND, EXPORT, CUSTOMERS_ACT, CUSTOMERS_EXPORT, BACKUP),
        *(DOMAIN, DOMAIN_CHECK),
        *(LOGIN, LOGIN_NETWORK, LOGIN_ACCOUNT, WEBHOOK_TEST, WEBHOOK_REPLAY),
        *(CODE, CODE_NETWORK, CODE_RECIPIENT, CODE_KNOWN, CODE_MAILBOX, CODE_TOTAL, CODE_GUESS),
    )
}
