"""One e-mail, handed to whatever backend the environment names: Anymail's providers, SMTP or a file."""

from dataclasses import dataclass, field

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError
from django.core.mail import EmailMultiAlternatives

from provisioning.mail.errors import MailRefused, MailUnavailable

PASSING = frozenset({408, 409, 425, 429})


@dataclass(frozen=True)
class Letter:
    """``message_id`` is ours and stays the same if the mail has to be sent again, so that mailboxes show it once."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    reply_to: str = ""
    from_email: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def send(letter: Letter) -> str:
    """Send it and return the provider's id for it, or "" when it has none.

    Raises MailUnavailable (try again later) or MailRefused (do not).
    """
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=letter.from_email,
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Message-ID": letter.message_id},
    )
    message.attach_alternative(letter.html, "text/html")
    message.metadata = letter.metadata  # type: ignore[attr-defined]  # Anymail's extension; other backends ignore it
    try:
        message.send()
    except AnymailRecipientsRefused as error:
        raise MailRefused(f"The provider refuses the recipient: {type(error).__name__}.") from error
    except AnymailAPIError as error:
        raise _classified(error) from error
    except OSError as error:
        raise MailUnavailable(f"The mail server cannot be reached: {type(error).__name__}.", unclear=True) from error
    status = getattr(message, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")


def _classified(error: AnymailAPIError) -> MailUnavailable | MailRefused:
    """By HTTP status; the provider's text is left out, because it may quote the mail."""
    status = getattr(error, "status_code", None)
    if isinstance(error, AnymailRequestsAPIError) and status is None:
        return MailUnavailable("The mail provider cannot be reached.", unclear=True)
    if status is None or status >= 500 or status in PASSING:
        return MailUnavailable(f"The mail provider answered {status}.", unclear=True)
    return MailRefused(f"The mail provider answered {status}.")
