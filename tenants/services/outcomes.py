"""The outcomes that a client name forces in test mode, as far as we bring them about; the sandbox knows the others
(`provisioning.sandbox.outcomes`). Live orders never come here: there such a name is a name like any other.
"""

from tenants.errors import ClientNameTaken, DomainError, NoRoom, OrdersStopped, QuotaReached

# what a client name begins with
REFUSED: dict[str, type[DomainError]] = {
    "test-refused-name": ClientNameTaken,
    "test-refused-quota": QuotaReached,
    "test-refused-room": NoRoom,
    "test-refused-plan": OrdersStopped,
}
MAIL_BOUNCES = "test-mail-bounces"


def mail_bounces(client_name: str) -> bool:
    """Whether its welcome e-mail, which nobody is sent in test mode, shall be one that came back."""
    return client_name.startswith(MAIL_BOUNCES)


def refuse(client_name: str) -> None:
    """Raises what the name of an order in test mode asks for, if anything."""
    for beginning, refusal in REFUSED.items():
        if client_name.startswith(beginning):
            raise refusal
