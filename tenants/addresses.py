"""The one rule for e-mail addresses: what is accepted can be typed, can be mailed, and is what Odoo stores as login."""

import unicodedata

from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from tenants.errors import InvalidEmail, Text

LONGEST = 254
LONGEST_LOCAL = 64
_NOT_REGISTERED = _("The part after the @ is not a domain name as it is registered. Type it with your keyboard.")


def normal(address: str) -> str:
    """The form that is kept, compared and shown: lower case, the domain in the letters that its owner reads.

    Lower case, because Odoo compares logins exactly and people do not. A domain beyond ASCII follows IDNA 2008 without
    the mappings of UTS 46, so it is never silently another one (``straße.de`` is not ``strasse.de``). Letters beyond
    ASCII before the @ are refused: hardly any mail server takes them (SMTPUTF8). Nothing is asked of the DNS.

    Raises InvalidEmail with a sentence that says what is wrong.
    """
    typed = address.strip()
    if why := _objection(typed):
        raise InvalidEmail(why)
    text = unicodedata.normalize("NFC", typed).lower()
    if not _is_one_mailbox(typed, text):
        raise InvalidEmail(_NOT_REGISTERED)
    try:
        # names under .test are ordinary names to an application (RFC 6761, 6.2)
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise InvalidEmail from error
    if text.rpartition("@")[2] not in (found.domain, found.ascii_domain) or "." not in found.domain:
        raise InvalidEmail(_NOT_REGISTERED)
    return found.normalized


def _is_one_mailbox(typed: str, lowered: str) -> bool:
    """Whether composing and lower case only changed case: ``İ`` becomes two letters, and so another domain."""
    return len(unicodedata.normalize("NFC", typed)) == len(lowered)


def _objection(text: str) -> Text | None:
    """What people meet most, in words of its own; None leaves the rest to the grammar."""
    local, at, _domain = text.rpartition("@")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for letter in text):
        return _("The e-mail address holds an invisible character. Delete it and type the address with your keyboard.")
    if len(text) > LONGEST or len(local) > LONGEST_LOCAL:
        return _("The e-mail address is too long: at most 64 characters before the @ and 254 in all.")
    if at and not local.isascii():
        return _("Before the @, use letters without accents: mail servers do not deliver to other letters.")
    return None
