"""One e-mail, handed to whatever backend the environment names: Anymail's providers, SMTP or a file."""

from dataclasses import dataclass, field
from smtplib import SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPSenderRefused

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailImproperlyInstalled,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives

from provisioning.mail.errors import MailRefused, MailUnavailable
from provisioning.mail.recipient import on_the_wire

PASSING = frozenset({408, 409, 425, 429})
# what Django and `email` raise for headers and bodies that cannot be written, BadHeaderError among them
UNMAILABLE = (ValueError, TypeError, LookupError)


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

    Raises MailUnavailable (try again later) or MailRefused (do not): what cannot be composed today cannot tomorrow.
    """
    message = _composed(letter)
    try:
        message.send()
    except AnymailRecipientsRefused as error:
        raise MailRefused(f"The provider refuses the recipient: {type(error).__name__}.") from error
    except AnymailAPIError as error:
        raise _classified(error) from error
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as error:
        raise _classified_by_reply(error) from error
    except SMTPNotSupportedError as error:
        raise MailRefused("The mail server cannot take this mail: SMTPNotSupportedError.") from error
    except OSError as error:
        raise MailUnavailable(f"The mail server cannot be reached: {type(error).__name__}.", unclear=True) from error
    except (ImproperlyConfigured, AnymailImproperlyInstalled) as error:
        raise MailUnavailable(f"The sending of e-mails is not configured: {type(error).__name__}.") from error
    except (AnymailError, *UNMAILABLE) as error:
        raise MailRefused(f"This mail cannot be sent as it is: {type(error).__name__}.") from error
    status = getattr(message, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")


def _composed(letter: Letter) -> EmailMultiAlternatives:
    """Raises MailRefused: for an address, a name or a subject that no header can hold."""
    try:
        message = EmailMultiAlternatives(
            subject=letter.subject,
            body=letter.text,
            from_email=letter.from_email,
            to=[on_the_wire(letter.to)],
            reply_to=[on_the_wire(letter.reply_to)] if letter.reply_to else None,
            headers={"Message-ID": letter.message_id},
        )
        message.attach_alternative(letter.html, "text/html")
        message.message().as_bytes()
    except UNMAILABLE as error:
        raise MailRefused(f"This mail cannot be composed: {type(error).__name__}.") from error
    message.metadata = letter.metadata  # type: ignore[attr-defined]  # Anymail's extension; other backends ignore it
    return message


def _classified_by_reply(
    error: SMTPRecipientsRefused | SMTPSenderRefused | SMTPDataError,
) -> MailUnavailable | MailRefused:
    """By the SMTP reply: 4xx is for the moment, 5xx for ever (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    else:
        codes = [error.smtp_code]
    if all(code >= 500 for code in codes):
        return MailRefused(f"The mail server answered {codes[0]}: {type(error).__name__}.")
    return MailUnavailable(f"The mail server answered {codes[0]}.", unclear=True)


def _classified(error: AnymailAPIError) -> MailUnavailable | MailRefused:
    """By HTTP status; the provider's text is left out, because it may quote the mail."""
    status = getattr(error, "status_code", None)
    if isinstance(error, AnymailRequestsAPIError) and status is None:
        return MailUnavailable("The mail provider cannot be reached.", unclear=True)
    if status is None or status >= 500 or status in PASSING:
        return MailUnavailable(f"The mail provider answered {status}.", unclear=True)
    return MailRefused(f"The mail provider answered {status}.")
