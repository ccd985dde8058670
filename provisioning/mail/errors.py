"""What can go wrong with one e-mail."""

from provisioning.errors import Permanent, Temporary


class MailUnavailable(Temporary):
    """The mail provider could not be reached or asked to come back later; it may have taken the mail all the same."""

    code = "mail_unavailable"


class MailRefused(Permanent):
    """The mail provider refuses this mail: the address, the sender or our credentials are wrong."""

    code = "mail_refused"
