"""The form in which an address travels: ASCII only, which every mail server takes."""

import idna

from provisioning.mail.errors import MailRefused


def on_the_wire(address: str) -> str:
    """``address`` with its domain as IDNA 2008 encodes it. Django and `email` know IDNA 2003 only: another domain.

    Raises MailRefused when it cannot be mailed.
    """
    local, _at, domain = address.rpartition("@")
    try:
        encoded = idna.encode(domain.lower()).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise MailRefused("The domain of the address is none.") from error
    if not local or not local.isascii() or not local.isprintable():
        raise MailRefused("Mail servers do not take what stands before the @.")
    return f"{local}@{encoded}"
