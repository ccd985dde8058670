"""What can prevent an examination altogether; that a zone is wrong is a result, not an error."""

from provisioning.errors import Temporary


class DnsAway(Temporary):
    """The resolver of this machine does not answer: nothing can be said of anybody's zone."""


class Silent(Exception):
    """One server did not answer, or nothing that could be used. Never leaves this room."""
